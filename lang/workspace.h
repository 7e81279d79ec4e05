/* workspace.h - a folder that keeps the session's tables (`use workspace`). */
#ifndef MLNB_LANG_WORKSPACE_H
#define MLNB_LANG_WORKSPACE_H

#include "lang/lang_int.h"

/* `use workspace("DIR")`: opens (or makes) the folder, binds its tables to variables and keeps the
 * session's frames in it from now on. E302 while another session uses it. */
rc workspace_open(struct lang *lg, struct str folder, struct span span);
/* After a top-level statement: stores frames that are new or changed, drops those that are gone.
 * Nothing without a workspace. */
rc workspace_sync(struct lang *lg, struct span span);
void workspace_close(struct lang *lg);

#endif
