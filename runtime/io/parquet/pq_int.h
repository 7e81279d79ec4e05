/* pq_int.h: inside the Parquet reader and writer. A file's footer becomes a tree of fields (what
 * the language sees) over leaves (what the file stores); a chunk of a leaf is read page by page, in
 * windows of rows, into memory the caller chooses. Names and numbers are those of the format
 * (apache/parquet-format, parquet.thrift). */
#ifndef MLNB_IO_PARQUET_PQ_INT_H
#define MLNB_IO_PARQUET_PQ_INT_H

#include "runtime/io/parquet/pq_meta.h"

/* ---- codecs (codec.c) ---- */
const char *pq_codec_name(int codec);
/* Unpacks n bytes to exactly n_out bytes. False when it is damaged. */
bool pq_unpack(int codec, const char *p, size_t n, char *out, size_t n_out);
/* Whether so many bytes can come of so few: claims are checked before memory is taken. */
bool pq_may_unpack(int codec, const char *p, size_t n, size_t n_out);
rc pq_pack(struct ctx *cx, int codec, int level, const char *p, size_t n, struct strbuf *out);

/* ---- bits (bits.c) ---- */
/* Mix of runs and packed groups (RLE). */
struct pq_rle {
    const uint8_t *p, *end;
    int width;
    uint64_t run; /* values left of a run */
    uint32_t value;
    uint64_t packed; /* values left of a packed stretch */
    const uint8_t *bits;
    uint64_t bit; /* next one of the stretch */
    bool is_msb;  /* the old BIT_PACKED order, for levels */
};
void pq_rle_open(struct pq_rle *r, const uint8_t *p, const uint8_t *end, int width);
void pq_packed_open(struct pq_rle *r, const uint8_t *p, const uint8_t *end, int width);
/* Next n values; false when there are not so many. */
bool pq_rle_take(struct pq_rle *r, uint32_t *out, int64_t n);
bool pq_rle_skip(struct pq_rle *r, int64_t n);
/* Values of the run that comes next, 0 when none: then *value is all of them. */
int64_t pq_rle_run(struct pq_rle *r, uint32_t *value);
/* out[i] = value i of `width` bits from bit `at` on; all bytes lie before end. */
void pq_unpack_bits(const uint8_t *p, const uint8_t *end, uint64_t at, int width, uint32_t *out,
                    int64_t n);
/* DELTA_BINARY_PACKED, value by value. */
struct pq_delta {
    const uint8_t *p, *end;
    uint64_t left;   /* values */
    uint64_t block;  /* values a block */
    uint64_t n_mini; /* miniblocks a block */
    uint64_t mini;   /* values a miniblock */
    uint64_t in_mini;
    uint64_t mini_at; /* miniblocks of the block begun */
    const uint8_t *widths;
    const uint8_t *bits;
    uint64_t last, min_delta;
    int width;
    bool is_first, bad;
};
bool pq_delta_open(struct pq_delta *d, const uint8_t *p, const uint8_t *end);
bool pq_delta_take(struct pq_delta *d, int64_t *out, int64_t n);
/* Where the data after it begins once all values are taken, or NULL. */
const uint8_t *pq_delta_end(const struct pq_delta *d);

/* ---- where values go (values.c) ---- */
struct pq_out {
    enum phys phys;
    void *data;      /* room for all rows; bool: a byte a value until it is packed */
    int64_t n;       /* rows there */
    uint64_t *valid; /* bits from row 0; meaningful when n_null > 0 or has_bits */
    bool has_bits;   /* valid covers rows [0, n) */
    int64_t cap;
    int64_t n_null;
    struct column *dict; /* PHYS_DICT: owned */
    const int32_t *lut;  /* codes are translated on their way (whole.c) */
    struct buf **bufs;   /* long texts live in these; owned */
    int n_bufs;
    char *heap; /* texts made here: the last of bufs */
    size_t heap_n, heap_cap;
    bool no_dict; /* whole.c: codes where texts are wanted */
    bool wants_dict;
    bool lost_dict; /* a page without codes came where only codes were expected */
};
void pq_out_release(struct pq_out *o);
void pq_out_keep(struct pq_out *o, struct buf *b); /* takes its own reference */
/* n values of `width` bytes each to out (in the leaf's phys). False: damaged. */
rc pq_convert(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l, const char *in, int64_t n,
              void *out, struct pq_out *o);
