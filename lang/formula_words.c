/* formula_words.c: tfidf(), counts() and hash() of formulas: texts and values that become several
 * cells a row. Defaults are those of scikit-learn's TfidfVectorizer and CountVectorizer; hashed
 * columns are those of Spark's HashingTF. */
#include "lang/formula_int.h"
#include "runtime/fn/words.h"

#include <math.h>

#define MAX_HASH (1 << 24)

struct words_call {
    struct fb *f;
    const struct ast *call;
    struct text_rule *rule;
};

static enum rc_t bad_value(const struct words_call *w, const struct ast *e, const char *what)
{
    return fail(w->f->b->cx, E209, e->span, "%s", what);
}

static rc whole(const struct words_call *w, const struct ast *e, int64_t min, int64_t max,
                const char *what, int64_t *out)
{
    return formula_whole(w->f, e, min, max, what, out);
}

/* Rows: a whole number from 1, or a share (kept below 0). */
static rc rows_or_share(const struct words_call *w, const struct ast *e, const char *name,
                        double *out)
{
    struct scalar s;
    TRY(formula_scalar(w->f, e, &s));
    if (!s.is_null && s.type.kind == KIND_INT && s.u.i >= 1) return *out = (double)s.u.i, RC_OK;
    if (!s.is_null && s.type.kind == KIND_NUM && s.u.f > 0 && s.u.f <= 1) {
        *out = -s.u.f;
        return RC_OK;
    }
    return fail(w->f->b->cx, E209, e->span,
                "%s: takes a number of rows from 1 up or a share such as 0.01", name);
}

static rc yes_no(const struct words_call *w, const struct ast *e, bool *out)
{
    struct scalar s;
    TRY(formula_scalar(w->f, e, &s));
    if (s.is_null || s.type.kind != KIND_BOOL) return bad_value(w, e, "it takes true or false");
    *out = s.u.b;
    return RC_OK;
}

static rc ngrams(const struct words_call *w, const struct ast *e)
{
    int64_t lo, hi;
    const char *what = "ngrams: takes a number of words or a range such as 1..2:";
    if (e->op != AST_RANGE) {
        TRY(whole(w, e, 1, TEXT_NGRAMS, what, &hi));
        lo = hi;
    } else {
        if (!e->kids[0] || !e->kids[1] || e->is_half_open)
            return bad_value(w, e, "ngrams: takes a number of words or a range such as 1..2");
        TRY(whole(w, e->kids[0], 1, TEXT_NGRAMS, what, &lo));
        TRY(whole(w, e->kids[1], lo, TEXT_NGRAMS, what, &hi));
    }
    w->rule->lo = (int)lo;
    w->rule->hi = (int)hi;
    return RC_OK;
}

static rc stop_list(const struct words_call *w, const struct ast *e)
{
    struct fb *f = w->f;
    const char **words = ARENA_ARRAY(f->a, const char *, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++) {
        struct scalar s;
        TRY(formula_scalar(f, e->kids[i], &s));
        if (s.is_null || s.type.kind != KIND_STR)
            return bad_value(w, e->kids[i], "stop: takes \"english\" or a list of words");
        words[i] = arena_strndup(f->a, s.u.s.p, s.u.s.n);
    }
    w->rule->stop = words;
    w->rule->n_stop = e->n_kids;
    return RC_OK;
}

static rc stop(const struct words_call *w, const struct ast *e)
{
    struct scalar s;
    if (e->op == AST_LIST) return stop_list(w, e);
    TRY(formula_scalar(w->f, e, &s));
    if (!s.is_null && s.type.kind == KIND_STR) w->rule->stop = stop_words(s.u.s, &w->rule->n_stop);
    if (w->rule->stop) return RC_OK;
    bad_value(w, e, "stop: takes \"english\" or a list of words");
    return err_hint(w->f->b->cx, "stop: \"english\"");
}

/* One of the words; its place. */
static rc choice(const struct words_call *w, const struct ast *e, const char *const *words, int n,
                 const char *what, int *out)
{
    struct scalar s;
    TRY(formula_scalar(w->f, e, &s));
    for (int i = 0; i < n && !s.is_null && s.type.kind == KIND_STR; i++)
        if (str_eqz(s.u.s, words[i])) return *out = i, RC_OK;
    return bad_value(w, e, what);
}

static rc idf(const struct words_call *w, const struct ast *e)
{
    static const char *const words[] = {"none", "smooth", "spark"};
    int k = 0;
    TRY(choice(w, e, words, 3, "idf: takes smooth, spark or none", &k));
    w->rule->idf = (enum text_idf)k;
    return RC_OK;
}

