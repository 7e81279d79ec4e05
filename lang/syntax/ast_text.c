/* ast_text.c: a tree back to source that parses to the same tree. Brackets that were written are
 * printed; others are added only where the tree would read differently without. */
#include "lang/ast.h"
#include "lang/syntax/lex.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"

#include <math.h>

/* How tightly an operator holds, as the levels of the grammar. */
enum tight {
    LOOSE, /* lambda, formula, pipeline */
    TIGHT_OR,
    TIGHT_AND,
    TIGHT_NOT,
    TIGHT_CMP,
    TIGHT_RANGE,
    TIGHT_OR_NULL,
    TIGHT_ADD,
    TIGHT_MUL,
    TIGHT_INTER,
    TIGHT_UNARY,
    TIGHT_POWER,
    TIGHT_POST
};

static void put(struct strbuf *out, const struct ast *e, enum tight at_least);

/* ---- names and literals ---- */

static void put_quoted(struct strbuf *out, struct str name)
{
    strbuf_addc(out, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`') strbuf_addc(out, '`');
        strbuf_addc(out, name.p[i]);
    }
    strbuf_addc(out, '`');
}

static void put_name(struct strbuf *out, struct str name, bool is_quoted)
{
    if (is_quoted || !is_bare_name(name))
        put_quoted(out, name);
    else
        strbuf_adds(out, name);
}

/* Before `:` keywords are names too. */
static void put_option(struct strbuf *out, struct str name)
{
    if (keyword_of(name) != SYM_NONE)
        strbuf_adds(out, name);
    else
        put_name(out, name, false);
    strbuf_addz(out, ": ");
}

/* The inside of a "string". Braces are doubled in f-strings. */
static void put_escaped(struct strbuf *out, struct str s, char quote, bool is_filled)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == quote || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c == '\n')
            strbuf_addz(out, "\\n");
        else if (c == '\t')
            strbuf_addz(out, "\\t");
        else if ((unsigned char)c < 0x20 || c == 0x7F)
            strbuf_printf(out, "\\u{%X}", (unsigned)c);
        else if (is_filled && (c == '{' || c == '}'))
            strbuf_printf(out, "%c%c", c, c);
        else
            strbuf_addc(out, c);
    }
}

static void put_str(struct strbuf *out, struct str s)
{
    strbuf_addc(out, '"');
    put_escaped(out, s, '"', false);
    strbuf_addc(out, '"');
}

static void put_part(struct strbuf *out, const struct ast *part)
{
    struct strbuf inside = {0};
    put(&inside, part->kids[0], LOOSE);
    strbuf_addz(out, "{");
    if (inside.n > 0 && inside.p[0] == '{') strbuf_addc(out, ' '); /* {{ is a brace */
    strbuf_adds(out, strbuf_view(&inside));
    if (part->text.n > 0) {
        strbuf_addc(out, ':');
        strbuf_adds(out, part->text);
    }
    strbuf_addz(out, "}");
    strbuf_release(&inside);
}

/* Formats stand as they are written, so the quote must be one that none of them holds. */
static void put_fstr(struct strbuf *out, const struct ast *e)
{
    bool has_double = false, has_other = false;
    for (int i = 0; i < e->n_kids; i++) {
        struct str format = e->kids[i]->op == AST_FPART ? e->kids[i]->text : STR("");
        for (size_t k = 0; k < format.n; k++) {
            has_double |= format.p[k] == '"';
            has_other |= format.p[k] == '\'' || format.p[k] == '\n';
        }
    }
    const char *quote = !has_double && !has_other  ? "\""
                        : !has_double || has_other ? "\"\"\""
                                                   : "'";
    strbuf_printf(out, "f%s", quote);
    for (int i = 0; i < e->n_kids; i++) {
        if (e->kids[i]->op == AST_FPART)
            put_part(out, e->kids[i]);
        else
            put_escaped(out, e->kids[i]->text, quote[0], true);
    }
    strbuf_addz(out, quote);
}

static void put_num(struct strbuf *out, double x)
{
    char buf[NUM_TEXT_MAX];
    if (isinf(x)) {
        strbuf_addz(out, x < 0 ? "float('-inf')" : "float('inf')");
        return;
    }
    num_format(x, buf);
    strbuf_addz(out, buf);
}

