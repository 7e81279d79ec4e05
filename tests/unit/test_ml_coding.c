/* Coding of terms: fixed cases (as patsy's manual has them) and a law: whatever terms are asked
 * for, the design has full rank and spans what the all-levels design spans. */
#include "tests/unit/unit.h"

#include "runtime/base/rng.h"
#include "runtime/ml/ml_int.h"

static const char *const levels[3][3] = {{"a1", "a2"}, {"b1", "b2", "b3"}, {"c1", "c2"}};
static const int n_levels[3] = {2, 3, 2};

/* Features 0..2 = categories a b c, 3 = number x, 4 = onehot(b). */
static void make_features(struct arena *a, struct encoder *e)
{
    static const char *const names[] = {"a", "b", "c", "x", "onehot(b)"};
    e->features = ARENA_ARRAY(a, struct enc_feature, 5);
    e->n_features = 5;
    for (int i = 0; i < 5; i++) {
        struct enc_feature *f = &e->features[i];
        f->name = names[i];
        f->ref = i < 3 ? 0 : -1;
        if (i == 3) continue;
        int from = i == 4 ? 1 : i;
        f->kind = ENC_CATEGORY;
        f->n_levels = n_levels[from];
        f->levels = ARENA_ARRAY(a, struct enc_level, f->n_levels);
        for (int k = 0; k < f->n_levels; k++)
            f->levels[k].text = levels[from][k];
    }
    e->terms = ARENA_ARRAY(a, struct enc_term, 16);
}

static void add_term(struct arena *a, struct encoder *e, unsigned features)
{
    struct enc_term t = {.name = "t", .features = ARENA_ARRAY(a, int, 5)};
    for (int i = 0; i < 5; i++)
        if (features >> i & 1) t.features[t.n_features++] = i;
    e->terms[e->n_terms++] = t;
}

enum { A = 1, B = 2, C = 4, X = 8, H = 16 };

static void expect_columns(bool intercept, const unsigned *terms, int n, const char *want)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct encoder e = {.intercept = intercept};
    make_features(cx->arena, &e);
    for (int i = 0; i < n; i++)
        add_term(cx->arena, &e, terms[i]);
    assert_ok(cx, enc_code_terms(cx, cx->arena, &e, false, NO_SPAN));
    struct strbuf b = {0};
    for (int i = 0; i < e.n_cols; i++)
        strbuf_printf(&b, "%s%s", i ? " " : "", e.columns[i]);
    assert_string_equal(b.p ? b.p : "", want);
    strbuf_release(&b);
    unit_end(&u);
}

TEST(columns_of_known_formulas)
{
    expect_columns(true, (unsigned[]){A, B}, 2, "a[a2] b[b2] b[b3]");
    expect_columns(false, (unsigned[]){A, B}, 2, "a[a1] a[a2] b[b2] b[b3]");
    expect_columns(true, (unsigned[]){A, C, A | C}, 3, "a[a2] c[c2] a[a2]:c[c2]");
    expect_columns(true, (unsigned[]){A | C}, 1, "c[c2] a[a2]:c[c1] a[a2]:c[c2]");
    expect_columns(false, (unsigned[]){A | C}, 1,
                   "a[a1]:c[c1] a[a2]:c[c1] a[a1]:c[c2] a[a2]:c[c2]");
    expect_columns(true, (unsigned[]){X, A | X}, 2, "x a[a2]:x");
    expect_columns(true, (unsigned[]){A | X}, 1, "a[a1]:x a[a2]:x");
    expect_columns(false, (unsigned[]){X, A}, 2, "x a[a1] a[a2]");
    expect_columns(true, (unsigned[]){H, A}, 2, "onehot(b)[b1] onehot(b)[b2] onehot(b)[b3] a[a2]");
}

/* ---- the law ---- */
enum { ROWS = 48 };

static void design(const struct encoder *e, struct ctx *cx, double *x)
{
    double num[ROWS];
    int32_t code[5][ROWS];
    const double *nums[5] = {0};
    const int32_t *codes[5] = {0};
    for (int r = 0; r < ROWS; r++) { /* full factorial, four rows a cell */
        num[r] = rng_normal(9, 1, (uint64_t)r);
        code[0][r] = r % 2;
        code[1][r] = r / 2 % 3;
        code[2][r] = r / 6 % 2;
        code[4][r] = code[1][r];
    }
    for (int i = 0; i < 5; i++)
        codes[i] = i == 3 ? NULL : code[i];
    nums[3] = num;
    struct enc_input in = {.num = nums, .code = codes};
    (void)cx;
    enc_fill(e, &in, 0, ROWS, x);
}

