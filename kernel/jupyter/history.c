/* history.c: history_request: this session's cells (session 0), before them what the console's
 * history file held when it was first asked for (session -1, lines from 1). */
#include "kernel/jupyter/jup_int.h"

#include <fnmatch.h>

struct item { /* borrowed */
    int session, line;
    const char *source;
};
struct query {
    const char *access, *pattern;
    bool output, unique;
    int64_t n, session, start, stop;
};

/* Entry i of all, the oldest first. */
static struct item item_at(const struct kernel *k, int i)
{
    if (i < k->past.n) return (struct item){-1, i + 1, k->past.entries[i]};
    const struct history_item *h = &k->history[i - k->past.n];
    return (struct item){0, h->line, h->source};
}

/* Told already: rows hold the newer ones. */
static bool is_told(const json_t *rows, const char *source, bool output)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *text = json_array_get(json_array_get(rows, i), 2);
        if (output) text = json_array_get(text, 0);
        if (strcmp(json_string_value(text), source) == 0) return true;
    }
    return false;
}

static bool fits(const struct query *q, const struct item *h, const json_t *rows)
{
    if (strcmp(q->access, "range") == 0)
        return h->session == q->session && h->line >= q->start &&
               (q->stop <= 0 || h->line < q->stop);
    if (strcmp(q->access, "search") == 0 && fnmatch(q->pattern, h->source, 0) != 0) return false;
    return !q->unique || !is_told(rows, h->source, q->output);
}

static void tell(json_t *rows, const struct item *h, bool output)
{
    json_t *text = json_string(h->source);
    if (!text) return; /* a line of the file that is no UTF-8 */
    if (output) text = json_pack("[o, n]", text);
    json_array_append_new(rows, json_pack("[i, i, o]", h->session, h->line, text));
}

static json_t *turned(json_t *rows)
{
    json_t *out = json_array();
    for (size_t i = json_array_size(rows); i-- > 0;)
        json_array_append(out, json_array_get(rows, i));
    json_decref(rows);
    return out;
}

static void read_past(struct kernel *k)
{
    if (k->has_past) return;
    char *path = past_path();
    if (path) past_read(path, &k->past);
    k->has_past = true;
    mem_free(path);
}

json_t *on_history(struct kernel *k, struct request *r)
{
    struct query q = {.access = text_of(r->content, "hist_access_type", "tail"),
                      .pattern = text_of(r->content, "pattern", "*"),
                      .output = json_is_true(json_object_get(r->content, "output")),
                      .unique = json_is_true(json_object_get(r->content, "unique")),
                      .n = int_of(r->content, "n", 1000),
                      .session = int_of(r->content, "session", 0),
                      .start = int_of(r->content, "start", 0),
                      .stop = int_of(r->content, "stop", 0)};
    bool is_range = strcmp(q.access, "range") == 0;
    json_t *rows = json_array(); /* the newest first */
    read_past(k);
    pthread_mutex_lock(&k->lock);
    for (int i = k->past.n + k->n_history; i-- > 0;) {
        struct item h = item_at(k, i);
        if (!is_range && (int64_t)json_array_size(rows) >= q.n) break;
        if (fits(&q, &h, rows)) tell(rows, &h, q.output);
    }
    pthread_mutex_unlock(&k->lock);
    return json_pack("{s:s, s:o}", "status", "ok", "history", turned(rows));
}
