/* progress.c: one bar for each statement that takes long: a display that is updated in place
 * (display_id), and stays as one dim line. The rooms below say nothing in the first half second and
 * at most five times a second. */
#include "kernel/session/session_int.h"

#include <time.h>
#include <unistd.h>

static int64_t clock_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int percent_of(const struct progress *p)
{
    double done = (double)(p->done < p->total ? p->done : p->total);
    return p->total > 0 && done > 0 ? (int)(100.0 * done / (double)p->total) : 0;
}

/* "0:12", "1:02:03". */
static void put_time(struct strbuf *b, int64_t ms)
{
    int64_t s = (ms + 999) / 1000;
    if (s >= 3600) strbuf_printf(b, "%d:", (int)(s / 3600));
    strbuf_printf(b, s >= 3600 ? "%02d:%02d" : "%d:%02d", (int)(s / 60 % 60), (int)(s % 60));
}

static void put_state(struct strbuf *plain, const struct progress *p, int64_t now)
{
    strbuf_addz(plain, p->what);
    if (p->total <= 0) {
        if (p->done > 0) strbuf_printf(plain, " %lld", (long long)p->done);
        strbuf_printf(plain, ", %.1f s", (double)(now - p->task_ms) / 1000);
        return;
    }
    strbuf_printf(plain, " %d%%", percent_of(p));
    int64_t spent = now - p->task_ms;
    double left = p->done > 0 ? (double)spent / (double)p->done * (double)(p->total - p->done) : 0;
    if (left < 1 || spent < 300 || left > 1e9) return;
    strbuf_addz(plain, ", ");
    put_time(plain, (int64_t)left);
    strbuf_addz(plain, " left");
}

static void show(struct session *s, struct str plain, struct str html, bool is_end)
{
    struct progress *p = &s->progress;
    char id[64];
    if (!p->is_open) p->n++;
    snprintf(id, sizeof id, "mlnb-progress-%s-%d", p->prefix, p->n);
    json_t *metadata = json_object(), *data = json_pack("{s:s%, s:s%}", "text/html", html.p, html.n,
                                                        "text/plain", plain.p, plain.n);
    struct output o = {.kind = OUTPUT_PROGRESS,
                       .text = plain,
                       .data = data,
                       .metadata = metadata,
                       .display_id = id,
                       .is_update = p->is_open,
                       .what = p->what,
                       .done = p->done,
                       .total = p->total,
                       .is_end = is_end};
    p->is_open = true;
    session_emit(s, &o);
    json_decref(data);
    json_decref(metadata);
}

void progress_begin(struct session *s)
{
    struct progress *p = &s->progress;
    if (!p->prefix[0]) snprintf(p->prefix, sizeof p->prefix, "%lx", (long)getpid());
    p->is_open = false;
    p->began_ms = clock_ms();
    strbuf_clear(&p->past);
}

static void set_what(struct progress *p, const char *what, int64_t now)
{
    if (p->what && strcmp(p->what, what) == 0 && p->is_open) return;
    mem_free(p->what);
    p->what = mem_strndup(what, strlen(what));
    p->task_ms = p->is_open ? now : p->began_ms;
    struct str past = strbuf_view(&p->past);
    bool is_told = past.n >= strlen(what) && str_ends(past, str_of(what));
    if (is_told || past.n > 100) return;
    strbuf_printf(&p->past, "%s%s", past.n ? ", " : "", what);
}

void progress_tell(struct session *s, const char *what, int64_t done, int64_t total)
{
    struct progress *p = &s->progress;
    struct strbuf plain = {0}, html = {0};
    int64_t now = clock_ms();
    set_what(p, what, now);
    p->done = done;
    p->total = total;
    put_state(&plain, p, now);
    if (total > 0)
        strbuf_printf(&html, "<progress max=\"100\" value=\"%d\"></progress> ", percent_of(p));
    else
        strbuf_addz(&html, "<progress></progress> ");
    strbuf_add_html(&html, strbuf_view(&plain));
    show(s, strbuf_view(&plain), strbuf_view(&html), false);
    strbuf_release(&plain);
    strbuf_release(&html);
}

void progress_end(struct session *s, enum progress_end how)
{
    struct progress *p = &s->progress;
    int64_t now = clock_ms();
    if (p->is_open) {
        struct strbuf plain = {0}, html = {0};
        if (how == PROGRESS_DONE)
            strbuf_printf(&plain, "%.*s: %.1f s", STR_FMT(strbuf_view(&p->past)),
                          (double)(now - p->began_ms) / 1000);
        else
            strbuf_printf(&plain, "%s: %s", p->what,
                          how == PROGRESS_CANCELLED ? "cancelled" : "failed");
        if (how != PROGRESS_DONE && p->total > 0) strbuf_printf(&plain, " at %d%%", percent_of(p));
        strbuf_addz(&html, "<small style=\"opacity:.6\">");
        strbuf_add_html(&html, strbuf_view(&plain));
        strbuf_addz(&html, "</small>");
        show(s, strbuf_view(&plain), strbuf_view(&html), true);
        strbuf_release(&plain);
        strbuf_release(&html);
    }
    p->is_open = false;
    p->began_ms = now;
    strbuf_clear(&p->past);
}

void progress_free(struct progress *p)
{
    mem_free(p->what);
    strbuf_release(&p->past);
}
