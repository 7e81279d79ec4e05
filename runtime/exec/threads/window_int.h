/* window_int.h: inside window steps. The table's rows are put in window order (group by group, each
 * in the sort clause's order); an item is computed on stretches of whole groups in parallel, in
 * window order, and its column is put back into input order at the end. */
#ifndef MLNB_EXEC_WINDOW_INT_H
#define MLNB_EXEC_WINDOW_INT_H

#include "runtime/exec/threads/threads_int.h"

/* Rows in window order. */
struct window_order {
    int64_t n;
    int64_t *rows;  /* [n] table rows; NULL = as they are */
    int64_t *start; /* [n_groups + 1] */
    int64_t n_groups;
};
struct window {
    struct run *run;
    const struct plan *node;
    struct table *table;
    struct groups groups;
    struct window_order order;
    struct column **sort_cols; /* [n_sort] */
    struct order_key *keys;    /* [n_sort] over the table's rows */
    int64_t *stretch;          /* [n_stretches + 1] groups */
    int64_t n_stretches;
};
/* One item at work. */
struct window_item {
    struct window *w;
    const struct expr *e;
    struct column **args; /* [n_args] table rows, no codes; NULL where constant */
    struct column *where; /* bools, or NULL */
    struct scalar *consts;
    bool *is_const;
    struct dtype *arg_types;
    const struct window_order *order; /* the window's, or by the argument (rank) */
    struct column *clock;             /* FRAME_TIME, FRAME_RANGE: the first sort key, canonical */
    struct column **parts;            /* [n_stretches] results in window order */
};
/* Rows of one stretch of groups: everything gathered in window order. */
struct stretch {
    struct window_item *it;
    struct ctx *cx;
    int64_t from, to;     /* window rows */
    int64_t g_from, g_to; /* groups */
    struct column **args; /* [n_args] canonical, rows 0.. = window rows from.. */
};
rc agg_stretch(struct stretch *s, struct column **out);

/* ---- where frames lie (bounds.c) ---- */
struct span_of_rows {
    int64_t from, to;
};
#define MAX_SPANS 3 /* what is left of a frame when something in its middle is excluded */
/* The frames of the rows of one group, in order; places are rows of the stretch. */
struct frame_walk {
    const struct stretch *s;
    const struct win_frame *frame;
    int64_t from, to;             /* the group */
    int64_t lo, hi;               /* the frame before what is excluded */
    int64_t peer_from, peer_to;   /* rows that tie with the row at work */
    int64_t *peers;               /* FRAME_GROUPS: where groups of peers begin */
    int64_t n_peers, peer;        /* the row's own */
    int64_t value_from, value_to; /* FRAME_RANGE: rows that have a key */
    int64_t *ints;                /* FRAME_RANGE: keys by stretch row, rising in window order */
    double *nums;
};
/* Once a stretch. */
rc walk_init(struct frame_walk *w, const struct stretch *s);
void walk_group(struct frame_walk *w, int64_t from, int64_t to);
/* Rows of row i's frame, in order; to be asked for every row of the group in turn. Returns how many
 * spans there are, none empty. */
int walk_row(struct frame_walk *w, int64_t i, struct span_of_rows out[MAX_SPANS]);
/* The frame begins with the group and nothing is left out: it only grows. */
bool frame_grows(const struct win_frame *f);
/* The frame is always the whole group. */
bool frame_is_whole(const struct win_frame *f);

/* Column of a result vector (texts are copied or their heap shared). */
rc vec_to_column(struct ctx *cx, struct dtype type, const struct vec *v, int64_t n,
                 struct column **out);
static inline int64_t window_row(const struct window_order *o, int64_t i)
{
    return o->rows ? o->rows[i] : i;
}

#endif
