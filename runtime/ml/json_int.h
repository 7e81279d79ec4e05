/* json_int.h: writing the model file (numbers as the shortest text that reads back the same, so a
 * reload is bit-equal) and reading it with every step checked: the bytes may come from anywhere. */
#ifndef MLNB_ML_JSON_INT_H
#define MLNB_ML_JSON_INT_H

#include "runtime/base/rc.h"
#include "runtime/base/str.h"

#include <jansson.h>

/* ---- writing ---- */
struct json_out {
    struct strbuf text;
    int depth;
    bool needs_comma, after_key;
};
void json_out_open(struct json_out *o, char bracket);  /* '{' or '[' */
void json_out_close(struct json_out *o, char bracket); /* '}' or ']' */
void json_out_key(struct json_out *o, const char *key);
void json_out_num(struct json_out *o, double x); /* not finite: null */
void json_out_int(struct json_out *o, int64_t x);
void json_out_bool(struct json_out *o, bool x);
void json_out_str(struct json_out *o, struct str s);
void json_out_null(struct json_out *o);
/* "key": [n numbers]; not finite: null. key NULL: an entry of a list. */
void json_out_nums(struct json_out *o, const char *key, const double *v, size_t n);
/* A value made by Jansson (expressions). */
void json_out_json(struct json_out *o, const json_t *j);

/* ---- reading: E407 with what is wrong ---- */
rc json_bad(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
rc json_get_num(struct ctx *cx, const json_t *j, const char *key, double *out);
rc json_get_int(struct ctx *cx, const json_t *j, const char *key, int64_t min, int64_t max,
                int64_t *out);
rc json_get_bool(struct ctx *cx, const json_t *j, const char *key, bool *out);
/* NUL-terminated, owned by j; texts with a NUL inside are refused. */
rc json_get_str(struct ctx *cx, const json_t *j, const char *key, const char **out);
/* A list of exactly n finite numbers. */
rc json_get_nums(struct ctx *cx, const json_t *j, const char *key, double *out, size_t n);
/* The same of a list at hand, `key` its name. */
rc json_list_nums(struct ctx *cx, const json_t *list, const char *key, double *out, size_t n);
/* A list of at most `max` entries. */
rc json_get_list(struct ctx *cx, const json_t *j, const char *key, size_t max, const json_t **out);

#endif
