/* wire.h: Jupyter's messages as bytes (protocol 5.5): identities.., <IDS|MSG>, signature, header,
 * parent header, metadata, content, buffers... Untrusted: every length is checked, a bad message is
 * dropped with one log line. */
#ifndef MLNB_KERNEL_JUPYTER_WIRE_H
#define MLNB_KERNEL_JUPYTER_WIRE_H

#include "runtime/base/arena.h"
#include "runtime/base/str.h"

#include <jansson.h>

/* The connection file, checked. Text lives in the arena. */
struct connection {
    const char *transport, *ip; /* "tcp" or "ipc" */
    int shell, control, iopub, stdin_, hb;
    const char *key;
    const char *curve_public, *curve_secret; /* Z85, or NULL */
};
/* False with a reason (for a person) in *why. */
bool connection_read(struct arena *a, const char *path, struct connection *out, const char **why);

/* Signs and verifies; holds the digests seen, so that a replayed message is dropped. One thread. */
struct signer;
struct signer *signer_new(const char *key); /* NULL when the library refuses */
void signer_free(struct signer *s);
/* Hex HMAC-SHA256 of the four frames; "" when the key is empty. */
void signer_sign(struct signer *s, const struct str frames[4], char out[65]);
/* Constant-time compare and replay check. */
bool signer_verify(struct signer *s, struct str signature, const struct str frames[4]);

struct request {
    struct arena *arena;
    struct str *idents; /* [n_idents] routing frames, to be sent back first */
    int n_idents;
    struct str header; /* raw bytes: sent back as parent_header */
    json_t *header_json, *parent_json, *metadata, *content; /* metadata NULL when it is rubbish */
    bool is_rubbish;       /* the content was no JSON object; {} stands for it */
    const char *type, *id; /* msg_type, msg_id */
    bool is_control;
    struct request *next; /* in the queue of cells */
};
/* Takes the frames of one message (copied). NULL when malformed, badly signed or replayed; *why
 * says which. */
struct request *request_parse(struct signer *s, const struct str *frames, int n, const char **why);
void request_free(struct request *r);

/* A message to send: the four JSON frames are made by whoever sends, signed by the I/O thread. */
enum channel { CHANNEL_SHELL, CHANNEL_CONTROL, CHANNEL_IOPUB, CHANNEL_STDIN };
struct message {
    struct message *next;
    enum channel channel;
    struct str *idents;
    int n_idents;
    char *text[4]; /* header, parent header, metadata, content: mem_free */
    size_t n[4];
    bool is_stream; /* may be dropped when a subscriber hangs */
};
/* Unique message ids and one session id for the process. */
struct names {
    char session[40];
    char prefix[40];
};
void names_init(struct names *n);
/* take_content and take_metadata are consumed (NULL = {}). parent may be NULL ({}). Any thread. */
struct message *message_new(const struct names *names, enum channel channel, const char *type,
                            const struct request *parent, json_t *take_content,
                            json_t *take_metadata);
/* A `stream` message; bytes that are not UTF-8 become U+FFFD. Written without a JSON tree between,
 * since it is the bulk of what is sent. */
struct message *message_stream(const struct names *names, const char *stream,
                               const struct request *parent, struct str text);
void message_free(struct message *m);
/* "2026-11-23T12:00:00.123456Z" now. */
void iso_now(char out[40]);

#endif
