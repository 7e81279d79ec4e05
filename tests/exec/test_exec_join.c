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
