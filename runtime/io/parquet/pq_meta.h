/* pq_meta.h: what a file says of itself: schema, row groups, chunks, page headers, and the scan
 * that holds them. Names and numbers are those of the format (apache/parquet-format,
 * parquet.thrift). */
#ifndef MLNB_IO_PARQUET_PQ_META_H
#define MLNB_IO_PARQUET_PQ_META_H

#include "runtime/io/io_int.h"
#include "runtime/io/parquet/thrift.h"

enum pq_type { PQ_BOOL, PQ_INT32, PQ_INT64, PQ_INT96, PQ_FLOAT, PQ_DOUBLE, PQ_BYTES, PQ_FIXED };
enum pq_encoding {
    PQ_PLAIN = 0,
    PQ_PLAIN_DICTIONARY = 2,
    PQ_RLE = 3,
    PQ_BIT_PACKED = 4,
    PQ_DELTA_BINARY = 5,
    PQ_DELTA_LENGTH = 6,
    PQ_DELTA_BYTES = 7,
    PQ_RLE_DICTIONARY = 8,
    PQ_BYTE_STREAM_SPLIT = 9
};
enum pq_codec {
    PQ_NONE,
    PQ_SNAPPY,
    PQ_GZIP,
    PQ_LZO,
    PQ_BROTLI,
    PQ_LZ4_HADOOP,
    PQ_ZSTD,
    PQ_LZ4_RAW,
    PQ_CODECS
};
enum pq_page_type { PQ_DATA_PAGE, PQ_INDEX_PAGE, PQ_DICTIONARY_PAGE, PQ_DATA_PAGE_V2 };
enum pq_converted { /* the old annotations */
                    PQ_UTF8,
                    PQ_MAP,
                    PQ_MAP_KEY_VALUE,
                    PQ_LIST,
                    PQ_ENUM,
                    PQ_DECIMAL,
                    PQ_DATE,
                    PQ_TIME_MILLIS,
                    PQ_TIME_MICROS,
                    PQ_TIMESTAMP_MILLIS,
                    PQ_TIMESTAMP_MICROS,
                    PQ_UINT_8,
                    PQ_UINT_16,
                    PQ_UINT_32,
                    PQ_UINT_64,
                    PQ_INT_8,
                    PQ_INT_16,
                    PQ_INT_32,
                    PQ_INT_64,
                    PQ_JSON,
                    PQ_BSON,
                    PQ_INTERVAL
};
enum pq_logical {
    PQ_L_NONE,
    PQ_L_STRING,
    PQ_L_MAP,
    PQ_L_LIST,
    PQ_L_ENUM,
    PQ_L_DECIMAL,
    PQ_L_DATE,
    PQ_L_TIME,
    PQ_L_TIMESTAMP,
    PQ_L_INTERVAL,
    PQ_L_INTEGER,
    PQ_L_NULL,
    PQ_L_JSON,
    PQ_L_BSON,
    PQ_L_UUID,
    PQ_L_FLOAT16,
    PQ_L_VARIANT,
    PQ_L_GEOMETRY,
    PQ_L_GEOGRAPHY
};

/* ---- metadata ---- */
struct pq_element { /* of the schema, in the file's order */
    const char *name;
    int type;       /* enum pq_type; -1: a group */
    int length;     /* PQ_FIXED */
    int repetition; /* 0 required, 1 optional, 2 repeated */
    int n_children;
    int converted; /* -1: none */
    int logical;   /* enum pq_logical */
    int scale, precision;
    int unit; /* of time: 1 ms, 2 us, 3 ns */
    bool is_utc;
    int int_bits;
    bool is_unsigned;
};
struct pq_stats {
    struct str min, max; /* borrowed from the footer; as the type's own order has them */
    bool has_min, has_max;
    int64_t n_null; /* -1: not said */
};
struct pq_chunk {
    int type, codec;
    bool is_encrypted, is_elsewhere;
    bool is_all_dict; /* every data page holds codes, as the metadata has it */
    int64_t n_values; /* nulls too */
    int64_t offset;   /* of the first page */
    int64_t n_bytes;  /* of all pages, as stored */
    int64_t offset_index, column_index;
    int32_t n_offset_index, n_column_index;
    struct pq_stats stats;
};
struct pq_group {
    int64_t n_rows;
    int64_t rows_before;
    struct pq_chunk *chunks; /* [n_leaves] */
};

