/* Joins beyond plain equality: null that matches null, several kinds of keys at once. */
#include "tests/exec/fixture.h"

static struct plan *joined(struct fx *f, struct plan *l, struct plan *r, enum join_kind kind,
                           const struct join_on *on, int n)
{
    struct plan *p = NULL;
    struct join_spec spec = {.kind = kind, .on = on, .n_on = n, .is_silent = true};
    assert_ok(&f->cx, plan_join(&f->cx, l, r, &spec, NO_SPAN, &p));
    return pl_keep(f, p);
}

static struct join_on pair(struct fx *f, struct plan *l, const char *left, struct plan *r,
                           const char *right, enum cmp_op op)
{
    return (struct join_on){ex_col(f, l, left), ex_col(f, r, right), op};
}

TEST(null_is_the_same_as_null)
{
    struct fx f;
    fx_begin(&f);
    int64_t wide[] = {INT64_MAX, -INT64_MAX, NIL, INT64_MIN + 1, 0};
    struct plan *l =
        pl_table(&f, TABLE(&f, {"i", INTS(&f, 1, NIL, 2, NIL, 9)},
                           {"x", NUMS(&f, 1, NAN, 0.5, -INFINITY, 2)},
                           {"s", STRS(&f, "a", NULL, "b", NULL, "z")}, {"w", ints(&f, 5, wide)},
                           {"row", INTS(&f, 1, 2, 3, 4, 5)}));
    struct plan *r =
        pl_table(&f, TABLE(&f, {"i", INTS(&f, NIL, 2, 3, NIL, 1)},
                           {"x", NUMS(&f, NAN, -INFINITY, -0.0, 1, 7)},
                           {"s", coded(&f, STRS(&f, NULL, "b", "c", "a", "a"))},
                           {"w", ints(&f, 5, wide)}, {"at", INTS(&f, 10, 20, 30, 40, 50)}));
    static const struct {
        const char *key, *same, *equal;
    } cases[] = {
        {"i", "1|50\n2|10\n2|40\n3|20\n4|10\n4|40\n", "1|50\n3|20\n"},
        {"x", "1|40\n2|10\n4|20\n", "1|40\n4|20\n"},
        {"s", "1|40\n1|50\n2|10\n3|20\n4|10\n", "1|40\n1|50\n3|20\n"},
        {"w", "1|10\n2|20\n2|40\n3|30\n4|20\n4|40\n5|50\n", "1|10\n2|20\n2|40\n4|20\n4|40\n5|50\n"},
    };
    for (int k = 0; k < 4; k++)
        for (int same = 0; same < 2; same++) {
            struct join_on on =
                pair(&f, l, cases[k].key, r, cases[k].key, same ? CMP_SAME : CMP_EQ);
            struct plan *p = joined(&f, l, r, JOIN_INNER, &on, 1);
            p = pl_project(&f, p,
                           ITEMS({"row", ex_col(&f, p, "row")}, {"at", ex_col(&f, p, "at")}));
            assert_rows(&f, run_all(&f, p), same ? cases[k].same : cases[k].equal);
        }
    fx_end(&f);
}