static void put_clock(struct strbuf *out, int64_t us)
{
    struct civil c;
    civil_from_us(us, &c);
    strbuf_printf(out, "%02d:%02d", c.hour, c.minute);
    if (c.second || c.micro) strbuf_printf(out, ":%02d", c.second);
    if (c.micro) strbuf_printf(out, ".%06d", c.micro);
}

static void put_time(struct strbuf *out, const struct ast *e)
{
    strbuf_addc(out, '@');
    if (e->op == AST_TIME) {
        put_clock(out, e->i);
        return;
    }
    char buf[DATE_TEXT_MAX];
    date_format((int32_t)(e->op == AST_DATE ? e->i : civil_day_of_us(e->i)), buf);
    strbuf_addz(out, buf);
    if (e->op == AST_DATE) return;
    strbuf_addc(out, 'T');
    put_clock(out, e->i);
    if (e->is_zoned) strbuf_addc(out, 'Z');
}

static void put_duration(struct strbuf *out, const struct ast *e)
{
    char buf[NUM_TEXT_MAX];
    if (e->months > 0) strbuf_printf(out, "%dmo", e->months);
    int64_t days = e->i / US_PER_DAY, rest = e->i % US_PER_DAY;
    if (days > 0) {
        int_format(days, buf);
        strbuf_printf(out, "%sd", buf);
    }
    if (rest == 0 && (days > 0 || e->months > 0)) return;
    int_format(rest / US_PER_SECOND, buf);
    strbuf_addz(out, buf);
    if (rest % US_PER_SECOND) strbuf_printf(out, ".%06d", (int)(rest % US_PER_SECOND));
    strbuf_addc(out, 's');
}

/* ---- brackets ---- */

static void put_args(struct strbuf *out, const struct ast *e, int first)
{
    strbuf_addc(out, '(');
    for (int i = first; i < e->n_kids; i++) {
        if (i > first) strbuf_addz(out, ", ");
        if (e->n_names > i && e->names[i].n > 0) put_option(out, e->names[i]);
        put(out, e->kids[i], LOOSE);
    }
    strbuf_addc(out, ')');
}

static void put_call(struct strbuf *out, const struct ast *e)
{
    if (e->op == AST_CALL) {
        if (str_eqz(e->text, "if"))
            strbuf_addz(out, "if");
        else
            put_name(out, e->text, e->is_quoted);
        put_args(out, e, 0);
        return;
    }
    put(out, e->kids[0], TIGHT_POST);
    put_args(out, e, 1);
}

static void put_list(struct strbuf *out, const struct ast *e)
{
    strbuf_addc(out, '[');
    for (int i = 0; i < e->n_kids; i++) {
        if (i > 0) strbuf_addz(out, ", ");
        put(out, e->kids[i], LOOSE);
    }
    strbuf_addc(out, ']');
}

static void put_struct(struct strbuf *out, const struct ast *e)
{
    strbuf_addc(out, '{');
    for (int i = 0; i < e->n_kids; i++) {
        if (i > 0) strbuf_addz(out, ", ");
        if (is_bare_name(e->names[i])) {
            put_option(out, e->names[i]);
        } else {
            put_str(out, e->names[i]);
            strbuf_addz(out, ": ");
        }
        put(out, e->kids[i], LOOSE);
    }
    strbuf_addc(out, '}');
}

static void put_case(struct strbuf *out, const struct ast *e)
{
    strbuf_addz(out, "case { ");
    for (int i = 0; i < e->n_kids; i += 2) {
        if (i > 0) strbuf_addz(out, ", ");
        if (i + 1 == e->n_kids) {
            strbuf_addz(out, "else => ");
            put(out, e->kids[i], LOOSE);
        } else {
            put(out, e->kids[i], LOOSE);
            strbuf_addz(out, " => ");
            put(out, e->kids[i + 1], LOOSE);
        }
    }
    strbuf_addz(out, " }");
}

static void put_names(struct strbuf *out, const struct str *names, int n)
{
    for (int i = 0; i < n; i++) {
        if (i > 0) strbuf_addz(out, ", ");
        put_name(out, names[i], false);
    }
}

static void put_lambda(struct strbuf *out, const struct ast *e)
{
    if (e->n_names != 1) strbuf_addc(out, '(');
    put_names(out, e->names, e->n_names);
    if (e->n_names != 1) strbuf_addc(out, ')');
    strbuf_addz(out, " -> ");
    put(out, e->kids[0], LOOSE);
}

