/* expr_text.c: expressions in the language's own spelling, with as few brackets as its precedences
 * allow (language.md 3.2). Implicit casts stay hidden: the text is what somebody would type. */
#include "runtime/plan/plan_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

#include <math.h>

enum level { /* binding strength, weakest first */
             LEVEL_OR = 1,
             LEVEL_AND,
             LEVEL_NOT,
             LEVEL_CMP,
             LEVEL_COAL,
             LEVEL_OR_NULL,
             LEVEL_ADD,
             LEVEL_MUL,
             LEVEL_SIGN,
             LEVEL_POWER,
             LEVEL_POST,
};
struct infix {
    const char *name; /* of the function */
    const char *text; /* as written between two arguments */
    enum level level;
};
static const struct infix infixes[] = {
    {"or", " or ", LEVEL_OR},          {"and", " and ", LEVEL_AND},   {"==", " == ", LEVEL_CMP},
    {"!=", " != ", LEVEL_CMP},         {"<", " < ", LEVEL_CMP},       {"<=", " <= ", LEVEL_CMP},
    {">", " > ", LEVEL_CMP},           {">=", " >= ", LEVEL_CMP},     {"in", " in ", LEVEL_CMP},
    {"not_in", " not in ", LEVEL_CMP}, {"??", " ?? ", LEVEL_OR_NULL}, {"+", " + ", LEVEL_ADD},
    {"-", " - ", LEVEL_ADD},           {"*", " * ", LEVEL_MUL},       {"/", " / ", LEVEL_MUL},
    {"list_concat", " + ", LEVEL_ADD}, {"//", " // ", LEVEL_MUL},     {"%", " % ", LEVEL_MUL},
    {"^", " ^ ", LEVEL_POWER},
};

static const struct infix *find_infix(const char *name)
{
    for (size_t i = 0; i < sizeof infixes / sizeof infixes[0]; i++)
        if (strcmp(infixes[i].name, name) == 0) return &infixes[i];
    return NULL;
}

/* What is printed in the place of e: implicit casts are seen through. */
static const struct expr *visible(const struct expr *e)
{
    while (e->op == EXPR_CALL && e->is_implicit && e->n_args == 1)
        e = e->args[0];
    return e;
}

static bool is_call(const struct expr *e, const char *name, int n_args)
{
    return e->op == EXPR_CALL && e->n_args == n_args && strcmp(e->fn->name, name) == 0;
}

static bool is_negative(const struct expr *e)
{
    if (e->op != EXPR_LITERAL || e->value.is_null) return false;
    if (e->type.kind == KIND_NUM) return signbit(e->value.u.f);
    return (e->type.kind == KIND_INT || e->type.kind == KIND_DURATION) && e->value.u.i < 0;
}

static enum level level_of(const struct expr *e)
{
    if (is_negative(e)) return LEVEL_SIGN;
    if (e->op != EXPR_CALL) return LEVEL_POST;
    if (is_call(e, "not", 1)) return LEVEL_NOT;
    if (is_call(e, "is_null", 1) || is_call(e, "is_not_null", 1)) return LEVEL_CMP;
    if (is_call(e, "in_range", 4)) return LEVEL_CMP;
    if (is_call(e, "neg", 1) || is_call(e, "-", 1)) return LEVEL_SIGN;
    const struct infix *op = e->n_args == 2 ? find_infix(e->fn->name) : NULL;
    return op ? op->level : LEVEL_POST;
}

static void put(struct strbuf *out, const struct expr *e, enum level least);

static const char *const keywords[] = {"and",   "or",   "not", "in",   "is", "null", "true",
                                       "false", "case", "if",  "else", "by", "sort", "on"};

static bool is_bare(const char *name)
{
    size_t n = strlen(name), at = 0;
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcmp(keywords[i], name) == 0) return false;
    while (at < n) {
        uint32_t cp;
        int used = utf8_next(name + at, n - at, &cp);
        if (!(at == 0 ? utf8_is_letter(cp) : utf8_is_name(cp))) return false;
        at += (size_t)used;
    }
    return n > 0;
}

static void put_name(struct strbuf *out, const char *name)
{
    if (is_bare(name)) {
        strbuf_addz(out, name);
        return;
    }
    strbuf_addc(out, '`');
    for (const char *p = name; *p; p++) {
        if (*p == '`') strbuf_addc(out, '`');
        strbuf_addc(out, *p);
    }
    strbuf_addc(out, '`');
}

/* A duration as one literal: in the largest unit that divides it. */
static void put_duration(struct strbuf *out, const struct scalar *s)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"w", 7 * US_PER_DAY},  {"d", US_PER_DAY},    {"h", US_PER_HOUR},
                 {"min", US_PER_MINUTE}, {"s", US_PER_SECOND}, {"ms", 1000}};
    if (s->months) strbuf_printf(out, "%dmo", (int)s->months);
    if (s->months && s->u.i == 0) return;
    if (s->months) strbuf_addz(out, " + ");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (s->u.i % units[i].us == 0 && (s->u.i != 0 || strcmp(units[i].unit, "s") == 0)) {
            strbuf_printf(out, "%lld%s", (long long)(s->u.i / units[i].us), units[i].unit);
            return;
        }
    char digits[NUM_TEXT_MAX];
    num_format((double)s->u.i / (double)US_PER_SECOND, digits);
    strbuf_printf(out, "%ss", digits);
}