TEST(same_beside_equal_and_in_every_kind)
{
    struct fx f;
    fx_begin(&f);
    struct plan *l = pl_table(
        &f, TABLE(&f, {"i", INTS(&f, 1, NIL, NIL, 2)}, {"x", NUMS(&f, 0.5, 0.5, NAN, NAN)}));
    struct plan *r = pl_table(
        &f, TABLE(&f, {"a", INTS(&f, NIL, NIL, 1, 2)}, {"b", NUMS(&f, 0.5, NAN, NAN, NAN)}));
    struct join_on on[] = {pair(&f, l, "i", r, "a", CMP_SAME), pair(&f, l, "x", r, "b", CMP_SAME)};
    assert_rows(&f, run_all(&f, joined(&f, l, r, JOIN_SEMI, on, 2)),
                "null|0.5\nnull|null\n2|null\n");
    assert_rows(&f, run_all(&f, joined(&f, l, r, JOIN_ANTI, on, 2)), "1|0.5\n");
    assert_rows(&f, run_all(&f, joined(&f, l, r, JOIN_FULL, on, 2)),
                "1|0.5|null|null\nnull|0.5|null|0.5\nnull|null|null|null\n2|null|2|null\n"
                "null|null|1|null\n");
    on[1].op = CMP_EQ; /* the right key `b` is merged, `a` is not */
    assert_rows(&f, run_all(&f, joined(&f, l, r, JOIN_INNER, on, 2)), "null|0.5|null\n");
    struct plan *p = joined(&f, l, r, JOIN_INNER, on, 2);
    struct strbuf b = {0};
    plan_text(&b, p, NULL, NULL);
    assert_non_null(strstr(b.p, "on i is a, x == b"));
    strbuf_release(&b);
    fx_end(&f);
}

