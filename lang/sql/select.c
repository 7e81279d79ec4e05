/* select.c */
#include "lang/sql/sql_int.h"
rc sql_select(struct sql *s, const json_t *select, struct plan **out)
{
    (void)select, (void)out;
    return fail(s->cx, E214, sql_span(s, -1), "SELECT does not run yet");
}
