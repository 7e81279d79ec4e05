/* head.c: the beginning of a file: byte order mark, lines to skip, delimiter, names. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/utf8.h"

#define SNIFF_ROWS 100

/* The head as far as loaded: w->walk's buffer, file offset 0 at its first byte. */
struct head {
    struct csv_scan *scan;
    const struct csv_file *file;
    struct csv_work *w;
    size_t at; /* where the rows begin */
};

static const char *head_buf(const struct head *h)
{
    return h->w->walk.ix.buf;
}
static size_t head_n(const struct head *h)
{
    return h->w->walk.n;
}
static bool head_is_whole(const struct head *h)
{
    return (int64_t)head_n(h) >= h->file->size;
}

static rc load_more(struct ctx *cx, struct head *h)
{
    TRY(check_cancel(cx));
    if ((int64_t)head_n(h) > CSV_LINE_MAX) {
        struct csv_fault f = {.kind = CSV_FAULT_LONG, .at = (int64_t)h->at};
        return csv_fault_error(cx, h->scan, h->file, &f);
    }
    return csv_walk_load(cx, h->w, (int64_t)head_n(h) * 2 + CSV_HEAD);
}

static rc check_head_bytes(struct ctx *cx, struct head *h)
{
    const char *p = head_buf(h);
    const char *nul = memchr(p, 0, head_n(h));
    if (!nul) return RC_OK;
    struct csv_fault f = {.kind = CSV_FAULT_NUL, .at = nul - p};
    return csv_fault_error(cx, h->scan, h->file, &f);
}

/* Passes over `skip:` lines as they stand, quotes or not. */
static rc skip_lines(struct ctx *cx, struct head *h, int64_t n)
{
    while (n > 0) {
        const char *p = head_buf(h);
        while (h->at < head_n(h) && p[h->at] != '\n' && p[h->at] != '\r')
            h->at++;
        bool at_end = h->at + 1 >= head_n(h); /* a CR needs to see what comes after it */
        if (at_end && !head_is_whole(h)) {
            TRY(load_more(cx, h));
            continue;
        }
        if (h->at >= head_n(h)) break;
        h->at += p[h->at] == '\r' && p[h->at + 1] == '\n' ? 2 : 1;
        n--;
    }
    return RC_OK;
}

static void find_line_ends(struct head *h)
{
    size_t n = head_n(h) - h->at;
    const char *p = head_buf(h) + h->at;
    h->scan->dialect.cr_lines = n && memchr(p, '\r', n) && !memchr(p, '\n', n);
}

/* ---- rows of the head ---- */
struct head_row {
    uint32_t first, last; /* places in pos; field i ends at pos[i] and begins after pos[i - 1] */
};

/* Indexes the head from h->at with a delimiter: whole rows only, as far as they are loaded. */
static rc index_head(struct ctx *cx, struct head *h, const struct csv_dialect *d, uint32_t max_rows,
                     struct csv_index *ix)
{
    uint32_t cap = CSV_STRIP;
    for (;;) {
        if (h->w->cap_pos < cap) {
            mem_big_free(h->w->pos);
            h->w->pos = NULL;
            h->w->cap_pos = 0;
            TRY(mem_big(cx, sizeof(uint32_t) * cap, (void **)&h->w->pos));
            h->w->cap_pos = cap;
        }
        size_t end = head_is_whole(h) ? head_n(h) : head_n(h) - 1;
        *ix = (struct csv_index){.d = d,
                                 .buf = head_buf(h),
                                 .at = h->at,
                                 .end = end,
                                 .pos = h->w->pos,
                                 .cap = h->w->cap_pos};
        ix->pos[0] = (uint32_t)(h->at - 1);
        csv_index_run(ix);
        if (ix->at >= end || ix->n_breaks >= max_rows) break;
        cap = h->w->cap_pos * 2;
    }
    bool is_open =
        (uint32_t)(ix->pos[ix->n] + 1) < ix->end || (ix->n && ix->buf[ix->pos[ix->n]] == d->delim);
    if (head_is_whole(h) && ix->at >= ix->end && is_open && !ix->in_quote) {
        ix->pos[++ix->n] = (uint32_t)head_n(h); /* padding ends the last row */
        ix->n_breaks++;
    }
    return RC_OK;
}

