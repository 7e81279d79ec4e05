/* ast.h: the syntax tree of language.md 3.2. One node type; the layout of kids stands beside each
 * op. Nodes live in the arena of their program and never change. Spans are byte ranges of the
 * source text. */
#ifndef MLNB_LANG_AST_H
#define MLNB_LANG_AST_H

#include "runtime/base/arena.h"
#include "runtime/base/rc.h"
#include "runtime/base/str.h"

enum ast_op {
    /* literals */
    AST_NULL,
    AST_BOOL,     /* i */
    AST_INT,      /* i */
    AST_NUM,      /* f */
    AST_STR,      /* text: the value, escapes done */
    AST_FSTR,     /* kids: AST_STR and AST_FPART in order */
    AST_FPART,    /* kids[0] expression; text: format after ':' or empty */
    AST_DATE,     /* i: days */
    AST_DATETIME, /* i: microseconds UTC; is_zoned */
    AST_TIME,     /* i: microseconds since midnight */
    AST_DURATION, /* i: microseconds, months */
    AST_LIST,     /* kids: items */
    AST_STRUCT,   /* kids: values, names[i]: their names */
    AST_RANGE,    /* kids[0], kids[1]: ends, NULL when open; is_half_open for ..< */
    /* names */
    AST_NAME, /* text; is_quoted for backticks */
    AST_VAR,  /* $text */
    AST_DOT,  /* `.` right of ~ : the other columns */
    /* operators */
    AST_UNARY,      /* text "-" or "not"; kids[0] */
    AST_BINARY,     /* text: + - * / // % ^ == != < <= > >= and or ?? : (formula product); kids[0],
                       kids[1] */
    AST_IN,         /* kids[0] in kids[1]; is_negated */
    AST_IS_NULL,    /* kids[0]; is_negated */
    AST_CALL,       /* text: function name; kids: arguments; names[i]: option name or empty. Also
                       method-less only */
    AST_CALL_VALUE, /* kids[0]: what is called (a lambda or variable), kids[1..]: arguments; names
                       as AST_CALL */
    AST_FIELD,      /* kids[0].text */
    AST_INDEX,      /* kids[0][kids[1]] */
    AST_CASE,       /* kids: cond, value, .., [else] (odd count: the last is else) */
    AST_LAMBDA,     /* names: parameters; kids[0]: body */
    AST_FORMULA,    /* kids[0]: left side or NULL, kids[1]: right side */
    AST_PIPELINE,   /* kids[0]: source expression; steps */
    /* statements */
    AST_ASSIGN, /* names: targets; kids[0]: pipeline */
    AST_SHOW,   /* kids[0]: pipeline standing alone; is_silent when `;` followed */
    AST_STEP,   /* steps (the first has no input of its own); is_silent. `log auc: 0.9`, `explain t`
                 */
    AST_CONTINUE, /* statement beginning with |>: steps (console only) */
    AST_FN, /* text: name; names: parameters, defaults[i] or NULL; kids[0]: AST_BLOCK or pipeline */
    AST_PARAM,   /* text: name; kids[0]: default, kids[1]: `in` list or NULL; options (help: ..) */
    AST_FOR,     /* text: variable; kids[0]: over, kids[1]: block */
    AST_IF,      /* kids[0]: condition, kids[1]: block, kids[2]: else block, AST_IF or NULL */
    AST_RUN,     /* kids[0]: name expression, kids[1]: block; options */
    AST_USE,     /* kids[0] */
    AST_INCLUDE, /* text: path */
    AST_SHELL,   /* text: the line after ! */
    AST_HELP,    /* text: the line after ? */
    AST_COMMAND, /* text: the line with its dot */
    AST_BLOCK,   /* kids: statements */
};
/* One item of a step or clause. */
struct ast_item {
    enum { ITEM_PLAIN, ITEM_MAKE, ITEM_OPTION } kind; /* expr | name = expr | name : expr */
    struct str name;
    struct span name_span, span;
    const struct ast *expr;
};
struct ast_step {
    struct str verb;
    struct span span, verb_span;
    struct ast_item *items;
    int n_items;
    struct ast_item *by;
    int n_by; /* n_by 0 and has_by false: no clause */
    struct ast_item *sort;
    int n_sort; /* options written inside clauses are moved to items */
    struct ast_item *on;
    int n_on;
    bool has_by, has_sort, has_on;
};
struct ast {
    enum ast_op op;
    bool is_quoted, is_zoned, is_negated, is_half_open, is_silent,
        is_bracketed; /* bracketed: stood in ( ) */
    int32_t months;
    struct span span;
    struct str text;
    int64_t i;
    double f;
    const struct ast **kids;
    int n_kids;
    struct str *names;
    int n_names;
    const struct ast **defaults; /* [n_names] AST_FN */
    struct ast_item *options;
    int n_options;
    struct ast_step *steps;
    int n_steps;
};

/* Diagnostics of one parse, in order of place; capped at 20. */
#define PARSE_MAX_ERRORS 20
struct parse_result {
    const struct ast *program; /* AST_BLOCK of the statements that could be read */
    struct error *errors;      /* [n_errors], in the arena */
    int n_errors;
    bool is_incomplete; /* the text ends inside a bracket, string, block or after an operator, `|>`
                           or comma */
    int depth;          /* open brackets at the end: for indenting the next line */
};
struct parse_opts {
    bool console;    /* a statement may begin with |> */
    uint32_t source; /* for spans */
    uint32_t offset; /* added to every span (a cell inside a file) */
};
/* Never fails: errors are data. Never reads outside text[0..n); depth of nesting is limited (E109).
 */
void parse(struct arena *a, const char *text, size_t n, const struct parse_opts *opts,
           struct parse_result *out);

/* ---- tokens, for highlighting and completion ---- */
enum tok_kind {
    TOK_END,
    TOK_NEWLINE,
    TOK_NAME,
    TOK_QUOTED_NAME,
    TOK_KEYWORD,
    TOK_VAR,
    TOK_INT,
    TOK_NUM,
    TOK_STR,
    TOK_FSTR,
    TOK_TIME,
    TOK_DURATION,
    TOK_OP,
    TOK_COMMENT,
    TOK_COMMAND,
    TOK_ERROR
};
struct token {
    enum tok_kind kind;
    uint32_t from, to;
};
/* All tokens including comments and newlines, ended by TOK_END; for editors: never fails. */
struct token *lex_all(struct arena *a, const char *text, size_t n, int *out_n);
/* Prints a tree back as source that parses to the same tree (laws, lambdas in messages). */
void ast_text(struct strbuf *out, const struct ast *e);

#endif
