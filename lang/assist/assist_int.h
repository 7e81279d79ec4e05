/* assist_int.h: what completion, inspection and help share. Everything is read from descriptors and
 * from a snapshot of the variables; nothing is run, no entry is named. */
#ifndef MLNB_LANG_ASSIST_INT_H
#define MLNB_LANG_ASSIST_INT_H

#include "lang/formula_fns.h"
#include "lang/lang_int.h"
#include "lang/syntax/lex.h"
#include "lang/verbs/verbs.h"

/* ---- snapshot: the variables of a session at one moment ---- */
struct lang_snapshot {
    atomic_int refs;
    struct arena *arena;
    const char *folder; /* or NULL */
    int width;
    uint64_t seed;
    struct scan_cache *scans; /* files opened so far; owned */
    struct str *names;
    struct value **values; /* [n]; owned */
    struct table **tables; /* [n]; owned: rows that a frame's value has in memory, or NULL */
    int n;
    struct str *fn_names;
    struct value **fns; /* [n_fns]; owned */
    int n_fns;
};

/* The rows of a frame variable that are in memory, or NULL; borrowed. */
const struct table *snapshot_table(const struct lang_snapshot *s, struct str name);

/* ---- a session that only binds, on the snapshot's variables ---- */
struct dry {
    struct lang lg;
    struct program *program; /* texts parsed so far; fns and values may point into it */
};
void dry_begin(struct dry *d, const struct lang_snapshot *s);
void dry_end(struct dry *d);
/* Runs the assignments and fns of text[0..n), as far as they bind. */
void dry_statements(struct dry *d, const char *text, size_t n);
/* The value of a pipeline without running it; NULL when it does not bind. New reference. */
struct value *dry_value(struct dry *d, const char *text, size_t n);

/* ---- where the cursor stands ---- */
enum word_kind {
    WORD_NONE,   /* in a number, a comment ..: nothing to say */
    WORD_NAME,   /* a plain name, or the place for one */
    WORD_QUOTED, /* inside backticks */
    WORD_VAR,    /* after $ */
    WORD_FIELD,  /* after a dot */
    WORD_STRING, /* inside quotes */
    WORD_COMMAND /* a line that starts with ? */
};
struct place {
    const char *text;
    size_t n;
    uint32_t at;
    struct lexed lexed;
    enum word_kind word;
    int tok;           /* token that holds the word, -1 when it is empty */
    int before;        /* number of tokens that stand wholly before the word */
    uint32_t from, to; /* bytes of the word */
    struct str prefix; /* text[from..at) without quotes, backtick or $ */
    /* tokens, -1 = none */
    int statement;  /* first of the statement */
    int source;     /* first of the pipeline whose step holds the cursor */
    int pipe;       /* the |> before that step */
    int verb;       /* its verb */
    int item;       /* first token after the last comma of the step (or after its verb) */
    int call;       /* name of the innermost call around the cursor, within the step */
    int option;     /* name before `:`, when a value of an option stands here */
    bool in_on;     /* behind `on` */
    bool in_clause; /* behind by, sort or on */
    bool is_verb_place;
    bool is_statement_start;
};
void find_place(struct arena *a, const char *text, size_t n, size_t at, struct place *out);
struct str place_text(const struct place *p, int from_tok, int to_tok); /* source of [from, to) */
struct str place_word(const struct place *p, int tok);

/* The frame (model, chart ..) that flows into the step at the cursor; new reference or NULL. */
struct value *place_input(struct dry *d, const struct place *p);
/* Columns in sight at the cursor: of the input, of items before it in the step, of the right frame
 * of a join. Arena-owned copies. */
struct seen_column {
    const char *name;
    struct dtype type;
};
int place_columns(struct dry *d, struct arena *a, const struct place *p, const struct value *input,
                  struct seen_column **out);

/* ---- everything that has a descriptor ---- */
enum entry_kind {
    ENTRY_VERB,
    ENTRY_BUILTIN,
    ENTRY_AGGREGATE,
    ENTRY_WINDOW,
    ENTRY_FUNCTION,
    ENTRY_MODEL,
    ENTRY_FORMULA,
    ENTRY_CHART,
    ENTRY_FORMAT,
    ENTRY_WORD, /* words.def */
    ENTRY_LATER
};
struct entry {
    enum entry_kind kind;
    const char *name, *sig, *doc;
    const char *examples[2];
    const struct verb_option *options;  /* verbs */
    const struct ml_param_desc *params; /* models */
    const struct io_format *format;     /* formats */
    const struct verb_desc *verb;
    const struct formula_fn_desc *formula;
};
int entries(struct arena *a, struct entry **out);
const char *entry_kind_text(enum entry_kind k); /* "verb", "aggregate" .. */
/* Help of one entry, as text and as HTML (both appended to). */
void entry_help(const struct entry *e, struct strbuf *plain, struct strbuf *html);
/* What is known of a column whose rows are in memory: missing values (all rows), range or commonest
 * values and a histogram (of a sample), as lines of text and as a table. */
void column_card(const struct column *c, struct strbuf *plain, struct strbuf *html);
/* The example of an option of a verb or format (options.def), or NULL. */
const char *option_example(const char *owner, const char *option);
/* First sentence of a doc. */
struct str first_sentence(const char *doc);

#endif
