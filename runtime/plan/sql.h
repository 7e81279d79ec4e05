/* sql.h: any logical plan as one SQL statement, in a dialect. The statement gives what the executor
 * gives: the same values by the language's own rules (two-valued comparisons, no NaN, x / 0 an
 * infinity, nulls last), the same rows in the same order. Each step is a common table expression
 * that carries the row's place in a column of its own, by which the last SELECT orders.
 *
 * Types: int BIGINT, num DOUBLE PRECISION, str and cat text, date DATE, datetime TIMESTAMP (UTC),
 * duration BIGINT microseconds, lists arrays. */
#ifndef MLNB_PLAN_SQL_H
#define MLNB_PLAN_SQL_H

#include "runtime/plan/plan.h"

struct sql_dialect; /* sql_int.h */
/* "duckdb", "postgres"; NULL when there is none of that name. */
const struct sql_dialect *sql_dialect_find(struct str name);
const struct sql_dialect *const *sql_dialect_all(int *n);
const char *sql_dialect_name(const struct sql_dialect *d);

struct sql_options {
    /* Tables in memory up to so many rows are written into the statement (VALUES); of others only
     * the name. */
    int64_t inline_rows;
    /* Column that numbers the rows of the tables referred to by name; NULL: they have none, their
     * rows count as they come. */
    const char *position;
    /* Name of the table that holds a PLAN_TABLE or PLAN_SCAN in the engine, as SQL text (quoted,
     * qualified); NULL (the function, or what it returns): from the node's label. Its columns are
     * called as sql_column_name says. */
    const char *(*leaf)(void *arg, const struct plan *leaf);
    void *arg;
};
/* Appends the statement of p (no semicolon). E217 at the node's or expression's span, naming what
 * the dialect cannot say; out then holds nothing of use. Takes time linear in the plan. */
rc plan_sql(struct ctx *cx, const struct plan *p, const struct sql_dialect *d, struct strbuf *out);
rc plan_sql_with(struct ctx *cx, const struct plan *p, const struct sql_dialect *d,
                 const struct sql_options *options, struct strbuf *out);
/* Whether this node (not its inputs) can be said; *why (static text, may be NULL) when not. For
 * executor_class.supports. */
bool plan_sql_supports(const struct plan *p, const struct sql_dialect *d, const char **why);

/* Column i of s as steps and tables call it in SQL, quoted: its own name, or a made-up one where
 * that is too long for the dialect or differs from another one's by case alone. */
void sql_column_name(struct strbuf *out, const struct sql_dialect *d, const struct schema *s,
                     int i);
/* A name of any kind, quoted. */
void sql_quote_name(struct strbuf *out, const struct sql_dialect *d, const char *name);
/* The SQL type of t; false when there is none. */
bool sql_type_name(struct strbuf *out, const struct sql_dialect *d, struct dtype t);
/* A value as SQL text of its type. False when it cannot be said (a struct). */
bool sql_literal(struct strbuf *out, const struct sql_dialect *d, const struct scalar *v);

#endif
