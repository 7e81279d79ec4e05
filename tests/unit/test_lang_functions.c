/* The examples of the function descriptors: run through the language, the shown text must be what
 * stands after `#>`. */
#include "lang/lang_int.h"
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

/* Calls with nothing and with the wrong things: whatever hint comes must be a line that parses. */
static void check_hint(struct rec *r, const char *text)
{
    if (rec_run(r, text) == RC_OK || !r->err.hint[0]) return;
    int indent;
    if (lang_is_complete(r->err.hint, strlen(r->err.hint), &indent) == LANG_COMPLETE) return;
    print_error("%s: the hint `%s` does not parse\n", text, r->err.hint);
    n_wrong++;
}

TEST(function_hints_parse)
{
    static const char *const args[] = {"", "\"a\"", "\"a\", 1", "1, \"a\", 2", "true, 1"};
    struct rec r;
    int n, n_agg;
    char text[128];
    rec_begin(&r);
    n_wrong = 0;
    const struct fn_desc *const *fns = fn_all(&n);
    const struct agg_desc *const *aggs = agg_all(&n_agg);
    for (int i = 0; i < n + n_agg; i++) {
        const char *name = i < n ? fns[i]->name : aggs[i - n]->name;
        if (i < n && (fns[i]->flags & FN_HIDDEN)) continue;
        if (builtin_find(str_of(name))) continue; /* its own messages */
        for (int k = 0; k < 5; k++) {
            snprintf(text, sizeof text, "%s(%s)", name, args[k]);
            check_hint(&r, text);
        }
    }
    static const char *const more[] = {
        "\"a\" + 1",
        "1 + \"a\"",
        "\"a\" + \"b\"",
        "\"a\" < 1",
        "@2019-01-31 == \"a\"",
        "true + 1",
        "9223372036854775807 * 2",
        "-\"a\"",
        "@2019-01-31 + 2h",

        "f\"{1:zz}\"",
        "f\"{\"a\":zz}\"",
        "1 in [\"a\"]",
        "abs(-9223372036854775807 - 1)",
    };
    for (size_t k = 0; k < sizeof more / sizeof *more; k++)
        check_hint(&r, more[k]);
    rec_end(&r);
    assert_int_equal(n_wrong, 0);
}
