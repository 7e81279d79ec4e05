/* read_mlnb.c: the text form of notebooks (language.md 6). Sources are kept byte for byte: of the
 * line ends behind a source, the one that ends its last line and one blank line before the next
 * marker belong to the form, all others to the source. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/mem.h"
#include "runtime/base/utf8.h"

#define FORMAT_VERSION "1"

struct line {
    struct str text; /* without its end */
    uint32_t from;   /* byte of the file */
    int number;
};
struct reader {
    struct ctx *cx;
    const char *text;
    size_t n, at;
    int number; /* of the next line */
    uint32_t source;
    struct notebook *nb;
};

static bool next_line(struct reader *r, struct line *out)
{
    if (r->at >= r->n) return false;
    const char *from = r->text + r->at;
    const char *nl = memchr(from, '\n', r->n - r->at);
    size_t length = nl ? (size_t)(nl - from) : r->n - r->at;
    *out = (struct line){{from, length}, (uint32_t)r->at, r->number++};
    while (out->text.n > 0 && from[out->text.n - 1] == '\r')
        out->text.n--;
    r->at += length + (nl != NULL);
    return true;
}

static bool peek_line(const struct reader *r, struct line *out)
{
    struct reader copy = *r;
    return next_line(&copy, out);
}

static rc broken(struct reader *r, const struct line *l, size_t from, size_t to, const char *what)
{
    struct span span = {r->source, l->from + (uint32_t)from, l->from + (uint32_t)to};
    return fail(r->cx, E601, r->source ? span : NO_SPAN, "line %d: %s", l->number, what);
}

/* ---- before the cells ---- */

static rc check_bytes(struct reader *r)
{
    size_t bad = utf8_check(r->text, r->n);
    const char *nul = memchr(r->text, '\0', r->n);
    if (bad == r->n && !nul) return RC_OK;
    if (nul && (size_t)(nul - r->text) < bad) bad = (size_t)(nul - r->text);
    struct line l = {0};
    while (next_line(r, &l) && r->at <= bad)
        ;
    size_t at = bad - l.from;
    return broken(r, &l, at, at + 1,
                  r->text[bad] ? "a byte that is not UTF-8"
                               : "a NUL byte: this is not a text file");
}

static void read_shebang(struct reader *r)
{
    struct line l = {0};
    if (!peek_line(r, &l) || !str_starts(l.text, STR("#!"))) return;
    if (next_line(r, &l)) text_set(&r->nb->shebang, l.text);
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static rc read_field(struct reader *r, const struct line *l)
{
    size_t n = 0;
    while (n < l->text.n && is_key_char(l->text.p[n]))
        n++;
    if (n == 0 || n == l->text.n || l->text.p[n] != ':')
        return broken(r, l, 0, l->text.n,
                      "the header between the --- lines holds `key: value` only");
    char *key = mem_strndup(l->text.p, n);
    struct str value = str_trim((struct str){l->text.p + n + 1, l->text.n - n - 1});
    bool is_known = notebook_header(r->nb, key) != NULL;
    bool is_newer = strcmp(key, "mlnb") == 0 && !str_eqz(value, FORMAT_VERSION);
    if (!is_known) notebook_set_header(r->nb, key, value);
    mem_free(key);
    if (is_known) return broken(r, l, 0, n, "this header field stands twice");
    if (is_newer)
        return broken(r, l, 0, l->text.n,
                      "this version reads `mlnb: 1` files; the file is of another");
    return RC_OK;
}

/* The header's `meta:` is metadata of the notebook, not text. */
static rc take_meta(struct reader *r, const struct line *l)
{
    const char *meta = notebook_header(r->nb, "meta");
    if (!meta) return RC_OK;
    json_t *v = json_loads(meta, JSON_ALLOW_NUL, NULL);
    struct notebook_field *last = &r->nb->header[r->nb->n_header - 1]; /* it sorts last */
    mem_free(last->key);
    mem_free(last->value);
    r->nb->n_header--;
    if (!json_is_object(v)) {
        json_decref(v);
        return broken(r, l, 0, l->text.n,
                      "meta: in the header above takes a JSON object on one line");
    }
    r->nb->metadata = v;
    return RC_OK;
}

static rc read_header(struct reader *r)
{
    struct line l, open;
    if (!peek_line(r, &open) || !str_eqz(str_trim(open.text), "---")) return RC_OK;
    if (open.text.n > 0 && open.text.p[0] != '-') return RC_OK;
    if (!next_line(r, &l)) return RC_OK;
    while (next_line(r, &l)) {
        if (str_eqz(str_trim(l.text), "---")) {
            TRY(take_meta(r, &l));
            if (peek_line(r, &l) && l.text.n == 0) return next_line(r, &l) ? RC_OK : RC_ERR;
            return RC_OK;
        }
        if (str_trim(l.text).n > 0) TRY(read_field(r, &l));
    }
    return broken(r, &open, 0, open.text.n, "the header that begins here has no closing --- line");
}

/* ---- cells ---- */

static void add_line(struct strbuf *body, struct str line)
{
    if (is_escaped_marker(line)) line = (struct str){line.p + 1, line.n - 1};
    strbuf_adds(body, line);
    strbuf_addc(body, '\n');
}

/* Lines up to the next marker or the end as a source. */
static void read_body(struct reader *r, struct strbuf *body)
{
    struct line l = {0};
    strbuf_clear(body);
    while (peek_line(r, &l) && !is_marker_line(l.text)) {
        add_line(body, l.text);
        if (!next_line(r, &l)) break;
    }
    bool is_last = r->at >= r->n;
    if (body->n > 0) buf_cut(body, body->n - 1);
    if (!is_last && body->n > 0 && body->p[body->n - 1] == '\n') buf_cut(body, body->n - 1);
}

static rc read_cell(struct reader *r, const struct line *marker, struct strbuf *body)
{
    char why[200];
    size_t at;
    struct cell *c = notebook_add(r->nb, CELL_CODE, STR(""));
    if (!marker_read(marker->text, c, why, &at))
        return broken(r, marker, at, at < marker->text.n ? marker->text.n : at, why);
    c->first_line = r->number;
    read_body(r, body);
    cell_set_source(&r->nb->cells[r->nb->n_cells - 1], strbuf_view(body));
    return RC_OK;
}

static rc read_cells(struct reader *r, struct strbuf *body)
{
    struct line l = {0};
    int first_line = r->number;
    read_body(r, body); /* before the first marker: the whole of a script */
    if (str_trim(strbuf_view(body)).n > 0) {
        struct cell *c = notebook_add(r->nb, CELL_CODE, strbuf_view(body));
        c->first_line = first_line;
    }
    r->nb->has_markers = r->at < r->n || r->nb->n_cells == 0;
    while (next_line(r, &l))
        TRY(read_cell(r, &l, body));
    return RC_OK;
}

rc notebook_read_mlnb(struct ctx *cx, const char *text, size_t n, uint32_t source,
                      struct notebook **out)
{
    struct reader r = {.cx = cx, .text = text, .n = n, .number = 1, .source = source};
    struct strbuf body = {0};
    enum rc_t res = RC_ERR;
    if (n > UINT32_MAX / 4) return fail(cx, E601, NO_SPAN, "the file is larger than 1 GB");
    r.nb = notebook_new();
    TRY_OUT(check_bytes(&r));
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) r.at = 3;
    read_shebang(&r);
    TRY_OUT(read_header(&r));
    TRY_OUT(read_cells(&r, &body));
    res = RC_OK;
    *out = r.nb;
out:
    strbuf_release(&body);
    if (res != RC_OK) notebook_free(r.nb);
    return res;
}
