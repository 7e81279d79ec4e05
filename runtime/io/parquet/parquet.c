/* parquet.c: the format parquet: opening, and what the format registry asks for. */
#include "runtime/io/parquet/pq_int.h"
#include "runtime/io/parquet/pq_write.h"

#define FOOTER_TAIL 8 /* length and magic */
#define MAX_PARTS   (1 << 22)
#define SPLIT_ROWS  (INT64_C(1) << 18)
#define FEW_GROUPS  8

/* ---- opening ---- */
static rc no_parquet(struct ctx *cx, const struct pq_scan *s, const char *why)
{
    return fail(cx, E302, s->span, "`%s` is no Parquet file, or a damaged one: %s", s->head.label,
                why);
}

static rc read_footer(struct ctx *cx, struct pq_scan *s)
{
    char tail[FOOTER_TAIL];
    size_t got = 0;
    uint32_t n;
    if (s->size < 12) return no_parquet(cx, s, "it is too short");
    TRY(io_source_read(cx, s->src, s->size - FOOTER_TAIL, tail, FOOTER_TAIL, &got));
    memcpy(&n, tail, 4);
    if (memcmp(tail + 4, "PARE", 4) == 0)
        return fail(cx, E302, s->span, "`%s` is encrypted, which cannot be read", s->head.label);
    if (memcmp(tail + 4, "PAR1", 4) != 0) return no_parquet(cx, s, "it does not end in PAR1");
    if ((int64_t)n > s->size - 12) return no_parquet(cx, s, "its footer is longer than the file");
    s->footer = arena_alloc(s->arena, n + 1);
    s->n_footer = n;
    TRY(io_source_read(cx, s->src, s->size - FOOTER_TAIL - n, s->footer, n, &got));
    return pq_footer_parse(cx, s);
}

/* ---- partitions ---- */
/* Row groups; large ones in ranges of rows when there are few groups. Both depend on the file
 * alone. */
static int64_t ranges_of(const struct pq_scan *s, const struct pq_group *g)
{
    if (s->n_groups >= FEW_GROUPS || g->n_rows < SPLIT_ROWS) return 1;
    int64_t n = g->n_rows / (SPLIT_ROWS / 2), most = 2 * FEW_GROUPS / s->n_groups;
    return n < most ? n : most;
}

static rc make_parts(struct ctx *cx, struct pq_scan *s)
{
    int64_t n_parts = 0, rows = 0;
    for (int g = 0; g < s->n_groups; g++)
        n_parts += ranges_of(s, &s->groups[g]);
    if (n_parts > MAX_PARTS) return no_parquet(cx, s, "it has too many row groups");
    s->parts = ARENA_ARRAY(s->arena, struct pq_part, n_parts + 1);
    for (int g = 0; g < s->n_groups; g++) {
        int64_t n = s->groups[g].n_rows, k = ranges_of(s, &s->groups[g]), from = 0;
        int64_t step = (n / k + BATCH_ROWS - 1) / BATCH_ROWS * BATCH_ROWS;
        for (int64_t i = 0; i < k; i++) {
            int64_t to = i + 1 == k || from + step > n ? n : from + step;
            s->parts[s->head.n_partitions++] =
                (struct pq_part){.group = g, .from = from, .n = to - from, .rows_before = rows};
            rows += to - from;
            from = to;
        }
    }
    s->head.n_rows = rows;
    if (rows / 65536 > s->size) return no_parquet(cx, s, "it claims more rows than it can hold");
    return RC_OK;
}

static rc open_scan(struct ctx *cx, struct pq_scan *s, const char *path)
{
    TRY(io_source_open(cx, path, s->span, &s->src));
    s->size = io_source_size(s->src);
    s->head.n_bytes = s->size;
    TRY(read_footer(cx, s));
    TRY(pq_schema_make(cx, s));
    return make_parts(cx, s);
}

static void pq_close(struct io_scan *scan)
{
    struct pq_scan *s = pq_scan_of(scan);
    if (s->src) io_source_close(s->src);
    if (s->head.schema) schema_unref(s->head.schema);
    for (int i = 0; i < s->n_nested; i++)
        schema_unref(s->nested[i]);
    mem_free(s->nested);
    for (int i = 0; s->leaves && i < s->n_leaves; i++)
        column_unref(s->leaves[i].levels);
    arena_free(s->arena);
    mem_free(s);
}

static enum rc_t pq_open(struct ctx *cx, const char *path, const struct io_option *opts, int n_opts,
                         struct span span, struct io_scan **out)
{
    struct pq_scan *s = mem_zero(sizeof *s);
    (void)opts, (void)n_opts;
    s->arena = arena_new();
    s->span = span;
    s->head.format = &io_parquet;
    s->head.label = arena_strndup(s->arena, path, strlen(path));
    atomic_init(&s->head.refs, 1);
    enum rc_t res = open_scan(cx, s, path);
    if (res == RC_OK)
        *out = (struct io_scan *)s;
    else
        pq_close((struct io_scan *)s);
    return res;
}

/* ---- the rest of the contract ---- */
static enum rc_t pq_done(struct ctx *cx, struct io_scan *scan)
{
    struct pq_scan *s = pq_scan_of(scan);
    long long n = atomic_load(&s->n_hex);
    if (n == 0 || !cx->notify || !cx->notify->warn) return RC_OK;
    if (atomic_exchange(&s->is_reported, true)) return RC_OK;
    warn(cx, W312, s->span, "%lld text%s of `%s` %s not UTF-8 and stand%s as 0x.. (hexadecimal)", n,
         n == 1 ? "" : "s", s->head.label, n == 1 ? "is" : "are", n == 1 ? "s" : "");
    return RC_OK;
}

static bool pq_is_stale(const struct io_scan *scan)
{
    return io_source_is_stale(pq_scan_of(scan)->src);
}

static int pq_probe(const char *head, size_t n)
{
    return n >= 4 && (memcmp(head, "PAR1", 4) == 0 || memcmp(head, "PARE", 4) == 0) ? 100 : 0;
}

static const struct io_option_desc read_options[] = {{NULL, KIND_NULL, NULL}};

const struct io_format io_parquet = {
    .name = "parquet",
    .extensions = "parquet pq parq",
    .doc = "Apache Parquet: columns with types, packed; nested types, all encodings and codecs.",
    .read_options = read_options,
    .write_options = pq_write_options,
    .probe = pq_probe,
    .open = pq_open,
    .close = pq_close,
    .read = pq_read,
    .read_whole = pq_read_whole,
    .skip = pq_skip,
    .bounds = pq_bounds,
    .done = pq_done,
    .is_stale = pq_is_stale,
    .begin = pq_write_begin,
    .append = pq_write_append,
    .finish = pq_write_finish,
    .abort = pq_write_abort,
};
