/* groups_int.h: one model for each group of rows (fit .. by g): a model of the inner family
 * `grouped` whose body holds the keys and the members, each a whole model. */
#ifndef MLNB_ML_GROUPS_INT_H
#define MLNB_ML_GROUPS_INT_H

#include "runtime/ml/score_int.h"

#define GROUPS_MAX      10000
#define GROUPS_KEYS_MAX 8

struct groups {
    int n_keys;
    const char **names;         /* [n_keys] */
    const struct expr **keys;   /* [n_keys] over the columns of the frame */
    struct enc_feature *levels; /* [n_keys] the keys' values, rising */
    int n;
    int32_t *code;                /* [n, n_keys] level of each key, -1 = null */
    uint64_t *id;                 /* [n] rising: codes packed, null as the number of levels */
    const struct model **members; /* [n] counted */
    int **class_of; /* [n] class of the whole by that of the member; no classes: NULL */
};
extern const struct ml_family ml_grouped;
/* NULL: m is no model of groups. */
const struct groups *model_groups(const struct model *m);
/* Members' references go with the arena of m. */
struct groups *groups_new(struct model *m, int n_keys, int n);
/* After keys, levels, codes and members are there: ids and class_of. False: ids do not rise, are
 * too many to pack, or a member has a class that m has not. */
bool groups_index(struct model *m);
/* Group of packed levels, -1 = none. */
int groups_find(const struct groups *g, uint64_t id);
/* "zone = West, day = 3" of group i. */
const char *groups_label(struct arena *a, const struct groups *g, int i);

/* spec->by says the keys. */
rc groups_fit(struct ctx *cx, struct executor *x, const struct ml_fit_spec *spec, struct plan *data,
              struct model **out);
/* Part of each member as one table, the keys first. */
rc groups_part(struct ctx *cx, const struct model *m, struct str part, struct span span,
               struct table **out);
/* ---- groups_file.c ---- */
struct json_out;
void groups_save(const struct model *m, struct json_out *o);
rc groups_load(struct ctx *cx, const json_t *j, struct model *m);

/* As score_map_plan. */
rc groups_map_plan(struct ctx *cx, const struct score_spec *spec, struct plan *in,
                   const struct named_expr *keep, int n_keep, struct plan **out);

#endif
