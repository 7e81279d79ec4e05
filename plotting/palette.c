/* palette.c: inks. Categories: Okabe and Ito's colours that colour-blind people can tell apart
 * ("Color Universal Design", 2008), blue first, yellow last, grey in place of black (which a dark
 * page would swallow). Ramp: viridis (Smith, van der Walt 2015, CC0), nine stops. */
#include "plotting/chart_int.h"
#include "plotting/draw.h"

#include <math.h>

static const char *const inks[] = {"#0072b2", "#e69f00", "#009e73", "#d55e00",
                                   "#cc79a7", "#56b4e9", "#999999", "#f0e442"};
enum { INKS = sizeof inks / sizeof inks[0], GREY = 6 };

const char *palette_ink(int i)
{
    return inks[((i % INKS) + INKS) % INKS];
}

/* ---- schemes by name ---- */
enum { MOST_INKS = 10 };
struct palette {
    const char *name; /* Vega's name of it */
    const char *ink[MOST_INKS];
    int n; /* of categories; 0 = a ramp of RAMP_STOPS stops */
    bool is_diverging;
};
#define RAMP_OF(name, ...)                                                                         \
    {                                                                                              \
        name, {__VA_ARGS__}, 0, false                                                              \
    }
#define DIVERGING_OF(name, ...)                                                                    \
    {                                                                                              \
        name, {__VA_ARGS__}, 0, true                                                               \
    }
#define INKS_OF(name, n, ...)                                                                      \
    {                                                                                              \
        name, {__VA_ARGS__}, n, false                                                              \
    }
/* viridis, magma, inferno, plasma: Smith, van der Walt (CC0); cividis: Nunez, Anderton, Renslow
 * (2018); set2, dark2, paired, the diverging and single-hue ramps: ColorBrewer (Cynthia Brewer,
 * Apache-2.0); tableau10: Tableau. Stops as Vega 5 draws them. */