/* How a stored value becomes one of ours. */
enum pq_conv {
    CONV_BOOL,
    CONV_I32,
    CONV_U32,
    CONV_I64,
    CONV_U64,     /* above the greatest int: an error */
    CONV_U64_NUM, /* statistics say that there are such: num */
    CONV_SCALE32, /* times a power of ten: milliseconds of a day */
    CONV_SCALE64, /* times `mul`, or floored by `div` */
    CONV_INT96,
    CONV_F16,
    CONV_F32,
    CONV_F64,
    CONV_DECIMAL,
    CONV_TEXT,  /* UTF-8, else hexadecimal */
    CONV_BYTES, /* the same without annotation: NUL is no text either */
    CONV_HEX,
    CONV_UUID,
    CONV_INTERVAL
};
struct pq_leaf {
    const char *path; /* a.b.c, for messages */
    const struct pq_element *e;
    int index;
    int max_def, max_rep;
    enum pq_conv conv;
    int64_t mul, div; /* CONV_SCALE* */
    double ten;       /* CONV_DECIMAL: 10^scale, 0 when not exact */
    enum phys phys;   /* of values read */
    struct dtype dtype;
    struct column *levels; /* KIND_CAT: owned */
    uint32_t *level_slots; /* level + 1 by hash of its text */
    uint32_t level_mask;
    int order; /* 1: type's own; 2 IEEE 754 total order; 3 INT96; 0: statistics are void */
};
enum pq_shape { PQ_IS_LEAF, PQ_IS_STRUCT, PQ_IS_LIST };
struct pq_field {
    enum pq_shape shape;
    const char *name;
    struct dtype dtype;
    int def;                /* level from which it is there (not null) */
    int def_elem, rep_elem; /* list: level with an element, level at which elements repeat */
    int leaf;               /* first leaf in it */
    int n_leaves;
    int n_children;
    struct pq_field *children; /* struct: [n]; list: [1] */
};
struct pq_part { /* rows of a row group */
    int group;
    int64_t from, n;     /* rows within the group */
    int64_t rows_before; /* in the file */
};
struct pq_scan {
    struct io_scan_head head;
    struct arena *arena;
    struct span span;
    struct io_source *src;
    int64_t size;
    char *footer; /* metadata bytes; borrowed from */
    size_t n_footer;
    struct pq_element *elements;
    int n_elements;
    struct pq_group *groups;
    int n_groups;
    struct pq_leaf *leaves;
    int n_leaves;
    struct pq_field *fields; /* the columns */
    int n_fields;
    struct pq_part *parts;
    struct schema **nested; /* schemas of structs, owned here */
    int n_nested, cap_nested;
    uint8_t *orders; /* [n_leaves] ColumnOrder of the footer, or NULL */
    int64_t n_orders;
    const char *created_by;
    struct str own_types; /* our key: kinds that the format does not know */
    atomic_llong n_hex;   /* values that were no text */
    atomic_bool is_reported;
};
static inline struct pq_scan *pq_scan_of(const struct io_scan *s)
{
    return (struct pq_scan *)(uintptr_t)s;
}

/* meta.c */
rc pq_footer_parse(struct ctx *cx, struct pq_scan *s);
struct pq_page_head {
    int type;
    int32_t n_plain, n_packed; /* bytes after and before unpacking */
    bool has_crc;
    uint32_t crc;
    int32_t n_values, n_rows; /* n_rows -1: not said */
    int encoding, def_encoding, rep_encoding;
    int32_t n_def, n_rep; /* v2: bytes of levels */
    bool is_packed;       /* v2 */
    size_t n_head;        /* bytes of the header itself */
};
/* 1 parsed, 0 more bytes are needed, -1 broken. */
int pq_page_parse(const uint8_t *p, size_t n, struct pq_page_head *out);
/* schema.c */
rc pq_schema_make(struct ctx *cx, struct pq_scan *s);
/* own.c: types that only our writer tells of */
rc pq_own_types(struct ctx *cx, struct pq_scan *s);
/* A fault of a chunk (E302): names file and column. */
enum rc_t pq_broken(struct ctx *cx, const struct pq_scan *s, const struct pq_leaf *leaf,
                    const char *what);

#endif
