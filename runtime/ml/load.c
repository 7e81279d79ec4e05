/* load.c: reads a model file. The bytes may come from anywhere: head, version and checksum first,
 * then every member's type, every length, every index. Columns are named and laid out anew from
 * features and parts, so a file cannot describe a design that does not fit itself. */
#include "runtime/ml/json_int.h"
#include "runtime/ml/model_file_int.h"
#include "runtime/ml/text_int.h"
#include "runtime/ml/tree/xgb.h"

#include "runtime/base/num.h"
#include "runtime/plan/serialize.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define MAX_FEATURES 100000
#define MAX_LEVELS   1000000

static const char *copy(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

static enum rc_t get_text(struct ctx *cx, struct arena *a, const json_t *j, const char *key,
                          const char **out)
{
    const char *text;
    TRY(json_get_str(cx, j, key, &text));
    *out = copy(a, text);
    return RC_OK;
}

static enum rc_t get_optional_text(struct ctx *cx, struct arena *a, const json_t *j,
                                   const char *key, const char **out)
{
    *out = NULL;
    const json_t *v = json_object_get(j, key);
    return !v || json_is_null(v) ? RC_OK : get_text(cx, a, j, key, out);
}

/* ---- levels ---- */
static int order_of(const struct scalar *a, const struct scalar *b)
{
    return scalar_cmp(a, b);
}

static enum rc_t read_levels(struct ctx *cx, struct arena *a, const json_t *j, size_t max,
                             struct enc_feature *f)
{
    const json_t *levels, *counts;
    struct dtype type;
    TRY(type_from_json(cx, json_object_get(j, "kind"), &type));
    if (type.kind == KIND_NULL || type.kind == KIND_LIST || type.kind == KIND_CAT)
        return json_bad(cx, "levels of a kind that has none");
    TRY(json_get_list(cx, j, "levels", max, &levels));
    TRY(json_get_list(cx, j, "counts", max, &counts));
    f->n_levels = (int)json_array_size(levels);
    if (json_array_size(counts) != json_array_size(levels))
        return json_bad(cx, "counts do not fit the levels");
    f->levels = ARENA_ARRAY(a, struct enc_level, f->n_levels + 1);
    for (int i = 0; i < f->n_levels; i++) {
        struct enc_level *l = &f->levels[i];
        struct strbuf b = {0};
        TRY(scalar_from_json(cx, a, json_array_get(levels, (size_t)i), type, &l->value));
        if (l->value.is_null) return json_bad(cx, "a level is null");
        scalar_text(&b, &l->value, false);
        l->text = arena_strndup(a, b.p ? b.p : "", b.n);
        strbuf_release(&b);
        l->n = json_integer_value(json_array_get(counts, (size_t)i));
    }
    return RC_OK;
}

enum rc_t model_get_levels(struct ctx *cx, struct arena *a, const json_t *j, struct enc_feature *f)
{
    TRY(read_levels(cx, a, j, MAX_LEVELS, f));
    f->kind = ENC_CATEGORY;
    enc_index_levels(a, f);
    for (int i = 1; i < f->n_levels; i++)
        if (order_of(&f->levels[f->order[i - 1]].value, &f->levels[f->order[i]].value) == 0)
            return json_bad(cx, "a level stands twice");
    return RC_OK;
}

/* ---- texts ---- */
static enum rc_t get_rule(struct ctx *cx, struct arena *a, const json_t *j, struct text_rule *r)
{
    const json_t *stop;
    int64_t lo, hi, min_chars, idf, norm;
    TRY(json_get_int(cx, j, "ngrams_from", 1, TEXT_NGRAMS, &lo));
    TRY(json_get_int(cx, j, "ngrams_to", lo, TEXT_NGRAMS, &hi));
    TRY(json_get_int(cx, j, "hash", 0, ENC_MAX_SPARSE, &r->hash));
    TRY(json_get_bool(cx, j, "whole", &r->is_whole));
    TRY(json_get_bool(cx, j, "binary", &r->binary));
    TRY(json_get_bool(cx, j, "sublinear", &r->sublinear));
    TRY(json_get_bool(cx, j, "keep_case", &r->keep_case));
    TRY(json_get_int(cx, j, "min_chars", 0, 1000000, &min_chars));
    TRY(json_get_int(cx, j, "idf", IDF_NONE, IDF_SPARK, &idf));
    TRY(json_get_int(cx, j, "norm", NORM_NONE, NORM_L2, &norm));
    TRY(json_get_list(cx, j, "stop", MAX_LEVELS, &stop));
    r->lo = (int)lo;
    r->hi = (int)hi;
    r->min_chars = (int)min_chars;
    r->idf = (enum text_idf)idf;
    r->norm = (enum text_norm)norm;
    r->n_stop = (int)json_array_size(stop);
    const char **words = ARENA_ARRAY(a, const char *, r->n_stop + 1);
    for (int i = 0; i < r->n_stop; i++) {
        words[i] = json_string_value(json_array_get(stop, (size_t)i));
        if (!words[i]) return json_bad(cx, "a stop word is no text");
    }
    r->stop = words;
    return RC_OK;
}

/* Terms that select() has kept, rising. */
static enum rc_t get_kept(struct ctx *cx, struct arena *a, const json_t *j, struct enc_feature *f)
{
    const json_t *kept;
    if (!json_object_get(j, "kept")) return RC_OK;
    TRY(json_get_list(cx, j, "kept", (size_t)text_n_terms(f), &kept));
    int n = (int)json_array_size(kept);
    int32_t *term = ARENA_ARRAY(a, int32_t, n + 1);
    for (int i = 0; i < n; i++) {
        const json_t *v = json_array_get(kept, (size_t)i);
        json_int_t k = json_integer_value(v);
        if (!json_is_integer(v) || k < 0 || k >= text_n_terms(f) || (i > 0 && k <= term[i - 1]))
            return json_bad(cx, "terms that were kept are not there");
        term[i] = (int32_t)k;
    }
    text_keep_terms(a, f, term, n);
    return RC_OK;
}

static enum rc_t get_words(struct ctx *cx, struct arena *a, const json_t *j, struct enc_feature *f)
{
    const json_t *weights, *o = json_object_get(j, "words");
    struct text_rule rule = {0};
    TRY(get_rule(cx, a, o, &rule));
    TRY(read_levels(cx, a, j, ENC_MAX_SPARSE, f));
    f->kind = ENC_LIST;
    f->words = text_coding_new(a, &rule);
    if (f->n_levels > 0 && (rule.hash > 0 || f->levels[0].value.type.kind != KIND_STR))
        return json_bad(cx, "terms do not fit `words`");
    if (!text_index(a, f)) return json_bad(cx, "a term stands twice");
    TRY(json_get_list(cx, o, "weights", ENC_MAX_SPARSE, &weights));
    size_t n = json_array_size(weights);
    if (n != (rule.idf == IDF_NONE ? 0 : (size_t)text_n_terms(f)))
        return json_bad(cx, "weights do not fit the terms");
    if (n > 0) f->words->weight = ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *w = json_array_get(weights, i);
        if (!json_is_number(w)) return json_bad(cx, "a weight is no number");
        f->words->weight[i] = json_number_value(w);
    }
    return get_kept(cx, a, o, f);
}

