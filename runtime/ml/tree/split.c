/* split.c: the best cut of a node along one column. A cut's gain is score(left) + score(right) -
 * score(node), score = T(G)^2 / (H + l2), T taking l1 off (Chen, Guestrin: XGBoost, KDD 2016, eq.
 * 6, 7); with G = sum w y and no penalty that is the decrease of variance, of two classes half that
 * of Gini. Null goes to the side where it gains more. Categories of many levels are put in the
 * order of G / H first (Fisher 1958), as LightGBM does. */
#include "runtime/ml/tree/tree.h"

#include "runtime/base/kernel.h"

#include <math.h>

#define CAT_SMOOTH 10.0 /* LightGBM's cat_smooth, cat_l2, max_cat_threshold */
#define CAT_L2     10.0
#define CAT_LEVELS 32
#define TINY       1e-12

static inline double shrunk(double g, double l1)
{
    return g > l1 ? g - l1 : g < -l1 ? g + l1 : 0.0;
}

static double x_log_x(double x)
{
    return x > 0 ? x * log(x) : 0.0;
}

double tree_score(const struct tree_rules *r, struct tree_sums s)
{
    if (r->measure == TREE_ENTROPY) /* of two classes: minus the nats of all rows */
        return x_log_x(s.g) + x_log_x(s.h - s.g) - x_log_x(s.h);
    double t = shrunk(s.g, r->l1), d = s.h + r->l2;
    return d > 0 ? t * t / d : 0.0;
}

double tree_leaf_value(const struct tree_rules *r, struct tree_sums s, struct tree_bounds b)
{
    double d = s.h + r->l2, v = d > 0 ? -shrunk(s.g, r->l1) / d : 0.0;
    if (r->is_forest) v = -v;
    if (r->max_step > 0) v = v > r->max_step ? r->max_step : v < -r->max_step ? -r->max_step : v;
    return v < b.lo ? b.lo : v > b.hi ? b.hi : v;
}

/* What leaf value v gains: -(2 G v + (H + l2) v^2), the same as the score at its best v. */
static double gain_at(const struct tree_rules *r, struct tree_sums s, double v)
{
    return -(2 * s.g * v + (s.h + r->l2) * v * v + 2 * r->l1 * fabs(v));
}

/* ---- the cuts of a line of cells ---- */
/* score[i] of the cut after cell i, for the sums to its left (gl, hl). */
KERNEL static void plain_scores(int n, const double *restrict gl, const double *restrict hl,
                                double g, double h, double l2, double min_weight,
                                double *restrict score)
{
    for (int i = 0; i < n; i++) {
        double gr = g - gl[i], hr = h - hl[i];
        double s = gl[i] * gl[i] / (hl[i] + l2) + gr * gr / (hr + l2);
        score[i] = ((hl[i] >= min_weight) & (hr >= min_weight)) ? s : -1e308;
    }
}

static double bounded_score(const struct tree_rules *r, struct tree_sums left,
                            struct tree_sums right, struct tree_bounds b, int sign)
{
    double vl = tree_leaf_value(r, left, b), vr = tree_leaf_value(r, right, b);
    if (sign * (vr - vl) < 0) return -1e308;
    return gain_at(r, left, vl) + gain_at(r, right, vr);
}

static void careful_scores(const struct tree_rules *r, int n, const double *gl, const double *hl,
                           struct tree_sums total, struct tree_bounds b, int sign, double *score)
{
    bool is_bounded = r->monotone || r->max_step > 0;
    for (int i = 0; i < n; i++) {
        struct tree_sums left = {gl[i], hl[i]}, right = {total.g - gl[i], total.h - hl[i]};
        bool fits = left.h >= r->min_weight && right.h >= r->min_weight;
        score[i] = !fits        ? -1e308
                   : is_bounded ? bounded_score(r, left, right, b, sign)
                                : tree_score(r, left) + tree_score(r, right);
    }
}

struct line { /* a search over the cuts of cells in some order */
    const struct tree_rules *rules;
    const struct tree_column *column;
    struct tree_cells *cells;
    struct tree_sums total;
    struct tree_bounds bounds;
    double base; /* score of the node */
    int col, sign;
};

