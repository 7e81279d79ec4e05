/* wire.c: parsing, signing and making of messages; knows nothing of sockets. */
#include "kernel/jupyter/wire.h"

#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdatomic.h>

/* ---- connection file ---- */
static const char *text_field(struct arena *a, const json_t *o, const char *name)
{
    const char *z = json_string_value(json_object_get(o, name));
    return z ? arena_strndup(a, z, strlen(z)) : NULL;
}

static int port_field(const json_t *o, const char *name)
{
    json_int_t v = json_integer_value(json_object_get(o, name));
    return v > 0 && v < 65536 ? (int)v : 0;
}

static const char *connection_fault(const struct connection *c, const char *scheme)
{
    if (strcmp(c->transport, "tcp") != 0 && strcmp(c->transport, "ipc") != 0)
        return "its transport is not tcp or ipc";
    if (!c->ip) return "it has no ip";
    if (!c->shell || !c->control || !c->iopub || !c->stdin_ || !c->hb) return "a port is missing";
    if (!c->key) return "it has no key";
    if (!c->curve_public != !c->curve_secret) return "it has one of the two curve keys only";
    if (scheme && *c->key && strcmp(scheme, "hmac-sha256") != 0)
        return "its signature scheme is not hmac-sha256";
    return NULL;
}

bool connection_read(struct arena *a, const char *path, struct connection *out, const char **why)
{
    json_error_t err;
    json_t *o = json_load_file(path, JSON_REJECT_DUPLICATES, &err);
    if (!json_is_object(o)) {
        *why = arena_printf(a, "it is not a JSON object that can be read (%s)",
                            o ? "wrong type" : err.text);
        json_decref(o);
        return false;
    }
    *out = (struct connection){.transport = text_field(a, o, "transport"),
                               .ip = text_field(a, o, "ip"),
                               .shell = port_field(o, "shell_port"),
                               .control = port_field(o, "control_port"),
                               .iopub = port_field(o, "iopub_port"),
                               .stdin_ = port_field(o, "stdin_port"),
                               .hb = port_field(o, "hb_port"),
                               .key = text_field(a, o, "key"),
                               .curve_public = text_field(a, o, "curve_publickey"),
                               .curve_secret = text_field(a, o, "curve_secretkey")};
    if (!out->transport) out->transport = "tcp";
    *why = connection_fault(out, json_string_value(json_object_get(o, "signature_scheme")));
    json_decref(o);
    return *why == NULL;
}

/* ---- signatures ---- */
#define SEEN_MAX   65536u /* digests remembered: a ring */
#define SEEN_SLOTS (4u * SEEN_MAX)
struct signer {
    EVP_MAC *mac;
    EVP_MAC_CTX *keyed; /* initialised once, copied for each message */
    uint64_t *ring;     /* [SEEN_MAX] digests in order of arrival; made at the first message */
    uint64_t *slots;    /* [SEEN_SLOTS] open addressing over the ring's values; 0 = free */
    uint32_t at, n;
};

struct signer *signer_new(const char *key)
{
    struct signer *s = mem_zero(sizeof *s);
    if (!*key) return s;
    s->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    s->keyed = s->mac ? EVP_MAC_CTX_new(s->mac) : NULL;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                           OSSL_PARAM_construct_end()};
    if (s->keyed && EVP_MAC_init(s->keyed, (const unsigned char *)key, strlen(key), params))
        return s;
    signer_free(s);
    return NULL;
}

void signer_free(struct signer *s)
{
    if (!s) return;
    EVP_MAC_CTX_free(s->keyed);
    EVP_MAC_free(s->mac);
    mem_free(s->ring);
    mem_free(s->slots);
    mem_free(s);
}

void signer_sign(struct signer *s, const struct str frames[4], char out[65])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[32];
    size_t n = 0;
    out[0] = 0;
    if (!s->keyed) return;
    EVP_MAC_CTX *c = EVP_MAC_CTX_dup(s->keyed);
    for (int i = 0; c && i < 4; i++)
        EVP_MAC_update(c, (const unsigned char *)frames[i].p, frames[i].n);
    if (c && EVP_MAC_final(c, digest, &n, sizeof digest) && n == sizeof digest) {
        for (int i = 0; i < 32; i++) {
            out[2 * i] = hex[digest[i] >> 4];
            out[2 * i + 1] = hex[digest[i] & 15];
        }
        out[64] = 0;
    }
    EVP_MAC_CTX_free(c);
}

static uint32_t home_of(uint64_t digest)
{
    return (uint32_t)hash_u64(digest) & (SEEN_SLOTS - 1);
}