/* ---- steps ---- */

static void put_item(struct strbuf *out, const struct ast_item *item)
{
    if (item->kind == ITEM_MAKE) {
        put_name(out, item->name, false);
        strbuf_addz(out, " = ");
    }
    if (item->kind == ITEM_OPTION) put_option(out, item->name);
    put(out, item->expr, item->expr->op == AST_PIPELINE ? TIGHT_POST : LOOSE);
}

static void put_items(struct strbuf *out, const struct ast_item *items, int n, const char *before)
{
    for (int i = 0; i < n; i++) {
        strbuf_addz(out, i == 0 ? before : ", ");
        put_item(out, &items[i]);
    }
}

/* One clause. Options of a clause that holds nothing else can only have stood there: they are put
 * back into it (`moved`). */
static void put_clause(struct strbuf *out, const char *word, const struct ast_item *items, int n,
                       const struct ast_step *moved)
{
    strbuf_printf(out, " %s", word);
    if (n == 0 && moved) put_items(out, moved->items, moved->n_items, " ");
    put_items(out, items, n, " ");
}

static bool has_bare_clause(const struct ast_step *s)
{
    return (s->has_by && s->n_by == 0) || (s->has_sort && s->n_sort == 0) ||
           (s->has_on && s->n_on == 0);
}

static void put_step(struct strbuf *out, const struct ast_step *s)
{
    bool only_options = s->n_items > 0;
    for (int i = 0; i < s->n_items; i++)
        only_options &= s->items[i].kind == ITEM_OPTION;
    const struct ast_step *moved = only_options && has_bare_clause(s) ? s : NULL;
    strbuf_adds(out, s->verb);
    /* a line may not end in the word sort */
    if (s->n_items == 0 && str_eqz(s->verb, "sort")) strbuf_addz(out, "()");
    if (!moved) put_items(out, s->items, s->n_items, " ");
    if (s->has_by) put_clause(out, "by", s->by, s->n_by, moved);
    if (s->has_sort) put_clause(out, "sort", s->sort, s->n_sort, moved);
    if (s->has_on) put_clause(out, "on", s->on, s->n_on, moved);
}

static void put_steps(struct strbuf *out, const struct ast_step *steps, int n)
{
    for (int i = 0; i < n; i++) {
        if (i > 0) strbuf_addz(out, " |> ");
        put_step(out, &steps[i]);
    }
}

/* ---- operators ---- */

static enum tight binary_tight(struct str op)
{
    switch (op.p[0]) {
    case 'o': return TIGHT_OR;
    case 'a': return TIGHT_AND;
    case '?': return TIGHT_OR_NULL;
    case '+':
    case '-': return TIGHT_ADD;
    case '*':
    case '/':
    case '%': return TIGHT_MUL;
    case ':': return TIGHT_INTER;
    case '^': return TIGHT_POWER;
    default: return TIGHT_CMP;
    }
}

static enum tight tight_of(const struct ast *e)
{
    switch (e->op) {
    case AST_BINARY: return binary_tight(e->text);
    case AST_UNARY: return e->text.p[0] == '-' ? TIGHT_UNARY : TIGHT_NOT;
    case AST_IN:
    case AST_IS_NULL: return TIGHT_CMP;
    case AST_RANGE: return TIGHT_RANGE;
    case AST_LAMBDA:
    case AST_FORMULA:
    case AST_PIPELINE: return LOOSE;
    case AST_INT: return e->i < 0 ? TIGHT_UNARY : TIGHT_POST;
    case AST_NUM: return e->f < 0 && !isinf(e->f) ? TIGHT_UNARY : TIGHT_POST;
    default: return TIGHT_POST;
    }
}

/* An operand at the right end: a lambda there takes all that follows, as it did when it was read.
 */
static void put_right(struct strbuf *out, const struct ast *e, enum tight at_least)
{
    put(out, e, e->op == AST_LAMBDA ? LOOSE : at_least);
}

static void put_binary(struct strbuf *out, const struct ast *e)
{
    enum tight t = binary_tight(e->text);
    enum tight left = t == TIGHT_CMP ? TIGHT_RANGE : t == TIGHT_POWER ? TIGHT_POST : t;
    enum tight right = t == TIGHT_CMP ? TIGHT_RANGE : t == TIGHT_POWER ? TIGHT_UNARY : t + 1;
    bool is_close = t == TIGHT_POWER || t == TIGHT_INTER;
    put(out, e->kids[0], left);
    if (!is_close) strbuf_addc(out, ' ');
    strbuf_adds(out, e->text);
    if (!is_close) strbuf_addc(out, ' ');
    put_right(out, e->kids[1], right);
}

