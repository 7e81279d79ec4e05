/* lint.h: names of a notebook, read without running it: what is set where, used where. */
#ifndef MLNB_KERNEL_CLI_LINT_H
#define MLNB_KERNEL_CLI_LINT_H

#include "kernel/notebook/notebook.h"
#include "lang/ast.h"

/* A place in the file: cell counts from 0, line and column from 1 (column in code points). */
struct lint_place {
    int cell, line, column;
};
enum lint_kind { NAME_VAR, NAME_FN, NAME_PARAM };
/* What a name was made from, as it stood then. */
struct lint_dep {
    int name, version;
};
struct lint_name {
    const char *text; /* arena */
    enum lint_kind kind;
    struct lint_place first; /* where it is set first in the whole notebook */
    struct lint_place at;    /* where it was set last, as the reading goes on */
    int version;             /* how often it has been set so far; 0 = not yet */
    bool is_used, is_outer;  /* is_outer: comes from an included file */
    bool is_warned;
    struct lint_dep *deps;
    int n_deps;
};
struct lint_finding {
    struct lint_place at;
    const char *rule; /* syntax, undefined, stale, unused */
    const char *text;
};
struct lint {
    struct arena *arena;
    const struct notebook *nb;
    const char *folder; /* of the file, for include; NULL: the working folder */
    struct lint_name *names;
    int n_names;
    struct lint_finding *findings;
    int n_findings;
    bool has_more; /* names come from what cannot be read here: a missing include, a workspace */
    bool only_collect;
    bool is_outer;         /* inside an included file */
    bool in_fn;            /* a body runs when it is called, not where it stands */
    int depth;             /* of includes */
    struct lint_dep *used; /* every use so far, in order */
    int n_used;
    const char **words; /* vocabulary: "kind name" */
    int n_words;
};

/* Reads the names of params only (for -p). */
void lint_params(struct lint *l, const struct notebook *nb, const char *folder);
bool lint_knows_param(const struct lint *l, struct str name);
struct str lint_nearest(const struct lint *l, struct str name, bool only_params);
/* Among functions, the language's and the notebook's. */
struct str lint_nearest_function(const struct lint *l, struct str name);
/* All findings, in order of place. */
void lint_notebook(struct lint *l, const struct notebook *nb, const char *folder);
void lint_free(struct lint *l);

/* ---- lint_names.c: for the walkers ---- */
bool lint_is_word(const struct lint *l, const char *kind, struct str name);
struct lint_name *lint_find(const struct lint *l, struct str name);
void lint_say(struct lint *l, struct lint_place at, const char *rule, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The name is set here, from the names used since `mark` (an earlier l->n_used). */
void lint_define(struct lint *l, struct str name, enum lint_kind kind, struct lint_place at,
                 int mark);
/* A use that must be a name that is set by now; is_soft: a word that may be a name, or a column or
 * an option. */
void lint_use(struct lint *l, struct str name, struct lint_place at, bool is_soft);
struct lint_place lint_place_of(const struct notebook *nb, int cell, size_t at);

/* ---- lint_code.c, lint_sql.c: each goes through one cell ---- */
void lint_code(struct lint *l, const struct notebook *nb, int cell);
void lint_sql_cell(struct lint *l, const struct notebook *nb, int cell);
/* SQL inside a string of code: all names count as used. */
void lint_sql_text(struct lint *l, struct str sql, struct lint_place at);

#endif
