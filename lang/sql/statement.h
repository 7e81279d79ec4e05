/* statement.h: what the files of the statements other than SELECT share. Frames are values: every
 * statement computes a new frame and binds the variable to it. */
#ifndef MLNB_LANG_SQL_STATEMENT_H
#define MLNB_LANG_SQL_STATEMENT_H

#include "lang/sql/functions_int.h"
#include "lang/sql/sql_int.h"

/* A table that a statement writes to: a variable of the session. */
struct sql_target {
    const char *name; /* the variable's own spelling */
    struct plan *plan;
    struct span span;
};
/* The frame that a RangeVar names; E202 when there is none, E217 for a file. */
rc sql_target(struct sql *s, const json_t *range_var, struct sql_target *out);
/* Name of a RangeVar that need not exist, and whether it does. */
rc sql_new_name(struct sql *s, const json_t *range_var, const char **name, bool *exists);
/* Binds the variable to a plan that is run later, or to a computed table. */
void sql_bind_plan(struct sql *s, const char *name, struct plan *p);
rc sql_bind_table(struct sql *s, const char *name, const struct table *t);
/* Computes a plan; *out is owned by the arena. */
rc sql_compute(struct sql *s, struct plan *p, struct table **out);
/* A status line: printf into the arena. */
struct value *sql_done(struct sql *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "1 row", "3 rows" */
const char *sql_rows(struct sql *s, int64_t n);

/* A plan whose columns, in order, are those of `to`: plan's column from[i] cast as an assignment
 * casts, null where from[i] < 0. */
rc sql_assign(struct sql *s, struct plan *p, const int *from, const struct schema *to,
              struct span span, struct plan **out);
/* The position of a column that a statement names; E201. */
rc sql_column(struct sql *s, const struct schema *schema, const char *name, int location,
              const char *label, int *out);
/* The type of a ColumnDef. */
rc sql_column_type(struct sql *s, const json_t *def, struct dtype *out);

/* ---- rows (statement_rows.c, statement_conflict.c) ---- */
#define SQL_ROW_NUMBER "?row"
/* A table's rows with their numbers from 0 in a last column SQL_ROW_NUMBER. */
rc sql_number_rows(struct sql *s, struct table *t, struct plan **out);
/* The tree of a column of a RangeVar, qualified as the statement's clauses would. */
json_t *sql_tree_column(const json_t *rv, const char *name);
/* Binds t's name to its rows with the changes of an UPDATE; *out: the changed rows, a new
 * reference. */
rc sql_update_rows(struct sql *s, const json_t *body, const struct sql_target *t,
                   struct table **out);
/* RETURNING over the rows concerned, or the status line. */
rc sql_answer(struct sql *s, const json_t *body, const char *name, const struct table *rows,
              struct value *take_status, struct value **out);
/* The columns that ON CONFLICT (..) names, their positions in t: *keys in the arena (may be NULL).
 * E217 without such a list. */
rc sql_conflict_keys(struct sql *s, const json_t *conflict, const struct sql_target *t, int **keys,
                     int *n);
/* INSERT .. ON CONFLICT (..) of the rows `added`. */
rc sql_insert_conflict(struct sql *s, const json_t *body, const struct sql_target *t,
                       struct table *added, struct value **out);

/* One function a statement; body as libpg_query gives it. */
rc sql_create_table(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_create_as(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_select_into(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_view(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_drop(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_truncate(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_alter(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_rename(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_insert(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_update(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_delete(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_copy(struct sql *s, const json_t *body, struct span span, struct value **out);
rc sql_explain(struct sql *s, const json_t *body, struct span span, struct value **out);

#endif
