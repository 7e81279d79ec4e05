/* lex.h: tokens as the parser sees them. The scanner knows brackets, so it also decides where a
 * line end ends a statement (language.md 3.1) and whether a brace opens a block or a value; the
 * parser then never looks at white space again, but for brackets that touch. */
#ifndef MLNB_LANG_LEX_H
#define MLNB_LANG_LEX_H

#include "lang/ast.h"

/* SYM(name, text, flags): operators and brackets, longest first where one begins another.
 * C: a line that ends in it continues. F: foreign, known only to give a hint. K: keyword. */
enum sym {
    SYM_NONE,
#define SYM(name, text, flags) SYM_##name,
#include "lang/syntax/lex_syms.def"
#undef SYM
    SYM_COUNT
};
enum { SYM_C = 1, SYM_F = 2, SYM_K = 4 };

/* Why a token is TOK_ERROR. */
enum lex_fault {
    LEX_OK,
    LEX_BAD_CHAR,      /* a character no part of the language uses */
    LEX_BAD_UTF8,      /* a byte that is not UTF-8 */
    LEX_OPEN_STRING,   /* a plain string that does not end on its line */
    LEX_OPEN_TRIPLE,   /* """ never closed */
    LEX_OPEN_HOLE,     /* { of an f-string never closed */
    LEX_OPEN_BACKTICK, /* ` never closed on its line */
    LEX_EMPTY_NAME,    /* `` */
    LEX_STRAY_DOLLAR,  /* $ without a name */
    LEX_BAD_TIME,      /* @ without a date or time */
    LEX_TIME_BLANK,    /* @2019-01-31 08:30 */
    LEX_BARE_POINT,    /* 1. */
    LEX_BAD_PREFIX,    /* b"..." */
    LEX_NESTED_FSTR    /* f-strings inside f-strings too deep */
};
struct tok {
    enum tok_kind kind;
    enum sym sym;
    enum lex_fault fault;
    uint32_t from, to;
    bool ends;        /* a statement ends before this token */
    bool blank;       /* white space or a line end stands before it */
    bool opens_block; /* `{` of statements, not of a struct or case */
    int stop;         /* the first token behind this one at which a statement ends */
    bool is_item;     /* `*` behind a verb: no product, so a line may end in it */
};
enum lex_mode {
    LEX_PROGRAM, /* statements */
    LEX_HOLE,    /* inside the braces of an f-string: one expression, line ends do not count */
    LEX_EDITOR   /* LEX_PROGRAM with comments and line ends as tokens */
};
struct lexed {
    struct tok *toks; /* [n], the last one TOK_END at `to` */
    int n;
    bool is_open;   /* ends inside a bracket or """ or after something that continues a line */
    int depth;      /* open brackets at the end */
    int first_open; /* token of the outermost bracket that is open at the end, or -1 */
};
/* Scans text[from..to). Never fails; never reads outside. */
void lex(struct arena *a, const char *text, uint32_t from, uint32_t to, enum lex_mode mode,
         struct lexed *out);

const char *sym_text(enum sym s);
bool sym_is_foreign(enum sym s);
/* Whether a line may not end after this token. */
bool tok_continues(const struct tok *t);
/* Keyword of that text or SYM_NONE. */
enum sym keyword_of(struct str word);
/* Whether the text can stand as a name without backticks. */
bool is_bare_name(struct str s);

/* ---- scanning of single literals (lex_scan.c): each returns the end of the literal ---- */
uint32_t scan_name(const char *text, uint32_t at, uint32_t to);
uint32_t scan_number(const char *text, uint32_t at, uint32_t to, enum tok_kind *kind,
                     enum lex_fault *fault);
uint32_t scan_time(const char *text, uint32_t at, uint32_t to, enum lex_fault *fault);
/* At the opening quote. */
uint32_t scan_string(const char *text, uint32_t at, uint32_t to, bool is_raw, bool is_filled,
                     int nesting, enum lex_fault *fault);
/* Just behind the `{` of an f-string's hole: the place of its `}`, and of the `:` that starts the
 * format (or *colon = the place of the `}`). to when it is not closed. */
uint32_t scan_hole(const char *text, uint32_t at, uint32_t to, bool is_triple, char quote,
                   int nesting, uint32_t *colon);

#endif