/* Backward-shift deletion keeps probe runs whole. */
static void forget(struct signer *s, uint64_t digest)
{
    uint32_t i = home_of(digest);
    while (s->slots[i] && s->slots[i] != digest)
        i = (i + 1) & (SEEN_SLOTS - 1);
    uint32_t j = i;
    while (s->slots[i]) {
        j = (j + 1) & (SEEN_SLOTS - 1);
        if (!s->slots[j]) {
            s->slots[i] = 0;
            return;
        }
        uint32_t home = home_of(s->slots[j]);
        bool stays = i <= j ? (i < home && home <= j) : (i < home || home <= j);
        if (stays) continue;
        s->slots[i] = s->slots[j];
        i = j;
    }
}

/* True when the digest was there already; remembers it. */
static bool seen_before(struct signer *s, struct str signature)
{
    uint64_t digest = hash_bytes(signature.p, signature.n) | 1;
    if (!s->ring) {
        s->ring = mem_zero(sizeof *s->ring * SEEN_MAX);
        s->slots = mem_zero(sizeof *s->slots * SEEN_SLOTS);
    }
    uint32_t i = home_of(digest);
    for (; s->slots[i]; i = (i + 1) & (SEEN_SLOTS - 1))
        if (s->slots[i] == digest) return true;
    if (s->n == SEEN_MAX)
        forget(s, s->ring[s->at]);
    else
        s->n++;
    s->ring[s->at] = digest;
    s->at = (s->at + 1) % SEEN_MAX;
    for (i = home_of(digest); s->slots[i];)
        i = (i + 1) & (SEEN_SLOTS - 1);
    s->slots[i] = digest;
    return false;
}

bool signer_verify(struct signer *s, struct str signature, const struct str frames[4])
{
    char want[65];
    if (!s->keyed) return true;
    signer_sign(s, frames, want);
    if (signature.n != 64 || CRYPTO_memcmp(signature.p, want, 64) != 0) return false;
    return !seen_before(s, signature);
}

/* ---- requests ---- */
#define DELIMITER "<IDS|MSG>"

/* Value of the four hex digits at p, -1 when they are none. */
static int hex4(const char *p, const char *end)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        int c = p + i < end ? (unsigned char)p[i] : 0;
        int lower = c | 0x20;
        int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 87 : -1;
        if (digit < 0) return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* A browser sends half of a surrogate pair when a cursor stands inside a character: U+FFFD stands
 * for it, of the same length. */
static bool mend_surrogates(char *p, const char *end)
{
    bool any = false;
    for (; p + 6 <= end; p++) {
        if (p[0] != '\\') continue;
        int v = p[1] == 'u' ? hex4(p + 2, end) : -1;
        bool is_high = v >= 0xD800 && v < 0xDC00, is_low = v >= 0xDC00 && v < 0xE000;
        int next = is_high && p + 8 <= end && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8, end) : -1;
        if (is_high && next >= 0xDC00 && next < 0xE000) {
            p += 11;
        } else if (is_high || is_low) {
            memcpy(p + 2, "fffd", 4);
            any = true;
            p += 5;
        } else {
            p++; /* the character that is escaped */
        }
    }
    return any;
}

static json_t *load_mended(struct str s)
{
    if (!s.n || !memchr(s.p, '\\', s.n)) return NULL;
    char *copy = mem_strndup(s.p, s.n);
    json_t *o = NULL;
    if (mend_surrogates(copy, copy + s.n)) o = json_loadb(copy, s.n, JSON_ALLOW_NUL, NULL);
    mem_free(copy);
    return o;
}

static json_t *load_object(struct str s)
{
    json_t *o = json_loadb(s.p ? s.p : "", s.n, JSON_ALLOW_NUL, NULL);
    if (!o) o = load_mended(s);
    if (json_is_object(o)) return o;
    json_decref(o);
    return NULL;
}

static void keep_idents(struct request *r, const struct str *frames, int n)
{
    r->idents = ARENA_ARRAY(r->arena, struct str, n + 1);
    r->n_idents = n;
    for (int i = 0; i < n; i++)
        r->idents[i] = arena_str(r->arena, frames[i]);
}

static const char *fill(struct request *r, const struct str body[4])
{
    r->header_json = load_object(body[0]);
    r->parent_json = load_object(body[1]);
    r->metadata = load_object(body[2]);
    r->content = load_object(body[3]);
    r->is_rubbish = r->content == NULL;
    if (r->is_rubbish) r->content = json_object(); /* it still gets an answer */
    r->type = json_string_value(json_object_get(r->header_json, "msg_type"));
    r->id = json_string_value(json_object_get(r->header_json, "msg_id"));
    if (!r->id) r->id = "";
    return !r->header_json ? "the header is not a JSON object" : !r->type ? "no msg_type" : NULL;
}

