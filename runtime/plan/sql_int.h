/* sql_int.h: inside the SQL printer. */
#ifndef MLNB_PLAN_SQL_INT_H
#define MLNB_PLAN_SQL_INT_H

#include "runtime/plan/sql.h"

enum sql_dialect_id {
#define DIALECT(id, name, doc) SQL_##id,
#include "runtime/plan/dialects.def"
#undef DIALECT
    SQL_DIALECTS
};
struct sql_scan { /* how a file is read where it lies */
    const char *format;
    const char *text; /* %1: the path as SQL text */
};
struct sql_dialect {
    enum sql_dialect_id id;
    const char *name, *label; /* label: as messages call it */
    char quote;               /* around names; doubled inside */
    bool folds_case;          /* "A" and "a" are one name even in quotes */
    size_t max_name;          /* bytes of a name; 0 = any */
    const char *types[KIND_COUNT];
    const char *collate;          /* after text that is ordered */
    const char *list_open;        /* "ARRAY[" */
    const struct sql_scan *scans; /* ends with a NULL format; NULL: none */
};

/* ---- state of one statement ---- */
#define SQL_PREFIX "mlnb_" /* of names that no column may begin with; see sql_column_name */
#define SQL_ROW    SQL_PREFIX "row"
struct sql_step { /* a node that stands as a step already */
    const struct plan *node;
    int number;
};
struct sql {
    struct ctx *cx;
    const struct sql_dialect *d;
    const struct sql_options *options;
    const struct plan *node; /* at work, for errors */
    struct strbuf steps;     /* the steps so far */
    struct sql_step *seen;
    int n_seen, cap_seen;
    const char *step_name; /* "step": no table is called so */
};

/* ---- expressions ---- */
struct sql_side { /* columns of one input */
    const char *alias;
    const struct schema *schema;
};
struct sql_frame {         /* around an aggregate or window function; all NULL in an AGGREGATE */
    const char *partition; /* "t.a, t.b" or "" */
    const char *over;   /* whole OVER clause of an aggregate's frame, with a blank before; or "" */
    const char *sorted; /* OVER in sort order, for window functions */
    const char *running;
    const char *order; /* what orders rows: "t.mlnb_row" */
    const char *place; /* place in the table */
};
rc sqlout_expr(struct sql *s, const struct sql_side *side, const struct expr *e,
               struct strbuf *out);
/* As a condition: null counts as false where WHERE, ON and FILTER do not do so by themselves. */
rc sqlout_predicate(struct sql *s, const struct sql_side *side, const struct expr *e,
                    struct strbuf *out);
/* e as a sort key: direction, nulls, code point order. */
rc sqlout_sort_key(struct sql *s, const struct sql_side *side, const struct sort_key *key,
                   struct strbuf *out);
/* An EXPR_AGG or EXPR_WINDOW. */
rc sqlout_aggregate(struct sql *s, const struct sql_side *side, const struct sql_frame *f,
                    const struct expr *e, struct strbuf *out);
/* Whether the dialect takes the aggregate OVER a frame. */
bool sqlout_is_alone(const struct sql_dialect *d, const struct expr *e);
rc sqlout_type(struct sql *s, struct dtype t, struct span span, struct strbuf *out);
/* E217: the dialect cannot say `what`. */
rc sqlout_refuse(struct sql *s, struct span span, const char *what);

/* ---- spellings ---- */
#define SQL_TWO        1u
#define SQL_AGG        2u
#define SQL_WIN        4u
#define SQL_DUCK_ALONE 8u
#define SQL_PG_ALONE   16u
typedef rc (*sql_special)(struct sql *s, const struct sql_side *side, const struct expr *e,
                          struct strbuf *out);
struct sql_spelling {
    const char *name, *kinds;
    unsigned flags;
    const char *text[SQL_DIALECTS];
    sql_special special;
};
/* NULL when there is no row. family: 0, SQL_AGG or SQL_WIN. */
const struct sql_spelling *sqlout_spelling_find(unsigned family, const char *name,
                                                const struct expr *const *args, int n);

#define SQL_FN(name, kinds, flags, ...)
#define SQL_SPECIAL(name, flags, f)                                                                \
    rc f(struct sql *s, const struct sql_side *side, const struct expr *e, struct strbuf *out);
#include "runtime/plan/sql_fns.def"
#undef SQL_FN
#undef SQL_SPECIAL

/* ---- nodes ---- */
rc sqlout_columns(struct sql *s, const char *alias, const struct schema *schema,
                  struct strbuf *out);
rc sqlout_window_step(struct sql *s, const struct plan *p, const char *in, struct strbuf *out);
rc sqlout_join_step(struct sql *s, const struct plan *p, const char *left, const char *right,
                    struct strbuf *out);
/* The whole step of a PLAN_TABLE or PLAN_SCAN. */
rc sqlout_leaf_step(struct sql *s, const struct plan *p, struct strbuf *out);
/* " AS " and the step's name of column i. */
void sqlout_as(struct sql *s, const struct schema *schema, int i, struct strbuf *out);

#endif
