/* text_words.c: tokens, ngrams and drop_stop_words: texts to lists of words and on from there, by
 * the rules of the models' text features (runtime/fn/words.h). */
#include "runtime/fn/scalar/list.h"
#include "runtime/fn/words.h"

/* Each row's texts go into b; offsets into out. */
typedef rc (*each_row)(struct fn_eval *e, const struct vec *args, int64_t i, struct words *w,
                       struct builder *b);

static rc over_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                    each_row each)
{
    int64_t *at = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct words w = {0};
    struct builder b;
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        at[i] = b.n;
        words_clear(&w);
        if (bit_valid(live, i)) res = each(e, args, i, &w, &b);
    }
    at[n] = b.n;
    if (res == RC_OK) res = list_finish(e, &b, out);
    builder_release(&b);
    words_release(&w);
    return res;
}

static enum rc_t type_words(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out)
{
    char text[64];
    bool is_list = n > 0 && args[0].kind == KIND_LIST;
    enum kind elem = is_list && args[0].elem ? args[0].elem->kind : KIND_NULL;
    if (is_list && elem != KIND_STR && elem != KIND_NULL)
        return fail(cx, E207, span, "a list of words is needed; this is %s",
                    dtype_text(args[0], text, sizeof text));
    *out = dtype_list(DTYPE(KIND_STR));
    return RC_OK;
}

static rc put_words(struct fn_eval *e, const struct words *w, int n_gram, struct builder *b)
{
    for (int i = 0; i + n_gram <= w->n; i++)
        TRY(builder_str(e->cx, b, words_gram(w, i, i + n_gram - 1)));
    return RC_OK;
}

/* Words of a list argument as they are. */
static void read_list(struct fn_eval *e, const struct vec *args, int64_t i,
                      const struct word_rule *rule, struct words *w)
{
    struct list_row r = list_at(e, args, 0, i);
    for (int64_t k = r.from; k < r.to; k++) {
        struct scalar s = column_scalar(r.items, k);
        if (!s.is_null && s.type.kind == KIND_STR) words_add(w, rule, s.u.s);
    }
}

/* ---- tokens ---- */
static rc tokens_row(struct fn_eval *e, const struct vec *args, int64_t i, struct words *w,
                     struct builder *b)
{
    int64_t least = e->n_args > 1 ? vec_i64(&args[1], i) : 2;
    struct word_rule rule = {.lower = true,
                             .min_chars = least < 0         ? 0
                                          : least > 1000000 ? 1000000
                                                            : (int)least};
    words_split(w, &rule, vec_str(&args[0], i));
    return put_words(e, w, 1, b);
}
static enum rc_t tokens(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return over_rows(e, n, args, out, tokens_row);
}
static const struct fn_overload tokens_overloads[] = {
    OV1(KIND_STR, KIND_LIST, tokens),
    OV2(KIND_STR, KIND_INT, KIND_LIST, tokens),
};
const struct fn_desc fn_tokens = {
    .name = "tokens",
    .sig = "tokens(x: str, min_chars: int = 2) -> list[str]",
    .doc = "The words of x in small letters: runs of letters, digits and `_`, of two characters at "
           "least or of min_chars:, as tfidf() takes them.",
    .example = "tokens(\"Free cash, a FREE car!\")  #> [\"free\", \"cash\", \"free\", \"car\"]",
    .flags = FN_PURE,
    .overloads = tokens_overloads,
    .n_overloads = COUNT(tokens_overloads),
    .type = type_words,
};

/* ---- ngrams ---- */
static rc ngrams_row(struct fn_eval *e, const struct vec *args, int64_t i, struct words *w,
                     struct builder *b)
{
    int64_t n = e->n_args > 1 ? vec_i64(&args[1], i) : 2;
    if (n < 1) return fail(e->cx, E209, e->span, "n-grams have one word at least");
    read_list(e, args, i, &(struct word_rule){0}, w);
    return n > w->n ? RC_OK : put_words(e, w, (int)n, b);
}
static enum rc_t ngrams(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return over_rows(e, n, args, out, ngrams_row);
}
static const struct fn_overload ngrams_overloads[] = {
    OV1(KIND_LIST, KIND_LIST, ngrams),
    OV2(KIND_LIST, KIND_INT, KIND_LIST, ngrams),
};
const struct fn_desc fn_ngrams = {
    .name = "ngrams",
    .sig = "ngrams(words: list[str], n: int = 2) -> list[str]",
    .doc = "Each n words that follow one another, joined by a blank; null words are left out.",
    .example = "ngrams([\"a\", \"b\", \"c\"], 2)  #> [\"a b\", \"b c\"]",
    .flags = FN_PURE,
    .overloads = ngrams_overloads,
    .n_overloads = COUNT(ngrams_overloads),
    .type = type_words,
};

/* ---- drop_stop_words ---- */
static enum rc_t prepare_stop(struct fn_eval *e, struct arena *arena, void **out)
{
    int n;
    TRY(need_const(e, 1, "drop_stop_words", "the language"));
    struct str language = const_given(e, 1) ? e->consts[1].u.s : STR("english");
    const char *const *words = stop_words(language, &n);
    if (!words)
        return fail(e->cx, E209, e->span, "there is no list of stop words for \"%.*s\": english",
                    STR_FMT(language));
    *out = word_set_new(arena, words, n);
    return RC_OK;
}
static rc stop_row(struct fn_eval *e, const struct vec *args, int64_t i, struct words *w,
                   struct builder *b)
{
    read_list(e, args, i, &(struct word_rule){.stop = e->prepared}, w);
    return put_words(e, w, 1, b);
}
static enum rc_t drop_stop_words(struct fn_eval *e, int64_t n, const struct vec *args,
                                 struct vec *out)
{
    return over_rows(e, n, args, out, stop_row);
}
static const struct fn_overload stop_overloads[] = {
    OV1(KIND_LIST, KIND_LIST, drop_stop_words),
    OV2(KIND_LIST, KIND_STR, KIND_LIST, drop_stop_words),
};
const struct fn_desc fn_drop_stop_words = {
    .name = "drop_stop_words",
    .sig = "drop_stop_words(words: list[str], language: str = \"english\") -> list[str]",
    .doc = "The words without those that carry little meaning (the, and, of ..).",
    .example = "drop_stop_words([\"the\", \"cat\", \"and\", \"hat\"])  #> [\"cat\", \"hat\"]",
    .flags = FN_PURE,
    .overloads = stop_overloads,
    .n_overloads = COUNT(stop_overloads),
    .type = type_words,
    .prepare = prepare_stop,
};
