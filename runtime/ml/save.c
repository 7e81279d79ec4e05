/* save.c: the model file (README.md describes it): one line of header with a SHA-256 of all that
 * follows, then the model as JSON. Written beside the target, synced, renamed: a crash leaves the
 * old file or the new one. */
#include "runtime/ml/json_int.h"
#include "runtime/ml/model_file_int.h"
#include "runtime/ml/text_int.h"
#include "runtime/ml/tree/xgb.h"

#include "runtime/base/file.h"
#include "runtime/plan/serialize.h"

#include <openssl/evp.h>

/* ---- the model as JSON ---- */
/* Expressions of a fitted model are scalar and hold no structs: checked when it was fitted. */
void model_put_expr(struct json_out *o, const char *key, const struct expr *e)
{
    struct error err = {0};
    struct arena *scratch = arena_new();
    struct ctx cx = {.err = &err, .arena = scratch};
    json_t *j = NULL;
    json_out_key(o, key);
    if (expr_to_json(&cx, e, &j) == RC_OK)
        json_out_json(o, j);
    else
        json_out_null(o);
    json_decref(j);
    arena_free(scratch);
}

void model_put_scalar(struct json_out *o, const struct scalar *s)
{
    switch (s->is_null ? KIND_NULL : s->type.kind) {
    case KIND_NULL: json_out_null(o); break;
    case KIND_BOOL: json_out_bool(o, s->u.b); break;
    case KIND_NUM: json_out_num(o, s->u.f); break;
    case KIND_STR:
    case KIND_CAT: json_out_str(o, s->u.s); break;
    case KIND_LIST:
        json_out_open(o, '[');
        for (int64_t i = 0; i < s->u.list->n; i++)
            json_out_num(o, ((const double *)s->u.list->data)[i]);
        json_out_close(o, ']');
        break;
    default: json_out_int(o, s->u.i); break;
    }
}

static void put_text(struct json_out *o, const char *key, const char *text)
{
    json_out_key(o, key);
    if (text)
        json_out_str(o, str_of(text));
    else
        json_out_null(o);
}

static void put_int(struct json_out *o, const char *key, int64_t v)
{
    json_out_key(o, key);
    json_out_int(o, v);
}

static void put_bool(struct json_out *o, const char *key, bool v)
{
    json_out_key(o, key);
    json_out_bool(o, v);
}

static void put_num(struct json_out *o, const char *key, double v)
{
    json_out_key(o, key);
    json_out_num(o, v);
}

/* Levels as values, their kind and counts beside. */
void model_put_levels(struct json_out *o, const struct enc_feature *f)
{
    put_text(o, "kind", f->n_levels ? kind_name(f->levels[0].value.type.kind) : "str");
    json_out_key(o, "levels");
    json_out_open(o, '[');
    for (int i = 0; i < f->n_levels; i++)
        model_put_scalar(o, &f->levels[i].value);
    json_out_close(o, ']');
    json_out_key(o, "counts");
    json_out_open(o, '[');
    for (int i = 0; i < f->n_levels; i++)
        json_out_int(o, f->levels[i].n);
    json_out_close(o, ']');
}

/* How texts become cells, and the terms they are looked up among. */
static void put_words(struct json_out *o, const struct enc_feature *f)
{
    const struct text_coding *t = f->words;
    const struct text_rule *r = &t->rule;
    json_out_key(o, "words");
    json_out_open(o, '{');
    put_int(o, "ngrams_from", r->lo);
    put_int(o, "ngrams_to", r->hi);
    put_int(o, "hash", r->hash);
    put_bool(o, "whole", r->is_whole);
    put_bool(o, "binary", r->binary);
    put_bool(o, "sublinear", r->sublinear);
    put_bool(o, "keep_case", r->keep_case);
    put_int(o, "min_chars", r->min_chars);
    put_int(o, "idf", (int)r->idf);
    put_int(o, "norm", (int)r->norm);
    json_out_key(o, "stop");
    json_out_open(o, '[');
    for (int i = 0; i < r->n_stop; i++)
        json_out_str(o, str_of(r->stop[i]));
    json_out_close(o, ']');
    if (t->column) {
        json_out_key(o, "kept");
        json_out_open(o, '[');
        for (int i = 0; i < t->n_kept; i++)
            json_out_int(o, t->term[i]);
        json_out_close(o, ']');
    }
    json_out_key(o, "weights");
    json_out_open(o, '[');
    for (int i = 0, n = t->weight ? text_n_terms(f) : 0; i < n; i++)
        json_out_num(o, t->weight[i]);
    json_out_close(o, ']');
    json_out_close(o, '}');
    model_put_levels(o, f);
}

static void put_feature(struct json_out *o, const struct enc_feature *f)
{
    json_out_open(o, '{');
    put_text(o, "name", f->name);
    put_text(o, "learnt", f->detail);
    model_put_expr(o, "value", f->expr);
    if (f->kind == ENC_CATEGORY) {
        model_put_levels(o, f);
        put_int(o, "reference", f->ref);
        put_bool(o, "other", f->has_other);
        put_bool(o, "unseen_error", f->unseen_error);
    }
    if (f->kind == ENC_LIST) put_words(o, f);
    json_out_close(o, '}');
}

static void put_term(struct json_out *o, const struct enc_term *t)
{
    json_out_open(o, '{');
    put_text(o, "name", t->name);
    put_bool(o, "offset", t->is_offset);
    json_out_key(o, "features");
    json_out_open(o, '[');
    for (int i = 0; i < t->n_features; i++)
        json_out_int(o, t->features[i]);
    json_out_close(o, ']');
    json_out_close(o, '}');
}