TEST(asof_directions_and_tolerance)
{
    struct fx f;
    fx_begin(&f);
    struct plan *l = pl_table(&f, TABLE(&f, {"t", INTS(&f, 5, 1, NIL, 10, 6, 3)},
                                        {"g", STRS(&f, "a", "a", "a", "b", "b", NULL)}));
    struct plan *r = pl_table(&f, TABLE(&f, {"t", INTS(&f, 7, 2, 5, 5, NIL, 9, 3)},
                                        {"g", STRS(&f, "a", "a", "a", "a", "a", "b", NULL)},
                                        {"v", INTS(&f, 70, 20, 50, 51, 0, 90, 33)}));
    struct scalar two = {.type = DTYPE(KIND_INT), .u.i = 2};
    struct join_on on[] = {pair(&f, l, "g", r, "g", CMP_EQ), pair(&f, l, "t", r, "t", CMP_EQ)};
    static const struct {
        enum asof_direction direction;
        enum cmp_op op, equal;
        bool within;
        const char *want;
    } cases[] = {
        {ASOF_BACKWARD, CMP_EQ, CMP_EQ, false, "51|null|null|90|null|null"},
        {ASOF_FORWARD, CMP_EQ, CMP_EQ, false, "50|20|null|null|90|null"},
        {ASOF_NEAREST, CMP_EQ, CMP_EQ, false, "51|20|null|90|90|null"},
        {ASOF_NEAREST, CMP_EQ, CMP_EQ, true, "51|20|null|90|null|null"},
        {ASOF_BACKWARD, CMP_GT, CMP_SAME, false, "20|null|null|90|null|null"},
        {ASOF_BACKWARD, CMP_GE, CMP_SAME, false, "51|null|null|90|null|33"},
        {ASOF_BACKWARD, CMP_LT, CMP_EQ, false, "70|20|null|null|90|null"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct plan *p = NULL;
        struct strbuf b = {0};
        struct join_spec spec = {.kind = JOIN_ASOF,
                                 .on = on,
                                 .n_on = 2,
                                 .is_silent = true,
                                 .direction = cases[k].direction,
                                 .tolerance = cases[k].within ? &two : NULL};
        on[0].op = cases[k].equal;
        on[1].op = cases[k].op;
        assert_ok(&f.cx, plan_join(&f.cx, l, r, &spec, NO_SPAN, &p));
        pl_keep(&f, p);
        struct table *t = run_all(&f, pl_project(&f, p, ITEMS({"v", ex_col(&f, p, "v")})));
        for (int64_t i = 0; i < t->n_rows; i++) {
            struct scalar s = column_scalar(t->cols[0], i);
            if (i) strbuf_addc(&b, '|');
            scalar_text(&b, &s, false);
        }
        if (strcmp(b.p, cases[k].want) != 0) fail_msg("case %zu: %s", k, b.p);
        strbuf_release(&b);
    }
    fx_end(&f);
}

TEST(asof_over_dates_wide_and_infinite_keys)
{
    struct fx f;
    fx_begin(&f);
    struct plan *l = pl_table(&f, TABLE(&f, {"d", typed(&f, KIND_DATE, 3, (int64_t[]){10, 20, 30})},
                                        {"w", INTS(&f, INT64_MAX, INT64_MIN + 1, 0)},
                                        {"x", NUMS(&f, INFINITY, -INFINITY, 1e300)}));
    struct plan *r =
        pl_table(&f, TABLE(&f, {"e", typed(&f, KIND_DATETIME, 3, (int64_t[]){9, 17, 41})},
                           {"w", INTS(&f, INT64_MIN + 2, INT64_MAX - 1, -5)},
                           {"x", NUMS(&f, -INFINITY, INFINITY, 0)}, {"v", INTS(&f, 1, 2, 3)}));
    static const char *const keys[][2] = {{"w", "w"}, {"x", "x"}};
    static const char *const want[] = {"2\n1\n3\n", "2\n1\n3\n"};
    for (int k = 0; k < 2; k++) {
        struct join_on on = pair(&f, l, keys[k][0], r, keys[k][1], CMP_EQ);
        struct join_spec spec = {
            .kind = JOIN_ASOF, .on = &on, .n_on = 1, .direction = ASOF_NEAREST, .is_silent = true};
        struct plan *p = NULL;
        assert_ok(&f.cx, plan_join(&f.cx, l, r, &spec, NO_SPAN, &p));
        pl_keep(&f, p);
        assert_rows(&f, run_all(&f, pl_project(&f, p, ITEMS({"v", ex_col(&f, p, "v")}))), want[k]);
    }
    /* a date beside a datetime: both become datetimes, the tolerance is a duration */
    struct scalar day = {.type = DTYPE(KIND_DURATION), .u.i = INT64_C(10) * 86400000000};
    struct join_on on = pair(&f, l, "d", r, "e", CMP_EQ);
    struct join_spec spec = {
        .kind = JOIN_ASOF, .on = &on, .n_on = 1, .tolerance = &day, .left_label = "l"};
    struct plan *p = NULL;
    assert_ok(&f.cx, plan_join(&f.cx, l, r, &spec, NO_SPAN, &p));
    pl_keep(&f, p);
    assert_rows(&f, run_on(&f, 0, pl_project(&f, p, ITEMS({"v", ex_col(&f, p, "v")}))),
                "3\nnull\nnull\n");
    assert_int_equal(f.n_warnings, 1);
    assert_string_equal(f.warnings[0].message, "join: 2 of 3 rows of `l` found no partner in the "
                                               "right frame");
    /* what does not go together says so */
    struct scalar two = {.type = DTYPE(KIND_INT), .u.i = 2};
    spec.tolerance = &two;
    assert_int_equal(plan_join(&f.cx, l, r, &spec, NO_SPAN, &p), RC_ERR);
    assert_int_equal(f.err.code, E209);
    fx_end(&f);
}

/* ---- right keys that stand once: the left side shared, or cut to what has a partner ---- */
#define MANY 150001 /* over two morsels, the last one short */

/* Left rows (k, i, flag with nulls) with k = i % 1000; right rows have the keys below 1000 that are
 * multiples of `step`, in falling order, with v = 3 k (null where k is a multiple of 5). */
static struct table *unique_join(struct fx *f, int64_t step, enum join_kind kind,
                                 const struct column **out_left)
{
    int64_t *k = malloc(8 * MANY), *i = malloc(8 * MANY), right[1000], v[1000], n = 0;
    int *flag = malloc(sizeof *flag * MANY);
    for (int64_t r = 0; r < MANY; r++) {
        k[r] = r % 1000;
        i[r] = r;
        flag[r] = r % 3 == 0 ? -1 : r % 2 == 0;
    }
    for (int64_t r = 999; r >= 0; r--) {
        if (r % step) continue;
        right[n] = r;
        v[n++] = r % 5 == 0 ? NIL : 3 * r;
    }
    struct table *t =
        TABLE(f, {"k", ints(f, MANY, k)}, {"i", ints(f, MANY, i)}, {"flag", bools(f, MANY, flag)});
    struct plan *l = pl_table(f, t), *p;
    struct plan *r = pl_table(f, TABLE(f, {"k", ints(f, n, right)}, {"v", ints(f, n, v)}));
    struct join_on on = pair(f, l, "k", r, "k", CMP_EQ);
    *out_left = t->cols[1];
    free(k);
    free(i);
    free(flag);
    p = joined(f, l, r, kind, &on, 1);
    return run_all(f, p);
}

static void check_unique(struct fx *f, const struct table *t, int64_t step, bool keeps_all)
{
    int64_t row = 0;
    (void)f;
    for (int64_t r = 0; r < MANY; r++) {
        bool found = r % 1000 % step == 0;
        if (!found && !keeps_all) continue;
        assert_int_equal(((const int64_t *)t->cols[0]->data)[row], r % 1000);
        assert_int_equal(((const int64_t *)t->cols[1]->data)[row], r);
        assert_int_equal(bit_valid(t->cols[2]->valid, row), r % 3 != 0);
        assert_int_equal(bit_get(t->cols[2]->data, row), r % 3 != 0 && r % 2 == 0);
        bool has = found && r % 1000 % 5 != 0;
        assert_int_equal(bit_valid(t->cols[3]->valid, row), has);
        assert_int_equal(((const int64_t *)t->cols[3]->data)[row], has ? 3 * (r % 1000) : 0);
        row++;
    }
    assert_int_equal(t->n_rows, row);
}

TEST(right_keys_that_stand_once)
{
    struct fx f;
    const struct column *left;
    static const int64_t steps[] = {1, 3, 7, 900};
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
        for (int outer = 0; outer < 2; outer++) {
            fx_begin(&f);
            struct table *t = unique_join(&f, steps[s], outer ? JOIN_LEFT : JOIN_INNER, &left);
            check_unique(&f, t, steps[s], outer);
            if (outer || steps[s] == 1)
                assert_ptr_equal(t->cols[1]->data, left->data); /* nothing was copied */
            else
                assert_ptr_not_equal(t->cols[1]->data, left->data);
            fx_end(&f);
        }
}

TEST(single_partners_of_texts_and_nulls)
{
    struct fx f;
    fx_begin(&f);
    struct plan *l = pl_table(&f, TABLE(&f, {"s", coded(&f, STRS(&f, "b", "a", NULL, "x", "a"))},
                                        {"i", INTS(&f, 1, 2, 3, 4, 5)}));
    struct plan *r = pl_table(&f, TABLE(&f, {"s", coded(&f, STRS(&f, "c", "a", NULL, "b"))},
                                        {"t", coded(&f, STRS(&f, "C", NULL, "N", "B"))}));
    struct plan *none = pl_table(&f, TABLE(&f, {"s", STRS(&f, "q")}, {"t", STRS(&f, "Q")}));
    struct join_on on = pair(&f, l, "s", r, "s", CMP_EQ);
    assert_rows(&f, run_all(&f, joined(&f, l, r, JOIN_INNER, &on, 1)),
                "b|1|B\na|2|null\na|5|null\n");
    assert_rows(&f, run_all(&f, joined(&f, l, r, JOIN_LEFT, &on, 1)),
                "b|1|B\na|2|null\nnull|3|null\nx|4|null\na|5|null\n");
    on.op = CMP_SAME;
    struct plan *p = joined(&f, l, r, JOIN_INNER, &on, 1);
    p = pl_project(&f, p, ITEMS({"i", ex_col(&f, p, "i")}, {"t", ex_col(&f, p, "t")}));
    assert_rows(&f, run_all(&f, p), "1|B\n2|null\n3|N\n5|null\n");
    on = pair(&f, l, "s", none, "s", CMP_EQ);
    assert_rows(&f, run_all(&f, joined(&f, l, none, JOIN_INNER, &on, 1)), "");
    fx_end(&f);
}