/* The same for byte arrays (BYTES): texts, or numbers for decimals. */
rc pq_convert_bytes(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l,
                    const struct str *in, int64_t n, void *out, struct pq_out *o);
/* Marks what the conversion could not give (NaN, instants out of range) in rows [at, at + n). */
rc pq_settle_nulls(struct ctx *cx, const struct pq_leaf *l, struct pq_out *o, int64_t at,
                   int64_t n);
/* From now on o->valid covers its rows. */
rc pq_need_bits(struct ctx *cx, struct pq_out *o);
size_t pq_width(const struct pq_leaf *l);      /* bytes of a stored value; 0: bytes */
static inline size_t pq_out_width(enum phys p) /* bytes in pq_out.data */
{
    return p == PHYS_BOOL ? 1 : phys_width(p);
}
bool pq_is_ascii(const char *p, size_t n);

/* ---- pages (page.c) ---- */
enum pq_form {
    FORM_NONE,
    FORM_FIXED, /* width bytes a value */
    FORM_BITS,  /* plain booleans */
    FORM_RLE,   /* booleans in runs */
    FORM_CODES,
    FORM_DELTA,
    FORM_PLAIN_BYTES, /* length, bytes, length, bytes .. */
    FORM_STRINGS      /* already apart */
};
struct pq_page {
    int64_t n;    /* entries: values and nulls */
    int64_t left; /* entries not taken yet */
    enum pq_form form;
    struct pq_rle def, rep;
    bool all_def; /* all entries not taken yet are values */
    const char *data, *end;
    int64_t at; /* FORM_FIXED, FORM_BITS, FORM_STRINGS: next value */
    struct pq_rle codes;
    struct pq_delta delta;
    struct str *strings;
    int64_t n_strings;
    bool is_ascii;
};
struct pq_reader { /* of one chunk */
    struct pq_scan *s;
    const struct pq_leaf *leaf;
    const struct pq_chunk *chunk;
    int64_t at, end; /* of the file: next page, and where the chunk ends */
    int64_t left;    /* entries of pages not begun */
    char *window;    /* bytes of the file from window_at on */
    int64_t window_at;
    size_t window_n, window_cap;
    struct buf *plain; /* the page unpacked */
    struct buf *split; /* BYTE_STREAM_SPLIT undone, DELTA_BYTE_ARRAY's texts */
    struct page_scratch {
        struct str *strings;
        size_t cap_strings;
        int64_t *wide;
        size_t cap_wide;
    } scratch;
    struct pq_page page;
    bool has_dict;
    int64_t n_dict;
    void *dict;                /* [n_dict] in the leaf's phys */
    struct pq_out dict_out;    /* owns it */
    bool wants_dict;           /* the caller can do with codes */
    bool wants_all;            /* only its texts, as they stand */
    struct column *dict_texts; /* then: all texts of the dictionary, as they stand there */
    struct column *dict_col;   /* and the distinct ones, or NULL */
    int32_t *dict_map;         /* code of the file to row of dict_col; NULL: the same */
    uint32_t *codes;           /* [PQ_STEP] */
    uint8_t *levels;           /* [2 * PQ_STEP] */
    struct str *step;          /* [PQ_STEP] */
};
#define PQ_STEP   2048  /* values that are taken at once inside */
#define PQ_WINDOW 16384 /* rows of a column that are pushed at once */
#define PQ_PAD    64    /* bytes that may be read beyond a page */
rc pq_reader_open(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *leaf,
                  const struct pq_chunk *chunk, struct pq_reader *out);
