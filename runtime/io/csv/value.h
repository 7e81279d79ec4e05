/* value.h: the dialect of a file, and what one field of it is. */
#ifndef MLNB_IO_CSV_VALUE_H
#define MLNB_IO_CSV_VALUE_H

#include "runtime/base/arena.h"
#include "runtime/col/column.h"

/* ---- dialect ---- */
enum csv_ragged {
    CSV_RAGGED_FILL,  /* short rows get nulls (W306), long ones are an error */
    CSV_RAGGED_ERROR, /* both are errors */
    CSV_RAGGED_CUT    /* short rows get nulls, long ones lose the rest (W306) */
};
struct csv_dialect {
    char delim;
    char quote;   /* when has_quote */
    char comment; /* when has_comment: lines that begin with it are left out */
    char escape;  /* when has_escape: the delimiter, quote or escape after it is text */
    bool has_quote, has_comment, has_escape;
    struct str delims; /* a delimiter of several characters; `delim` is the last of them */
    const int *starts; /* fixed width: the character each column starts at, n_starts + 1 of them */
    int n_starts;
    char decimal;           /* ',' where numbers are written so, else 0 */
    struct str date_format; /* n 0: ISO only */
    bool trim;              /* blanks around fields are cut */
    bool cr_lines;          /* the file's head has lone CR line ends only: blocks are cut there */
    enum csv_ragged ragged;
    struct str *na; /* more spellings of null, for every column */
    int n_na;
    uint64_t na_lengths; /* bit min(length, 63) */
    bool na_any;         /* n_na > 0: no value may be taken without asking */
};

/* ---- kinds of value (a column's set of them decides its type) ---- */
enum {
    CSV_INT = 1,
    CSV_NUM = 2,
    CSV_BOOL = 4,
    CSV_DATE = 8,
    CSV_TIME = 16,  /* datetime without a zone */
    CSV_ZONED = 32, /* datetime with one */
    CSV_TEXT = 64,
    CSV_ZERO = 128, /* a number written with a zero before another digit */
    CSV_NAN = 256   /* NaN: null, but says that the column holds numbers */
};
/* Structure is found byte by byte, by the rules that few files need. */
static inline bool csv_is_odd(const struct csv_dialect *d)
{
    return d->has_comment || d->has_escape || d->delims.n > 1 || d->n_starts > 0;
}
struct csv_value {
    union {
        int64_t i; /* int; date: days; datetime: microseconds; bool */
        double f;
    };
};
/* Correctly rounded value of -?digits[.digits][e..] with at most 19 digits that count; false: ask
 * num_parse. May look 16 bytes past the end. */
bool csv_decimal(const char *p, size_t n, double *out);
struct str csv_trim(struct str s); /* blanks and tabs at both ends */
/* Kind of a raw field (0 = null in a non-text column) and its value. A number with a leading zero
 * is CSV_ZERO plus its kind. */
uint32_t csv_classify(const struct csv_dialect *d, struct str raw, struct csv_value *v);
/* The text of a raw field: outer quotes and, with trim, blanks cut off; doubled quotes made single
 * in `side` when there are any. *was_quoted tells an empty text from null. */
struct str csv_field_text(const struct csv_dialect *d, struct str raw, struct arena *side,
                          bool *was_quoted);
/* As csv_field_text, but doubled quotes stay: *has_double. */
struct str csv_field_inner(const struct csv_dialect *d, struct str raw, bool *was_quoted,
                           bool *has_double);
bool csv_is_na(const struct csv_dialect *d, struct str text);
enum csv_fit { CSV_FITS, CSV_IS_NULL, CSV_MISFIT };
/* The value a raw field has in a column of a (non-text) kind. */
enum csv_fit csv_convert(const struct csv_dialect *d, enum kind kind, struct str raw,
                         struct csv_value *v);
/* NA, null, NULL: null in columns that are not text. */
bool csv_is_null_word(struct str text);
/* Type that holds a set of kinds; a set that has become KIND_STR and is not 0 stays so. */
enum kind csv_kind_of(uint32_t kinds);

#endif