static void put_literal(struct strbuf *out, const struct expr *e)
{
    char text[DATE_TEXT_MAX];
    const struct scalar *s = &e->value;
    if (!s->is_null && s->type.kind == KIND_DATE) {
        date_format((int32_t)s->u.i, text);
        strbuf_printf(out, "@%s", text);
    } else if (!s->is_null && s->type.kind == KIND_DATETIME) {
        datetime_format(s->u.i, text);
        for (char *p = text; *p; p++)
            if (*p == ' ') *p = 'T';
        strbuf_printf(out, "@%s%s", text, s->type.zone ? "Z" : "");
    } else if (!s->is_null && s->type.kind == KIND_DURATION) {
        put_duration(out, s);
    } else if (!s->is_null && e->is_implicit && s->type.kind == KIND_NUM &&
               fabs(s->u.f) < 9007199254740992.0) {
        strbuf_printf(out, "%lld", (long long)s->u.f);
    } else {
        scalar_text(out, s, true);
    }
}

static void put_args(struct strbuf *out, const struct expr *e)
{
    for (int i = 0; i < e->n_args; i++) {
        if (i) strbuf_addz(out, ", ");
        put(out, e->args[i], LEVEL_OR);
    }
}

static void put_case(struct strbuf *out, const struct expr *e)
{
    strbuf_addz(out, "case { ");
    for (int i = 0; i < e->n_args; i += 2) {
        if (i) strbuf_addz(out, ", ");
        if (i + 1 < e->n_args) {
            put(out, e->args[i], LEVEL_OR);
            strbuf_addz(out, " => ");
            put(out, e->args[i + 1], LEVEL_OR);
        } else {
            strbuf_addz(out, "else => ");
            put(out, e->args[i], LEVEL_OR);
        }
    }
    strbuf_addz(out, " }");
}

static void put_ends(struct strbuf *out, const char *word, const struct win_frame *f, bool is_num)
{
    strbuf_printf(out, "%s: ", word);
    if (f->from != FRAME_OPEN_FROM && is_num)
        strbuf_printf(out, "%g", f->num_from);
    else if (f->from != FRAME_OPEN_FROM)
        strbuf_printf(out, "%lld", (long long)f->from);
    strbuf_addz(out, "..");
    if (f->to != FRAME_OPEN_TO && is_num)
        strbuf_printf(out, "%g", f->num_to);
    else if (f->to != FRAME_OPEN_TO)
        strbuf_printf(out, "%lld", (long long)f->to);
}

static void put_frame(struct strbuf *out, const struct win_frame *f, const char *comma)
{
    static const char *const excluded[] = {
        [EXCLUDE_CURRENT_ROW] = "row", [EXCLUDE_GROUP] = "group", [EXCLUDE_TIES] = "ties"};
    struct scalar width = {.type = DTYPE(KIND_DURATION), .u.i = f->from};
    if (f->unit != FRAME_ALL) strbuf_addz(out, comma);
    switch (f->unit) {
    case FRAME_ALL: break;
    case FRAME_RUNNING: strbuf_addz(out, "last: all"); break;
    case FRAME_TIME:
        strbuf_addz(out, "last: ");
        put_duration(out, &width);
        break;
    case FRAME_ROWS:
        if (f->to == 0 && f->from <= 0 && f->from != FRAME_OPEN_FROM)
            strbuf_printf(out, "last: %lld", (long long)(1 - f->from));
        else
            put_ends(out, "rows", f, false);
        break;
    case FRAME_GROUPS: put_ends(out, "groups", f, false); break;
    case FRAME_RANGE: put_ends(out, "range", f, f->num_from != 0 || f->num_to != 0); break;
    }
    if (f->exclude != EXCLUDE_NONE) strbuf_printf(out, ", exclude: %s", excluded[f->exclude]);
    if (f->min_rows > 0) strbuf_printf(out, ", min: %lld", (long long)f->min_rows);
}

static void put_agg(struct strbuf *out, const struct expr *e)
{
    strbuf_printf(out, "%s(", e->agg->name);
    put_args(out, e);
    if (e->where) {
        strbuf_addz(out, e->n_args ? ", where: " : "where: ");
        put(out, e->where, LEVEL_OR);
    }
    put_frame(out, &e->frame, e->n_args || e->where ? ", " : "");
    strbuf_addc(out, ')');
}

/* x in lo..hi, the fourth argument tells which ends are in (runtime/fn: in_range). */
static void put_range(struct strbuf *out, const struct expr *e)
{
    const struct expr *open = visible(e->args[3]);
    bool is_half = open->op == EXPR_LITERAL && open->type.kind == KIND_BOOL && open->value.u.b;
    put(out, e->args[0], LEVEL_COAL);
    strbuf_addz(out, " in ");
    for (int i = 1; i <= 2; i++) {
        const struct expr *end = visible(e->args[i]);
        if (i == 2) strbuf_addz(out, is_half ? "..<" : "..");
        if (!(end->op == EXPR_LITERAL && end->value.is_null)) put(out, end, LEVEL_OR_NULL);
    }
}