/* Best cut after one of cells 0..n-1; the sums start with `start`. */
static int best_on_line(const struct line *l, const struct tree_rules *r, int n,
                        struct tree_sums start, double *gain)
{
    struct tree_cells *c = l->cells;
    double g = start.g, h = start.h, best = -1e308;
    int at = -1;
    for (int i = 0; i < n; i++) {
        c->gl[i] = g += c->g[i];
        c->hl[i] = h += c->h[i];
    }
    if (r->measure == TREE_GAIN && r->l1 <= 0 && !r->monotone && r->max_step <= 0)
        plain_scores(n, c->gl, c->hl, l->total.g, l->total.h, r->l2,
                     r->min_weight > TINY ? r->min_weight : TINY, c->score);
    else
        careful_scores(r, n, c->gl, c->hl, l->total, l->bounds, l->sign, c->score);
    for (int i = 0; i < n; i++)
        if (c->score[i] > best) {
            best = c->score[i];
            at = i;
        }
    *gain = best - l->base;
    return at;
}

static void take(const struct line *l, int at, double gain, struct tree_split *best)
{
    struct tree_sums left = {l->cells->gl[at], l->cells->hl[at]};
    *best = (struct tree_split){.gain = gain, .col = l->col, .left = left};
    best->right = (struct tree_sums){l->total.g - left.g, l->total.h - left.h};
}

/* A gain must beat the best so far by more than rounding, so that the first of equals stands. */
static bool beats(double gain, const struct tree_split *best)
{
    return gain > best->gain + 1e-9 * fabs(best->gain) && gain > 1e-10;
}

/* ---- numbers ---- */
/* The cell that a random value between the node's ends falls into; its cut is that value. */
static int random_cell(const struct line *l, double draw, double *cut)
{
    const struct tree_cells *c = l->cells;
    const struct tree_column *k = l->column;
    double lo = k->hi[c->bin[0]], hi = k->lo[c->bin[c->n - 1]];
    double x = lo + draw * (hi - lo);
    int at = 0;
    while (at + 2 < c->n && k->lo[c->bin[at + 1]] <= x)
        at++;
    double from = k->hi[c->bin[at]], to = k->lo[c->bin[at + 1]];
    *cut = x >= from && x < to ? x : tree_cut(k, c->bin[at], c->bin[at + 1]);
    return at;
}

static void try_numbers(const struct line *l, struct tree_sums missing, bool missing_left,
                        double draw, struct tree_split *best)
{
    struct tree_cells *c = l->cells;
    double gain, cut = NAN;
    struct tree_sums start = missing_left ? missing : (struct tree_sums){0, 0};
    int at = best_on_line(l, l->rules, c->n - 1, start, &gain);
    if (l->rules->random_cut && c->n > 1) {
        at = random_cell(l, draw, &cut);
        gain = c->score[at] - l->base;
    }
    if (at < 0 || !beats(gain, best)) return;
    take(l, at, gain, best);
    best->bin = c->bin[at];
    best->next = c->bin[at + 1];
    best->cut = isnan(cut) ? tree_cut(l->column, best->bin, best->next) : cut;
    best->missing_left = missing_left;
}

/* All values left, null right. */
static void try_null_alone(const struct line *l, struct tree_sums missing, struct tree_split *best)
{
    struct tree_cells *c = l->cells;
    double gain;
    if (c->n < 1 || l->column->is_cat) return;
    struct tree_sums values = {l->total.g - missing.g, l->total.h - missing.h};
    c->g[0] = values.g; /* nothing reads the cells after this */
    c->h[0] = values.h;
    int at = best_on_line(l, l->rules, 1, (struct tree_sums){0, 0}, &gain);
    if (at < 0 || !beats(gain, best)) return;
    int last = c->bin[c->n - 1];
    take(l, 0, gain, best);
    best->bin = last;
    best->next = -1;
    best->cut = 1.7976931348623157e308;
}

/* ---- categories ---- */
static void set_bins(const struct tree_cells *c, int from, int to, struct tree_split *best)
{
    best->is_cat = true;
    for (int i = from; i < to; i++)
        best->set[c->bin[i] >> 6] |= (uint64_t)1 << (c->bin[i] & 63);
}

static void one_against_rest(const struct line *l, struct tree_split *best)
{
    struct tree_cells *c = l->cells;
    int all = c->n;
    for (int i = 0; i < all; i++) {
        double g = c->g[0], h = c->h[0], gain;
        c->g[0] = c->g[i];
        c->h[0] = c->h[i];
        int at = best_on_line(l, l->rules, 1, (struct tree_sums){0, 0}, &gain);
        c->g[0] = g;
        c->h[0] = h;
        if (at < 0 || !beats(gain, best)) continue;
        take(l, 0, gain, best);
        set_bins(c, i, i + 1, best);
    }
}