static const struct palette palettes[] = {
    RAMP_OF("viridis", "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962",
            "#addc30", "#fde725"),
    RAMP_OF("magma", "#000004", "#1d1046", "#51137c", "#822582", "#b6377a", "#e65164", "#fb8762",
            "#fec387", "#fcfdbf"),
    RAMP_OF("inferno", "#000004", "#210c4a", "#57106d", "#89226a", "#bb3755", "#e45933", "#fa8d0b",
            "#f9ca33", "#fcffa4"),
    RAMP_OF("plasma", "#0d0887", "#4d02a1", "#7e03a8", "#aa2396", "#cb4779", "#e66c5d", "#f89541",
            "#fec428", "#f0f921"),
    RAMP_OF("cividis", "#002051", "#11366c", "#3b4c6e", "#61636f", "#7e7b75", "#989278", "#b7ac73",
            "#dec85f", "#fce647"),
    RAMP_OF("blues", "#cfe1f2", "#b9d6ea", "#9cc8e2", "#7bb6d9", "#5ba3cf", "#408ec4", "#2978b8",
            "#1661a8", "#0a4a90"),
    RAMP_OF("greens", "#d3eecd", "#bbe4b5", "#a0d89b", "#81ca82", "#60ba6c", "#41a75b", "#29924a",
            "#137c39", "#036429"),
    RAMP_OF("oranges", "#fdd8b3", "#fdc591", "#fdaf6d", "#fc974b", "#f87f2c", "#ed6615", "#db5108",
            "#bf4003", "#9f3303"),
    RAMP_OF("reds", "#fdc9b4", "#fcaf94", "#fc9374", "#fb7657", "#f6573f", "#e83a2d", "#d22321",
            "#b81419", "#970b13"),
    RAMP_OF("purples", "#e2e1ef", "#d0d0e6", "#bcbcdb", "#a7a5cf", "#928ec3", "#7f77b6", "#6f5aa8",
            "#5f3c99", "#501f8c"),
    RAMP_OF("greys", "#e2e2e2", "#d0d0d0", "#bbbbbb", "#a2a2a2", "#888888", "#707070", "#585858",
            "#3b3b3b", "#1e1e1e"),
    RAMP_OF("yellowgreenblue", "#eff9bd", "#d4eeb4", "#a9ddb7", "#74c9bd", "#45b4c2", "#2997be",
            "#2173b1", "#234ea0", "#1c3185"),
    RAMP_OF("yelloworangered", "#fee087", "#fecc6a", "#feb351", "#fd9641", "#fc7335", "#f64b29",
            "#e62822", "#cf0f22", "#af0225"),
    DIVERGING_OF("redblue", "#8c0d25", "#c74643", "#ea9178", "#f9d0bb", "#f2efee", "#c5deec",
                 "#7db6d6", "#3b83b9", "#134b85"),
    DIVERGING_OF("purpleorange", "#411469", "#70569e", "#a49cc7", "#d2d1e6", "#f3eeea", "#fcd8a9",
                 "#f2a952", "#ce7416", "#994a07"),
    DIVERGING_OF("brownbluegreen", "#704108", "#aa7126", "#d5ae69", "#efdeb7", "#eef1ea", "#bae3dd",
                 "#6ebcb3", "#25857d", "#025147"),
    DIVERGING_OF("redyellowblue", "#a50026", "#db4132", "#f78d54", "#fed185", "#faf8c1", "#d0eaeb",
                 "#90c1dc", "#5582bb", "#313695"),
    INKS_OF("tableau10", 10, "#4c78a8", "#f58518", "#e45756", "#72b7b2", "#54a24b", "#eeca3b",
            "#b279a2", "#ff9da6", "#9d755d", "#bab0ac"),
    INKS_OF("set2", 8, "#66c2a5", "#fc8d62", "#8da0cb", "#e78ac3", "#a6d854", "#ffd92f", "#e5c494",
            "#b3b3b3"),
    INKS_OF("dark2", 8, "#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d",
            "#666666"),
    INKS_OF("paired", 10, "#a6cee3", "#1f78b4", "#b2df8a", "#33a02c", "#fb9a99", "#e31a1c",
            "#fdbf6f", "#ff7f00", "#cab2d6", "#6a3d9a"),
    INKS_OF("okabe", INKS, "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9",
            "#999999", "#f0e442"),
};
enum { PALETTES = sizeof palettes / sizeof palettes[0] };

const struct palette *palette_find(const char *name, const char **nearest)
{
    int best = 4;
    *nearest = NULL;
    for (int i = 0; i < PALETTES; i++) {
        int d = str_distance(str_of(name), str_of(palettes[i].name), 3);
        if (d == 0) return &palettes[i];
        if (d >= best) continue;
        best = d;
        *nearest = palettes[i].name;
    }
    return NULL;
}

const char *palette_name(const struct palette *p)
{
    return p ? p->name : "viridis";
}

bool palette_is_ramp(const struct palette *p)
{
    return !p || p->n == 0;
}

bool palette_is_diverging(const struct palette *p)
{
    return p && p->is_diverging;
}

void palette_list(struct strbuf *out)
{
    for (int i = 0; i < PALETTES; i++)
        strbuf_printf(out, "%s%s", i ? " " : "", palettes[i].name);
}

/* ---- dark pages ---- */
/* Relative luminance (WCAG 2.1). */
static double ink_light(struct draw_ink k)
{
    const double c[] = {k.r, k.g, k.b}, weight[] = {0.2126, 0.7152, 0.0722};
    double light = 0;
    for (int i = 0; i < 3; i++)
        light += weight[i] * (c[i] <= 0.04045 ? c[i] / 12.92 : pow((c[i] + 0.055) / 1.055, 2.4));
    return light;
}

/* Blue and sky blue stay as far from each other as they are on white. */
static const char *const dark_inks[INKS] = {"#4a9be8", NULL,      "#1fb98c", "#ef7b2b",
                                            NULL,      "#9ad5f5", NULL,      NULL};

