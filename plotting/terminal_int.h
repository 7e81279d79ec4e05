/* terminal_int.h: shared by the writers for terminals. */
#ifndef MLNB_PLOTTING_TERMINAL_INT_H
#define MLNB_PLOTTING_TERMINAL_INT_H

#include "plotting/draw.h"

/* terminal_ink.c: the escape that makes what follows (or its background) of this colour, in a
 * terminal of 16, 256 or all colours (0). */
void terminal_ink(struct strbuf *out, const struct draw_ink *c, int depth, bool is_back);
/* terminal_sixel.c: a picture as sixels (DEC STD 070), of at most 256 colours. */
void terminal_sixel(struct strbuf *out, const struct draw_image *image);

#endif
