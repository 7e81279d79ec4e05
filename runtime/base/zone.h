/* zone.h: time zones of the IANA database as the system has them (package tzdata): TZif files of
 * RFC 8536, read at first use and kept for the life of the process. Fixed offsets (`+02:00`) and
 * `UTC` need no file. Instants are microseconds from 1970-01-01T00:00:00 UTC; local times are
 * microseconds of the zone's own clock, counted the same way. Any thread. */
#ifndef MLNB_BASE_ZONE_H
#define MLNB_BASE_ZONE_H

#include "runtime/base/str.h"

struct zone;
/* NULL when no zone of that name is known here. */
const struct zone *zone_find(const char *name);
/* Seconds east of UTC at an instant. O(log transitions). */
int32_t zone_offset(const struct zone *z, int64_t us);
int64_t zone_to_local(const struct zone *z, int64_t us);
/* A clock time that comes twice is the earlier instant; one that is left out (the hour a clock
 * jumps over) is moved on by the length of the jump, as java.time does. */
int64_t zone_to_utc(const struct zone *z, int64_t local);
/* n at a time: neighbours usually share an offset. in may be out. */
void zone_to_local_all(const struct zone *z, const int64_t *in, int64_t n, int64_t *out);
void zone_to_utc_all(const struct zone *z, const int64_t *in, int64_t n, int64_t *out);

#define ZONED_TEXT_MAX 64
/* An instant in a zone as text: `2019-01-31 08:30:00-05:00`, `...Z` for UTC, plain without a zone
 * (NULL) or in one that is not known here (then UTC with Z). Returns the length. */
int zoned_format(int64_t us, const char *zone, char buf[ZONED_TEXT_MAX]);

#endif
