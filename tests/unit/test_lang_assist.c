/* Completion, inspection and help. The cursor is written as | in the texts (as || where the pipe
 * itself is meant, |> stays as it is). */
#include "lang/lang_int.h"
#include "tests/unit/lang_host.h"

#include <pthread.h>
#include <stdatomic.h>

static const char setup[] =
    "trips = frame(zone: [\"a\", \"b\", \"a\"], fare: [5.0, 7.5, 9.0], tip: [1.0, null, 2.0])\n"
    "  |> derive `Odd name` = 1\n"
    "zones = frame(zone: [\"a\", \"b\"], borough: [\"Bronx\", \"Queens\"])\n"
    "limit = 3; s = {alpha: 1, beta: 2}\n"
    "fn top(t, n: 5) = t |> take $n";

struct fixture {
    struct rec r;
    struct lang_snapshot *snap;
    struct arena *a;
    char text[512];
    size_t at;
    struct completions c;
};
static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    rec_begin(&f->r);
    rec_ok(&f->r, setup);
    f->snap = lang_snapshot(f->r.lg);
    f->a = arena_new();
}
static void end(struct fixture *f)
{
    arena_free(f->a);
    lang_snapshot_unref(f->snap);
    rec_end(&f->r);
}
/* Takes the cursor mark out of the text. */
static void place(struct fixture *f, const char *marked)
{
    size_t n = 0;
    f->at = strlen(marked);
    for (const char *p = marked; *p; p++) {
        if (*p == '|' && p[1] != '>') {
            f->at = n;
            continue;
        }
        f->text[n++] = *p;
    }
    f->text[n] = 0;
    if (f->at > n) f->at = n;
}
static void complete(struct fixture *f, const char *marked)
{
    place(f, marked);
    lang_complete(f->snap, f->a, f->text, strlen(f->text), f->at, &f->c);
}
static int index_of(const struct fixture *f, const char *text)
{
    for (int i = 0; i < f->c.n; i++)
        if (str_eqz(f->c.items[i].text, text)) return i;
    return -1;
}
static void has_at(struct fixture *f, const char *marked, const char *text, const char *type,
                   const char *detail, int line)
{
    complete(f, marked);
    int i = index_of(f, text);
    if (i < 0) fail_msg("line %d: %s does not offer %s", line, marked, text);
    if (strcmp(f->c.items[i].type, type) != 0)
        fail_msg("line %d: %s is a %s", line, text, f->c.items[i].type);
    if (detail && !str_eqz(f->c.items[i].detail, detail))
        fail_msg("line %d: detail of %s is %.*s", line, text, STR_FMT(f->c.items[i].detail));
}
#define has(f, marked, text, type, detail) has_at((f), (marked), (text), (type), (detail), __LINE__)
static void lacks_at(struct fixture *f, const char *marked, const char *text, int line)
{
    complete(f, marked);
    if (index_of(f, text) >= 0) fail_msg("line %d: %s offers %s", line, marked, text);
}
#define lacks(f, marked, text) lacks_at((f), (marked), (text), __LINE__)

static void sees_at(struct fixture *f, const char *marked, const char *words, int line)
{
    struct strbuf plain = {0}, html = {0};
    place(f, marked);
    if (!lang_inspect(f->snap, f->text, strlen(f->text), f->at, &plain, &html))
        fail_msg("line %d: %s tells nothing", line, marked);
    if (!strstr(plain.p, words)) fail_msg("line %d: %s tells\n%s", line, marked, plain.p);
    assert_true(html.n > 0);
    strbuf_release(&plain);
    strbuf_release(&html);
}
#define sees(f, marked, words) sees_at((f), (marked), (words), __LINE__)