static void put_range(struct strbuf *out, const struct ast *e)
{
    if (e->kids[0]) put(out, e->kids[0], TIGHT_OR_NULL);
    strbuf_addz(out, e->is_half_open ? "..<" : "..");
    if (e->kids[1]) put_right(out, e->kids[1], TIGHT_OR_NULL);
}

static void put_operator(struct strbuf *out, const struct ast *e)
{
    switch (e->op) {
    case AST_UNARY:
        strbuf_adds(out, e->text);
        if (e->text.n > 1) strbuf_addc(out, ' ');
        put_right(out, e->kids[0], e->text.n > 1 ? TIGHT_NOT : TIGHT_POWER);
        break;
    case AST_IN:
        put(out, e->kids[0], TIGHT_RANGE);
        strbuf_addz(out, e->is_negated ? " not in " : " in ");
        put_right(out, e->kids[1], TIGHT_RANGE);
        break;
    case AST_IS_NULL:
        put(out, e->kids[0], TIGHT_RANGE);
        strbuf_addz(out, e->is_negated ? " is not null" : " is null");
        break;
    case AST_FORMULA:
        if (e->kids[0]) put(out, e->kids[0], TIGHT_OR);
        strbuf_addz(out, e->kids[0] ? " ~ " : "~ ");
        put_right(out, e->kids[1], TIGHT_OR);
        break;
    case AST_INDEX:
        put(out, e->kids[0], TIGHT_POST);
        strbuf_addc(out, '[');
        put(out, e->kids[1], LOOSE);
        strbuf_addc(out, ']');
        break;
    case AST_FIELD:
        put(out, e->kids[0], TIGHT_POST);
        strbuf_addc(out, '.');
        if (e->is_quoted || scan_name(e->text.p, 0, (uint32_t)e->text.n) != e->text.n)
            put_quoted(out, e->text);
        else
            strbuf_adds(out, e->text);
        break;
    default: put_range(out, e); break;
    }
}

/* ---- statements ---- */

static void put_block(struct strbuf *out, const struct ast *e)
{
    strbuf_addz(out, "{\n");
    for (int i = 0; i < e->n_kids; i++) {
        ast_text(out, e->kids[i]);
        strbuf_addc(out, '\n');
    }
    strbuf_addc(out, '}');
}

static void put_body(struct strbuf *out, const struct ast *e)
{
    if (e->op == AST_BLOCK)
        put_block(out, e);
    else
        put(out, e, LOOSE);
}

static void put_fn(struct strbuf *out, const struct ast *e)
{
    strbuf_addz(out, "fn ");
    put_name(out, e->text, false);
    strbuf_addc(out, '(');
    for (int i = 0; i < e->n_names; i++) {
        if (i > 0) strbuf_addz(out, ", ");
        put_name(out, e->names[i], false);
        if (!e->defaults[i]) continue;
        strbuf_addz(out, ": ");
        put(out, e->defaults[i], LOOSE);
    }
    strbuf_addz(out, ") = ");
    put_body(out, e->kids[0]);
}

static void put_if(struct strbuf *out, const struct ast *e)
{
    strbuf_addz(out, "if ");
    put(out, e->kids[0], LOOSE);
    strbuf_addc(out, ' ');
    put_block(out, e->kids[1]);
    if (!e->kids[2]) return;
    strbuf_addz(out, " else ");
    if (e->kids[2]->op == AST_IF)
        put_if(out, e->kids[2]);
    else
        put_block(out, e->kids[2]);
}

static void put_param(struct strbuf *out, const struct ast *e)
{
    strbuf_addz(out, "param ");
    put_name(out, e->text, false);
    strbuf_addz(out, " = ");
    put(out, e->kids[0], TIGHT_ADD);
    if (e->kids[1]) {
        strbuf_addz(out, " in ");
        put(out, e->kids[1], LOOSE);
    }
    put_items(out, e->options, e->n_options, ", ");
}