/* Cells by rising G / (H + smooth), ties by bin: insertion into place. */
static void order_cells(struct tree_cells *c, double smooth)
{
    for (int i = 1; i < c->n; i++) {
        double g = c->g[i], h = c->h[i], key = g / (h + smooth);
        uint16_t bin = c->bin[i];
        int k = i;
        for (; k > 0 && c->g[k - 1] / (c->h[k - 1] + smooth) > key; k--) {
            c->g[k] = c->g[k - 1];
            c->h[k] = c->h[k - 1];
            c->bin[k] = c->bin[k - 1];
        }
        c->g[k] = g;
        c->h[k] = h;
        c->bin[k] = bin;
    }
}

static void turn_cells(struct tree_cells *c)
{
    for (int i = 0, k = c->n - 1; i < k; i++, k--) {
        double g = c->g[i], h = c->h[i];
        uint16_t b = c->bin[i];
        c->g[i] = c->g[k];
        c->h[i] = c->h[k];
        c->bin[i] = c->bin[k];
        c->g[k] = g;
        c->h[k] = h;
        c->bin[k] = b;
    }
}

static void some_against_rest(const struct line *l, double draw, struct tree_split *best)
{
    struct tree_cells *c = l->cells;
    struct tree_rules r = *l->rules;
    double gain;
    if (!r.is_forest) r.l2 += CAT_L2;
    order_cells(c, r.is_forest ? TINY : CAT_SMOOTH);
    for (int turn = 0; turn < 2; turn++) {
        int n = c->n - 1 < CAT_LEVELS || r.is_forest ? c->n - 1 : CAT_LEVELS;
        int at = best_on_line(l, &r, n, (struct tree_sums){0, 0}, &gain);
        if (r.random_cut && n > 0) {
            at = (int)(draw * n);
            gain = c->score[at] - l->base;
        }
        if (at >= 0 && beats(gain, best)) {
            take(l, at, gain, best);
            set_bins(c, 0, at + 1, best);
        }
        if (n == c->n - 1) return; /* all cuts were seen */
        turn_cells(c);
    }
}

void tree_best_cut(const struct tree_rules *r, const struct tree_column *c, int col,
                   struct tree_cells *cells, struct tree_sums total, struct tree_bounds bounds,
                   double draw, struct tree_split *best)
{
    struct line l = {.rules = r,
                     .column = c,
                     .cells = cells,
                     .total = total,
                     .bounds = bounds,
                     .base = tree_score(r, total),
                     .col = col,
                     .sign = r->monotone ? r->monotone[col] : 0};
    if (r->monotone || r->max_step > 0)
        l.base = gain_at(r, total, tree_leaf_value(r, total, bounds));
    if (cells->n + cells->has_missing < 2) return;
    if (c->is_cat && cells->n <= r->onehot_levels) {
        one_against_rest(&l, best);
        return;
    }
    if (c->is_cat) {
        some_against_rest(&l, draw, best);
        return;
    }
    struct tree_sums missing = {0, 0};
    if (cells->has_missing) missing = (struct tree_sums){cells->g[cells->n], cells->h[cells->n]};
    try_numbers(&l, missing, false, draw, best);
    if (!cells->has_missing) return;
    try_numbers(&l, missing, true, draw, best);
    try_null_alone(&l, missing, best);
}

/* ---- more than two classes ---- */
/* Weight times impurity, with a minus sign: larger is better. */
static double class_score(const struct tree_rules *r, const double *w, int k)
{
    double sum = 0, s = 0;
    for (int i = 0; i < k; i++)
        sum += w[i];
    if (sum <= 0) return 0;
    for (int i = 0; i < k; i++)
        s += r->measure == TREE_ENTROPY ? x_log_x(w[i]) : w[i] * w[i];
    return r->measure == TREE_ENTROPY ? s - x_log_x(sum) : s / sum;
}

static double total_of(const double *w, int k)
{
    double s = 0;
    for (int i = 0; i < k; i++)
        s += w[i];
    return s;
}

struct class_line {
    const struct tree_rules *rules;
    const struct tree_column *column;
    const struct tree_class_cells *cells;
    double base;
    int col;
    int n; /* bins with rows */
    int16_t bin[TREE_CELLS + 1];
};

static void add_cell(const struct class_line *l, int bin)
{
    int k = l->cells->k;
    for (int i = 0; i < k; i++)
        l->cells->left[i] += (double)l->cells->cell[bin * k + i] * l->cells->unit;
}

/* Gain of the sums in left against what is left over. */
static double class_gain(const struct class_line *l)
{
    const struct tree_class_cells *c = l->cells;
    for (int i = 0; i < c->k; i++)
        c->rest[i] = c->total[i] - c->left[i];
    double need = l->rules->min_weight > TINY ? l->rules->min_weight : TINY;
    if (total_of(c->left, c->k) < need || total_of(c->rest, c->k) < need) return -1;
    return class_score(l->rules, c->left, c->k) + class_score(l->rules, c->rest, c->k) - l->base;
}

