/* part.c: m.coef, m.terms, m.report as frames, m.formula as text. */
#include "runtime/ml/text_int.h"

#include "runtime/ml/groups_int.h"

const char *const *ml_parts(const struct model *m, struct arena *a, int *n)
{
    if (model_groups(m)) return ml_parts(model_groups(m)->members[0], a, n);
    const struct model_part *own = m->family->cls->parts;
    int k = 0;
    while (own && own[k].name)
        k++;
    const char **out = ARENA_ARRAY(a, const char *, k + 5);
    *n = 0;
    if (m->family->cls->coef) out[(*n)++] = "coef";
    for (int i = 0; i < k; i++)
        out[(*n)++] = own[i].name;
    if (m->leaderboard) out[(*n)++] = "leaderboard";
    out[(*n)++] = "terms";
    out[(*n)++] = "report";
    out[(*n)++] = "formula";
    return out;
}

/* ---- report: one row ---- */
struct line { /* columns of one row */
    struct field *fields;
    struct builder *cols;
    int n;
};

static struct builder *add_column(struct line *l, const char *name, enum kind kind)
{
    l->fields[l->n] = (struct field){name, DTYPE(kind)};
    builder_init(&l->cols[l->n], DTYPE(kind), kind_phys(kind));
    return &l->cols[l->n++];
}

static enum rc_t add_int(struct ctx *cx, struct line *l, const char *name, int64_t v)
{
    return builder_i64(cx, add_column(l, name, KIND_INT), v);
}

static enum rc_t add_num(struct ctx *cx, struct line *l, const char *name, double v, bool is_null)
{
    struct builder *b = add_column(l, name, KIND_NUM);
    return is_null ? builder_null(cx, b) : builder_f64(cx, b, v);
}

static enum rc_t fill_report(struct ctx *cx, const struct model *m, struct line *l)
{
    const struct model_report *r = &m->report;
    TRY(add_int(cx, l, "n", r->n));
    TRY(add_int(cx, l, "n_dropped", r->n_dropped));
    TRY(add_int(cx, l, "iterations", r->iterations));
    TRY(add_num(cx, l, "loss", r->loss, false));
    TRY(builder_bool(cx, add_column(l, "converged", KIND_BOOL), r->converged));
    TRY(add_int(cx, l, "seed", (int64_t)m->seed));
    TRY(add_num(cx, l, "seconds", r->seconds, false));
    for (int i = 0; i < r->n_stats; i++)
        TRY(add_num(cx, l, r->stats[i].name, r->stats[i].value, r->stats[i].is_null));
    return RC_OK;
}

static enum rc_t report_table(struct ctx *cx, const struct model *m, struct table **out)
{
    int cap = 7 + m->report.n_stats;
    struct line l = {.fields = ARENA_ARRAY(cx->arena, struct field, cap),
                     .cols = ARENA_ARRAY(cx->arena, struct builder, cap)};
    enum rc_t res = fill_report(cx, m, &l);
    if (res == RC_OK) res = ml_table(cx, l.fields, l.cols, l.n, out);
    for (int i = 0; i < l.n; i++)
        builder_release(&l.cols[i]);
    return res;
}

/* ---- terms: one row a term of the formula ---- */
static const char *term_kind(const struct encoder *e, const struct enc_term *t)
{
    if (t->is_offset) return "offset";
    if (t->n_features > 1) return "product";
    switch (e->features[t->features[0]].kind) {
    case ENC_CATEGORY: return "category";
    case ENC_LIST: return e->features[t->features[0]].words->rule.is_whole ? "hashed" : "text";
    case ENC_NUMBER: break;
    }
    return "number";
}

/* The level that a term's category leaves out, or NULL. */
static const char *term_reference(const struct encoder *e, int term)
{
    const struct enc_term *t = &e->terms[term];
    const struct enc_feature *f = &e->features[t->features[0]];
    if (t->n_features != 1 || f->kind != ENC_CATEGORY || f->ref < 0 || t->is_offset) return NULL;
    for (int i = 0; i < e->n_parts; i++)
        if (e->parts[i].term == term && e->parts[i].factors[0].full) return NULL;
    return f->levels[f->ref].text;
}

