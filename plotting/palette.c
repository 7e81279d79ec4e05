/* palette.c: inks. Categories: Okabe and Ito's colours that colour-blind people can tell apart
 * ("Color Universal Design", 2008), blue first, yellow last, grey in place of black (which a dark
 * page would swallow). Ramp: viridis (Smith, van der Walt 2015, CC0), nine stops. */
#include "plotting/chart_int.h"

#include <math.h>

static const char *const inks[] = {"#0072b2", "#e69f00", "#009e73", "#d55e00",
                                   "#cc79a7", "#56b4e9", "#999999", "#f0e442"};
enum { INKS = sizeof inks / sizeof inks[0], GREY = 6 };

const char *palette_ink(int i)
{
    return inks[((i % INKS) + INKS) % INKS];
}

const char *chart_level_ink(const struct chart *c, int level)
{
    const struct chart_color *k = &c->color;
    if (k->kind != COLOR_LEVELS || level < 0) return palette_ink(0);
    if (k->chosen && k->chosen[level]) return k->chosen[level];
    if (level >= k->levels->n - k->n_grey) return INK_REST;
    return palette_ink(k->n_grey && level == GREY ? GREY + 1 : level); /* one grey is enough */
}

static const unsigned char stops[][3] = {
    {0x44, 0x01, 0x54}, {0x47, 0x2d, 0x7b}, {0x3b, 0x52, 0x8b},
    {0x2c, 0x72, 0x8e}, {0x21, 0x91, 0x8c}, {0x28, 0xae, 0x80},
    {0x5e, 0xc9, 0x62}, {0xad, 0xdc, 0x30}, {0xfd, 0xe7, 0x25}};
enum { STOPS = sizeof stops / sizeof stops[0] };

void palette_ramp(double t, char hex[8])
{
    if (!(t > 0)) t = 0;
    if (t > 1) t = 1;
    int at = (int)(t * (STOPS - 1));
    if (at > STOPS - 2) at = STOPS - 2;
    double share = t * (STOPS - 1) - at;
    unsigned c[3];
    for (int i = 0; i < 3; i++)
        c[i] = (unsigned)lround(stops[at][i] + share * (stops[at + 1][i] - stops[at][i]));
    snprintf(hex, 8, "#%02x%02x%02x", c[0] & 255u, c[1] & 255u, c[2] & 255u);
}

/* The colour names of CSS (CSS Color Module Level 4, section 6.1). */
static const char *const names[] = {"aliceblue",
                                    "antiquewhite",
                                    "aqua",
                                    "aquamarine",
                                    "azure",
                                    "beige",
                                    "bisque",
                                    "black",
                                    "blanchedalmond",
                                    "blue",
                                    "blueviolet",
                                    "brown",
                                    "burlywood",
                                    "cadetblue",
                                    "chartreuse",
                                    "chocolate",
                                    "coral",
                                    "cornflowerblue",
                                    "cornsilk",
                                    "crimson",
                                    "cyan",
                                    "darkblue",
                                    "darkcyan",
                                    "darkgoldenrod",
                                    "darkgray",
                                    "darkgreen",
                                    "darkgrey",
                                    "darkkhaki",
                                    "darkmagenta",
                                    "darkolivegreen",
                                    "darkorange",
                                    "darkorchid",
                                    "darkred",
                                    "darksalmon",
                                    "darkseagreen",
                                    "darkslateblue",
                                    "darkslategray",
                                    "darkslategrey",
                                    "darkturquoise",
                                    "darkviolet",
                                    "deeppink",
                                    "deepskyblue",
                                    "dimgray",
                                    "dimgrey",
                                    "dodgerblue",
                                    "firebrick",
                                    "floralwhite",
                                    "forestgreen",
                                    "fuchsia",
                                    "gainsboro",
                                    "ghostwhite",
                                    "gold",
                                    "goldenrod",
                                    "gray",
                                    "green",
                                    "greenyellow",
                                    "grey",
                                    "honeydew",
                                    "hotpink",
                                    "indianred",
                                    "indigo",
                                    "ivory",
                                    "khaki",
                                    "lavender",
                                    "lavenderblush",
                                    "lawngreen",
                                    "lemonchiffon",
                                    "lightblue",
                                    "lightcoral",
                                    "lightcyan",
                                    "lightgoldenrodyellow",
                                    "lightgray",
                                    "lightgreen",
                                    "lightgrey",
                                    "lightpink",
                                    "lightsalmon",
                                    "lightseagreen",
                                    "lightskyblue",
                                    "lightslategray",
                                    "lightslategrey",
                                    "lightsteelblue",
                                    "lightyellow",
                                    "lime",
                                    "limegreen",
                                    "linen",
                                    "magenta",
                                    "maroon",
                                    "mediumaquamarine",
                                    "mediumblue",
                                    "mediumorchid",
                                    "mediumpurple",
                                    "mediumseagreen",
                                    "mediumslateblue",
                                    "mediumspringgreen",
                                    "mediumturquoise",
                                    "mediumvioletred",
                                    "midnightblue",
                                    "mintcream",
                                    "mistyrose",
                                    "moccasin",
                                    "navajowhite",
                                    "navy",
                                    "oldlace",
                                    "olive",
                                    "olivedrab",
                                    "orange",
                                    "orangered",
                                    "orchid",
                                    "palegoldenrod",
                                    "palegreen",
                                    "paleturquoise",
                                    "palevioletred",
                                    "papayawhip",
                                    "peachpuff",
                                    "peru",
                                    "pink",
                                    "plum",
                                    "powderblue",
                                    "purple",
                                    "rebeccapurple",
                                    "red",
                                    "rosybrown",
                                    "royalblue",
                                    "saddlebrown",
                                    "salmon",
                                    "sandybrown",
                                    "seagreen",
                                    "seashell",
                                    "sienna",
                                    "silver",
                                    "skyblue",
                                    "slateblue",
                                    "slategray",
                                    "slategrey",
                                    "snow",
                                    "springgreen",
                                    "steelblue",
                                    "tan",
                                    "teal",
                                    "thistle",
                                    "tomato",
                                    "turquoise",
                                    "violet",
                                    "wheat",
                                    "white",
                                    "whitesmoke",
                                    "yellow",
                                    "yellowgreen"};

static bool is_hex(const char *s)
{
    size_t n = strlen(s);
    if (s[0] != '#' || (n != 4 && n != 7)) return false;
    return strspn(s + 1, "0123456789abcdefABCDEF") == n - 1;
}

const char *palette_named(const char *name, const char **nearest)
{
    *nearest = NULL;
    if (is_hex(name)) return name;
    int best = 4;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_eq_nocase(str_of(name), str_of(names[i]))) return names[i];
        int d = str_distance(str_of(name), str_of(names[i]), 3);
        if (d < best) {
            best = d;
            *nearest = names[i];
        }
    }
    return NULL;
}
