/* thrift.h: Thrift's compact protocol, the part that Parquet's metadata needs. The reader checks
 * every length and depth and remembers the first fault (`bad`): after it nothing is read any more
 * and all values are zero, so that callers look once at the end. Source: Apache Thrift, "Thrift
 * compact protocol". */
#ifndef MLNB_IO_PARQUET_THRIFT_H
#define MLNB_IO_PARQUET_THRIFT_H

#include "runtime/base/str.h"

enum thrift_type {
    THRIFT_STOP,
    THRIFT_TRUE,
    THRIFT_FALSE,
    THRIFT_I8,
    THRIFT_I16,
    THRIFT_I32,
    THRIFT_I64,
    THRIFT_DOUBLE,
    THRIFT_BINARY,
    THRIFT_LIST,
    THRIFT_SET,
    THRIFT_MAP,
    THRIFT_STRUCT
};

struct thrift {
    const uint8_t *p, *end;
    int depth;
    bool bad;
    bool is_short; /* bad because the bytes end: more of them may help */
};
struct thrift_field { /* of the struct at work: start with {0} */
    int id;
    int type;
};
/* The next field of a struct; false at its end or after a fault. */
bool thrift_next(struct thrift *t, struct thrift_field *f);
void thrift_skip(struct thrift *t, int type); /* a value */
int64_t thrift_int(struct thrift *t, const struct thrift_field *f);
bool thrift_bool(struct thrift *t, const struct thrift_field *f);
struct str thrift_binary(struct thrift *t, const struct thrift_field *f); /* borrowed */
/* Elements of a list of this type; 0 after a fault. An element takes at least a byte. */
int64_t thrift_list(struct thrift *t, const struct thrift_field *f, int type);
int64_t thrift_element_int(struct thrift *t);
struct str thrift_element_binary(struct thrift *t);
/* Bracket a struct inside (a field's or an element): false when it lies too deep. */
bool thrift_enter(struct thrift *t, const struct thrift_field *f); /* f NULL: element */
void thrift_leave(struct thrift *t);

/* Writing: fields in rising order; `last` is the id before in the same struct. */
struct thrift_out {
    struct strbuf b;
    int last[16];
    int depth;
};
void thrift_put_int(struct thrift_out *o, int id, enum thrift_type type, int64_t v);
void thrift_put_bool(struct thrift_out *o, int id, bool v);
void thrift_put_binary(struct thrift_out *o, int id, struct str s);
void thrift_put_list(struct thrift_out *o, int id, enum thrift_type type, int64_t n);
void thrift_put_element_int(struct thrift_out *o, int64_t v);
void thrift_put_element_binary(struct thrift_out *o, struct str s);
void thrift_open(struct thrift_out *o, int id); /* id 0: an element, or the outermost */
void thrift_close(struct thrift_out *o);

#endif