static void put_call(struct strbuf *out, const struct expr *e)
{
    const struct infix *op = e->n_args == 2 ? find_infix(e->fn->name) : NULL;
    if (op) {
        bool is_right = op->level == LEVEL_POWER; /* 2 ^ 3 ^ 4 groups to the right */
        bool is_flat = op->level == LEVEL_CMP;    /* comparisons do not chain */
        put(out, e->args[0], (enum level)(op->level + (is_right || is_flat)));
        strbuf_addz(out, op->text);
        put(out, e->args[1], is_right ? LEVEL_SIGN : (enum level)(op->level + 1));
    } else if (is_call(e, "not", 1)) {
        strbuf_addz(out, "not ");
        put(out, e->args[0], LEVEL_NOT);
    } else if (is_call(e, "neg", 1) || is_call(e, "-", 1)) {
        strbuf_addc(out, '-');
        put(out, e->args[0], LEVEL_POWER);
    } else if (is_call(e, "is_null", 1) || is_call(e, "is_not_null", 1)) {
        put(out, e->args[0], LEVEL_COAL);
        strbuf_addz(out, strcmp(e->fn->name, "is_null") == 0 ? " is null" : " is not null");
    } else if (is_call(e, "in_range", 4)) {
        put_range(out, e);
    } else if (is_call(e, "at", 2)) {
        put(out, e->args[0], LEVEL_POST);
        strbuf_addc(out, '[');
        put(out, e->args[1], LEVEL_OR);
        strbuf_addc(out, ']');
    } else {
        strbuf_printf(out, "%s(", e->fn->name);
        put_args(out, e);
        strbuf_addc(out, ')');
    }
}

/* ---- lists and structs ---- */
static void put_field_name(struct strbuf *out, const char *name)
{
    struct scalar s = {.type = DTYPE(KIND_STR), .u.s = str_of(name)};
    if (is_bare(name))
        strbuf_addz(out, name);
    else
        scalar_text(out, &s, true);
}

static void put_struct(struct strbuf *out, const struct expr *e)
{
    strbuf_addc(out, '{');
    for (int i = 0; i < e->n_args; i++) {
        if (i) strbuf_addz(out, ", ");
        put_field_name(out, e->type.fields->fields[i].name);
        strbuf_addz(out, ": ");
        put(out, e->args[i], LEVEL_OR);
    }
    strbuf_addc(out, '}');
}

static void put_field(struct strbuf *out, const struct expr *e)
{
    put(out, e->args[0], LEVEL_POST);
    if (is_bare(e->name)) {
        strbuf_printf(out, ".%s", e->name);
        return;
    }
    strbuf_addc(out, '[');
    put_field_name(out, e->name);
    strbuf_addc(out, ']');
}

static void put_nested(struct strbuf *out, const struct expr *e)
{
    switch (e->op) {
    case EXPR_STRUCT: put_struct(out, e); break;
    case EXPR_FIELD: put_field(out, e); break;
    case EXPR_LIST:
        strbuf_addc(out, '[');
        put_args(out, e);
        strbuf_addc(out, ']');
        break;
    case EXPR_MAP:
        if (e->is_implicit) { /* elements widened: the list itself is what was written */
            put(out, e->args[0], LEVEL_OR);
            break;
        }
        strbuf_addz(out, "map(");
        put(out, e->args[0], LEVEL_OR);
        strbuf_printf(out, ", %s -> ", e->name + 1);
        put(out, e->args[1], LEVEL_OR);
        strbuf_addc(out, ')');
        break;
    default:
        strbuf_printf(out, "%s(", e->agg->name);
        put_args(out, e);
        strbuf_addc(out, ')');
    }
}

static void put_bare(struct strbuf *out, const struct expr *e)
{
    switch (e->op) {
    case EXPR_COLUMN: put_name(out, expr_is_param(e) ? e->name + 1 : e->name); break;
    case EXPR_LITERAL: put_literal(out, e); break;
    case EXPR_CALL: put_call(out, e); break;
    case EXPR_CASE: put_case(out, e); break;
    case EXPR_AGG: put_agg(out, e); break;
    case EXPR_WINDOW:
        strbuf_printf(out, "%s(", e->win->name);
        put_args(out, e);
        strbuf_addc(out, ')');
        break;
    default: put_nested(out, e);
    }
}

static void put(struct strbuf *out, const struct expr *e, enum level least)
{
    e = visible(e);
    bool brackets = level_of(e) < least;
    if (brackets) strbuf_addc(out, '(');
    put_bare(out, e);
    if (brackets) strbuf_addc(out, ')');
}

void expr_text(struct strbuf *out, const struct expr *e)
{
    put(out, e, LEVEL_OR);
}
