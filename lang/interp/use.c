/* use.c: `use seed(42)`, `use pool(threads: 8)`, `use memory("4GB")`; the statement's clock. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "lang/workspace.h"
#include "runtime/base/num.h"

bool bytes_parse(struct str s, int64_t *out)
{
    static const struct {
        const char *unit;
        int shift;
    } units[] = {{"TB", 40}, {"GB", 30}, {"MB", 20}, {"KB", 10}, {"B", 0}};
    int shift = -1;
    double x;
    s = str_trim(s);
    for (size_t i = 0; i < sizeof units / sizeof *units && shift < 0; i++) {
        size_t n = strlen(units[i].unit);
        if (s.n <= n || !str_eq_nocase((struct str){s.p + s.n - n, n}, str_of(units[i].unit)))
            continue;
        shift = units[i].shift;
        s = str_trim((struct str){s.p, s.n - n});
    }
    if (shift < 0 || !num_parse(s.p, s.n, &x) || !(x > 0) || x > 1e6) return false;
    *out = (int64_t)(x * (double)(INT64_C(1) << shift));
    return true;
}

static rc one_arg(struct lang *lg, struct scope *sc, const struct ast *e, const char *like,
                  struct scalar *out)
{
    if (e->n_kids != 1 || (e->n_names > 0 && e->names[0].n)) {
        (void)fail(&lg->cx, E208, e->span, "%.*s() takes one value", STR_FMT(e->text));
        return err_hint(&lg->cx, "%s", like);
    }
    return interp_scalar(lg, sc, e->kids[0], lg->cx.arena, out);
}
static rc use_seed(struct lang *lg, struct scope *sc, const struct ast *e)
{
    struct scalar s;
    TRY(one_arg(lg, sc, e, "use seed(42)", &s));
    if (s.is_null || s.type.kind != KIND_INT)
        return fail(&lg->cx, E207, e->span, "a seed is a whole number");
    lg->seed = lg->cx.seed = (uint64_t)s.u.i;
    return RC_OK;
}
static rc use_memory(struct lang *lg, struct scope *sc, const struct ast *e)
{
    struct scalar s;
    int64_t bytes;
    TRY(one_arg(lg, sc, e, "use memory(\"4GB\")", &s));
    if (s.is_null || s.type.kind != KIND_STR || !bytes_parse(s.u.s, &bytes)) {
        (void)fail(&lg->cx, E209, e->span, "memory takes a size as text");
        return err_hint(&lg->cx, "use memory(\"4GB\")");
    }
    lg->cx.memory_budget = bytes;
    mem_keep_within(bytes);
    return RC_OK;
}
static rc use_pool(struct lang *lg, struct scope *sc, const struct ast *e)
{
    struct scalar s;
    if (e->n_kids != 1) {
        (void)fail(&lg->cx, E208, e->span, "pool() takes one option");
        return err_hint(&lg->cx, "use pool(threads: 4)");
    }
    struct str name = e->n_names > 0 ? e->names[0] : (struct str){0};
    TRY(interp_scalar(lg, sc, e->kids[0], lg->cx.arena, &s));
    if (str_eqz(name, "threads")) {
        char url[40];
        if (s.is_null || s.type.kind != KIND_INT || s.u.i < 1 || s.u.i > 1024)
            return fail(&lg->cx, E209, e->kids[0]->span, "threads: takes a number from 1 to 1024");
        snprintf(url, sizeof url, "threads:%d", (int)s.u.i);
        return open_pool(lg, url, (int)s.u.i, e->span);
    }
    if (str_eqz(name, "spark"))
        return fail(&lg->cx, E214, e->span, "Spark pools do not run in this version");
    if (name.n == 0 && !s.is_null && s.type.kind == KIND_STR)
        return open_pool(lg, arena_strndup(lg->cx.arena, s.u.s.p, s.u.s.n), 0, e->span);
    (void)fail(&lg->cx, E206, e->span, "pool() has no option `%.*s`", STR_FMT(name));
    return err_hint(&lg->cx, "use pool(threads: 4)");
}
static rc use_workspace(struct lang *lg, struct scope *sc, const struct ast *e)
{
    struct scalar s;
    TRY(one_arg(lg, sc, e, "use workspace(\"tables\")", &s));
    if (s.is_null || s.type.kind != KIND_STR || !s.u.s.n) {
        (void)fail(&lg->cx, E207, e->span, "workspace() takes the name of a folder as text");
        return err_hint(&lg->cx, "use workspace(\"tables\")");
    }
    return workspace_open(lg, s.u.s, e->span);
}
rc run_use(struct lang *lg, struct scope *sc, const struct ast *st)
{
    const struct ast *e = st->kids[0];
    if (e->op == AST_CALL && str_eqz(e->text, "seed")) return use_seed(lg, sc, e);
    if (e->op == AST_CALL && str_eqz(e->text, "memory")) return use_memory(lg, sc, e);
    if (e->op == AST_CALL && str_eqz(e->text, "pool")) return use_pool(lg, sc, e);
    if (e->op == AST_CALL && str_eqz(e->text, "workspace")) return use_workspace(lg, sc, e);
    (void)fail(&lg->cx, E217, e->span,
               "`use` takes seed(..), pool(..), memory(..) or workspace(..)");
    return err_hint(&lg->cx, "use seed(42)");
}

int64_t statement_now(struct lang *lg)
{
    if (lg->now_us != INT64_MIN) return lg->now_us;
    struct timespec t;
    struct tm local;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    lg->now_us = (int64_t)t.tv_sec * US_PER_SECOND + t.tv_nsec / 1000;
    if (localtime_r(&t.tv_sec, &local)) {
        struct civil c = {.year = local.tm_year + 1900,
                          .month = local.tm_mon + 1,
                          .day = local.tm_mday,
                          .hour = local.tm_hour,
                          .minute = local.tm_min,
                          .second = local.tm_sec > 59 ? 59 : local.tm_sec,
                          .micro = (int32_t)(t.tv_nsec / 1000)};
        lg->now_us = civil_us(&c);
    }
    return lg->now_us;
}