static uint32_t row_n(const struct csv_index *ix, const struct head_row *r)
{
    return ix->d->n_starts ? (uint32_t)ix->d->n_starts : r->last - r->first + 1;
}

static struct str row_field(const struct csv_index *ix, const struct head_row *r, uint32_t i)
{
    if (ix->d->n_starts) {
        uint32_t from = ix->pos[r->first - 1] + 1;
        uint32_t to = csv_before_cr(ix->buf, from, ix->pos[r->first]);
        return csv_fixed_field(ix->d, (struct str){ix->buf + from, to - from}, (int)i);
    }
    uint32_t from = ix->pos[r->first + i - 1] + 1, to = ix->pos[r->first + i];
    if (r->first + i == r->last)
        to = csv_before_cr(ix->buf, from, to);
    else if (ix->d->delims.n > 1)
        to -= (uint32_t)ix->d->delims.n - 1;
    return (struct str){ix->buf + from, to - from};
}

/* The next row after *r that is neither empty nor a comment. */
static bool next_row(const struct csv_index *ix, struct head_row *r)
{
    for (;;) {
        uint32_t first = r->last + 1, last = first;
        while (last <= ix->n && ix->buf[ix->pos[last]] == ix->d->delim)
            last++;
        if (last > ix->n) return false;
        *r = (struct head_row){first, last};
        uint32_t from = ix->pos[first - 1] + 1;
        uint32_t to = first == last ? csv_before_cr(ix->buf, from, ix->pos[first]) : ix->pos[first];
        struct str f = {ix->buf + from, to - from};
        bool is_comment = ix->d->has_comment && f.n && f.p[0] == ix->d->comment;
        bool is_empty = first == last && csv_trim(f).n == 0;
        if (!is_comment && !is_empty) return true;
    }
}

/* ---- delimiter ---- */
struct score {
    int rows, agree; /* rows seen, rows with the commonest number of fields */
    uint32_t fields; /* that number */
};

static struct score score_rows(const struct csv_index *ix)
{
    uint32_t counts[SNIFF_ROWS];
    struct score best = {0};
    struct head_row r = {0, 0};
    while (best.rows < SNIFF_ROWS && next_row(ix, &r))
        counts[best.rows++] = r.last - r.first + 1;
    for (int i = 0; i < best.rows; i++) {
        int agree = 0;
        for (int k = 0; k < best.rows; k++)
            agree += counts[k] == counts[i];
        if (agree > best.agree || (agree == best.agree && counts[i] > best.fields)) {
            best.agree = agree;
            best.fields = counts[i];
        }
    }
    return best;
}

/* Whether every comma of the first rows stands between digits: then it is a decimal mark, if
 * something else can be the delimiter. */
static bool commas_are_decimal(const struct csv_index *ix)
{
    struct head_row r = {0, 0};
    for (int n = 0; n < SNIFF_ROWS && next_row(ix, &r); n++)
        for (uint32_t i = r.first; i < r.last; i++) {
            const char *p = ix->buf + ix->pos[i];
            bool between =
                ix->pos[i] > 0 && p[-1] >= '0' && p[-1] <= '9' && p[1] >= '0' && p[1] <= '9';
            if (!between) return false;
        }
    return true;
}

