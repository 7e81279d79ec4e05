/* Tails of distributions against scipy (tests/oracle/ml_special.py). */
#include "tests/unit/unit.h"

#include "runtime/base/num.h"
#include "runtime/ml/special_int.h"

struct sample {
    char what[8];
    double a, b, x, value;
};

static bool read_sample(FILE *f, struct sample *out)
{
    return fscanf(f, " %7[^,],%lf,%lf,%lf,%lf", out->what, &out->a, &out->b, &out->x,
                  &out->value) == 5;
}

static double computed(const struct sample *s)
{
    switch (s->what[0]) {
    case 'b': return special_beta(s->a, s->b, s->x, 1.0 - s->x);
    case 't': return special_t_two_sided(s->x, s->a);
    case 'f': return special_f_upper(s->x, s->a, s->b);
    default: return special_normal_two_sided(s->x);
    }
}

TEST(tails_agree_with_scipy)
{
    FILE *f = fopen(TEST_SOURCE_DIR "/tests/data/oracle/ml_special.csv", "r");
    assert_non_null(f);
    char head[64];
    assert_non_null(fgets(head, sizeof head, f));
    struct sample s;
    int n = 0;
    while (read_sample(f, &s)) {
        n++;
        assert_close(computed(&s), s.value, 1e-12, 1e-307);
    }
    fclose(f);
    assert_int_equal(n, 124);
}

TEST(tails_at_the_ends)
{
    assert_close(special_t_two_sided(INFINITY, 3), 0.0, 0, 0);
    assert_close(special_f_upper(-1, 2, 3), 1.0, 0, 0);
    assert_close(special_f_upper(INFINITY, 2, 3), 0.0, 0, 0);
    assert_close(special_beta(2, 3, 0, 1), 0.0, 0, 0);
    assert_close(special_beta(2, 3, 1, 0), 1.0, 0, 0);
}
