/* params.c: `param` statements: typed by their default, overridden by -p, checked against `in`. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

struct param_override { /* -p name=text */
    struct param_override *next;
    char *name, *text;
    bool is_used;
};
struct param_decl {
    struct param_decl *next;
    char *name;
    enum value_kind kind;
    struct dtype type;     /* of the default; KIND_NULL takes anything */
    struct value *allowed; /* list or range, or NULL */
    char *allowed_text;
};

void lang_set_param(struct lang *lg, const char *name, const char *text)
{
    struct param_override *o = mem_zero(sizeof *o);
    o->name = mem_strndup(name, strlen(name));
    o->text = mem_strndup(text, strlen(text));
    o->next = lg->params;
    lg->params = o;
}
void overrides_free(struct lang *lg)
{
    while (lg->params) {
        struct param_override *o = lg->params;
        lg->params = o->next;
        mem_free(o->name);
        mem_free(o->text);
        mem_free(o);
    }
}
void params_free(struct lang *lg)
{
    while (lg->param_decls) {
        struct param_decl *d = lg->param_decls;
        lg->param_decls = d->next;
        value_unref(d->allowed);
        mem_free(d->allowed_text);
        mem_free(d->name);
        mem_free(d);
    }
}
static struct param_decl *find_decl(struct lang *lg, struct str name)
{
    for (struct param_decl *d = lg->param_decls; d; d = d->next)
        if (str_eqz(name, d->name)) return d;
    return NULL;
}
static struct param_override *find_override(struct lang *lg, struct str name)
{
    for (struct param_override *o = lg->params; o; o = o->next)
        if (str_eqz(name, o->name)) return o;
    return NULL;
}

/* ---- checks ---- */
static rc wrong_type(struct lang *lg, const struct param_decl *d, const struct value *v,
                     struct span span)
{
    char have[96], want[96];
    struct strbuf text = {0};
    value_text(&text, v, true);
    (void)fail(&lg->cx, E215, span, "param `%s` is %s, and %s is %s", d->name,
               d->kind == VALUE_SCALAR ? dtype_text(d->type, want, sizeof want) : "a list",
               strbuf_view(&text).p, value_type_text(v, have, sizeof have));
    strbuf_release(&text);
    return RC_ERR;
}
/* v as the param's type: int may stand for num, a date's text for a date. */
static rc fit_type(struct lang *lg, const struct param_decl *d, struct span span, struct value **v)
{
    if (value_is_null(*v) || (d->kind == VALUE_SCALAR && d->type.kind == KIND_NULL)) return RC_OK;
    if ((*v)->kind != d->kind) return wrong_type(lg, d, *v, span);
    if (d->kind != VALUE_SCALAR) return RC_OK;
    struct scalar s = (*v)->scalar;
    bool is_text = s.type.kind == KIND_STR;
    int32_t day;
    int64_t us;
    bool has_zone;
    if (s.type.kind == d->type.kind) return RC_OK;
    if (s.type.kind == KIND_INT && d->type.kind == KIND_NUM) {
        s.u.f = (double)s.u.i;
    } else if (s.type.kind == KIND_NUM && d->type.kind == KIND_INT && s.u.f >= -9e15 &&
               s.u.f <= 9e15 && s.u.f == (double)(int64_t)s.u.f) {
        s.u.i = (int64_t)s.u.f;
    } else if (is_text && d->type.kind == KIND_DATE && date_parse(s.u.s.p, s.u.s.n, &day)) {
        s.u.i = day;
    } else if (is_text && d->type.kind == KIND_DATETIME &&
               datetime_parse(s.u.s.p, s.u.s.n, &us, &has_zone)) {
        s.u.i = us;
    } else {
        return wrong_type(lg, d, *v, span);
    }
    s.type = d->type;
    value_unref(*v);
    *v = value_scalar(&s);
    return RC_OK;
}
static rc fit_range(struct lang *lg, const struct param_decl *d, struct span span,
                    const struct value *v)
{
    bool found = false;
    if (!d->allowed) return RC_OK;
    struct value *own = value_ref(v);
    enum rc_t res = value_is_in(lg, own, d->allowed, span, &found);
    value_unref(own);
    TRY(res);
    if (found) return RC_OK;
    struct strbuf text = {0};
    value_text(&text, v, true);
    (void)fail(&lg->cx, E215, span, "param `%s` is not to be %s: it takes %s", d->name, text.p,
               d->allowed_text);
    strbuf_release(&text);
    return RC_ERR;
}
rc check_param_value(struct lang *lg, struct str name, struct span span, struct value **value)
{
    const struct param_decl *d = find_decl(lg, name);
    if (!d) return RC_OK;
    TRY(fit_type(lg, d, span, value));
    return fit_range(lg, d, span, *value);
}