void pq_reader_close(struct pq_reader *r);
/* Makes a page with entries left current; E302 when the chunk has ended too early. */
rc pq_page_next(struct ctx *cx, struct pq_reader *r);
/* Header of the next data page without its body, for skipping: then pq_page_pass or pq_page_next.
 */
rc pq_page_peek(struct ctx *cx, struct pq_reader *r, struct pq_page_head *out);
void pq_page_pass(struct pq_reader *r, const struct pq_page_head *h);
/* Reads the dictionary page when it stands first (so that its texts are known before any code). */
rc pq_dict_load(struct ctx *cx, struct pq_reader *r);
/* forms.c: sets up page->form for an encoding */
rc pq_form_open(struct ctx *cx, struct pq_reader *r, int encoding, const uint8_t *p,
                const uint8_t *end, int64_t n_values);

/* ---- leaves (leaf.c) ---- */
/* Next k values of the page, dense, to `out` in o's phys. */
rc pq_take_values(struct ctx *cx, struct pq_reader *r, int64_t k, struct pq_out *o, int64_t at);
/* Next n rows of a flat leaf, after the o->n rows there (o has room). */
rc pq_read_flat(struct ctx *cx, struct pq_reader *r, int64_t n, struct pq_out *o);
rc pq_skip_flat(struct ctx *cx, struct pq_reader *r, int64_t n);
/* Memory for n rows of a leaf. */
rc pq_out_room(struct ctx *cx, const struct pq_leaf *l, int64_t n, struct pq_out *o);
/* Codes become texts: a page came that has none. */
rc pq_out_to_text(struct ctx *cx, struct pq_out *o);
/* Makes o ready for the next rows; data and validity are used again. */
void pq_out_reset(struct pq_out *o);
/* The rows of o for a batch, rows [at, ..). heap: from pq_out_heap, or NULL. at is a multiple of
 * 64. */
struct vec pq_out_view(const struct pq_out *o, const struct column *heap, int64_t at);
/* A column that holds o's long texts alive, or NULL when it has none. */
struct column *pq_out_heap(const struct pq_out *o);
/* Bytes of 0 and 1 as bits; may be the same memory. */
void pq_pack_bools(const char *bytes, int64_t n, uint64_t *bits);
/* Publishes: takes all memory of o. */
rc pq_out_column(struct ctx *cx, struct pq_out *o, struct dtype type, struct column **out);

/* Texts or codes as codes of the leaf's levels (own.c). */
rc pq_to_levels(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l, struct pq_out *o);

/* ---- nested columns (nested.c) ---- */
struct pq_levels {
    uint8_t *def, *rep;
    int64_t n, cap;
};
/* Next n_rows rows of field f as a column; readers[] of all its leaves, in order. out NULL: only
 * passed over. */
rc pq_read_nested(struct ctx *cx, struct pq_scan *s, struct pq_reader *readers,
                  const struct pq_field *f, int64_t n_rows, struct column **out);

/* ---- reading (read.c, whole.c) ---- */
static inline bool pq_is_flat(const struct pq_scan *s, const struct pq_field *f)
{
    return f->shape == PQ_IS_LEAF && s->leaves[f->leaf].max_rep == 0 &&
           s->leaves[f->leaf].max_def <= 1;
}
/* Readers of a field's leaves, at row `from` of the part; wants_dict: texts may come as codes. */
rc pq_field_open(struct ctx *cx, struct pq_scan *s, const struct pq_field *f,
                 const struct pq_part *part, bool wants_dict, struct pq_reader *out);
enum rc_t pq_read(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                  int64_t part, int64_t limit, io_push push, void *self);
enum rc_t pq_read_whole(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                        int64_t limit, struct column **out);
bool pq_bounds(const struct io_scan *scan, int col, struct scalar *lo, struct scalar *hi);
bool pq_skip(const struct io_scan *scan, int64_t part, const struct io_range *ranges, int n);
int64_t pq_rows_wanted(const struct pq_part *p, int64_t limit);

extern const struct io_format io_parquet;

#endif
