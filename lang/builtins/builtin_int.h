/* builtin_int.h: what the builtins share: reading their arguments. */
#ifndef MLNB_LANG_BUILTIN_INT_H
#define MLNB_LANG_BUILTIN_INT_H

#include "lang/interp_int.h"

/* A call as its builtin got it. */
struct call_view {
    struct lang *lg;
    const struct ast *e;
    struct value **args;
    const struct str *names;
    int n;
};
#define CALL_VIEW(lg, e, args, names, n) ((struct call_view){(lg), (e), (args), (names), (n)})

/* The value of an option, or the kth by position; borrowed, NULL when it was not given. */
const struct value *option_value(const struct call_view *c, const char *name);
const struct value *plain_value(const struct call_view *c, int k);
struct span plain_span(const struct call_view *c, int k);
/* The kth by position as text (arena) or frame; E207 / E211. */
rc plain_text(const struct call_view *c, int k, const char *what, struct str *out);
rc plain_frame(const struct call_view *c, int k, const struct value **out);

#endif
