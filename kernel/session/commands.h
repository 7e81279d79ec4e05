/* commands.h: the dot commands that mean the same in a console and in a cell of a notebook. */
#ifndef MLNB_KERNEL_SESSION_COMMANDS_H
#define MLNB_KERNEL_SESSION_COMMANDS_H

#include "kernel/session/session.h"

/* What commands show. html may be empty. */
typedef void (*command_show)(struct session *s, struct str plain, struct str html);
/* Runs a line that begins with a dot; false when no command has this name. */
bool session_command(struct session *s, struct str line, command_show show);
/* First word and the rest of a line, both trimmed. */
void command_split(struct str line, struct str *name, struct str *rest);
/* One row of a list of commands. */
void command_list_row(struct strbuf *out, const char *name, const char *args, const char *doc);

#endif