static void put_part(struct json_out *o, const struct enc_part *p)
{
    json_out_open(o, '{');
    put_int(o, "term", p->term);
    json_out_key(o, "factors");
    json_out_open(o, '[');
    for (int i = 0; i < p->n_factors; i++) {
        json_out_open(o, '{');
        put_int(o, "feature", p->factors[i].feature);
        put_bool(o, "full", p->factors[i].full);
        json_out_close(o, '}');
    }
    json_out_close(o, ']');
    json_out_close(o, '}');
}

static void put_encoder(struct json_out *o, const struct encoder *e)
{
    put_bool(o, "has_intercept", e->intercept);
    json_out_key(o, "features");
    json_out_open(o, '[');
    for (int i = 0; i < e->n_features; i++)
        put_feature(o, &e->features[i]);
    json_out_close(o, ']');
    json_out_key(o, "terms");
    json_out_open(o, '[');
    for (int i = 0; i < e->n_terms; i++)
        put_term(o, &e->terms[i]);
    json_out_close(o, ']');
    json_out_key(o, "parts");
    json_out_open(o, '[');
    for (int i = 0; i < e->n_parts; i++)
        put_part(o, &e->parts[i]);
    json_out_close(o, ']');
}

static void put_target(struct json_out *o, const struct model *m)
{
    const struct target *t = &m->target;
    json_out_key(o, "target");
    if (!t->text) {
        json_out_null(o);
        return;
    }
    json_out_open(o, '{');
    put_text(o, "name", t->text);
    model_put_expr(o, "value", t->expr);
    if (model_is_class(m)) {
        model_put_levels(o, &t->classes);
        put_int(o, "positive", t->positive);
    }
    json_out_close(o, '}');
}

static void put_params(struct json_out *o, const struct model *m)
{
    json_out_key(o, "parameters");
    json_out_open(o, '{');
    for (int i = 0; m->family->params[i].name; i++) {
        json_out_key(o, m->family->params[i].name);
        model_put_scalar(o, &m->params[i]);
    }
    json_out_close(o, '}');
}

static void put_report(struct json_out *o, const struct model_report *r)
{
    json_out_key(o, "report");
    json_out_open(o, '{');
    put_int(o, "n", r->n);
    put_int(o, "n_dropped", r->n_dropped);
    put_int(o, "iterations", r->iterations);
    put_num(o, "loss", r->loss);
    put_bool(o, "converged", r->converged);
    put_num(o, "seconds", r->seconds);
    json_out_key(o, "statistics");
    json_out_open(o, '{');
    for (int i = 0; i < r->n_stats; i++) {
        json_out_key(o, r->stats[i].name);
        if (r->stats[i].is_null)
            json_out_null(o);
        else
            json_out_num(o, r->stats[i].value);
    }
    json_out_close(o, '}');
    json_out_close(o, '}');
}

void model_put(struct json_out *o, const struct model *m)
{
    json_out_open(o, '{');
    put_text(o, "family", m->family->name);
    put_params(o, m);
    put_text(o, "formula", m->formula);
    put_text(o, "weights", m->weights);
    put_num(o, "threshold", m->threshold);
    json_out_key(o, "seed"); /* text: JSON readers lose digits of 64 bits */
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)m->seed);
    json_out_str(o, str_of(seed));
    put_target(o, m);
    put_encoder(o, &m->enc);
    put_report(o, &m->report);
    if (m->leaderboard) model_put_table(o, "leaderboard", m->leaderboard);
    json_out_key(o, "fit");
    json_out_open(o, '{');
    m->family->cls->save(m, o);
    json_out_close(o, '}');
    strbuf_addc(&o->text, '\n');
    json_out_close(o, '}');
}

/* ---- checksum and bytes ---- */
bool model_file_digest(const char *p, size_t n, char hex[MODEL_FILE_HEX + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n_digest = 0;
    if (EVP_Digest(p, n, digest, &n_digest, EVP_sha256(), NULL) != 1) return false;
    for (unsigned int i = 0; i < n_digest && 2 * i < MODEL_FILE_HEX; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return n_digest * 2 == MODEL_FILE_HEX;
}

void ml_save_bytes(const struct model *m, struct strbuf *out)
{
    struct json_out o = {0};
    char hex[MODEL_FILE_HEX + 1] = "";
    strbuf_addz(&o.text, "\"model\":");
    model_put(&o, m);
    strbuf_addz(&o.text, "}\n");
    if (!model_file_digest(o.text.p, o.text.n, hex)) hex[0] = '\0';
    strbuf_printf(out, MODEL_FILE_HEAD "%d,\"sha256\":\"%s\",\n", MODEL_FILE_VERSION, hex);
    strbuf_adds(out, strbuf_view(&o.text));
    strbuf_release(&o.text);
}

enum rc_t ml_save(struct ctx *cx, const struct model *m, const char *path, struct span span)
{
    struct strbuf bytes = {0};
    ml_save_bytes(m, &bytes);
    enum rc_t res = file_replace(cx, path, strbuf_view(&bytes), span);
    strbuf_release(&bytes);
    return res;
}

enum rc_t ml_save_xgboost(struct ctx *cx, const struct model *m, const char *path, struct span span)
{
    struct strbuf bytes = {0};
    enum rc_t res = xgb_save_bytes(cx, m, span, &bytes);
    if (res == RC_OK) res = file_replace(cx, path, strbuf_view(&bytes), span);
    strbuf_release(&bytes);
    return res;
}
