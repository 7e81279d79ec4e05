/* table_mode.h: the ways a frame is written for people and for other programs. */
#ifndef MLNB_KERNEL_SESSION_TABLE_MODE_H
#define MLNB_KERNEL_SESSION_TABLE_MODE_H

#include "plotting/table/table_view.h"

enum table_mode {
    TABLE_BOX,
    TABLE_PLAIN,
    TABLE_MARKDOWN,
    TABLE_VERTICAL,
    TABLE_HTML,
    TABLE_CSV,
    TABLE_TSV,
    TABLE_JSON,
    TABLE_JSONL
};
bool table_mode_named(struct str name, enum table_mode *out);
const char *table_mode_name(enum table_mode m);
/* "box, plain, markdown, .." */
const char *table_mode_list(void);
/* For programs: all rows are written, whatever a person would be shown. */
bool table_mode_is_data(enum table_mode m);
/* Appends the frame; view says rows, digits, width and colour where the mode has them. */
void table_mode_text(struct strbuf *out, enum table_mode m, const struct table *t,
                     const struct table_view *view);

#endif
