/* file.h: small files written so that a crash leaves the old one or the new one, never half: beside
 * the target, synced, renamed, folder synced. (Streams of data: runtime/io's io_output.) */
#ifndef MLNB_BASE_FILE_H
#define MLNB_BASE_FILE_H

#include "runtime/base/rc.h"
#include "runtime/base/str.h"

/* Replaces (or makes) the file at path by bytes; a symbolic link keeps pointing where it points, an
 * old file keeps its mode. Errors: E306 in the user's words; nothing is left behind. */
rc file_replace(struct ctx *cx, const char *path, struct str bytes, struct span span);
/* All of a file of at most `most` bytes; mem_free *out. Errors: E301, E302. */
rc file_read(struct ctx *cx, const char *path, size_t most, struct span span, char **out,
             size_t *out_n);
/* E306 for a path that cannot be written because of `why` (errno). */
enum rc_t file_cannot_write(struct ctx *cx, const char *path, struct span span, int why);
/* Makes the rename of a file in the folder of `path` survive a crash; failure is harmless. */
void file_sync_folder(const char *path);
/* mkdir -p: every folder on the way to `path`, and path itself when it is_folder. E306. */
rc file_make_folders(struct ctx *cx, const char *path, bool is_folder, unsigned mode,
                     struct span span);

#endif
