/* fn_oracle.h: reading the tab-separated files of tests/data/oracle, and running aggregates and
 * windows on columns as an executor does. */
#ifndef MLNB_TESTS_FN_ORACLE_H
#define MLNB_TESTS_FN_ORACLE_H

#include "tests/unit/fn_kit.h"

#define MAX_FIELDS 16
struct oracle {
    FILE *f;
    char line[4096];
    struct str field[MAX_FIELDS];
    int n;
};
KIT void oracle_open(struct oracle *o, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/data/oracle/%s", TEST_SOURCE_DIR, name);
    o->f = fopen(path, "r");
    if (!o->f) fail_msg("cannot open %s", path);
}
/* Next line split into fields; false (and closed) at the end. */
KIT bool oracle_next(struct oracle *o)
{
    if (!fgets(o->line, sizeof o->line, o->f)) {
        fclose(o->f);
        return false;
    }
    o->line[strcspn(o->line, "\n")] = '\0';
    o->n = 0;
    for (char *p = o->line; p && o->n < MAX_FIELDS;) {
        char *tab = strchr(p, '\t');
        size_t len = tab ? (size_t)(tab - p) : strlen(p);
        o->field[o->n++] = (struct str){p, len};
        p = tab ? tab + 1 : NULL;
    }
    return true;
}
KIT double field_num(struct str s)
{
    char buf[64];
    snprintf(buf, sizeof buf, "%.*s", STR_FMT(s));
    return strtod(buf, NULL);
}
KIT int64_t field_int(struct str s)
{
    char buf[64];
    snprintf(buf, sizeof buf, "%.*s", STR_FMT(s));
    return strtoll(buf, NULL, 10);
}
KIT struct scalar val_str(struct str s)
{
    return (struct scalar){.type = DTYPE(KIND_STR), .u.s = s};
}
/* Numbers of column k of a file; empty fields are null. */
KIT struct column *oracle_column(struct ctx *cx, const char *name, int k)
{
    struct oracle o;
    struct builder b;
    struct column *c;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    oracle_open(&o, name);
    while (oracle_next(&o)) {
        if (o.field[k].n)
            assert_ok(cx, builder_f64(cx, &b, field_num(o.field[k])));
        else
            assert_ok(cx, builder_null(cx, &b));
    }
    assert_ok(cx, builder_finish(cx, &b, &c));
    return c;
}

#endif