TEST(verbs_after_the_pipe)
{
    struct fixture f;
    begin(&f);
    has(&f, "trips |> |", "where", "verb", NULL);
    has(&f, "trips |> su|", "summarize", "verb", NULL);
    has(&f, "trips\n  |> wh|ere fare > 1", "where", "verb", NULL);
    has(&f, "if limit > 2 { trips |> s|", "select", "verb", NULL);
    lacks(&f, "trips |> |", "layer"); /* takes a chart */
    lacks(&f, "trips |> |", "fare");
    has(&f, "trips |> to|", "top", "function", NULL);
    assert_int_equal(f.c.from, 9);
    assert_int_equal(f.c.to, 11);
    end(&f);
}
TEST(columns_in_a_step)
{
    struct fixture f;
    begin(&f);
    has(&f, "trips |> where |", "fare", "column", "num");
    assert_int_equal(index_of(&f, "zone"), 0); /* columns first, in the frame's order */
    has(&f, "trips |> where fa|re > 3", "fare", "column", "num");
    assert_int_equal(f.c.from, 15);
    assert_int_equal(f.c.to, 19);
    has(&f, "trips |> where fare > 1,\n    ti|", "tip", "column", "num");
    has(&f, "trips |> where (fare > 1 or ti|", "tip", "column", "num");
    has(&f, "trips |> sort -fa|", "fare", "column", NULL);
    has(&f, "trips |> summarize m = mean(fa|", "fare", "column", NULL);
    has(&f, "trips |> summarize m = mean(fare) by zo|", "zone", "column", "str");
    has(&f, "trips |> where Od|", "`Odd name`", "column", "int");
    has(&f, "trips |> where `Odd n|", "`Odd name`", "column", "int");
    has(&f, "trips |> derive t = f\"{zo|\"", "zone", "column", NULL);
    has(&f, "n_rows(trips |> where fa|)", "fare", "column", NULL);
    rec_ok(&f.r, "fn busy(t) = { for i in 1..1000000000 { x = i }\n t }");
    lang_snapshot_unref(f.snap);
    f.snap = lang_snapshot(f.r.lg);
    lacks(&f, "trips |> busy |> where |", "fare"); /* and comes back at once */
    lacks(&f, "trips |> where |", "trips");
    lacks(&f, "trips |> where |", "limit");
    end(&f);
}
TEST(columns_at_that_point)
{
    struct fixture f;
    begin(&f);
    has(&f, "trips |> derive total = fare + tip |> where to|", "total", "column", "num");
    lacks(&f, "trips |> select zone |> where |", "fare");
    has(&f, "trips |> count zone |> where |", "n", "column", "int");
    has(&f, "trips |> derive total = fare + tip, share = to|", "total", "column", "num");
    has(&f, "q = trips |> derive foo = 1\nq |> where fo|", "foo", "column", "int");
    has(&f, "trips |> join zones on zo|", "zone", "column", NULL);
    has(&f, "trips |> join zones on zone == bo|", "borough", "column", "str");
    has(&f, "trips |> join zones on zone |> select bo|", "borough", "column", "str");
    has(&f, "trips |> plot fare, ti|", "tip", "column", NULL);
    has(&f, "trips |> plot fare |> layer ti|", "tip", "column", NULL);
    has(&f, "trips.|", "fare", "column", "num");
    end(&f);
}
TEST(frames_models_options)
{
    struct fixture f;
    begin(&f);
    has(&f, "trips |> join |", "zones", "variable", "frame, 2 columns");
    lacks(&f, "trips |> join |", "fare");
    has(&f, "trips |> join zones on zone, |", "kind: ", "option", NULL);
    has(&f, "trips |> join zones on zone, kind: |", "left", "option", NULL);
    lacks(&f, "trips |> join zones on zone, kind: |", "fare");
    has(&f, "trips |> join zones on zone, kind: an|", "anti", "option", NULL);
    has(&f, "trips |> sample 2, replace: |", "true", "keyword", NULL);
    has(&f, "trips |> fit tip ~ fare, lin|", "linear", "function", NULL);
    has(&f, "trips |> fit tip ~ fare, logistic(l|", "l2: ", "option", NULL);
    lacks(&f, "trips |> fit tip ~ fare, logistic(|", "fare");
    has(&f, "trips |> derive x = round(fare, |", "digits: ", "option", NULL);
    end(&f);
}
TEST(levels)
{
    struct fixture f;
    begin(&f);
    rec_ok(&f.r, "c = trips |> derive z = cat(zone), `odd z` = cat(zone); c");
    lang_snapshot_unref(f.snap);
    f.snap = lang_snapshot(f.r.lg);
    has(&f, "c |> where z == \"|", "a", "level", "z");
    has(&f, "c |> where z in [\"a\", \"|", "b", "level", NULL);
    has(&f, "c |> where z not in [\"|\"]", "b", "level", NULL);
    has(&f, "c |> where `odd z` != \"b|", "b", "level", "odd z");
    lacks(&f, "c |> where fare == \"|", "a");
    sees(&f, "|c", "c: frame, 3 rows, 6 columns");
    end(&f);
}
TEST(statements)
{
    struct fixture f;
    begin(&f);
    has(&f, "|", "trips", "variable", NULL);
    has(&f, "tr|", "trips", "variable", "frame, 4 columns");
    has(&f, "x = 1\nzo|", "zones", "variable", NULL);
    has(&f, "exp|", "explain", "verb", NULL);
    has(&f, "explain tr|", "trips", "variable", NULL);
    has(&f, "re|", "read", "function", NULL);
    has(&f, "fo|", "for", "keyword", NULL);
    has(&f, "trips |> take $li|", "$limit", "variable", "int");
    has(&f, "trips |> take $|", "$limit", "variable", NULL);
    has(&f, "s.|", "alpha", "field", NULL);
    lacks(&f, "trips |> where fare > 1 # fa|", "fare");
    lacks(&f, "trips |> where fare > 12|", "fare");
    end(&f);
}
TEST(paths)
{
    struct fixture f;
    begin(&f);
    has(&f, "read(\"" TEST_SOURCE_DIR "/lang/verbs/whe|", "where.c", "path", "file");
    has(&f, "t = read(\"" TEST_SOURCE_DIR "/la|", "lang/", "path", "folder");
    has(&f, "trips |> save \"" TEST_SOURCE_DIR "/la|", "lang/", "path", "folder");
    complete(&f, "trips |> where zone == \"" TEST_SOURCE_DIR "/la|");
    assert_int_equal(f.c.n, 0);
    end(&f);
}
/* Whatever stands around the cursor, nothing breaks. */
TEST(every_prefix_of_a_program)
{
    static const char program[] =
        "clean = trips |> where fare in 1..250, tip is not null |> derive d = case { fare > 3 => "
        "\"x\", else => 'y' }, `a b` = f\"{zone}: {mean(fare):.2f}\" by zone sort -fare\n"
        "for k in [1, 2] { clean |> take $k by zone |> join (zones |> distinct zone) on zone, "
        "kind: "
        "left }\nm = trips |> fit tip ~ scale(fare) * zone + ., logistic(l2: 0.1), nulls: drop\n"
        "?join\n";
    struct fixture f;
    begin(&f);
    for (size_t n = 0; n < sizeof program; n++) {
        struct completions c;
        struct strbuf plain = {0};
        lang_complete(f.snap, f.a, program, n, n, &c);
        assert_true(c.from <= c.to && c.to <= n);
        lang_complete(f.snap, f.a, program, sizeof program - 1, n, &c);
        assert_true(c.from <= c.to && c.to <= sizeof program - 1);
        lang_inspect(f.snap, program, sizeof program - 1, n, &plain, NULL);
        strbuf_release(&plain);
    }
    end(&f);
}
/* A snapshot outlives the session and its changes. */
TEST(snapshot_is_its_own)
{
    struct fixture f;
    begin(&f);
    rec_ok(&f.r, "trips = 1; zones = 2");
    struct lang_snapshot *second = lang_snapshot_ref(f.snap);
    lang_snapshot_unref(second);
    lang_free(f.r.lg);
    f.r.lg = NULL;
    has(&f, "trips |> where fa|", "fare", "column", "num");
    end(&f);
}

