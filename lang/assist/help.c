/* help.c: `?name`, `??search`, `?E201`, and `?` alone. */
#include "lang/assist/assist_int.h"

struct out {
    struct strbuf *plain, *html;
};

static void line(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void line(struct out *o, const char *fmt, ...)
{
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    if (o->plain) {
        strbuf_adds(o->plain, strbuf_view(&text));
        strbuf_addc(o->plain, '\n');
    }
    if (o->html) {
        strbuf_addz(o->html, "<p>");
        strbuf_add_html(o->html, strbuf_view(&text));
        strbuf_addz(o->html, "</p>\n");
    }
    strbuf_release(&text);
}

/* ---- lists ---- */

static void list_row(struct out *o, const struct entry *e)
{
    struct str what = first_sentence(e->doc);
    if (what.n > 160) what.n = 160;
    if (o->plain)
        strbuf_printf(o->plain, "  %-16s %s: %.*s\n", e->name, entry_kind_text(e->kind),
                      STR_FMT(what));
    if (!o->html) return;
    strbuf_addz(o->html, "<tr><td style=\"text-align:left\"><code>");
    strbuf_add_html(o->html, str_of(e->name));
    strbuf_printf(o->html,
                  "</code></td><td style=\"text-align:left\">%s</td>"
                  "<td style=\"text-align:left\">",
                  entry_kind_text(e->kind));
    strbuf_add_html(o->html, what);
    strbuf_addz(o->html, "</td></tr>\n");
}

static bool holds_nocase(const char *text, struct str word)
{
    for (const char *p = text ? text : ""; strlen(p) >= word.n; p++)
        if (str_eq_nocase((struct str){p, word.n}, word)) return true;
    return false;
}

/* 0 = does not fit; higher is better. */
static int fits(const struct entry *e, struct str word)
{
    if (str_eq_nocase(str_of(e->name), word)) return 4;
    if (holds_nocase(e->name, word)) return 3;
    if (holds_nocase(e->sig, word)) return 2;
    return holds_nocase(e->doc, word) ? 1 : 0;
}

#define MAX_FOUND 40
static void search(struct out *o, struct str word)
{
    struct arena *a = arena_new();
    struct entry *all;
    int n = entries(a, &all), found = 0;
    if (o->html) strbuf_addz(o->html, "<table>\n");
    for (int rank = 4; rank > 0; rank--)
        for (int i = 0; i < n; i++)
            if (fits(&all[i], word) == rank && found++ < MAX_FOUND) list_row(o, &all[i]);
    if (o->html) strbuf_addz(o->html, "</table>\n");
    if (found > MAX_FOUND) line(o, "and %d more", found - MAX_FOUND);
    if (!found) line(o, "nothing in the help speaks of \"%.*s\"", STR_FMT(word));
    arena_free(a);
}

static void overview(struct out *o)
{
    struct arena *a = arena_new();
    struct entry *all;
    int n = entries(a, &all);
    line(o, "?name tells about a verb, function, model, chart or error code; ??word searches.");
    if (o->html) strbuf_addz(o->html, "<table>\n");
    for (int i = 0; i < n; i++)
        if (all[i].kind == ENTRY_VERB) list_row(o, &all[i]);
    if (o->html) strbuf_addz(o->html, "</table>\n");
    arena_free(a);
}

/* ---- one topic ---- */

static int help_named(struct out *o, struct str name)
{
    struct arena *a = arena_new();
    struct entry *all;
    int n = entries(a, &all), found = 0;
    for (int i = 0; i < n; i++) {
        if (!str_eqz(name, all[i].name)) continue;
        if (found++ && o->plain) strbuf_addc(o->plain, '\n');
        entry_help(&all[i], o->plain, o->html);
    }
    arena_free(a);
    return found;
}

static bool help_error(struct out *o, struct str topic)
{
    enum err_code code = err_by_name(topic.p, topic.n);
    if (code == ERR_NONE) return false;
    line(o, "%s (%s)", err_name(code), err_slug(code));
    line(o, "%s", err_doc(code));
    return true;
}

/* A word of another language: what it is called here, and the help of that. */
static bool help_foreign(struct out *o, struct str topic)
{
    const char *ours = foreign_verb(topic);
    if (!ours) ours = foreign_function(topic);
    if (!ours) return false;
    line(o, "%.*s is called %s here", STR_FMT(topic), ours);
    help_named(o, str_of(ours));
    return true;
}

static void near_names(struct out *o, struct str topic)
{
    struct arena *a = arena_new();
    struct entry *all;
    int n = entries(a, &all);
    struct str *names = ARENA_ARRAY(a, struct str, n + 1);
    for (int i = 0; i < n; i++)
        names[i] = str_of(all[i].name);
    struct str near = nearest(topic, names, n);
    if (near.n)
        line(o, "there is no help on \"%.*s\"; the nearest name is %.*s", STR_FMT(topic),
             STR_FMT(near));
    else
        line(o, "there is no help on \"%.*s\"; ??%.*s searches", STR_FMT(topic), STR_FMT(topic));
    if (near.n) help_named(o, near);
    arena_free(a);
}

/* A topic may come as it stands in code: `join(`, "`Cost`", with blanks around. */
static struct str bare_topic(struct str topic)
{
    topic = str_trim(topic);
    while (topic.n && strchr("`()?$", topic.p[topic.n - 1]))
        topic.n--;
    while (topic.n && strchr("`$", topic.p[0])) {
        topic.p++;
        topic.n--;
    }
    return topic;
}

void lang_help(struct str topic, struct strbuf *plain, struct strbuf *html)
{
    struct out o = {plain, html};
    topic = str_trim(topic);
    if (topic.n && topic.p[0] == '?') {
        struct str word = str_trim((struct str){topic.p + 1, topic.n - 1});
        if (word.n)
            search(&o, word);
        else
            overview(&o);
        return;
    }
    topic = bare_topic(topic);
    if (!topic.n) {
        overview(&o);
        return;
    }
    if (help_error(&o, topic) || help_named(&o, topic) || help_foreign(&o, topic)) return;
    near_names(&o, topic);
}