/* Rank of [1 if intercept, x] by elimination with full pivoting. */
static int rank_of(const double *x, int p, bool intercept, struct ctx *cx)
{
    int k = p + (intercept ? 1 : 0), rank = 0;
    double *m = ARENA_ARRAY(cx->arena, double, ROWS *k + 1);
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < p; c++)
            m[r * k + c] = x[r * p + c];
        if (intercept) m[r * k + p] = 1;
    }
    for (; rank < k && rank < ROWS; rank++) {
        int br = rank, bc = rank;
        for (int r = rank; r < ROWS; r++)
            for (int c = rank; c < k; c++)
                if (fabs(m[r * k + c]) > fabs(m[br * k + bc])) br = r, bc = c;
        if (fabs(m[br * k + bc]) < 1e-9) break;
        for (int c = 0; c < k; c++) {
            double t = m[br * k + c];
            m[br * k + c] = m[rank * k + c];
            m[rank * k + c] = t;
        }
        for (int r = 0; r < ROWS; r++) {
            double t = m[r * k + bc];
            m[r * k + bc] = m[r * k + rank];
            m[r * k + rank] = t;
        }
        for (int r = rank + 1; r < ROWS; r++) {
            double f = m[r * k + rank] / m[rank * k + rank];
            for (int c = rank; c < k; c++)
                m[r * k + c] -= f * m[rank * k + c];
        }
    }
    return rank;
}

static void try_formula(uint64_t trial)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct encoder e = {.intercept = rng_below(1, trial, 0, 2) == 1};
    make_features(cx->arena, &e);
    int n = 1 + (int)rng_below(1, trial, 1, 4);
    bool seen[16] = {true};
    for (int i = 0; i < n; i++) {
        unsigned t = (unsigned)rng_below(1, trial, 2 + (uint64_t)i, 16);
        if (seen[t]) continue;
        seen[t] = true;
        add_term(cx->arena, &e, t);
    }
    struct encoder full = e;
    assert_ok(cx, enc_code_terms(cx, cx->arena, &e, false, NO_SPAN));
    assert_ok(cx, enc_code_terms(cx, cx->arena, &full, true, NO_SPAN));
    double *x = ARENA_ARRAY(cx->arena, double, ROWS *(e.n_cols + 1));
    double *y = ARENA_ARRAY(cx->arena, double, ROWS *(full.n_cols + 1));
    design(&e, cx, x);
    design(&full, cx, y);
    int rank = rank_of(x, e.n_cols, e.intercept, cx);
    assert_int_equal(rank, e.n_cols + (e.intercept ? 1 : 0));
    assert_int_equal(rank, rank_of(y, full.n_cols, full.intercept, cx));
    unit_end(&u);
}

TEST(any_formula_has_full_rank)
{
    for (uint64_t trial = 0; trial < 400; trial++)
        try_formula(trial);
}

TEST(dot_product_is_that_of_the_dense_row)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct encoder e = {.intercept = true};
    make_features(cx->arena, &e);
    add_term(cx->arena, &e, A);
    add_term(cx->arena, &e, B | X);
    add_term(cx->arena, &e, A | B | C);
    assert_ok(cx, enc_code_terms(cx, cx->arena, &e, false, NO_SPAN));
    assert_true(e.n_cols > 10);
    double *x = ARENA_ARRAY(cx->arena, double, ROWS *e.n_cols), beta[64], num[3] = {2, -3, 5};
    const double *nums[5] = {0};
    int32_t code[3] = {1, CODE_UNSEEN, 0}, two[3] = {2, 1, 0};
    const int32_t *codes[5] = {code, two, code, NULL, two};
    nums[3] = num;
    struct enc_input in = {.num = nums, .code = codes};
    for (int i = 0; i < e.n_cols; i++)
        beta[i] = rng_normal(3, 1, (uint64_t)i);
    double out[3] = {0};
    enc_fill(&e, &in, 0, 3, x);
    enc_dot(&e, &in, 0, 3, beta, out);
    for (int r = 0; r < 3; r++) {
        double s = 0;
        for (int c = 0; c < e.n_cols; c++)
            s += beta[c] * x[r * e.n_cols + c];
        assert_close(out[r], s, 1e-14, 1e-14);
    }
    unit_end(&u);
}

TEST(too_many_columns_is_a_limit)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct encoder e = {.intercept = true};
    make_features(cx->arena, &e);
    e.features[0].n_levels = 3000;
    e.features[0].levels = ARENA_ARRAY(cx->arena, struct enc_level, 3000);
    for (int k = 0; k < 3000; k++)
        e.features[0].levels[k].text = "l";
    add_term(cx->arena, &e, A | B);
    assert_err(cx, E902, enc_code_terms(cx, cx->arena, &e, false, NO_SPAN));
    unit_end(&u);
}
