/* assist_complete.h: one completion under way. */
#ifndef MLNB_LANG_ASSIST_COMPLETE_H
#define MLNB_LANG_ASSIST_COMPLETE_H

#include "lang/assist/assist_int.h"

struct completing {
    struct lang_snapshot *snapshot;
    struct arena *a;
    struct place place;
    struct dry dry;
    struct value *input; /* what flows into the step, or NULL; owned */
    uint32_t from, to;   /* bytes to be replaced */
    struct completion *items;
    int n, cap;
};
/* Adds what begins with the typed prefix (capitals do not matter) and is not there yet. */
void add_completion(struct completing *c, struct str text, const char *type, struct str detail);
/* The same for text that differs from what is matched (quoted names, `kind: `). */
void add_completion_as(struct completing *c, struct str match, struct str text, const char *type,
                       struct str detail);
void complete_paths(struct completing *c);
/* In `zone == "Ma`: texts that the column has, where they are in memory as a dictionary. */
void complete_levels(struct completing *c);

#endif