/* ---- encoder ---- */
static bool takes_kind(const struct expr *e, const struct enc_feature *f)
{
    enum kind have = e->type.kind;
    if (f->kind == ENC_LIST)
        return have == KIND_STR || have == KIND_CAT ||
               (have == KIND_LIST && e->type.elem && e->type.elem->kind == KIND_STR);
    if (f->kind == ENC_NUMBER) return have == KIND_NUM || have == KIND_INT;
    if (f->n_levels == 0) return true;
    enum kind want = f->levels[0].value.type.kind;
    return have == want || (have == KIND_CAT && want == KIND_STR);
}

static enum rc_t get_feature(struct ctx *cx, struct arena *a, const json_t *j,
                             struct enc_feature *f)
{
    int64_t ref = -1;
    f->ref = -1;
    TRY(get_text(cx, a, j, "name", &f->name));
    TRY(get_optional_text(cx, a, j, "learnt", &f->detail));
    TRY(expr_from_json(cx, a, json_object_get(j, "value"), &f->expr));
    if (json_object_get(j, "words")) {
        TRY(get_words(cx, a, j, f));
    } else if (json_object_get(j, "levels")) {
        TRY(model_get_levels(cx, a, j, f));
        TRY(json_get_int(cx, j, "reference", -1, f->n_levels - 1, &ref));
        TRY(json_get_bool(cx, j, "other", &f->has_other));
        TRY(json_get_bool(cx, j, "unseen_error", &f->unseen_error));
        f->ref = (int)ref;
    }
    if (!takes_kind(f->expr, f)) return json_bad(cx, "`%s` is of another type", f->name);
    return RC_OK;
}

