/* interval.h: SQL's texts of time: intervals, dates and timestamps as PostgreSQL reads them. */
#ifndef MLNB_FN_SQL_INTERVAL_H
#define MLNB_FN_SQL_INTERVAL_H

#include "runtime/base/str.h"

/* Months are kept apart because their length is not fixed; days are 24 hours. */
struct sql_interval {
    int64_t months;
    int64_t us;
};
/* Reads `1 day 2 hours`, `1 year 2 mons`, `01:30:00`, `1-2`, `P1Y2M3DT4H`, `-3 days ago`. `unit`
 * says what a bare number counts (`interval '3' month`: "month"), empty for seconds. False when s
 * is no interval or does not fit. */
bool sql_interval_read(struct str s, struct str unit, struct sql_interval *out);
/* The interval of n of a unit ("hour", "mons", "w" ..); false when there is no such unit. */
bool sql_interval_unit(struct str unit, double n, struct sql_interval *out);

/* Reads what the DSL's casts read and `20190131`, `January 31, 2019`, `31 Jan 2019`, `1/31/2019`
 * (month first), `epoch`, each with a time after it or not. */
bool sql_read_datetime(struct str s, int64_t *out_us);

/* As PostgreSQL writes an interval: `1 day 02:00:00`; at least 64 bytes. */
int sql_interval_write(int64_t us, char *buf, size_t n);
/* As PostgreSQL writes a double: `2`, `0.1`, `1e+20`, `Infinity`. */
int sql_num_write(double x, char *buf, size_t n);

#endif