static rc sniff_delim(struct ctx *cx, struct head *h)
{
    static const char candidates[] = {',', '\t', ';', '|'};
    struct csv_dialect *d = &h->scan->dialect;
    struct score best = {0}, comma = {0};
    char found = ',';
    bool decimal = false;
    for (size_t i = 0; i < sizeof candidates; i++) {
        struct csv_dialect try = *d;
        struct csv_index ix;
        try.delim = candidates[i];
        if ((d->has_quote && d->quote == try.delim) || (d->has_comment && d->comment == try.delim))
            continue;
        TRY(index_head(cx, h, &try, SNIFF_ROWS, &ix));
        struct score s = score_rows(&ix);
        if (i == 0) {
            comma = s;
            decimal = commas_are_decimal(&ix);
        }
        if (s.fields < 2) continue;
        bool better = s.agree > best.agree || (s.agree == best.agree && s.fields > best.fields);
        bool beats_comma = found == ',' && decimal && s.agree >= comma.agree;
        if (!better && !beats_comma) continue;
        best = s;
        found = candidates[i];
    }
    d->delim = found;
    return RC_OK;
}

/* A quoted field that closes after a backslash and goes on is none: the backslash escapes the quote
 * (as Spark and MySQL write). Only such a field tells. */
static void sniff_escape(struct head *h)
{
    struct csv_dialect *d = &h->scan->dialect;
    const char *p = head_buf(h), *end = p + head_n(h);
    bool at_start = true, in_quote = false;
    if (!d->has_quote || d->quote != '"' || d->delims.n > 1) return;
    for (p += h->at; p + 1 < end; p++) {
        bool ends_field = p[1] == d->delim || p[1] == '\n' || p[1] == '\r';
        if (!in_quote) {
            in_quote = at_start && *p == '"';
            at_start = *p == d->delim || *p == '\n' || *p == '\r';
        } else if (*p == '"' && p[1] == '"') {
            p++;
        } else if (*p == '"' && !ends_field && p[-1] == '\\') {
            d->has_escape = true;
            d->escape = '\\';
            return;
        } else if (*p == '"') {
            in_quote = at_start = false;
        }
    }
}

/* ---- names ---- */
static bool looks_like_data(const struct csv_dialect *d, const struct csv_index *ix,
                            const struct head_row *r)
{
    const uint32_t data = CSV_INT | CSV_NUM | CSV_DATE | CSV_TIME | CSV_ZONED;
    for (uint32_t i = 0; i < row_n(ix, r); i++) {
        struct csv_value v;
        if (!(csv_classify(d, row_field(ix, r, i), &v) & data)) return false;
    }
    return true;
}

/* Names of the columns: `names:`, else the header row, else made up. */
static rc name_columns(struct ctx *cx, struct head *h, const struct csv_options *o,
                       const struct csv_index *ix, const struct head_row *row, bool has_header)
{
    struct csv_scan *s = h->scan;
    int64_t n = (int64_t)row_n(ix, row);
    if (o->names && o->names->n < n) {
        fail(cx, E209, o->names_span, "names: has %lld names, `%s` has %lld columns",
             (long long)o->names->n, s->head.label, (long long)n);
        return err_note(cx, "one name a column; `drop` takes away what is not needed");
    }
    if (o->names) n = o->names->n;
    s->n_cols = (int)n;
    s->cols = ARENA_ARRAY(s->arena, struct csv_column, n);
    struct str *names = ARENA_ARRAY(s->arena, struct str, n);
    for (int64_t i = 0; i < n; i++) {
        bool was_quoted;
        if (o->names)
            names[i] = column_scalar(o->names, i).u.s;
        else if (has_header)
            names[i] = csv_trim(csv_field_text(&s->dialect, row_field(ix, row, (uint32_t)i),
                                               s->arena, &was_quoted));
    }
    const char **unique = io_unique_names(s->arena, names, (int)n, o->names == NULL);
    for (int64_t i = 0; i < n; i++)
        s->cols[i].name = unique[i];
    return RC_OK;
}

