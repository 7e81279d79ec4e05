// The mlnb language for JupyterLab 4: a prebuilt extension without a build. JupyterLab loads this file, calls init with the
// packages it shares and get for the plugin. The word lists are put in by `mlnb install` from the program's own tables.
"use strict";
(function () {
  const WORDS = /*@WORDS@*/ {};
  const NAME = "[\\p{L}_][\\p{L}\\p{N}_]*";
  const sets = {};
  for (const kind of Object.keys(WORDS)) sets[kind] = new Set(WORDS[kind]);
  const is = (kind, word) => sets[kind] !== undefined && sets[kind].has(word);

  const re = {
    name: new RegExp("^" + NAME, "u"),
    variable: new RegExp("^\\$" + NAME, "u"),
    call: /^\s*\(/,
    option: /^\s*:(?!:)/,
    stepItem: /^\s+[\p{L}\p{N}_"'`$\[(~@.-]/u,
    marker: /^%%(md|sql|params|raw|expect)?(?=[ \t]|$)/,
    number: /^(?:\d[\d_]*(?:\.\d[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?(?:ms|min|mo|[shdwqy])?(?![\p{L}\p{N}_])/u,
    time: /^@(?:\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?|\d{2}:\d{2}(?::[\d.]+)?)/,
    quoted: /^`(?:[^`]|``)*`?/,
    operator: /^(?:\|>|\.\.<|==|!=|<=|>=|=>|->|\.\.|\?\?|\/\/|[-+*\/%^<>=~:])/,
  };

  // ---- SQL cells ----
  function sqlToken(stream, state) {
    if (state.comment) {
      if (stream.match(/^.*?\*\//)) state.comment = false;
      else stream.skipToEnd();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^--.*/)) return "comment";
    if (stream.match(/^\/\*/)) {
      state.comment = true;
      return "comment";
    }
    if (stream.match(/^'(?:[^']|'')*'?/)) return "string";
    if (stream.match(/^"(?:[^"]|"")*"?/)) return "string.special";
    if (stream.match(re.variable)) return "variableName.special";
    if (stream.match(/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)) return "number";
    const word = stream.match(re.name);
    if (word) {
      if (is("sql", word[0].toLowerCase())) return "keyword";
      return stream.match(re.call, false) ? "variableName.standard" : "variableName";
    }
    if (stream.match(/^[-+*\/%<>=!|:^]+/)) return "operator";
    stream.next();
    return "punctuation";
  }

  // ---- the language ----
  function insideString(stream, state) {
    const open = state.string;
    while (!stream.eol()) {
      if (stream.match(open.quote)) {
        state.string = null;
        return "string";
      }
      if (!open.raw && stream.peek() === "\\") stream.next();
      stream.next();
    }
    return "string";
  }

  function beginString(stream, state) {
    const m = stream.match(/^([rf]?)("""|'''|"|')/);
    if (!m) return null;
    if (m[2].length === 3) {
      state.string = { quote: m[2], raw: m[1] === "r" };
      return insideString(stream, state);
    }
    while (!stream.eol()) {
      const c = stream.next();
      if (c === m[2]) break;
      if (c === "\\" && m[1] !== "r") stream.next();
    }
    return "string";
  }

  function wordToken(stream, word, at) {
    if (at.pipe) return is("verb", word) ? "keyword" : "variableName.function";
    if (at.definition) return "variableName.definition";
    if (stream.match(re.option, false)) return "propertyName";
    if (is("constant", word)) return "atom";
    if (is("keyword", word)) return "keyword";
    const call = stream.match(re.call, false);
    const item = stream.match(re.stepItem, false);
    if (at.start && item && (is("statement", word) || is("verb", word))) return "keyword";
    if (call) return is("function", word) || is("model", word) ? "variableName.standard" : "variableName.function";
    return "variableName";
  }

  function codeToken(stream, state) {
    if (state.string) return insideString(stream, state);
    if (stream.sol() && state.depth === 0 && !state.open) state.start = true;
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    const at = { pipe: state.pipe, start: state.start, definition: state.definition };
    if (at.start && stream.match(/^(?:[?!].*|\.[a-z].*)/)) return "meta";
    state.pipe = state.start = state.definition = state.open = false;
    const text = beginString(stream, state);
    if (text) return text;
    if (stream.match(re.time) || stream.match(re.number)) return "number";
    if (stream.match(re.variable)) return "variableName.special";
    if (stream.match(re.quoted)) return "string.special";
    const word = stream.match(re.name);
    if (word) {
      const style = wordToken(stream, word[0], at);
      state.definition = style === "keyword" && word[0] === "fn";
      state.open = style === "keyword" && is("operator", word[0]);
      return style;
    }
    const operator = stream.match(re.operator);
    if (operator) {
      state.pipe = operator[0] === "|>";
      state.open = true;
      return "operator";
    }
    const c = stream.next();
    if ("([{".includes(c)) state.depth++;
    if (")]}".includes(c)) state.depth = Math.max(0, state.depth - 1);
    if (c === "{" || c === ";") state.start = true;
    if (c === ",") state.open = true;
    return "()[]{}".includes(c) ? "bracket" : "punctuation";
  }

  const newCell = kind => ({ kind, string: null, comment: false, pipe: false, start: true, definition: false, open: false, depth: 0 });

  const mode = {
    name: "mlnb",
    startState: () => Object.assign(newCell("code"), { first: true, header: false }),
    copyState: state => Object.assign({}, state),
    token(stream, state) {
      const first = state.first;
      state.first = false;
      if (stream.sol()) {
        if ((first || state.header) && stream.match(/^---\s*$/)) {
          state.header = first;
          return "meta";
        }
        if (state.header) {
          stream.skipToEnd();
          return "meta";
        }
        if (first && stream.match(/^#!.*/)) {
          state.first = true;
          return "comment";
        }
        const marker = stream.match(re.marker);
        if (marker) {
          const kind = { md: "text", raw: "text", expect: "text", sql: "sql" }[marker[1]] || "code";
          Object.assign(state, newCell(kind));
          stream.skipToEnd();
          return "meta";
        }
        if (state.kind === "text" && stream.match(/^#{1,6} .*/)) return "heading";
      }
      if (state.kind === "sql") return sqlToken(stream, state);
      if (state.kind === "text") {
        stream.skipToEnd();
        return null;
      }
      return codeToken(stream, state);
    },
    indent(state, after, cx) {
      if (state.kind !== "code" || state.string || state.depth === 0) return null;
      return cx.unit * (state.depth - (/^[)\]}]/.test(after) ? 1 : 0));
    },
    languageData: {
      commentTokens: { line: "#" },
      closeBrackets: { brackets: ["(", "[", "{", '"', "'", "`"] },
      indentOnInput: /^\s*[)\]}]$/,
    },
  };

  // ---- the plugin ----
  let scope = null;
  async function shared(name) { // the newest copy of a package that JupyterLab shares
    const versions = scope[name];
    const newest = Object.keys(versions).sort((a, b) => a.localeCompare(b, undefined, { numeric: true })).pop();
    return (await versions[newest].get())();
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["mlnb-lab"] = {
    init: async s => {
      scope = s;
    },
    get: async () => {
      const codemirror = await shared("@jupyterlab/codemirror");
      const language = await shared("@codemirror/language");
      const plugin = {
        id: "mlnb-lab:language",
        description: "Colours for the mlnb language",
        autoStart: true,
        requires: [codemirror.IEditorLanguageRegistry],
        activate: (app, languages) => {
          languages.addLanguage({
            name: "mlnb",
            displayName: "mlnb",
            mime: "text/x-mlnb",
            extensions: ["mlnb"],
            support: new language.LanguageSupport(language.StreamLanguage.define(mode)),
          });
          app.docRegistry.addFileType({
            name: "mlnb",
            displayName: "mlnb notebook",
            extensions: [".mlnb"],
            mimeTypes: ["text/x-mlnb"],
            contentType: "file",
            fileFormat: "text",
          });
        },
      };
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