/* ---- -p texts ---- */
/* Whether the tree is a literal: numbers, texts, dates, lists and structs of them. */
static bool is_literal(const struct ast *e)
{
    struct scalar s;
    if (literal_scalar(e, &s)) return true;
    bool is_open = e->op == AST_LIST || e->op == AST_STRUCT || e->op == AST_RANGE ||
                   (e->op == AST_UNARY && str_eqz(e->text, "-"));
    for (int i = 0; is_open && i < e->n_kids; i++)
        if (e->kids[i] && !is_literal(e->kids[i])) return false;
    return is_open;
}
/* A text as a literal; anything that is none is text as it stands. */
static rc read_override(struct lang *lg, const struct param_override *o, bool as_text,
                        struct value **out)
{
    struct str text = str_of(o->text);
    bool is_quoted = text.n > 1 && (text.p[0] == '"' || text.p[0] == '\'');
    if (as_text && !is_quoted) {
        *out = value_str(text);
        return RC_OK;
    }
    struct arena *a = arena_new();
    struct parse_result parsed = {0};
    uint32_t source = sources_add(lg->sources, "-p", text.p, text.n, 1);
    struct str kept = sources_text(lg->sources, source);
    parse(a, kept.p, kept.n, &(struct parse_opts){.source = source}, &parsed);
    const struct ast *e = NULL;
    if (parsed.n_errors == 0 && parsed.program->n_kids == 1 &&
        parsed.program->kids[0]->op == AST_SHOW)
        e = parsed.program->kids[0]->kids[0];
    enum rc_t res = RC_OK;
    if (e && is_literal(e)) {
        res = interp_expr(lg, lg->globals, e, out);
    } else {
        *out = value_str(text);
    }
    arena_free(a);
    return res;
}

/* ---- the statement ---- */
static rc read_options(struct lang *lg, struct scope *sc, const struct ast *st)
{
    for (int i = 0; i < st->n_options; i++) {
        struct scalar help;
        const struct ast_item *o = &st->options[i];
        if (!str_eqz(o->name, "help")) {
            (void)fail(&lg->cx, E206, o->name_span, "param has no option `%.*s`", STR_FMT(o->name));
            return err_hint(&lg->cx, "param year = 2019 in [2018, 2019], help: \"which\"");
        }
        TRY(interp_scalar(lg, sc, o->expr, lg->cx.arena, &help));
        if (help.is_null || help.type.kind != KIND_STR)
            return fail(&lg->cx, E207, o->span, "help: is a text");
    }
    return RC_OK;
}
/* The declaration, made anew when the statement runs again. */
static rc declare(struct lang *lg, struct scope *sc, const struct ast *st, const struct value *def,
                  struct param_decl **out)
{
    struct param_decl *d = find_decl(lg, st->text);
    struct value *allowed = NULL;
    if (st->n_kids > 1 && st->kids[1]) {
        TRY(interp_expr(lg, sc, st->kids[1], &allowed));
        if (allowed->kind != VALUE_LIST && allowed->kind != VALUE_RANGE) {
            value_unref(allowed);
            return fail(&lg->cx, E207, st->kids[1]->span, "right of `in` stands a list or a range");
        }
    }
    if (!d) {
        d = mem_zero(sizeof *d);
        d->name = mem_strndup(st->text.p, st->text.n);
        d->next = lg->param_decls;
        lg->param_decls = d;
    }
    value_unref(d->allowed);
    mem_free(d->allowed_text);
    d->kind = def->kind;
    d->type = def->kind == VALUE_SCALAR ? def->scalar.type : DTYPE(KIND_NULL);
    d->allowed = allowed;
    struct strbuf text = {0};
    if (allowed) value_text(&text, allowed, true);
    d->allowed_text = strbuf_take(&text);
    *out = d;
    return RC_OK;
}
static rc set_param(struct lang *lg, struct scope *sc, const struct ast *st, struct value **v)
{
    struct param_decl *d = NULL;
    struct param_override *o = find_override(lg, st->text);
    TRY(declare(lg, sc, st, *v, &d));
    if (o) {
        struct value *given;
        o->is_used = true;
        TRY(read_override(lg, o, d->kind == VALUE_SCALAR && d->type.kind == KIND_STR, &given));
        value_unref(*v);
        *v = given;
    }
    TRY(fit_type(lg, d, st->span, v));
    return fit_range(lg, d, st->span, *v);
}
rc run_param(struct lang *lg, struct scope *sc, const struct ast *st)
{
    struct value *v;
    char buf[96];
    TRY(read_options(lg, sc, st));
    TRY(interp_expr(lg, sc, st->kids[0], &v));
    enum rc_t res = RC_OK;
    if (v->kind != VALUE_SCALAR && v->kind != VALUE_LIST && v->kind != VALUE_STRUCT)
        res = fail(&lg->cx, E215, st->kids[0]->span, "a param is a value or list, not %s",
                   value_phrase(v, buf, sizeof buf));
    if (res == RC_OK) res = set_param(lg, sc, st, &v);
    if (res == RC_OK) {
        scope_set(sc, st->text, v);
    } else {
        value_unref(v);
    }
    return res;
}
rc lang_check_params(struct lang *lg, struct error *err)
{
    err_clear(&lg->err);
    for (const struct param_override *o = lg->params; o; o = o->next) {
        if (o->is_used) continue;
        struct str names[64];
        int n = 0;
        for (const struct param_decl *d = lg->param_decls; d && n < 64; d = d->next)
            names[n++] = str_of(d->name);
        struct str near = nearest(str_of(o->name), names, n);
        (void)fail(&lg->cx, E215, NO_SPAN, "no param `%s` is declared", o->name);
        if (near.n) (void)err_note(&lg->cx, "did you mean -p %.*s=%s?", STR_FMT(near), o->text);
        *err = lg->err;
        return RC_ERR;
    }
    return RC_OK;
}
