/* fb.h: FlatBuffers, as much as Arrow's messages need (flatbuffers.dev/internals): reading
 * untrusted bytes with every place checked, and a writer that builds from the end of a buffer. */
#ifndef MLNB_IO_ARROW_FB_H
#define MLNB_IO_ARROW_FB_H

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

/* ---- reading ---- */
struct fb { /* the bytes; is_bad once something pointed outside them */
    const unsigned char *p;
    size_t n;
    bool is_bad;
};
typedef size_t fb_at; /* a place in the bytes; 0 = none (no table starts there) */
fb_at fb_root(struct fb *b);
/* Values of field `id` of the table, or what stands for an absent one. */
int64_t fb_i64(struct fb *b, fb_at table, int id, int64_t absent);
int32_t fb_i32(struct fb *b, fb_at table, int id, int32_t absent);
int16_t fb_i16(struct fb *b, fb_at table, int id, int16_t absent);
uint8_t fb_u8(struct fb *b, fb_at table, int id, uint8_t absent);
fb_at fb_table(struct fb *b, fb_at table, int id);
struct str fb_str(struct fb *b, fb_at table, int id); /* .p NULL when absent */
/* A vector: its elements' place, and how many of `width` bytes are there. */
fb_at fb_vector(struct fb *b, fb_at table, int id, size_t width, uint32_t *n);
fb_at fb_vector_table(struct fb *b, fb_at elements, uint32_t i);
int64_t fb_raw_i64(struct fb *b, fb_at at);
int32_t fb_raw_i32(struct fb *b, fb_at at);

/* ---- writing: strings, vectors and tables must be finished before the table that holds them ----
 */
struct fb_out {
    unsigned char *p; /* used bytes are the last n of cap */
    size_t n, cap, align;
    uint32_t field[16]; /* places of the fields of the table at work, from the end; 0 = absent */
    size_t table_start;
    int n_fields;
};
typedef uint32_t fb_ref; /* a place counted from the end */
void fb_out_release(struct fb_out *o);
fb_ref fb_put_str(struct fb_out *o, const char *text);
void fb_begin(struct fb_out *o);
void fb_field_i64(struct fb_out *o, int id, int64_t v);
void fb_field_i32(struct fb_out *o, int id, int32_t v);
void fb_field_i16(struct fb_out *o, int id, int16_t v);
void fb_field_u8(struct fb_out *o, int id, uint8_t v);
void fb_field_ref(struct fb_out *o, int id, fb_ref ref); /* 0: left out */
fb_ref fb_end(struct fb_out *o);
/* Vector of n structs of `width` bytes, aligned to 8. */
fb_ref fb_put_structs(struct fb_out *o, const void *items, size_t width, uint32_t n);
fb_ref fb_put_refs(struct fb_out *o, const fb_ref *refs, uint32_t n);
/* Adds the root; the finished bytes are the last o->n of the buffer, a multiple of 8. */
const unsigned char *fb_finish(struct fb_out *o, fb_ref root);

#endif
