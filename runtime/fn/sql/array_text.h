/* array_text.h: arrays as PostgreSQL writes them: `{1,NULL,"a b"}`. */
#ifndef MLNB_FN_SQL_ARRAY_TEXT_H
#define MLNB_FN_SQL_ARRAY_TEXT_H

#include "runtime/base/str.h"

/* Reads the next item of the array text s from *at on (0 at first) into b (emptied). False when
 * there is none: then *is_bad tells whether s is no array of plain values. */
bool sql_array_next(struct str s, size_t *at, struct strbuf *b, bool *is_null, bool *is_bad);

#endif