/* The kernel completes on its own thread while the session works (run under TSan). */
struct shared {
    pthread_mutex_t lock;
    struct lang_snapshot *snap; /* guarded */
    atomic_bool is_done;
    atomic_int n_seen;
};
static void *complete_again(void *arg)
{
    struct shared *s = arg;
    while (!atomic_load(&s->is_done)) {
        pthread_mutex_lock(&s->lock);
        struct lang_snapshot *snap = lang_snapshot_ref(s->snap);
        pthread_mutex_unlock(&s->lock);
        struct arena *a = arena_new();
        struct completions c;
        struct strbuf plain = {0};
        static const char text[] = "trips |> derive x = fare * 2 |> join zones on zone |> where ";
        lang_complete(snap, a, text, sizeof text - 1, sizeof text - 1, &c);
        atomic_fetch_add(&s->n_seen, c.n > 0);
        lang_inspect(snap, "trips", 5, 2, &plain, NULL);
        strbuf_release(&plain);
        arena_free(a);
        lang_snapshot_unref(snap);
    }
    return NULL;
}
TEST(completion_beside_a_running_session)
{
    struct fixture f;
    struct shared s = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;
    begin(&f);
    s.snap = lang_snapshot_ref(f.snap);
    pthread_create(&thread, NULL, complete_again, &s);
    /* 60 rounds pass before a new thread gets its first turn on a busy machine: wait for it. */
    for (int i = 0; i < 60 || atomic_load(&s.n_seen) == 0; i++) {
        rec_ok(&f.r, "trips = trips |> derive k = fare + 1, m = mean(fare) by zone; trips\n"
                     "trips |> summarize n = count() by zone");
        struct lang_snapshot *snap = lang_snapshot(f.r.lg);
        pthread_mutex_lock(&s.lock);
        lang_snapshot_unref(s.snap);
        s.snap = snap;
        pthread_mutex_unlock(&s.lock);
    }
    atomic_store(&s.is_done, true);
    pthread_join(thread, NULL);
    lang_snapshot_unref(s.snap);
    end(&f);
}