static enum rc_t put_text(struct ctx *cx, struct builder *b, const char *text)
{
    return text ? builder_str(cx, b, str_of(text)) : builder_null(cx, b);
}

/* Columns of a feature where there is no design. */
static int64_t feature_columns(const struct enc_feature *f)
{
    if (f->kind == ENC_LIST) return enc_list_width(f);
    return f->kind == ENC_CATEGORY && f->ref < 0 ? f->n_levels + f->has_other : 1;
}

static enum rc_t term_row(struct ctx *cx, const struct encoder *e, int term, struct builder *cols)
{
    const struct enc_term *t = &e->terms[term];
    int64_t n_cols = 0;
    struct strbuf detail = {0};
    for (int i = 0; i < e->n_parts; i++)
        if (e->parts[i].term == term) n_cols += e->parts[i].n;
    if (e->n_parts == 0 && !t->is_offset) n_cols = feature_columns(&e->features[t->features[0]]);
    for (int i = 0; i < t->n_features; i++) {
        const char *d = e->features[t->features[i]].detail;
        if (d) strbuf_printf(&detail, "%s%s", detail.n ? "; " : "", d);
    }
    enum rc_t res = put_text(cx, &cols[0], t->name);
    if (res == RC_OK) res = put_text(cx, &cols[1], term_kind(e, t));
    if (res == RC_OK) res = builder_i64(cx, &cols[2], n_cols);
    if (res == RC_OK) res = put_text(cx, &cols[3], term_reference(e, term));
    if (res == RC_OK) res = put_text(cx, &cols[4], detail.n ? detail.p : NULL);
    strbuf_release(&detail);
    return res;
}

static enum rc_t terms_table(struct ctx *cx, const struct model *m, struct table **out)
{
    struct field fields[5];
    struct builder cols[5];
    struct line l = {.fields = fields, .cols = cols};
    enum rc_t res = RC_OK;
    add_column(&l, "term", KIND_STR);
    add_column(&l, "kind", KIND_STR);
    add_column(&l, "columns", KIND_INT);
    add_column(&l, "reference", KIND_STR);
    add_column(&l, "learnt", KIND_STR);
    for (int i = 0; res == RC_OK && i < m->enc.n_terms; i++)
        res = term_row(cx, &m->enc, i, cols);
    if (res == RC_OK) res = ml_table(cx, fields, cols, l.n, out);
    for (int i = 0; i < l.n; i++)
        builder_release(&cols[i]);
    return res;
}

static enum rc_t no_part(struct ctx *cx, const struct model *m, struct str part, struct span span)
{
    struct strbuf b = {0};
    const struct model_part *own = m->family->cls->parts;
    if (m->family->cls->coef) strbuf_addz(&b, "coef, ");
    for (int i = 0; own && own[i].name; i++)
        strbuf_printf(&b, "%s, ", own[i].name);
    if (m->leaderboard) strbuf_addz(&b, "leaderboard, ");
    fail(cx, E217, span, "a %s model has no part `%.*s`; it has %sterms, report and formula",
         m->family->name, STR_FMT(part), b.p ? b.p : "");
    strbuf_release(&b);
    return RC_ERR;
}

enum rc_t ml_part(struct ctx *cx, const struct model *m, struct str part, struct span span,
                  struct scalar *out_text, struct table **out_table)
{
    *out_table = NULL;
    if (str_eqz(part, "formula")) {
        *out_text = (struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(m->formula)};
        return RC_OK;
    }
    if (model_groups(m)) return groups_part(cx, m, part, span, out_table);
    if (str_eqz(part, "report")) return report_table(cx, m, out_table);
    if (str_eqz(part, "terms")) return terms_table(cx, m, out_table);
    if (str_eqz(part, "coef") && m->family->cls->coef)
        return m->family->cls->coef(cx, m, out_table);
    if (m->leaderboard && str_eqz(part, "leaderboard"))
        return *out_table = table_ref(m->leaderboard), RC_OK;
    const struct model_part *own = m->family->cls->parts;
    for (int i = 0; own && own[i].name; i++)
        if (str_eqz(part, own[i].name)) return own[i].table(cx, m, out_table);
    return no_part(cx, m, part, span);
}
