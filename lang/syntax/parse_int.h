/* parse_int.h: inside the parser. Every parse function returns NULL after it has reported its
 * error; the first error of a statement is kept and the statement is left. */
#ifndef MLNB_LANG_PARSE_INT_H
#define MLNB_LANG_PARSE_INT_H

#include "lang/ast.h"
#include "lang/syntax/lex.h"

#define PARSE_MAX_DEPTH  200  /* open brackets, blocks and other recursion */
#define PARSE_MAX_HEIGHT 2000 /* of the tree: a + b + c .. leans to the left without recursion */

/* A change of the source text that mends an error: text[from..to) becomes `text`. */
struct fix {
    bool is_set;
    uint32_t from, to;
    struct str text;
};
struct diags {
    struct error *items; /* [n] */
    int n;
};
struct parser {
    struct arena *a;
    const char *text;
    uint32_t n;
    const struct parse_opts *opts;
    struct tok *toks;
    int n_toks, at;
    int start; /* first token of the statement */
    int depth;
    int in_step;         /* > 0: plain names are columns */
    bool in_formula;     /* `.` may stand for the other columns */
    bool allows_product; /* `:` is the product of a formula */
    struct diags *diags;
    bool has_failed; /* the statement has its error */
    bool is_muted;   /* the last report was not kept, nor are its hint, notes and fix */
    struct fix fix;  /* of the error */
    bool is_trial;   /* a hint is being tried out: make none */
    struct str verb; /* of the step that is being read */
    int first_open;  /* token of a bracket that is never closed, or -1 */
};

/* ---- tokens (parse.c) ---- */
const struct tok *tok_here(const struct parser *p);
/* The token k further on; the end of the statement comes as a TOK_END. */
const struct tok *tok_ahead(const struct parser *p, int k);
bool is_sym(const struct tok *t, enum sym sym);
bool at_sym(const struct parser *p, enum sym sym);
bool take_sym(struct parser *p, enum sym sym);
bool at_end(const struct parser *p); /* of the statement */
void skip_tok(struct parser *p);
uint32_t last_end(const struct parser *p); /* where the token before this one ends */
struct span span_of(const struct parser *p, uint32_t from, uint32_t to);
struct str tok_text(const struct parser *p, const struct tok *t);
bool enter(struct parser *p); /* false after E109; leave() follows either way */
void leave(struct parser *p);

/* ---- errors (parse_error.c) ---- */
void *err_at(struct parser *p, enum err_code code, uint32_t from, uint32_t to, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void *err_tok(struct parser *p, enum err_code code, const struct tok *t, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void hint_text(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void note_text(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fix_text(struct parser *p, uint32_t from, uint32_t to, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Turns the fix of the failed statement toks[start..end) into a hint, if what comes out parses. */
void make_hint(struct parser *p, int end);
/* The token here does not fit behind what has been read; `wanted` says what would have. */
void *unexpected(struct parser *p, const char *wanted);
/* No value can start here. */
void *no_value(struct parser *p);
void *bad_tok(struct parser *p, const struct tok *t); /* t->fault is set */

/* ---- nodes (parse_node.c) ---- */
struct ast *node_new(struct parser *p, enum ast_op op, uint32_t from, uint32_t to);
void node_kids(struct parser *p, struct ast *e, int n, const struct ast *const *kids);
/* As node_new with kids; NULL after E109 when the tree gets too high. */
struct ast *node_of(struct parser *p, enum ast_op op, uint32_t from, uint32_t to, int n,
                    const struct ast *const *kids);
/* Checks the height once kids, steps and items stand. */
const struct ast *node_done(struct parser *p, struct ast *e);
uint32_t node_from(const struct parser *p, const struct ast *e); /* place in p->text */

/* A growing list in the arena. */
struct list {
    void *p;
    int n, cap;
};
void *list_add(struct parser *p, struct list *l, size_t size);
#define LIST_ADD(parser, list, T) ((T *)list_add((parser), (list), sizeof(T)))

/* ---- literals (parse_literal.c) ---- */
bool is_literal(const struct tok *t);
const struct ast *parse_literal(struct parser *p);
struct str read_name(struct parser *p, const struct tok *t); /* NFC; backticks undone */

/* ---- expressions (parse_expr.c, parse_prim.c) ---- */
const struct ast *parse_expr(struct parser *p);
const struct ast *parse_add(struct parser *p);
const struct ast *parse_unary(struct parser *p);
const struct ast *parse_post(struct parser *p);
const struct ast *parse_or_pipeline(struct parser *p); /* expr { |> step } */
bool starts_expr(const struct parser *p, const struct tok *t);
/* name: or keyword: at the start of an item or argument. */
bool at_option(const struct parser *p);
struct str take_option_name(struct parser *p);

/* ---- steps (parse_step.c) ---- */
bool parse_items(struct parser *p, struct list *items, bool is_bracketed);
bool parse_step(struct parser *p, struct list *steps);
/* Steps after |>, as long as they go on. */
bool parse_steps(struct parser *p, struct list *steps);

/* ---- statements (parse_stmt.c) ---- */
const struct ast *parse_statement(struct parser *p);
const struct ast *parse_block(struct parser *p);
const struct ast *parse_program(struct parser *p,
                                bool is_block); /* statements up to } or the end */

/* ---- what people bring along (parse_foreign.c, parse_code.c): true when it was recognised and
 * reported; then the statement has its error ---- */
bool foreign_statement(struct parser *p);
bool foreign_operand(struct parser *p);                     /* where a value is due */
bool foreign_after(struct parser *p);                       /* behind a value */
bool foreign_method(struct parser *p, const struct ast *e); /* x.f( */
bool foreign_null(struct parser *p);                        /* after `is` */
bool foreign_braces(struct parser *p); /* if a { b } else { c } as a value, for (x in xs) */
bool foreign_item(struct parser *p, const struct ast_item *item, uint32_t set_at, bool is_on);
/* Two helpers of theirs (parse_code.c). */
bool foreign_code(struct parser *p); /* SQL, def, lambda, while ..: at an operand or statement */
bool foreign_keyword_after(struct parser *p); /* between, like, as, desc, x if c else y, AND .. */
int item_start(const struct parser *p);       /* token that begins the item here */
int item_end(const struct parser *p, int at); /* token behind the item that goes on at `at` */
struct str text_between(const struct parser *p, int from, int to); /* source of toks[from..to) */
bool word_is(const struct parser *p, const struct tok *t, const char *word); /* any case */

#endif
