"""Pygments lexer of mlnb: cells (nbconvert, Sphinx) and .mlnb files. The words come from the program (words.py)."""
from pygments.lexer import RegexLexer, bygroups, default, include, using, words
from pygments.lexers.markup import MarkdownLexer
from pygments.lexers.sql import SqlLexer
from pygments.token import Comment, Error, Generic, Keyword, Literal, Name, Number, Operator, Punctuation, String, Text, Whitespace

from mlnb_jupyter.words import WORDS

NAME = r"[^\W\d]\w*"
BODY = r"((?:(?!%%)[^\n]*\n)*)"  # lines up to the next marker


def some(kind):
    return words(WORDS[kind], suffix=r"\b")


class CellSqlLexer(SqlLexer):
    """SQL with $variables."""

    name = "SQL of mlnb"
    aliases = []
    filenames = []
    mimetypes = []
    tokens = {**SqlLexer.tokens, "root": [(r"\$" + NAME, Name.Variable), *SqlLexer.tokens["root"]]}


class MlnbLexer(RegexLexer):
    name = "mlnb"
    aliases = ["mlnb"]
    filenames = ["*.mlnb"]
    mimetypes = ["text/x-mlnb"]
    url = ""
    version_added = ""

    tokens = {
        "root": [
            (r"\A(---\n)((?:[^\n]*\n)*?)(---\n)", bygroups(Comment.Preproc, Comment.Preproc, Comment.Preproc)),
            (r"\A#![^\n]*\n", Comment.Hashbang),
            (r"(?m)^(%%sql[^\n]*)(\n)" + BODY, bygroups(Comment.Preproc, Whitespace, using(CellSqlLexer))),
            (r"(?m)^(%%md[^\n]*)(\n)" + BODY, bygroups(Comment.Preproc, Whitespace, using(MarkdownLexer))),
            (r"(?m)^(%%(?:raw|expect)[^\n]*)(\n)" + BODY, bygroups(Comment.Preproc, Whitespace, Generic.Output)),
            (r"(?m)^%%[^\n]*", Comment.Preproc),
            (r"(?m)^([ \t]*)([?!][^\n]*|\.[a-z][^\n]*)", bygroups(Whitespace, Comment.Preproc)),
            (r"(?m)^([ \t]*)(fn)([ \t]+)(" + NAME + ")", bygroups(Whitespace, Keyword.Declaration, Whitespace, Name.Function)),
            (words(WORDS["statement"], prefix=r"(?m)^([ \t]*)", suffix=r"(?=[ \t]+[\w\"'`$\[(])"), bygroups(Whitespace, Keyword.Declaration)),
            (words(WORDS["verb"], prefix=r"(?m)^([ \t]*)", suffix=r"(?=[ \t]+[\w\"'`$\[(~])"), bygroups(Whitespace, Keyword)),
            include("code"),
        ],
        "code": [
            (r"\s+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r"(\|>)(\s*)", bygroups(Operator, Whitespace), "step"),
            (r'r"""(?s:.)*?"""|r"[^"\n]*"|r\'[^\'\n]*\'', String.Other),
            (r'f?"""', String.Double, "triple"),
            (r'f?"', String.Double, "double"),
            (r"f?'", String.Single, "single"),
            (r"`(?:[^`\n]|``)*`", Name.Variable.Magic),
            (r"\$" + NAME, Name.Variable),
            (r"@\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?|@\d{2}:\d{2}(?::[\d.]+)?", Literal.Date),
            (r"(?:\d[\d_]*(?:\.\d[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?(?:ms|min|mo|[shdwqy])\b", Literal.Date),
            (r"(?:\d[\d_]*\.\d[\d_]*(?:[eE][+-]?\d+)?|\.\d[\d_]*|\d[\d_]*[eE][+-]?\d+)", Number.Float),
            (r"\d[\d_]*", Number.Integer),
            (r"(" + NAME + r")([ \t]*)(:)(?!:)", bygroups(Name.Attribute, Whitespace, Punctuation)),
            (some("constant"), Keyword.Constant),
            (words(WORDS["operator"], suffix=r"\b"), Operator.Word),
            (some("keyword"), Keyword),
            (words(WORDS["function"] + WORDS["model"], suffix=r"(?=[ \t]*\()"), Name.Builtin),
            (NAME + r"(?=[ \t]*\()", Name.Function),
            (NAME, Name),
            (r"\.\.<|==|!=|<=|>=|=>|->|\.\.|\?\?|//|[-+*/%^<>=~:.]", Operator),
            (r"[()\[\]{},;]", Punctuation),
            (r".", Error),
        ],
        "step": [
            (some("verb"), Keyword, "#pop"),
            (NAME, Name.Function, "#pop"),
            default("#pop"),
        ],
        "triple": [(r'"""', String.Double, "#pop"), (r'[^"\\]+|\\.|"', String.Double)],
        "double": [(r'"|$', String.Double, "#pop"), (r"\\.", String.Escape), (r'[^"\\\n]+', String.Double), (r"\n", Text, "#pop")],
        "single": [(r"'|$", String.Single, "#pop"), (r"\\.", String.Escape), (r"[^'\\\n]+", String.Single), (r"\n", Text, "#pop")],
    }
