/* model_file_int.h: what writing and reading the model file share. */
#ifndef MLNB_ML_MODEL_FILE_INT_H
#define MLNB_ML_MODEL_FILE_INT_H

#include "runtime/ml/ml_int.h"

#define MODEL_FILE_HEAD    "{\"mlnb_model\":"
#define MODEL_FILE_VERSION 1
#define MODEL_FILE_HEX     64 /* digits of the checksum */
#define MODEL_FILE_MAX     (256 << 20)

struct json_out;
/* Of whole models and parts of them, for models that hold others. */
void model_put(struct json_out *o, const struct model *m);
void model_put_levels(struct json_out *o, const struct enc_feature *f);
void model_put_expr(struct json_out *o, const char *key, const struct expr *e);
void model_put_scalar(struct json_out *o, const struct scalar *s);
void model_put_table(struct json_out *o, const char *key, const struct table *t);
/* A table that lives as long as `a`; kinds bool, int, num, str. */
rc model_get_table(struct ctx *cx, struct arena *a, const json_t *j, struct table **out);
rc model_from_json(struct ctx *cx, const json_t *j, struct model **out);
rc model_get_levels(struct ctx *cx, struct arena *a, const json_t *j, struct enc_feature *f);

bool model_file_digest(const char *p, size_t n, char hex[MODEL_FILE_HEX + 1]);

#endif
