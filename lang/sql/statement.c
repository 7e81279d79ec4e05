/* statement.c: statements other than SELECT. */
#include "lang/sql/sql_int.h"

rc sql_statement(struct sql *s, const char *kind, const json_t *body, struct span span,
                 struct value **out)
{
    (void)kind, (void)body, (void)out;
    (void)fail(s->cx, E214, span, "this statement of SQL does not run yet");
    return err_hint(s->cx, "select * from t");
}
