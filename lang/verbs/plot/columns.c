/* columns.c: what completion sees of a value's columns. */
#include "lang/verbs/plot/plot.h"

const struct schema *value_columns(const struct value *v)
{
    if (v && v->kind == VALUE_FRAME) return v->plan->schema;
    if (v && v->kind == VALUE_CHART && v->plot) return v->plot->frame->schema;
    return NULL;
}
