/* highlight.c: source as HTML with a class per kind of token, for reports. Classes: k keyword, s
 * text, n number, t time, c comment, o operator, f function, v variable, q quoted name, e error. */
#include "kernel/notebook/notebook_int.h"

#include "lang/ast.h"

static const char *class_of(enum tok_kind kind)
{
    switch (kind) {
    case TOK_KEYWORD: return "k";
    case TOK_STR:
    case TOK_FSTR: return "s";
    case TOK_INT:
    case TOK_NUM: return "n";
    case TOK_TIME:
    case TOK_DURATION: return "t";
    case TOK_COMMENT: return "c";
    case TOK_OP: return "o";
    case TOK_VAR: return "v";
    case TOK_QUOTED_NAME: return "q";
    case TOK_COMMAND: return "x";
    case TOK_ERROR: return "e";
    default: return NULL;
    }
}

static void put_span(struct strbuf *out, const char *class, struct str text)
{
    if (class) strbuf_printf(out, "<span class=\"%s\">", class);
    strbuf_add_html(out, text);
    if (class) strbuf_addz(out, "</span>");
}

/* Words only where a statement begins, with something behind them: `param n = 3`, `fn f(x)`. */
static bool is_statement_word(struct str code, const struct token *toks, int i)
{
    static const char *const words[] = {"fn", "for", "param", "use", "run", "include"};
    struct str text = {code.p + toks[i].from, toks[i].to - toks[i].from};
    bool is_start = i == 0 || toks[i - 1].kind == TOK_NEWLINE;
    enum tok_kind next = toks[i + 1].kind; /* TOK_END ends the list */
    bool has_more = next == TOK_NAME || next == TOK_STR || next == TOK_FSTR || next == TOK_VAR;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        if (is_start && has_more && str_eqz(text, words[k])) return true;
    return false;
}

static void highlight_mlnb(struct strbuf *out, struct str code)
{
    struct arena *a = arena_new();
    int n;
    struct token *toks = lex_all(a, code.p, code.n, &n);
    size_t at = 0;
    bool is_verb = false;
    for (int i = 0; i < n; i++) {
        struct str text = {code.p + toks[i].from, toks[i].to - toks[i].from};
        const char *class = class_of(toks[i].kind);
        bool is_name = toks[i].kind == TOK_NAME;
        bool is_call = is_name && toks[i].to < code.n && code.p[toks[i].to] == '(';
        if (is_call || (is_name && is_verb)) class = "f";
        if (is_name && is_statement_word(code, toks, i)) class = "k";
        strbuf_add_html(out, (struct str){code.p + at, toks[i].from - at});
        if (text.n > 0) put_span(out, class, text);
        at = toks[i].to;
        if (toks[i].kind != TOK_NEWLINE && toks[i].kind != TOK_COMMENT)
            is_verb = str_eqz(text, "|>");
    }
    strbuf_add_html(out, (struct str){code.p + at, code.n - at});
    arena_free(a);
}

/* ---- SQL: words, texts, numbers, comments ---- */

static const char sql_words[] =
    " select from where group by order having limit offset join left right full inner outer cross "
    "on using as and or not in is null true false case when then else end distinct union all "
    "except intersect with recursive values insert into update set delete create table over "
    "partition rows range between preceding following unbounded current row like ilike exists "
    "asc desc nulls first last filter lateral cast interval date timestamp ";

static bool is_sql_word(struct str s)
{
    char word[16];
    if (s.n > 12) return false;
    word[0] = ' ';
    for (size_t i = 0; i < s.n; i++)
        word[i + 1] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
    word[s.n + 1] = ' ';
    word[s.n + 2] = '\0';
    return strstr(sql_words, word) != NULL;
}

void notebook_sql_words(void (*see)(void *arg, const char *kind, const char *name), void *arg)
{
    for (const char *p = sql_words + 1; *p;) {
        char word[16];
        size_t n = strcspn(p, " ");
        memcpy(word, p, n);
        word[n] = '\0';
        see(arg, "sql", word);
        p += n + 1;
    }
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80);
}

/* The end of the token at `at`, and its class. */
static size_t sql_token(struct str s, size_t at, const char **class)
{
    size_t end = at + 1;
    char c = s.p[at];
    *class = NULL;
    if (c == '\'' || c == '"') {
        while (end < s.n && s.p[end] != c)
            end++;
        *class = c == '"' ? "q" : "s";
        return end < s.n ? end + 1 : end;
    }
    if (c == '-' && end < s.n && s.p[end] == '-') {
        while (end < s.n && s.p[end] != '\n')
            end++;
        *class = "c";
        return end;
    }
    if (!is_word_char(c) && c != '$') return end;
    while (end < s.n && (is_word_char(s.p[end]) || (c >= '0' && c <= '9' && s.p[end] == '.')))
        end++;
    if (c == '$')
        *class = "v";
    else if (c >= '0' && c <= '9')
        *class = "n";
    else if (is_sql_word((struct str){s.p + at, end - at}))
        *class = "k";
    else if (end < s.n && s.p[end] == '(')
        *class = "f";
    return end;
}

void highlight_html(struct strbuf *out, struct str code, bool is_sql)
{
    if (!is_sql) {
        highlight_mlnb(out, code);
        return;
    }
    for (size_t at = 0; at < code.n;) {
        const char *class;
        size_t end = sql_token(code, at, &class);
        put_span(out, class, (struct str){code.p + at, end - at});
        at = end;
    }
}
