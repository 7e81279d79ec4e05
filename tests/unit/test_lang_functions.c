/* The examples of the function descriptors: run through the language, the shown text must be what
 * stands after `#>`. */
#include "tests/unit/lang_host.h"

#include "runtime/fn/fn.h"

static int n_wrong;

static void check(struct rec *r, const char *name, const char *example)
{
    const char *mark = strstr(example, "#>");
    assert_non_null(mark);
    struct str code = str_trim((struct str){example, (size_t)(mark - example)});
    struct str want = str_trim(str_of(mark + 2));
    char text[512];
    snprintf(text, sizeof text, "%.*s", STR_FMT(code));
    if (rec_run(r, text) != RC_OK) {
        print_error("%s: %s: %s %s\n", name, text, err_name(r->err.code), r->err.message);
        n_wrong++;
        err_clear(&r->err);
    } else if (!str_eq(strbuf_view(&r->shown), want)) {
        print_error("%s: %s shows %s, not %.*s\n", name, text, r->shown.p, STR_FMT(want));
        n_wrong++;
    }
}

TEST(function_examples_run)
{
    struct rec r;
    int n;
    rec_begin(&r);
    n_wrong = 0;
    const struct fn_desc *const *fns = fn_all(&n);
    for (int i = 0; i < n; i++)
        check(&r, fns[i]->name, fns[i]->example);
    const struct agg_desc *const *aggs = agg_all(&n);
    for (int i = 0; i < n; i++)
        check(&r, aggs[i]->name, aggs[i]->example);
    const struct win_desc *const *wins = win_all(&n);
    for (int i = 0; i < n; i++)
        check(&r, wins[i]->name, wins[i]->example);
    rec_end(&r);
    assert_int_equal(n_wrong, 0);
}
