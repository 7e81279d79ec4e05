/* test_plotting_chart.h: charts over small tables and over the taxi sample. */
#ifndef MLNB_TESTS_TEST_PLOTTING_CHART_H
#define MLNB_TESTS_TEST_PLOTTING_CHART_H

#include "plotting/chart.h"
#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/exec/executor.h"
#include "tests/unit/test_plotting.h"

struct bench {
    struct unit u;
    struct executor *x;
};
static inline struct ctx *bench_begin(struct bench *n, int threads)
{
    char url[32];
    struct ctx *cx = unit_begin(&n->u, threads);
    snprintf(url, sizeof url, "threads:%d", threads);
    assert_ok(cx, executor_open(cx, url, NO_SPAN, &n->x));
    return cx;
}
static inline void bench_end(struct bench *n)
{
    executor_close(n->x);
    unit_end(&n->u);
}
static inline struct plan *bench_plan(struct bench *n, struct making *m)
{
    struct plan *p;
    struct table *t = table_done(m);
    assert_ok(&n->u.cx, plan_table(&n->u.cx, t, "t", &p));
    table_unref(t);
    return p;
}
static inline struct chart_spec spec_of(const char *x, const char *y)
{
    struct chart_spec s = {
        .xmin = NAN, .xmax = NAN, .ymin = NAN, .ymax = NAN, .alpha = NAN, .outliers = -1};
    s.enc[CHART_X].column = x;
    s.enc[CHART_Y].column = y;
    return s;
}
static inline struct chart *bench_chart(struct bench *n, const struct chart_spec *s, struct plan *p)
{
    struct chart *c = NULL;
    assert_ok(&n->u.cx, chart_new(&n->u.cx, n->x, s, p, &c));
    return c;
}

/* ---- the yellow rows of the taxi sample, filtered as the tutorial does: 5,367 rows ---- */
struct taxi_row {
    double fare, tip, distance;
    int64_t passengers, pickup, secs, day, hour, weekday;
    char payment[8], vendor[8], zone[8];
};
static inline void taxi_fields(char *line, char *f[32])
{
    int n = 0;
    f[n++] = line;
    for (char *p = line; *p && n < 32; p++)
        if (*p == ',' || *p == '\n' || *p == '\r') {
            char c = *p;
            *p = 0;
            if (c == ',') f[n++] = p + 1;
        }
}
static inline double taxi_num(const char *s)
{
    double v = NAN;
    (void)num_parse(s, strlen(s), &v);
    return v;
}
static inline int64_t taxi_read(const char *path, struct taxi_row *out, int64_t most)
{
    char line[1024], *f[32];
    int64_t n = 0;
    FILE *in = fopen(path, "r");
    if (!in) return 0;
    while (fgets(line, sizeof line, in) && n < most) {
        struct taxi_row r = {0};
        bool has_zone;
        taxi_fields(line, f);
        if (strcmp(f[18], "yellow") != 0 ||
            !datetime_parse(f[1], strlen(f[1]), &r.pickup, &has_zone))
            continue;
        if (datetime_parse(f[2], strlen(f[2]), &r.secs, &has_zone)) r.secs -= r.pickup;
        r.passengers = (int64_t)taxi_num(f[3]);
        r.distance = taxi_num(f[4]);
        r.fare = taxi_num(f[10]);
        r.tip = taxi_num(f[13]);
        bool keeps = r.passengers > 0 && r.tip >= 0 && r.fare >= 1 && r.fare <= 250 &&
                     r.distance > 0 && r.distance <= 200;
        if (!keeps) continue;
        struct civil c;
        civil_from_us(r.pickup, &c);
        r.day = civil_day_of_us(r.pickup);
        r.hour = c.hour;
        r.weekday = civil_weekday(r.day) % 7 + 1; /* 1 = Sunday */
        snprintf(r.payment, sizeof r.payment, "%.7s", f[9]);
        snprintf(r.vendor, sizeof r.vendor, "%.7s", f[0]);
        snprintf(r.zone, sizeof r.zone, "%.7s", f[7]);
        out[n++] = r;
    }
    fclose(in);
    return n;
}
#define TAXI_NUM(name, field)                                                                      \
    do {                                                                                           \
        for (int64_t i = 0; i < rows; i++)                                                         \
            num[i] = r[i].field;                                                                   \
        add_num(&m, name, num, rows);                                                              \
    } while (0)
#define TAXI_INT(name, kind, field)                                                                \
    do {                                                                                           \
        for (int64_t i = 0; i < rows; i++)                                                         \
            whole[i] = r[i].field;                                                                 \
        add_ints(&m, name, kind, whole, rows);                                                     \
    } while (0)
#define TAXI_STR(name, field)                                                                      \
    do {                                                                                           \
        for (int64_t i = 0; i < rows; i++)                                                         \
            text[i] = r[i].field;                                                                  \
        add_str(&m, name, text, rows);                                                             \
    } while (0)
static inline struct plan *taxi_plan(struct bench *n)
{
    enum { MOST = 6000 };
    static struct taxi_row r[MOST];
    static double num[MOST];
    static int64_t whole[MOST];
    static const char *text[MOST];
    static int flag[MOST];
    char path[400];
    snprintf(path, sizeof path, "%s/tests/data/taxi/taxis_2019_03_raw.csv", TEST_SOURCE_DIR);
    int64_t rows = taxi_read(path, r, MOST);
    if (rows == 0) skip();
    struct making m = {.cx = &n->u.cx};
    TAXI_NUM("fareAmount", fare);
    TAXI_NUM("tipAmount", tip);
    TAXI_NUM("tripDistance", distance);
    TAXI_INT("passengerCount", KIND_INT, passengers);
    TAXI_INT("pickup", KIND_DATETIME, pickup);
    TAXI_INT("secs", KIND_DURATION, secs);
    TAXI_INT("day", KIND_DATE, day);
    TAXI_INT("hour", KIND_INT, hour);
    TAXI_INT("dayOfWeek", KIND_INT, weekday);
    TAXI_STR("paymentType", payment);
    TAXI_STR("vendorID", vendor);
    TAXI_STR("zone", zone);
    for (int64_t i = 0; i < rows; i++)
        flag[i] = r[i].weekday == 1 || r[i].weekday == 7;
    add_bool(&m, "weekend", flag, rows);
    return bench_plan(n, &m);
}

#endif
