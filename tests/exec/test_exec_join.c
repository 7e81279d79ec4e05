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