/* A list of feature numbers, none twice. */
static enum rc_t get_indices(struct ctx *cx, struct arena *a, const json_t *list, int n_features,
                             int **out, int *out_n)
{
    size_t n = json_array_size(list);
    *out = ARENA_ARRAY(a, int, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *e = json_array_get(list, i);
        json_int_t v = json_integer_value(e);
        if (!json_is_integer(e) || v < 0 || v >= n_features)
            return json_bad(cx, "a term names a feature that is not there");
        for (size_t k = 0; k < i; k++)
            if ((*out)[k] == v) return json_bad(cx, "a term names a feature twice");
        (*out)[i] = (int)v;
    }
    *out_n = (int)n;
    return RC_OK;
}

static enum rc_t get_term(struct ctx *cx, struct arena *a, const json_t *j, struct encoder *e,
                          struct enc_term *t)
{
    const json_t *features;
    TRY(get_text(cx, a, j, "name", &t->name));
    TRY(json_get_bool(cx, j, "offset", &t->is_offset));
    TRY(json_get_list(cx, j, "features", 64, &features));
    TRY(get_indices(cx, a, features, e->n_features, &t->features, &t->n_features));
    if (t->n_features < 1) return json_bad(cx, "a term has no features");
    if (t->is_offset && e->features[t->features[0]].kind != ENC_NUMBER)
        return json_bad(cx, "an offset is no number");
    return RC_OK;
}

/* The codings that are written must be those that the terms give. */
static enum rc_t check_parts(struct ctx *cx, const json_t *parts, const struct encoder *e)
{
    if (json_array_size(parts) != (size_t)e->n_parts)
        return json_bad(cx, "parts do not fit the terms");
    for (int i = 0; i < e->n_parts; i++) {
        const struct enc_part *p = &e->parts[i];
        const json_t *factors, *j = json_array_get(parts, (size_t)i);
        int64_t term;
        TRY(json_get_int(cx, j, "term", 0, e->n_terms - 1, &term));
        TRY(json_get_list(cx, j, "factors", 64, &factors));
        if (term != p->term || json_array_size(factors) != (size_t)p->n_factors)
            return json_bad(cx, "parts do not fit the terms");
        for (int k = 0; k < p->n_factors; k++) {
            const json_t *f = json_array_get(factors, (size_t)k);
            int64_t feature;
            bool full;
            TRY(json_get_int(cx, f, "feature", 0, e->n_features - 1, &feature));
            TRY(json_get_bool(cx, f, "full", &full));
            if (feature != p->factors[k].feature || full != p->factors[k].full)
                return json_bad(cx, "parts do not fit the terms");
        }
    }
    return RC_OK;
}

static enum rc_t get_encoder(struct ctx *cx, const json_t *j, struct model *m)
{
    struct encoder *e = &m->enc;
    const json_t *features, *terms, *parts;
    TRY(json_get_bool(cx, j, "has_intercept", &e->intercept));
    TRY(json_get_list(cx, j, "features", MAX_FEATURES, &features));
    TRY(json_get_list(cx, j, "terms", MAX_FEATURES, &terms));
    TRY(json_get_list(cx, j, "parts", MAX_FEATURES, &parts));
    e->n_features = (int)json_array_size(features);
    e->n_terms = (int)json_array_size(terms);
    e->features = ARENA_ARRAY(m->arena, struct enc_feature, e->n_features + 1);
    e->terms = ARENA_ARRAY(m->arena, struct enc_term, e->n_terms + 1);
    for (int i = 0; i < e->n_features; i++)
        TRY(get_feature(cx, m->arena, json_array_get(features, (size_t)i), &e->features[i]));
    for (int i = 0; i < e->n_terms; i++) {
        TRY(get_term(cx, m->arena, json_array_get(terms, (size_t)i), e, &e->terms[i]));
        if (i > 0 && e->terms[i - 1].is_offset && !e->terms[i].is_offset)
            return json_bad(cx, "offsets do not stand last");
    }
    if (m->family->cls->no_design) return RC_OK;
    if (m->family->cls->is_sparse) e->max_cols = ENC_MAX_SPARSE;
    if (enc_code_terms(cx, m->arena, e, m->family->cls->all_levels, NO_SPAN) != RC_OK) {
        err_clear(cx->err);
        return json_bad(cx, "the terms cannot be coded");
    }
    return check_parts(cx, parts, e);
}