/* ---- inspection ---- */
TEST(inspect)
{
    struct fixture f;
    begin(&f);
    sees(&f, "trips |> wh|ere fare > 1", "where condition");
    sees(&f, "trips |> |where fare > 1", "where condition");
    sees(&f, "trips |> where fa|re > 1", "column `fare`: num (of `trips`)");
    sees(&f, "trips |> where `Odd n|ame` > 1", "column `Odd name`: int");
    sees(&f, "tri|ps", "trips: frame, ? rows, 4 columns");
    sees(&f, "zon|es", "zones: frame, 2 rows, 2 columns");
    sees(&f, "zones|", "borough");
    sees(&f, "trips |> take $lim|it", "limit: int = 3");
    sees(&f, "trips |> derive m = me|an(fare)", "mean(");
    sees(&f, "trips |> derive m = round(fare, |)", "round(");
    sees(&f, "trips |> join zones on zone, ki|nd: left", "option kind: of join");
    sees(&f, "to|p(trips)", "fn top(t, n: 5)");
    sees(&f, "trips |> count zo|ne", "column `zone`");
    sees(&f, "trips |> cou|nt zone", "count groups");
    sees(&f, "?jo|in", "join frame on keys");
    struct strbuf plain = {0};
    assert_false(lang_inspect(f.snap, "nothing_here", 12, 3, &plain, NULL));
    strbuf_release(&plain);
    end(&f);
}

/* ---- help ---- */
static void helps_at(const char *topic, const char *words, int line)
{
    struct strbuf plain = {0}, html = {0};
    lang_help(str_of(topic), &plain, &html);
    if (!plain.n || !strstr(plain.p, words))
        fail_msg("line %d: ?%s tells\n%s", line, topic, plain.p ? plain.p : "");
    assert_true(html.n > 0);
    strbuf_release(&plain);
    strbuf_release(&html);
}
#define helps(topic, words) helps_at((topic), (words), __LINE__)
TEST(help)
{
    helps("join", "join frame on keys");
    helps(" join( ", "join frame on keys");
    helps("E201", "unknown_column");
    helps("e201", "No column of that name");
    helps("?rolling", "derive");
    helps("?nothing_like_this", "nothing in the help");
    helps("filter", "where condition");
    helps("joi", "nearest name is join");
    helps("", "?name tells");
    helps("count", "aggregate");
    helps("logistic", "l2");
    helps("automl", "later version");
    helps("across", "{col}");
    helps("by", "step by groups");
    helps("?null", "fill");
}
/* Every descriptor can be shown, and says something. */
TEST(help_of_everything)
{
    int n;
    const struct verb_desc *const *verbs = verb_all(&n);
    for (int i = 0; i < n; i++) {
        assert_true(verbs[i]->sig && strstr(verbs[i]->sig, verbs[i]->name) == verbs[i]->sig);
        assert_true(verbs[i]->doc && strlen(verbs[i]->doc) > 20);
        assert_non_null(verbs[i]->examples[0]);
        assert_non_null(verbs[i]->examples[1]);
        assert_true(verbs[i]->input != 0);
        for (const struct verb_option *o = verbs[i]->options; o && o->name; o++)
            assert_true(o->doc && *o->doc);
        helps(verbs[i]->name, verbs[i]->sig);
    }
}
