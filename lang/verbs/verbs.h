/* verbs.h: what the assist sees of the verbs beside their descriptors. */
#ifndef MLNB_LANG_VERBS_H
#define MLNB_LANG_VERBS_H

#include "lang/lang_int.h"

/* Verbs of the language that later versions run: known, so that their names are not "unknown". */
struct later_verb {
    const char *name, *doc;
};
const struct later_verb *verb_later_all(int *n);

/* Columns of a frame, or of the frame a chart was drawn from; NULL when there are none. Borrowed.
 */
const struct schema *value_columns(const struct value *v);

#endif
