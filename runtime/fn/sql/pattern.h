/* pattern.h: the patterns of to_char, to_date and to_timestamp (PostgreSQL's manual, chapter 9.8).
 */
#ifndef MLNB_FN_SQL_PATTERN_H
#define MLNB_FN_SQL_PATTERN_H

#include "runtime/base/str.h"

enum time_pattern {
    TP_TEXT, /* literal */
    TP_YYYY,
    TP_YCYYY, /* Y,YYY */
    TP_YYY,
    TP_YY,
    TP_Y,
    TP_IYYY,
    TP_MONTH,
    TP_MON,
    TP_MM,
    TP_DAY,
    TP_DY,
    TP_DDD,
    TP_DD,
    TP_ID,
    TP_D,
    TP_WW,
    TP_IW,
    TP_W,
    TP_CC,
    TP_J,
    TP_Q,
    TP_HH24,
    TP_HH12,
    TP_MI,
    TP_SSSS, /* seconds past midnight */
    TP_SS,
    TP_MS,
    TP_US,
    TP_AM,  /* am pm */
    TP_A_M, /* a.m. p.m. */
    TP_TZ,
    TP_COUNT
};
enum letter_case { CASE_UPPER, CASE_TITLE, CASE_LOWER };

struct time_token {
    enum time_pattern kind;
    enum letter_case letters; /* of names, am, pm, th */
    bool fill_off;            /* FM */
    bool ordinal;             /* TH, th */
    struct str text;          /* TP_TEXT */
};
/* Takes the next token off the pattern; false at its end. *fm is kept between calls (FM holds for
 * the token after it). */
bool time_token_next(struct str *pattern, struct time_token *out);

extern const char *const month_names[12], *const day_names[7]; /* January .., Monday .. */

#endif