/* ---- the rest ---- */
static enum rc_t get_target(struct ctx *cx, const json_t *j, struct model *m)
{
    struct target *t = &m->target;
    const json_t *o = json_object_get(j, "target");
    enum ml_task task = m->family->task;
    bool is_grouped = m->family->cls->scores == SCORE_GROUPS; /* its members say */
    if (task == ML_NONE || (is_grouped && json_is_null(o)))
        return json_is_null(o) ? RC_OK : json_bad(cx, "it has a target");
    TRY(get_text(cx, m->arena, o, "name", &t->text));
    TRY(expr_from_json(cx, m->arena, json_object_get(o, "value"), &t->expr));
    t->type = DTYPE(t->expr->type.kind);
    t->type.ordered = t->expr->type.ordered;
    bool is_number = t->type.kind == KIND_INT || t->type.kind == KIND_NUM;
    if (task == ML_NUMBER || (task == ML_EITHER && !json_object_get(o, "levels")))
        return is_number ? RC_OK : json_bad(cx, "the target is no number");
    int64_t positive;
    t->classes.name = t->text;
    t->classes.ref = -1;
    TRY(model_get_levels(cx, m->arena, o, &t->classes));
    int n = t->classes.n_levels;
    if (n < 2 || (n > 2 && !m->family->cls->takes_many))
        return json_bad(cx, "the number of classes is not one of this family");
    TRY(json_get_int(cx, o, "positive", 0, n - 1, &positive));
    t->positive = (int)positive;
    if (t->type.kind == KIND_NUM || !takes_kind(t->expr, &t->classes))
        return json_bad(cx, "the classes are of another type than the target");
    return RC_OK;
}

static enum rc_t get_params(struct ctx *cx, const json_t *j, struct model *m)
{
    static const struct dtype number = {.kind = KIND_NUM};
    struct ml_arg args[64];
    int n = 0;
    const json_t *o = json_object_get(j, "parameters");
    const struct ml_param_desc *d = m->family->params;
    for (; d->name && n < 64; d++) {
        const json_t *value = json_object_get(o, d->name);
        struct dtype type = DTYPE(d->kind);
        if (d->kind == KIND_LIST) type.elem = &number;
        if (d->kind == KIND_LIST && json_is_null(value)) continue;
        args[n] = (struct ml_arg){.name = d->name};
        TRY(scalar_from_json(cx, m->arena, value, type, &args[n++].value));
    }
    if (ml_params(cx, m->arena, m->family, args, n, NO_SPAN, &m->params) == RC_OK) return RC_OK;
    err_clear(cx->err);
    return json_bad(cx, "a parameter is out of range");
}

static enum rc_t get_report(struct ctx *cx, const json_t *j, struct model *m)
{
    struct model_report *r = &m->report;
    const json_t *o = json_object_get(j, "report"), *stats = json_object_get(o, "statistics");
    int64_t iterations;
    TRY(json_get_int(cx, o, "n", 0, INT64_MAX, &r->n));
    TRY(json_get_int(cx, o, "n_dropped", 0, INT64_MAX, &r->n_dropped));
    TRY(json_get_int(cx, o, "iterations", 0, INT32_MAX, &iterations));
    TRY(json_get_num(cx, o, "loss", &r->loss));
    TRY(json_get_bool(cx, o, "converged", &r->converged));
    TRY(json_get_num(cx, o, "seconds", &r->seconds));
    r->iterations = (int)iterations;
    if (!json_is_object(stats) || json_object_size(stats) > 100)
        return json_bad(cx, "`statistics` is not a list of numbers");
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)stats, name, value)
    {
        if (!json_is_number(value) && !json_is_null(value))
            return json_bad(cx, "a statistic is no number");
        model_add_stat(m, copy(m->arena, name), json_number_value(value), json_is_null(value));
    }
    return RC_OK;
}

static enum rc_t get_seed(struct ctx *cx, const json_t *j, struct model *m)
{
    const char *text;
    char *end;
    TRY(json_get_str(cx, j, "seed", &text));
    errno = 0;
    m->seed = strtoull(text, &end, 10);
    if (*end || end == text || errno || text[0] == '-') return json_bad(cx, "`seed` is no number");
    return RC_OK;
}

static enum rc_t get_family(struct ctx *cx, const json_t *j, const struct ml_family **out)
{
    const char *name;
    TRY(json_get_str(cx, j, "family", &name));
    *out = ml_family_find(str_of(name));
    if (!*out || !(*out)->cls)
        return fail(cx, E407, NO_SPAN,
                    "the file holds a model `%.60s`, which this version does "
                    "not know",
                    name);
    return RC_OK;
}