const char *palette_dark_ink(struct arena *a, const char *ink)
{
    static const double page = 0.0103; /* of #1a1a1a */
    static const double wanted = 4.5;
    struct draw_ink k;
    for (int i = 0; i < INKS; i++)
        if (!strcmp(ink, inks[i])) return dark_inks[i];
    if (!draw_ink_of(ink, &k) || (ink_light(k) + 0.05) / (page + 0.05) >= 3) return NULL;
    for (int i = 0; i < 100 && (ink_light(k) + 0.05) / (page + 0.05) < wanted; i++)
        k = (struct draw_ink){k.r + (1 - k.r) * 0.05, k.g + (1 - k.g) * 0.05,
                              k.b + (1 - k.b) * 0.05};
    return arena_printf(a, "#%02x%02x%02x", (unsigned)lround(k.r * 255),
                        (unsigned)lround(k.g * 255), (unsigned)lround(k.b * 255));
}

const char *palette_middle_ink(const char *ink)
{
    return strcmp(ink, inks[0]) ? ink : "#1f87c9"; /* 3.9 : 1 on white, 3.2 : 1 on #333 */
}

static unsigned hex_part(const char *ink, int i)
{
    char two[3] = {ink[1 + 2 * i], ink[2 + 2 * i], 0};
    return (unsigned)strtoul(two, NULL, 16);
}

void palette_ramp_of(const struct palette *p, double t, char hex[8])
{
    enum { LAST = 8 };
    if (!palette_is_ramp(p) || !p) p = &palettes[0];
    if (!(t > 0)) t = 0;
    if (t > 1) t = 1;
    int at = (int)(t * LAST);
    if (at > LAST - 1) at = LAST - 1;
    double share = t * LAST - at;
    unsigned c[3];
    for (int i = 0; i < 3; i++) {
        double from = hex_part(p->ink[at], i), to = hex_part(p->ink[at + 1], i);
        c[i] = (unsigned)lround(from + share * (to - from));
    }
    snprintf(hex, 8, "#%02x%02x%02x", c[0] & 255u, c[1] & 255u, c[2] & 255u);
}

void palette_ramp(double t, char hex[8])
{
    palette_ramp_of(NULL, t, hex);
}

void palette_ramp_ink(const struct chart_color *k, double v, char hex[8])
{
    double t = k->is_log && k->min > 0 ? log(v / k->min) / log(k->max / k->min)
                                       : (v - k->min) / (k->max - k->min);
    palette_ramp_of(k->scheme, t, hex);
}

bool palette_wants_dark_text(const char hex[8])
{
    return ink_light((struct draw_ink){hex_part(hex, 0) / 255.0, hex_part(hex, 1) / 255.0,
                                       hex_part(hex, 2) / 255.0}) > 0.3;
}

const char *chart_level_ink(const struct chart *c, int level)
{
    const struct chart_color *k = &c->color;
    if (k->kind != COLOR_LEVELS || level < 0) return palette_ink(0);
    if (k->chosen && k->chosen[level]) return k->chosen[level];
    if (level >= k->levels->n - k->n_grey) return INK_REST;
    if (k->scheme && k->scheme->n) return k->scheme->ink[level % k->scheme->n];
    return palette_ink(k->n_grey && level == GREY ? GREY + 1 : level); /* one grey is enough */
}

/* Levels in the colours of a ramp, from its first to its last, for categories with an order. */
const char **palette_steps(struct arena *a, const struct palette *p, int n)
{
    const char **out = ARENA_ARRAY(a, const char *, n + 1);
    for (int i = 0; i < n; i++) {
        char hex[8];
        palette_ramp_of(p, n > 1 ? i / (n - 1.0) : 0.5, hex);
        out[i] = arena_strndup(a, hex, 7);
    }
    return out;
}

