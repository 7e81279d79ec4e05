/* draw.c: makes display lists. */
#include "plotting/draw.h"

#include "runtime/base/mem.h"

#include <math.h>
#include <string.h>

void draw_begin(struct draw *d)
{
    *d = (struct draw){.arena = arena_new()};
}

void draw_release(struct draw *d)
{
    arena_free(d->arena);
    mem_free(d->items);
    mem_free(d->steps);
    *d = (struct draw){0};
}

static struct draw_item *add(struct draw *d, enum draw_op op, double a, double b, double c,
                             double e)
{
    if (d->n == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 64;
        d->items = mem_realloc(d->items, mem_mul(sizeof *d->items, (size_t)d->cap));
    }
    struct draw_item *it = &d->items[d->n++];
    *it = (struct draw_item){.op = op, .v = {a, b, c, e}};
    return it;
}

void draw_turn_ink(struct draw *d, const char *ink, const char *dark)
{
    for (int i = 0; i < d->n_turns; i++)
        if (!strcmp(d->turn[i].light, ink)) return;
    if (d->n_turns < DRAW_TURNS) d->turn[d->n_turns++] = (struct draw_turn){ink, dark};
}

void draw_open(struct draw *d, struct draw_style style)
{
    struct draw_style *own = ARENA_NEW(d->arena, struct draw_style);
    *own = style;
    add(d, DRAW_OPEN, 0, 0, 0, 0)->style = own;
}

void draw_close(struct draw *d)
{
    add(d, DRAW_CLOSE, 0, 0, 0, 0);
}

struct draw_item *draw_rect(struct draw *d, double x, double y, double w, double h)
{
    return add(d, DRAW_RECT, x, y, w, h);
}
struct draw_item *draw_circle(struct draw *d, double x, double y, double r)
{
    return add(d, DRAW_CIRCLE, x, y, r, 0);
}
struct draw_item *draw_line(struct draw *d, double x1, double y1, double x2, double y2)
{
    return add(d, DRAW_LINE, x1, y1, x2, y2);
}
struct draw_item *draw_text(struct draw *d, double x, double y, const char *text)
{
    struct draw_item *it = add(d, DRAW_TEXT, x, y, 0, 0);
    it->text = text;
    return it;
}
struct draw_item *draw_ramp(struct draw *d, double x, double y, double w, double h,
                            const char *const *stops)
{
    struct draw_item *it = add(d, DRAW_RAMP, x, y, w, h);
    it->stops = stops;
    return it;
}

/* ---- paths ---- */
struct draw_item *draw_path(struct draw *d)
{
    struct draw_item *it = add(d, DRAW_PATH, 0, 0, 0, 0);
    it->from = d->n_steps;
    return it;
}

static void step(struct draw *d, char op, double x, double y)
{
    if (d->n_steps == d->cap_steps) {
        d->cap_steps = d->cap_steps ? d->cap_steps * 2 : 256;
        d->steps = mem_realloc(d->steps, mem_mul(sizeof *d->steps, (size_t)d->cap_steps));
    }
    d->steps[d->n_steps++] = (struct draw_step){op, x, y};
    d->items[d->n - 1].n++;
}

void draw_move(struct draw *d, double x, double y)
{
    step(d, 'M', x, y);
}
void draw_to(struct draw *d, double x, double y)
{
    step(d, 'L', x, y);
}
void draw_curve(struct draw *d, double x1, double y1, double x2, double y2, double x, double y)
{
    step(d, 'C', x1, y1);
    step(d, 'C', x2, y2);
    step(d, 'C', x, y);
}
void draw_shut(struct draw *d)
{
    step(d, 'Z', 0, 0);
}

/* Cubic pieces of at most a quarter: the control points stand 4/3 tan(t/4) r along the tangents. */
void draw_arc(struct draw *d, double x, double y, double r, double a, double b)
{
    const double quarter = 1.5707963267948966;
    int pieces = (int)ceil(fabs(b - a) / quarter - 1e-9);
    if (pieces < 1) pieces = 1;
    double t = (b - a) / pieces, k = 4.0 / 3 * tan(t / 4) * r;
    step(d, d->items[d->n - 1].n ? 'L' : 'M', x + r * sin(a), y - r * cos(a));
    for (int i = 0; i < pieces; i++, a += t) {
        double e = a + t;
        draw_curve(d, x + r * sin(a) + k * cos(a), y - r * cos(a) + k * sin(a),
                   x + r * sin(e) - k * cos(e), y - r * cos(e) - k * sin(e), x + r * sin(e),
                   y - r * cos(e));
    }
}