static void take_classes(const struct class_line *l, double gain, struct tree_split *best)
{
    *best = (struct tree_split){.gain = gain,
                                .col = l->col,
                                .left.h = total_of(l->cells->left, l->cells->k),
                                .right.h = total_of(l->cells->rest, l->cells->k)};
}

static void class_numbers(const struct class_line *l, bool has_missing, bool missing_left,
                          double draw, struct tree_split *best)
{
    const struct tree_column *c = l->column;
    memset(l->cells->left, 0, sizeof(double) * (size_t)l->cells->k);
    if (missing_left) add_cell(l, c->n_bins);
    double lo = l->n ? c->hi[l->bin[0]] : 0, hi = l->n ? c->lo[l->bin[l->n - 1]] : 0;
    double x = lo + draw * (hi - lo);
    for (int i = 0; i < l->n; i++) {
        bool is_last = i + 1 == l->n;
        add_cell(l, l->bin[i]);
        if (is_last && (!has_missing || missing_left)) break;
        if (l->rules->random_cut && !is_last && i + 2 < l->n && c->lo[l->bin[i + 1]] <= x) continue;
        double gain = class_gain(l);
        if (beats(gain, best)) {
            take_classes(l, gain, best);
            best->bin = l->bin[i];
            best->next = is_last ? -1 : l->bin[i + 1];
            best->cut = is_last ? 1.7976931348623157e308 : tree_cut(c, best->bin, best->next);
            if (l->rules->random_cut && !is_last && x >= c->hi[best->bin] && x < c->lo[best->next])
                best->cut = x;
            best->missing_left = missing_left;
        }
        if (l->rules->random_cut) break;
    }
}

/* Levels by the share of the class that is largest in the node, then cuts of that line. */
static void class_levels(struct class_line *l, struct tree_split *best)
{
    const struct tree_class_cells *c = l->cells;
    int top = 0;
    double key[TREE_CELLS + 1];
    for (int i = 1; i < c->k; i++)
        if (c->total[i] > c->total[top]) top = i;
    for (int i = 0; i < l->n; i++) {
        int64_t sum = 0;
        int bin = l->bin[i], k = i;
        for (int j = 0; j < c->k; j++)
            sum += c->cell[bin * c->k + j];
        double x = (double)c->cell[bin * c->k + top] / (double)sum;
        for (; k > 0 && key[k - 1] > x; k--) {
            key[k] = key[k - 1];
            l->bin[k] = l->bin[k - 1];
        }
        key[k] = x;
        l->bin[k] = (int16_t)bin;
    }
    uint64_t set[4] = {0};
    memset(c->left, 0, sizeof(double) * (size_t)c->k);
    for (int i = 0; i + 1 < l->n; i++) {
        int b = l->bin[i];
        add_cell(l, b);
        set[b >> 6] |= (uint64_t)1 << (b & 63);
        double gain = class_gain(l);
        if (!beats(gain, best)) continue;
        take_classes(l, gain, best);
        best->is_cat = true;
        memcpy(best->set, set, sizeof set);
    }
}

static void class_each_level(const struct class_line *l, struct tree_split *best)
{
    for (int i = 0; i < l->n; i++) {
        int b = l->bin[i];
        memset(l->cells->left, 0, sizeof(double) * (size_t)l->cells->k);
        add_cell(l, b);
        double gain = class_gain(l);
        if (!beats(gain, best)) continue;
        take_classes(l, gain, best);
        best->is_cat = true;
        best->set[b >> 6] |= (uint64_t)1 << (b & 63);
    }
}

void tree_best_class_cut(const struct tree_rules *r, const struct tree_column *c, int col,
                         const struct tree_class_cells *cells, double draw, struct tree_split *best)
{
    struct class_line l = {.rules = r, .column = c, .cells = cells, .col = col};
    l.base = class_score(r, cells->total, cells->k);
    bool has_missing = false;
    for (int b = 0; b <= c->n_bins; b++) {
        int64_t any = 0;
        for (int i = 0; i < cells->k; i++)
            any |= cells->cell[b * cells->k + i];
        if (!any) continue;
        if (b == c->n_bins)
            has_missing = true;
        else
            l.bin[l.n++] = (int16_t)b;
    }
    if (l.n + has_missing < 2) return;
    if (c->is_cat && l.n <= r->onehot_levels) {
        class_each_level(&l, best);
    } else if (c->is_cat) {
        class_levels(&l, best);
    } else {
        class_numbers(&l, has_missing, false, draw, best);
        if (has_missing) class_numbers(&l, true, true, draw, best);
    }
}