static rc check_row_text(struct ctx *cx, struct head *h, const struct csv_index *ix,
                         const struct head_row *row)
{
    uint32_t from = ix->pos[row->first - 1] + 1, to = ix->pos[row->last];
    size_t bad = utf8_check(ix->buf + from, to - from);
    if (bad < to - from) {
        struct csv_fault f = {CSV_FAULT_UTF8, (int64_t)from + (int64_t)bad, 0, ix->buf[from + bad]};
        return csv_fault_error(cx, h->scan, h->file, &f);
    }
    if (row->last - row->first >= CSV_COLUMNS_MAX)
        return fail(cx, E309, h->scan->span, "`%s` has more than %d columns", h->scan->head.label,
                    CSV_COLUMNS_MAX);
    return RC_OK;
}

/* Finds the first row; E308 when there is none. */
static rc first_row(struct ctx *cx, struct head *h, struct csv_index *ix, struct head_row *row)
{
    for (;;) {
        *row = (struct head_row){0, 0};
        TRY(index_head(cx, h, &h->scan->dialect, SNIFF_ROWS, ix));
        if (next_row(ix, row)) return RC_OK;
        uint32_t last = ix->n; /* empty lines and comments only: go on behind them */
        while (last > 0 && ix->buf[ix->pos[last]] == ix->d->delim)
            last--;
        if (last > 0) {
            h->at = (size_t)ix->pos[last] + 1;
            continue;
        }
        if (head_is_whole(h)) break;
        TRY(load_more(cx, h));
    }
    if (ix->in_quote) {
        struct csv_fault f = {.kind = CSV_FAULT_UNCLOSED, .at = (int64_t)h->at};
        return csv_fault_error(cx, h->scan, h->file, &f);
    }
    return fail(cx, E308, h->scan->span, "`%s` is empty: it holds neither names nor rows",
                h->scan->head.label);
}

static rc read_head(struct ctx *cx, struct head *h, const struct csv_options *o)
{
    struct csv_scan *s = h->scan;
    struct csv_index ix;
    struct head_row row;
    TRY(csv_walk_load(cx, h->w, CSV_HEAD));
    s->dialect = o->dialect;
    if (o->is_fixed) {
        s->dialect.has_quote = false;
        s->dialect.delim = '\1';
        s->dialect.trim = true;
    }
    if (head_n(h) >= 3 && memcmp(head_buf(h), "\xEF\xBB\xBF", 3) == 0) h->at = 3;
    TRY(skip_lines(cx, h, o->skip));
    find_line_ends(h);
    if (o->is_fixed && !s->dialect.n_starts)
        TRY(csv_fixed_sniff(cx, s, head_buf(h) + h->at, head_n(h) - h->at, head_is_whole(h)));
    else if (!o->has_delim && !o->is_fixed)
        TRY(sniff_delim(cx, h));
    TRY(check_head_bytes(cx, h));
    if (!o->is_fixed && !o->says_escape) sniff_escape(h);
    TRY(first_row(cx, h, &ix, &row));
    TRY(check_row_text(cx, h, &ix, &row));
    bool is_data = looks_like_data(&s->dialect, &ix, &row);
    bool has_header = o->has_header ? o->header : !is_data;
    TRY(name_columns(cx, h, o, &ix, &row, has_header));
    int64_t data_at = (int64_t)(uint32_t)(ix.pos[has_header ? row.last : row.first - 1] + 1);
    ((struct csv_file *)(uintptr_t)h->file)->data_at =
        data_at < h->file->size ? data_at : h->file->size;
    s->made_up_names = is_data && !o->has_header && !o->names;
    return RC_OK;
}

rc csv_head(struct ctx *cx, struct csv_scan *s, const struct csv_options *o)
{
    struct csv_work *w;
    TRY(csv_work_get(cx, s, &w));
    struct head h = {.scan = s, .file = &s->files[0], .w = w};
    s->dialect = o->dialect;
    csv_walk_open(w, s, h.file, 0);
    enum rc_t res = read_head(cx, &h, o);
    csv_work_put(s, w);
    return res;
}
