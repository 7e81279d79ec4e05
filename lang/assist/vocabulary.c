/* vocabulary.c: the words of the language by what they are, for editors' colours: taken from the
 * same tables that lexer, binder and help read. */
#include "lang/assist/assist_int.h"

static void see_keywords(void (*see)(void *arg, const char *kind, const char *name), void *arg)
{
    static const struct {
        const char *text;
        int flags;
    } syms[] = {
#define SYM(name, text, flags) {text, flags},
#include "lang/syntax/lex_syms.def"
#undef SYM
    };
    for (size_t i = 0; i < sizeof syms / sizeof syms[0]; i++) {
        struct str s = str_of(syms[i].text);
        bool is_constant = str_eqz(s, "null") || str_eqz(s, "true") || str_eqz(s, "false");
        if (!(syms[i].flags & SYM_K)) continue;
        see(arg, is_constant ? "constant" : "keyword", syms[i].text);
        if (syms[i].flags & SYM_C) see(arg, "operator", syms[i].text);
    }
    static const char *const python[] = {"True", "False", "None"}; /* papermill writes them */
    for (int i = 0; i < 3; i++)
        see(arg, "constant", python[i]);
}

/* A word of words.def is written like a function or begins a statement. */
static const char *kind_of_word(const struct entry *e)
{
    size_t n = strlen(e->name);
    if (keyword_of(str_of(e->name)) != SYM_NONE) return NULL;
    return strncmp(e->sig, e->name, n) == 0 && e->sig[n] == '(' ? "function" : "statement";
}

static const char *kind_of(const struct entry *e)
{
    switch (e->kind) {
    case ENTRY_VERB:
    case ENTRY_LATER: return "verb";
    case ENTRY_BUILTIN:
    case ENTRY_AGGREGATE:
    case ENTRY_WINDOW:
    case ENTRY_FUNCTION: return "function";
    case ENTRY_MODEL: return "model";
    case ENTRY_FORMULA: return e->formula->kind == FORMULA_STEPS ? "steps" : "formula";
    case ENTRY_CHART: return "chart";
    case ENTRY_WORD: return kind_of_word(e);
    default: return NULL;
    }
}

void lang_vocabulary(void (*see)(void *arg, const char *kind, const char *name), void *arg)
{
    struct arena *a = arena_new();
    struct entry *all;
    int n = entries(a, &all);
    see_keywords(see, arg);
    for (int i = 0; i < n; i++) {
        const char *kind = kind_of(&all[i]);
        if (kind) see(arg, kind, all[i].name);
    }
    arena_free(a);
}