static enum rc_t fill_model(struct ctx *cx, const json_t *j, struct model *m)
{
    TRY(get_text(cx, m->arena, j, "formula", &m->formula));
    TRY(get_optional_text(cx, m->arena, j, "weights", &m->weights));
    TRY(json_get_num(cx, j, "threshold", &m->threshold));
    TRY(get_seed(cx, j, m));
    TRY(get_params(cx, j, m));
    TRY(get_target(cx, j, m));
    TRY(get_encoder(cx, j, m));
    TRY(get_report(cx, j, m));
    const json_t *board = json_object_get(j, "leaderboard");
    if (board) TRY(model_get_table(cx, m->arena, board, &m->leaderboard));
    const json_t *fit = json_object_get(j, "fit");
    if (!json_is_object(fit)) return json_bad(cx, "`fit` is missing");
    return m->family->cls->load(cx, fit, m);
}

/* ---- head ---- */
/* Checks the first line; *out_body is what the checksum covers. */
static enum rc_t check_head(struct ctx *cx, const char *p, size_t n, const char *label,
                            size_t *out_body)
{
    struct str text = {p, n}, head = str_of(MODEL_FILE_HEAD);
    const char *line = n ? memchr(p, '\n', n < 200 ? n : 200) : NULL;
    char hex[MODEL_FILE_HEX + 1] = "", want[MODEL_FILE_HEX + 1] = "", first[200];
    int version = 0;
    if (!str_starts(text, head) || !line)
        return fail(cx, E407, NO_SPAN, "`%s` is not a model file of mlnb", label);
    size_t n_line = (size_t)(line - p);
    memcpy(first, p, n_line);
    first[n_line] = '\0';
    int got = sscanf(first + head.n, "%9d,\"sha256\":\"%64[0-9a-f]\",", &version, want);
    if (got >= 1 && version > MODEL_FILE_VERSION)
        return fail(cx, E407, NO_SPAN,
                    "`%s` was written by a newer version of mlnb (model format %d; this one reads "
                    "%d)",
                    label, version, MODEL_FILE_VERSION);
    if (got != 2 || version < 1)
        return fail(cx, E407, NO_SPAN, "`%s` is damaged: its first line is not that of a model",
                    label);
    *out_body = n_line + 1;
    if (!model_file_digest(p + *out_body, n - *out_body, hex) || strcmp(hex, want) != 0)
        return fail(cx, E407, NO_SPAN,
                    "`%s` is damaged: its content does not fit its checksum "
                    "(it was cut short or changed)",
                    label);
    return RC_OK;
}

enum rc_t model_from_json(struct ctx *cx, const json_t *j, struct model **out)
{
    const struct ml_family *family;
    TRY(get_family(cx, j, &family));
    struct model *m = model_new(family);
    if (fill_model(cx, j, m) != RC_OK) {
        ml_unref(m);
        return RC_ERR;
    }
    *out = m;
    return RC_OK;
}

static enum rc_t parse_model(struct ctx *cx, const char *p, size_t n, struct model **out)
{
    json_error_t err;
    json_t *doc = json_loadb(p, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &err);
    const json_t *j = json_object_get(doc, "model");
    if (!json_is_object(j)) {
        json_decref(doc);
        return json_bad(cx, "it is not the JSON of a model");
    }
    enum rc_t res = model_from_json(cx, j, out);
    json_decref(doc);
    return res;
}

enum rc_t ml_load_bytes(struct ctx *cx, const char *p, size_t n, const char *label,
                        struct span span, struct model **out)
{
    size_t body;
    if (xgb_is_file(p, n)) {
        if (xgb_load_bytes(cx, p, n, out) == RC_OK) return RC_OK;
    } else if (check_head(cx, p, n, label, &body) == RC_OK && parse_model(cx, p, n, out) == RC_OK) {
        return RC_OK;
    }
    cx->err->span = span;
    return RC_ERR;
}

enum rc_t ml_load(struct ctx *cx, const char *path, struct span span, struct model **out)
{
    struct strbuf b = {0};
    FILE *f = fopen(path, "rb");
    if (!f) return fail(cx, errno == ENOENT ? E301 : E302, span, "`%s`: %s", path, strerror(errno));
    enum rc_t res = RC_OK;
    for (size_t got = 1; got > 0 && b.n <= MODEL_FILE_MAX; b.n += got)
        got = fread(strbuf_grow(&b, 1 << 16), 1, 1 << 16, f);
    if (ferror(f))
        res = fail(cx, E302, span, "`%s`: %s", path, strerror(errno));
    else if (b.n > MODEL_FILE_MAX)
        res = fail(cx, E407, span, "`%s` is not a model file of mlnb: it is too large", path);
    fclose(f);
    if (res == RC_OK) res = ml_load_bytes(cx, b.p ? b.p : "", b.n, path, span, out);
    strbuf_release(&b);
    return res;
}
