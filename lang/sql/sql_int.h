/* sql_int.h: what the files of the SQL front end share. The tree is libpg_query's JSON as it is;
 * `node` below is a json object with one member, whose key is the kind: {"ColumnRef": {..}}. */
#ifndef MLNB_LANG_SQL_INT_H
#define MLNB_LANG_SQL_INT_H

#include "lang/interp_int.h"
#include "lang/sql/sql.h"

#define SQL_MAX_DEPTH 120 /* sub-queries and brackets inside each other */

/* ---- the text (scan.c) ---- */
enum sql_tok_kind {
    SQL_END,
    SQL_WORD,
    SQL_QUOTED, /* "name" */
    SQL_STRING, /* any form */
    SQL_NUMBER,
    SQL_PARAM, /* $1 */
    SQL_VAR,   /* $name */
    SQL_OP     /* one byte of an operator, bracket .. */
};
struct sql_tok {
    enum sql_tok_kind kind;
    uint32_t from, to; /* bytes of the text; blanks and comments are skipped */
};
struct sql_tok sql_scan(struct str text, uint32_t at);
/* Whether the token is this word, in any case. */
bool sql_is_word(struct str text, struct sql_tok t, const char *word);

struct sql_piece { /* from new_at on the rewritten text is the old one from old_at, or stands for it
                    */
    uint32_t new_at, old_at;
    bool is_copy;
};
struct sql_param {
    struct str name; /* $name; parameter number is the index + 1 */
    uint32_t at;     /* first place */
};
struct sql_file {
    struct str path; /* unquoted */
    uint32_t from, to;
};
struct sql_text {
    struct str old; /* as written */
    char *p;        /* rewritten, ends with NUL */
    size_t n;
    struct sql_piece *pieces;
    int n_pieces, cap_pieces;
    struct sql_param *params;
    int n_params, cap_params;
    struct sql_file *files;
    int n_files, cap_files;
    struct sql_tok *toks; /* of the text as written, the last SQL_END */
    int n_toks;
};
#define SQL_GROUP_ALL "?group by all" /* the column that stands for ALL */
#define SQL_FILE_NAME "?file "        /* and the table for a file: "?file 0" */

struct sql_prefix {
    const json_t *node;
    const char *name;
};
struct sql {
    struct lang *lg;
    struct ctx *cx;
    struct arena *arena; /* the statement's */
    struct scope *scope;
    struct sql_text text;
    struct span base; /* place of text.old in its source */
    bool is_exact;    /* text.old stands there byte by byte */
    int depth;
    struct sql_cte *ctes;        /* in sight, newest first */
    struct sql_memo *memo;       /* what is known of nodes of the tree */
    int n_prefixes;              /* made-up names so far */
    struct sql_prefix *prefixes; /* of ids, by node of the tree */
    int n_prefix, cap_prefix;
};
/* Rewrites s->text.old (which is set) for libpg_query. E102, E217. */
rc sql_rewrite(struct sql *s);
/* Place of the token at a location of the tree (-1: the whole text). */
struct span sql_span(const struct sql *s, int location);
/* Place of a stretch of the text as written. */
struct span sql_span_old(const struct sql *s, uint32_t from, uint32_t to);
uint32_t sql_old_at(const struct sql *s, uint32_t new_at);

/* ---- the tree (tree.c) ---- */
/* Member or NULL. */
const json_t *sql_get(const json_t *o, const char *key);
const char *sql_text_of(const json_t *o, const char *key); /* "" when absent */
int64_t sql_int_of(const json_t *o, const char *key);      /* 0 when absent */
bool sql_bool_of(const json_t *o, const char *key);
/* The number of an A_Const with an ival. */
int64_t sql_const_int(const struct sql *s, const json_t *constant);
size_t sql_len(const json_t *array); /* 0 of NULL */
/* Kind and body of a node; "" and NULL when there is none. */
const char *sql_kind(const json_t *node, const json_t **body);
bool sql_is(const json_t *node, const char *kind, const json_t **body);
/* Text of a String node. */
const char *sql_string(const json_t *node);
/* First location found in the node or below it, -1 when there is none. */
int sql_location(const json_t *node);
struct span sql_node_span(const struct sql *s, const json_t *node);
/* E217 for a word of another dialect, with the step that does the same. */
enum rc_t sql_no_dialect(struct sql *s, struct sql_tok word);
/* Parses s->text; *out is a new reference to the array of statements. */
rc sql_parse(struct sql *s, json_t **out);

/* ---- statements ---- */
/* A SELECT (body of a SelectStmt node) as a plan: *out is borrowed (the arena owns it). Columns are
 * called as in the result. */
rc sql_select(struct sql *s, const json_t *select, struct plan **out);
/* Any other statement. kind: "CreateStmt" .. as libpg_query names it. *out is a new reference. */
rc sql_statement(struct sql *s, const char *kind, const json_t *body, struct span span,
                 struct value **out);
/* The frame that a RangeVar names (a variable, or a file in quotes): *out is borrowed. `label` may
 * be NULL. */
rc sql_table(struct sql *s, const json_t *range_var, struct plan **out, const char **label);
/* The frame of that name (an unquoted one ignoring case, when only one fits), borrowed, or NULL.
 * *own: as the variable is spelt. */
const struct value *sql_find_frame(struct sql *s, const char *name, bool is_quoted,
                                   const char **own);
/* The name as the user spelt it (PostgreSQL's scanner makes unquoted names lower case). */
const char *sql_spelling(const struct sql *s, int location, const char *folded, bool *is_quoted);
/* Keeps a plan until the statement's end: takes the reference. */
struct plan *sql_own(struct sql *s, struct plan *take_p);

/* The same tree, wherever it stands in the text. */
bool sql_same_tree(const json_t *a, const json_t *b);

/* Keeps a tree that was made here until the statement's end. */
const json_t *sql_keep_tree(struct sql *s, json_t *take_tree);

#endif
