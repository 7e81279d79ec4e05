/* io_columns.h: any value of a column as text, nested ones too, read off the column itself. */
#ifndef MLNB_TESTS_IO_COLUMNS_H
#define MLNB_TESTS_IO_COLUMNS_H

#include "tests/unit/io_files.h"

static inline void element(struct strbuf *b, const struct column *c, int64_t i);

static inline void elements(struct strbuf *b, const struct column *c, int64_t i)
{
    const int64_t *at = c->data;
    strbuf_addc(b, '[');
    for (int64_t k = at[i]; k < at[i + 1]; k++) {
        if (k > at[i]) strbuf_addc(b, ',');
        element(b, c->child[0], k);
    }
    strbuf_addc(b, ']');
}

static inline void fields(struct strbuf *b, const struct column *c, int64_t i)
{
    strbuf_addc(b, '{');
    for (int k = 0; k < c->n_child; k++) {
        if (k) strbuf_addc(b, ',');
        element(b, c->child[k], i);
    }
    strbuf_addc(b, '}');
}

/* A value in the words of the oracle. */
static inline void element(struct strbuf *b, const struct column *c, int64_t i)
{
    uint64_t bits;
    if (!bit_valid(c->valid, i)) {
        strbuf_addz(b, "null");
        return;
    }
    if (c->phys == PHYS_LIST) {
        elements(b, c, i);
        return;
    }
    if (c->phys == PHYS_STRUCT) {
        fields(b, c, i);
        return;
    }
    struct scalar s = column_scalar(c, i);
    switch (s.type.kind) {
    case KIND_BOOL: strbuf_addz(b, s.u.b ? "true" : "false"); break;
    case KIND_NUM:
        memcpy(&bits, &s.u.f, 8);
        strbuf_printf(b, "%016llx", (unsigned long long)bits);
        break;
    case KIND_STR:
    case KIND_CAT: strbuf_adds(b, s.u.s); break;
    default: strbuf_printf(b, "%lld", (long long)s.u.i);
    }
}

#endif