/* The colour names of CSS (CSS Color Module Level 4, section 6.1). */
static const struct {
    const char *name;
    unsigned rgb;
} names[] = {
    {"aliceblue", 0xf0f8ff},
    {"antiquewhite", 0xfaebd7},
    {"aqua", 0x00ffff},
    {"aquamarine", 0x7fffd4},
    {"azure", 0xf0ffff},
    {"beige", 0xf5f5dc},
    {"bisque", 0xffe4c4},
    {"black", 0x000000},
    {"blanchedalmond", 0xffebcd},
    {"blue", 0x0000ff},
    {"blueviolet", 0x8a2be2},
    {"brown", 0xa52a2a},
    {"burlywood", 0xdeb887},
    {"cadetblue", 0x5f9ea0},
    {"chartreuse", 0x7fff00},
    {"chocolate", 0xd2691e},
    {"coral", 0xff7f50},
    {"cornflowerblue", 0x6495ed},
    {"cornsilk", 0xfff8dc},
    {"crimson", 0xdc143c},
    {"cyan", 0x00ffff},
    {"darkblue", 0x00008b},
    {"darkcyan", 0x008b8b},
    {"darkgoldenrod", 0xb8860b},
    {"darkgray", 0xa9a9a9},
    {"darkgreen", 0x006400},
    {"darkgrey", 0xa9a9a9},
    {"darkkhaki", 0xbdb76b},
    {"darkmagenta", 0x8b008b},
    {"darkolivegreen", 0x556b2f},
    {"darkorange", 0xff8c00},
    {"darkorchid", 0x9932cc},
    {"darkred", 0x8b0000},
    {"darksalmon", 0xe9967a},
    {"darkseagreen", 0x8fbc8f},
    {"darkslateblue", 0x483d8b},
    {"darkslategray", 0x2f4f4f},
    {"darkslategrey", 0x2f4f4f},
    {"darkturquoise", 0x00ced1},
    {"darkviolet", 0x9400d3},
    {"deeppink", 0xff1493},
    {"deepskyblue", 0x00bfff},
    {"dimgray", 0x696969},
    {"dimgrey", 0x696969},
    {"dodgerblue", 0x1e90ff},
    {"firebrick", 0xb22222},
    {"floralwhite", 0xfffaf0},
    {"forestgreen", 0x228b22},
    {"fuchsia", 0xff00ff},
    {"gainsboro", 0xdcdcdc},
    {"ghostwhite", 0xf8f8ff},
    {"gold", 0xffd700},
    {"goldenrod", 0xdaa520},
    {"gray", 0x808080},
    {"green", 0x008000},
    {"greenyellow", 0xadff2f},
    {"grey", 0x808080},
    {"honeydew", 0xf0fff0},
    {"hotpink", 0xff69b4},
    {"indianred", 0xcd5c5c},
    {"indigo", 0x4b0082},
    {"ivory", 0xfffff0},
    {"khaki", 0xf0e68c},
    {"lavender", 0xe6e6fa},
    {"lavenderblush", 0xfff0f5},
    {"lawngreen", 0x7cfc00},
    {"lemonchiffon", 0xfffacd},
    {"lightblue", 0xadd8e6},
    {"lightcoral", 0xf08080},
    {"lightcyan", 0xe0ffff},
    {"lightgoldenrodyellow", 0xfafad2},
    {"lightgray", 0xd3d3d3},
    {"lightgreen", 0x90ee90},
    {"lightgrey", 0xd3d3d3},
    {"lightpink", 0xffb6c1},
    {"lightsalmon", 0xffa07a},
    {"lightseagreen", 0x20b2aa},
    {"lightskyblue", 0x87cefa},
    {"lightslategray", 0x778899},
    {"lightslategrey", 0x778899},
    {"lightsteelblue", 0xb0c4de},
    {"lightyellow", 0xffffe0},
    {"lime", 0x00ff00},
    {"limegreen", 0x32cd32},
    {"linen", 0xfaf0e6},
    {"magenta", 0xff00ff},
    {"maroon", 0x800000},
    {"mediumaquamarine", 0x66cdaa},
    {"mediumblue", 0x0000cd},
    {"mediumorchid", 0xba55d3},
    {"mediumpurple", 0x9370db},
    {"mediumseagreen", 0x3cb371},
    {"mediumslateblue", 0x7b68ee},
    {"mediumspringgreen", 0x00fa9a},
    {"mediumturquoise", 0x48d1cc},
    {"mediumvioletred", 0xc71585},
    {"midnightblue", 0x191970},
    {"mintcream", 0xf5fffa},
    {"mistyrose", 0xffe4e1},
    {"moccasin", 0xffe4b5},
    {"navajowhite", 0xffdead},
    {"navy", 0x000080},
    {"oldlace", 0xfdf5e6},
    {"olive", 0x808000},
    {"olivedrab", 0x6b8e23},
    {"orange", 0xffa500},
    {"orangered", 0xff4500},
    {"orchid", 0xda70d6},
    {"palegoldenrod", 0xeee8aa},
    {"palegreen", 0x98fb98},
    {"paleturquoise", 0xafeeee},
    {"palevioletred", 0xdb7093},
    {"papayawhip", 0xffefd5},
    {"peachpuff", 0xffdab9},
    {"peru", 0xcd853f},
    {"pink", 0xffc0cb},
    {"plum", 0xdda0dd},
    {"powderblue", 0xb0e0e6},
    {"purple", 0x800080},
    {"rebeccapurple", 0x663399},
    {"red", 0xff0000},
    {"rosybrown", 0xbc8f8f},
    {"royalblue", 0x4169e1},
    {"saddlebrown", 0x8b4513},
    {"salmon", 0xfa8072},
    {"sandybrown", 0xf4a460},
    {"seagreen", 0x2e8b57},
    {"seashell", 0xfff5ee},
    {"sienna", 0xa0522d},
    {"silver", 0xc0c0c0},
    {"skyblue", 0x87ceeb},
    {"slateblue", 0x6a5acd},
    {"slategray", 0x708090},
    {"slategrey", 0x708090},
    {"snow", 0xfffafa},
    {"springgreen", 0x00ff7f},
    {"steelblue", 0x4682b4},
    {"tan", 0xd2b48c},
    {"teal", 0x008080},
    {"thistle", 0xd8bfd8},
    {"tomato", 0xff6347},
    {"turquoise", 0x40e0d0},
    {"violet", 0xee82ee},
    {"wheat", 0xf5deb3},
    {"white", 0xffffff},
    {"whitesmoke", 0xf5f5f5},
    {"yellow", 0xffff00},
    {"yellowgreen", 0x9acd32},
};

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
        if (str_eq_nocase(str_of(name), str_of(names[i].name))) return names[i].name;
        int d = str_distance(str_of(name), str_of(names[i].name), 3);
        if (d < best) {
            best = d;
            *nearest = names[i].name;
        }
    }
    return NULL;
}

bool draw_ink_of(const char *name, struct draw_ink *out)
{
    unsigned rgb = 0;
    bool is_found = false;
    if (is_hex(name)) {
        rgb = (unsigned)strtoul(name + 1, NULL, 16);
        if (strlen(name) == 4)
            rgb = (rgb >> 8 & 15u) * 0x110000u + (rgb >> 4 & 15u) * 0x1100u + (rgb & 15u) * 0x11u;
        is_found = true;
    }
    for (size_t i = 0; !is_found && i < sizeof names / sizeof names[0]; i++)
        if (str_eq_nocase(str_of(name), str_of(names[i].name))) {
            rgb = names[i].rgb;
            is_found = true;
        }
    *out = (struct draw_ink){(rgb >> 16 & 255u) / 255.0, (rgb >> 8 & 255u) / 255.0,
                             (rgb & 255u) / 255.0};
    return is_found;
}
