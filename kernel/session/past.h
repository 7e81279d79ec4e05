/* past.h: what earlier sessions ran: one file of the console, one entry a line with \n and \\
 * escaped, appended to under a lock. */
#ifndef MLNB_KERNEL_SESSION_PAST_H
#define MLNB_KERNEL_SESSION_PAST_H

struct past {
    char **entries; /* oldest first */
    int n;
};
/* $XDG_STATE_HOME/mlnb/history, else under ~/.local/state; mem_free it. NULL when there is no home.
 */
char *past_path(void);
/* The newest entries, 5,000 at most; none where there is no file. */
void past_read(const char *path, struct past *out);
void past_free(struct past *p);
/* Appends an entry; makes the folders. What cannot be written is not kept. */
void past_append(const char *path, const char *text);

#define PAST_MAX 5000

#endif