struct request *request_parse(struct signer *s, const struct str *frames, int n, const char **why)
{
    int at = 0;
    while (at < n && !str_eqz(frames[at], DELIMITER))
        at++;
    *why = "no delimiter, or too few frames";
    if (n - at < 6) return NULL;
    const struct str *body = frames + at + 2;
    *why = "bad signature, or a message seen before";
    if (!signer_verify(s, frames[at + 1], body)) return NULL;
    struct arena *a = arena_new();
    struct request *r = ARENA_NEW(a, struct request);
    r->arena = a;
    keep_idents(r, frames, at);
    r->header = arena_str(a, body[0]);
    *why = fill(r, body);
    if (!*why) return r;
    request_free(r);
    return NULL;
}

void request_free(struct request *r)
{
    if (!r) return;
    json_decref(r->header_json);
    json_decref(r->parent_json);
    json_decref(r->metadata);
    json_decref(r->content);
    arena_free(r->arena);
}

/* ---- messages ---- */
void names_init(struct names *n)
{
    unsigned char b[24];
    if (RAND_bytes(b, sizeof b) != 1) memset(b, 7, sizeof b);
    for (int i = 0; i < 16; i++)
        snprintf(n->session + 2 * i, 3, "%02x", b[i]);
    for (int i = 0; i < 8; i++)
        snprintf(n->prefix + 2 * i, 3, "%02x", b[16 + i]);
}

void iso_now(char out[40])
{
    struct timespec ts;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    size_t n = strftime(out, 40, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 40 - n, ".%06ldZ", ts.tv_nsec / 1000);
}

static json_t *header_of(const struct names *names, const char *type)
{
    static atomic_ullong count; /* msg_id must never repeat: clients drop what they have seen */
    char id[80], date[40];
    snprintf(id, sizeof id, "%s-%llu", names->prefix,
             (unsigned long long)atomic_fetch_add(&count, 1));
    iso_now(date);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "msg_id", id, "session", names->session,
                     "username", "mlnb", "date", date, "msg_type", type, "version", "5.5");
}

static void put_json(struct message *m, int i, json_t *take)
{
    char *text = json_dumps(take, JSON_COMPACT);
    m->text[i] = text ? mem_strndup(text, strlen(text)) : mem_strndup("{}", 2);
    m->n[i] = strlen(m->text[i]);
    free(text);
    json_decref(take);
}

static struct str own(struct str s)
{
    return (struct str){mem_strndup(s.p, s.n), s.n};
}

struct message *message_new(const struct names *names, enum channel channel, const char *type,
                            const struct request *parent, json_t *take_content,
                            json_t *take_metadata)
{
    struct message *m = mem_zero(sizeof *m);
    struct str topic = str_of(type), head = parent ? parent->header : STR("{}");
    m->channel = channel;
    put_json(m, 0, header_of(names, type));
    m->text[1] = mem_strndup(head.p, head.n);
    m->n[1] = head.n;
    put_json(m, 2, take_metadata ? take_metadata : json_object());
    put_json(m, 3, take_content ? take_content : json_object());
    const struct str *idents = channel == CHANNEL_IOPUB ? &topic : parent ? parent->idents : NULL;
    m->n_idents = channel == CHANNEL_IOPUB ? 1 : parent ? parent->n_idents : 0;
    m->idents = mem_zero(sizeof *m->idents * (size_t)m->n_idents);
    for (int i = 0; i < m->n_idents; i++)
        m->idents[i] = own(idents[i]);
    return m;
}

/* The inside of a JSON string. */
static void put_escaped(struct strbuf *b, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        strbuf_add(b, s.p + from, i - from);
        from = i + 1;
        if (c == '\n')
            strbuf_add(b, "\\n", 2);
        else if (c == '"' || c == '\\')
            strbuf_add(b, (char[]){'\\', (char)c}, 2);
        else
            strbuf_add(b, text, 6);
    }
    strbuf_add(b, s.p + from, s.n - from);
}

struct message *message_stream(const struct names *names, const char *stream,
                               const struct request *parent, struct str text)
{
    struct message *m = message_new(names, CHANNEL_IOPUB, "stream", parent, NULL, NULL);
    struct strbuf good = {0}, content = {0};
    if (utf8_check(text.p, text.n) != text.n) {
        utf8_repair(&good, text.p, text.n);
        text = strbuf_view(&good);
    }
    strbuf_printf(&content, "{\"name\":\"%s\",\"text\":\"", stream);
    put_escaped(&content, text);
    strbuf_addz(&content, "\"}");
    mem_free(m->text[3]);
    m->n[3] = content.n;
    m->text[3] = strbuf_take(&content);
    m->is_stream = true;
    strbuf_release(&good);
    return m;
}

void message_free(struct message *m)
{
    if (!m) return;
    for (int i = 0; i < m->n_idents; i++)
        mem_free((void *)(uintptr_t)m->idents[i].p);
    mem_free(m->idents);
    for (int i = 0; i < 4; i++)
        mem_free(m->text[i]);
    mem_free(m);
}
