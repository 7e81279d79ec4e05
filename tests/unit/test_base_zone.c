/* Zones against Python's zoneinfo (tests/oracle/base_zone.py); skipped where the system has none.
 */
#include "tests/unit/unit.h"

#include "runtime/base/civil.h"
#include "runtime/base/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TEST(offsets_and_instants)
{
    FILE *f = fopen(TEST_SOURCE_DIR "/tests/data/oracle/base_zone.tsv", "r");
    char name[64];
    int64_t utc, local, instant, n = 0;
    int east;
    if (!zone_find("Europe/Berlin")) skip();
    assert_non_null(f);
    while (fscanf(f, "%63s %" SCNd64 " %d %" SCNd64 " %" SCNd64, name, &utc, &east, &local,
                  &instant) == 5) {
        const struct zone *z = zone_find(name);
        int64_t back;
        assert_non_null(z);
        assert_int_equal(zone_offset(z, utc), east);
        assert_int_equal(zone_to_local(z, utc), utc + east * US_PER_SECOND);
        if (zone_to_utc(z, local) != instant)
            fail_msg("%s: clock %" PRId64 " is %" PRId64 ", not %" PRId64, name, local,
                     zone_to_utc(z, local), instant);
        zone_to_utc_all(z, &local, 1, &back);
        assert_int_equal(back, instant);
        n++;
    }
    fclose(f);
    assert_true(n > 300);
}

TEST(all_at_once_is_one_by_one)
{
    const struct zone *z = zone_find("America/New_York");
    static int64_t in[20000], out[20000];
    if (!z) skip();
    for (int i = 0; i < 20000; i++)
        in[i] = INT64_C(1500000000) * US_PER_SECOND + (int64_t)i * 4813 * US_PER_SECOND;
    zone_to_local_all(z, in, 20000, out);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(out[i], zone_to_local(z, in[i]));
    zone_to_utc_all(z, in, 20000, out);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(out[i], zone_to_utc(z, in[i]));
}

TEST(names)
{
    char text[ZONED_TEXT_MAX];
    assert_null(zone_find("../../etc/passwd"));
    assert_null(zone_find("/etc/localtime"));
    assert_null(zone_find("Mars/Olympus"));
    assert_null(zone_find(""));
    assert_int_equal(zone_offset(zone_find("+05:30"), 0), 19800);
    assert_int_equal(zone_offset(zone_find("-08:00"), 0), -28800);
    zoned_format(0, "+05:30", text);
    assert_string_equal(text, "1970-01-01 05:30:00+05:30");
    zoned_format(0, "UTC", text);
    assert_string_equal(text, "1970-01-01 00:00:00Z");
    zoned_format(0, NULL, text);
    assert_string_equal(text, "1970-01-01 00:00:00");
}

/* Damaged files are refused, whatever is cut or changed in them. */
TEST(damaged_files)
{
    char folder[] = "/tmp/mlnb-zone-XXXXXX", path[128], name[32];
    static unsigned char good[65536], bad[65536];
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    if (!f) skip();
    size_t n = fread(good, 1, sizeof good, f);
    fclose(f);
    assert_non_null(mkdtemp(folder));
    setenv("TZDIR", folder, 1);
    for (unsigned i = 0; i < 400; i++) {
        size_t len = i % 2 ? n : (size_t)i * n / 400;
        memcpy(bad, good, n);
        if (i % 2) bad[(i * 2654435761u) % n] ^= (unsigned char)(1 + i % 255);
        snprintf(name, sizeof name, "Z%u", i);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(bad, 1, len, f), len);
        fclose(f);
        const struct zone *z = zone_find(name);
        if (z) (void)zone_to_utc(z, INT64_C(1600000000) * US_PER_SECOND); /* whatever it says */
        unlink(path);
    }
    rmdir(folder);
    unsetenv("TZDIR");
}
