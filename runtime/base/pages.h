/* pages.h: memory for large blocks in whole huge pages, kept when it is given back. A page that the
 * system hands out is cleared first, which costs more than most steps do with it: what one step
 * frees is therefore what the next one gets. Only mem.c calls this. */
#ifndef MLNB_BASE_PAGES_H
#define MLNB_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* n bytes at a multiple of HUGE_PAGE, not cleared; NULL when the system has none. Never makes the
 * process hold more than it would without keeping: before new pages are asked for, as many kept
 * ones go. Any thread. */
void *pages_get(size_t n);
/* Takes a block back; false: it is none of pages_get's. */
bool pages_put(void *p);
/* Bytes that are kept for later. */
size_t pages_kept(void);
/* Keeps at most n bytes from now on, and no more than a share of the machine's memory. */
void pages_keep_most(size_t n);
/* Gives all kept pages to the system. */
void pages_trim(void);

#endif