static void put_head(struct strbuf *out, const struct ast *e)
{
    strbuf_addz(out, e->op == AST_FOR ? "for " : "run ");
    if (e->op == AST_FOR) {
        put_name(out, e->text, false);
        strbuf_addz(out, " in ");
    }
    put(out, e->kids[0], LOOSE);
    put_items(out, e->options, e->n_options, ", ");
    strbuf_addc(out, ' ');
    put_block(out, e->kids[1]);
}

static bool put_simple_statement(struct strbuf *out, const struct ast *e)
{
    switch (e->op) {
    case AST_ASSIGN:
        put_names(out, e->names, e->n_names);
        strbuf_addz(out, " = ");
        put(out, e->kids[0], LOOSE);
        return true;
    case AST_SHOW: put(out, e->kids[0], LOOSE); break;
    case AST_STEP: put_steps(out, e->steps, e->n_steps); break;
    case AST_CONTINUE:
        strbuf_addz(out, "|> ");
        put_steps(out, e->steps, e->n_steps);
        break;
    case AST_USE:
        strbuf_addz(out, "use ");
        put(out, e->kids[0], LOOSE);
        return true;
    case AST_INCLUDE:
        strbuf_addz(out, "include ");
        put_str(out, e->text);
        return true;
    case AST_SHELL:
    case AST_HELP: strbuf_addc(out, e->op == AST_SHELL ? '!' : '?'); /* fall through */
    case AST_COMMAND: strbuf_adds(out, e->text); return true;
    default: return false;
    }
    if (e->is_silent) strbuf_addc(out, ';');
    return true;
}

static bool put_statement(struct strbuf *out, const struct ast *e)
{
    switch (e->op) {
    case AST_FN: put_fn(out, e); return true;
    case AST_PARAM: put_param(out, e); return true;
    case AST_FOR:
    case AST_RUN: put_head(out, e); return true;
    case AST_IF: put_if(out, e); return true;
    case AST_BLOCK: put_block(out, e); return true;
    default: return put_simple_statement(out, e);
    }
}

static bool put_literal(struct strbuf *out, const struct ast *e)
{
    char buf[NUM_TEXT_MAX];
    switch (e->op) {
    case AST_NULL: strbuf_addz(out, "null"); return true;
    case AST_BOOL: strbuf_addz(out, e->i ? "true" : "false"); return true;
    case AST_INT:
        int_format(e->i, buf);
        strbuf_addz(out, buf);
        return true;
    case AST_NUM: put_num(out, e->f); return true;
    case AST_STR: put_str(out, e->text); return true;
    case AST_FSTR: put_fstr(out, e); return true;
    case AST_FPART: put_part(out, e); return true;
    case AST_DATE:
    case AST_DATETIME:
    case AST_TIME: put_time(out, e); return true;
    case AST_DURATION: put_duration(out, e); return true;
    default: return false;
    }
}

static void put_value(struct strbuf *out, const struct ast *e)
{
    if (put_literal(out, e)) return;
    switch (e->op) {
    case AST_LIST: put_list(out, e); break;
    case AST_STRUCT: put_struct(out, e); break;
    case AST_NAME: put_name(out, e->text, e->is_quoted); break;
    case AST_VAR:
        strbuf_addc(out, '$');
        if (scan_name(e->text.p, 0, (uint32_t)e->text.n) == e->text.n)
            strbuf_adds(out, e->text);
        else
            put_quoted(out, e->text);
        break;
    case AST_DOT: strbuf_addc(out, '.'); break;
    case AST_BINARY: put_binary(out, e); break;
    case AST_CALL:
    case AST_CALL_VALUE: put_call(out, e); break;
    case AST_CASE: put_case(out, e); break;
    case AST_LAMBDA: put_lambda(out, e); break;
    case AST_PIPELINE:
        put(out, e->kids[0], e->kids[0]->op == AST_PIPELINE ? TIGHT_POST : LOOSE);
        strbuf_addz(out, " |> ");
        put_steps(out, e->steps, e->n_steps);
        break;
    default: put_operator(out, e); break;
    }
}

static void put(struct strbuf *out, const struct ast *e, enum tight at_least)
{
    bool needs_brackets = e->is_bracketed || tight_of(e) < at_least;
    if (needs_brackets) strbuf_addc(out, '(');
    put_value(out, e);
    if (needs_brackets) strbuf_addc(out, ')');
}

void ast_text(struct strbuf *out, const struct ast *e)
{
    if (!put_statement(out, e)) put(out, e, LOOSE);
}