static rc norm(const struct words_call *w, const struct ast *e)
{
    static const char *const words[] = {"none", "l1", "l2"};
    int k = 0;
    TRY(choice(w, e, words, 3, "norm: takes l2, l1 or none", &k));
    w->rule->norm = (enum text_norm)k;
    return RC_OK;
}

static rc min_chars(const struct words_call *w, const struct ast *e)
{
    int64_t n = 0;
    TRY(whole(w, e, 1, 1000, "min_chars: takes", &n));
    w->rule->min_chars = (int)n;
    return RC_OK;
}

static rc lower(const struct words_call *w, const struct ast *e)
{
    bool is_lower = true;
    TRY(yes_no(w, e, &is_lower));
    w->rule->keep_case = !is_lower;
    return RC_OK;
}

/* An option of tfidf() and counts(); *is_known false when there is none of that name. */
static rc text_option(const struct words_call *w, struct str name, const struct ast *e,
                      bool *is_known)
{
    struct text_rule *r = w->rule;
    *is_known = true;
    if (str_eqz(name, "ngrams")) return ngrams(w, e);
    if (str_eqz(name, "max")) return whole(w, e, 1, MAX_HASH, "max: takes", &r->max);
    if (str_eqz(name, "min")) return rows_or_share(w, e, "min", &r->min);
    if (str_eqz(name, "most")) return rows_or_share(w, e, "most", &r->most);
    if (str_eqz(name, "stop")) return stop(w, e);
    if (str_eqz(name, "binary")) return yes_no(w, e, &r->binary);
    if (str_eqz(name, "sublinear")) return yes_no(w, e, &r->sublinear);
    if (str_eqz(name, "norm")) return norm(w, e);
    if (str_eqz(name, "idf")) return idf(w, e);
    if (str_eqz(name, "lower")) return lower(w, e);
    if (str_eqz(name, "min_chars")) return min_chars(w, e);
    if (str_eqz(name, "hash")) return whole(w, e, 1, MAX_HASH, "hash: takes", &r->hash);
    *is_known = false;
    return RC_OK;
}

static rc text_options(const struct words_call *w)
{
    for (int i = 1; i < w->call->n_kids; i++) {
        bool is_known = false;
        if (!formula_is_option(w->call, i))
            return fail(w->f->b->cx, E208, w->call->kids[i]->span,
                        "%.*s takes one text, then options", STR_FMT(w->call->text));
        TRY(text_option(w, w->call->names[i], w->call->kids[i], &is_known));
        if (!is_known) return formula_no_option(w->f, w->call, i, ", ngrams: 1..2, max: 5000");
    }
    return RC_OK;
}

/* hash(x, 1024): one value is one term; of a list each element. */
static rc hash_options(const struct words_call *w)
{
    const struct ast *call = w->call;
    *w->rule = (struct text_rule){.lo = 1, .hi = 1, .is_whole = true, .keep_case = true};
    for (int i = 1; i < call->n_kids; i++) {
        bool is_named = formula_is_option(call, i);
        if (is_named && str_eqz(call->names[i], "binary"))
            TRY(yes_no(w, call->kids[i], &w->rule->binary));
        else if (!is_named && i == 1)
            TRY(whole(w, call->kids[i], 1, MAX_HASH, "hash(x, columns) takes", &w->rule->hash));
        else if (is_named)
            return formula_no_option(w->f, call, i, ", 1024, binary: true");
        else
            return fail(w->f->b->cx, E208, call->span, "hash takes a column and how many columns");
    }
    if (w->rule->hash > 0) return RC_OK;
    fail(w->f->b->cx, E208, call->span, "hash takes a column and how many columns");
    return err_hint(w->f->b->cx, "hash(x, 1024)");
}

enum rc_t formula_words(struct fb *f, const struct ast *call, struct feature *x)
{
    struct text_rule *rule = ARENA_NEW(f->a, struct text_rule);
    struct words_call w = {.f = f, .call = call, .rule = rule};
    bool is_tfidf = str_eqz(call->text, "tfidf");
    x->words = rule;
    if (str_eqz(call->text, "hash")) return hash_options(&w);
    *rule = (struct text_rule){.lo = 1, .hi = 1, .min = 1, .most = -1.0, .min_chars = 2};
    if (is_tfidf) rule->idf = IDF_SMOOTH;
    if (is_tfidf) rule->norm = NORM_L2;
    return text_options(&w);
}
