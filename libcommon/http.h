/* http: single HTTP attempts over libcurl, many at once.
 *
 * It sends what it is told and says how that ended, as a class of design.md
 * §4; retrying is exchange's.  Redirects are not followed, bodies are capped
 * as they arrive, connections are kept and reused. */
#ifndef GL_HTTP_H
#define GL_HTTP_H

#include <stdint.h>

#include "buf.h"
#include "cli.h"
#include "err.h"
#include "retry.h"
#include "status.h"

enum { HTTP_BODY_MAX = 8 << 20 };

struct http_options {
    const char *url;    /* the API's base URL */
    int64_t timeout_ms; /* an attempt */
    const char *token_file, *cacert, *cert, *key, *unix_socket;
};

/* The options as rows of a program's table; m is the member of the program's
 * struct that holds them.  HTTP_SERVER_OPTIONS: all but --timeout. */
/* clang-format off */
#define HTTP_SERVER_OPTIONS(T, m)                                                                    \
    {.name = "url", .arg = "URL", .type = CLI_URL, .member = offsetof(T, m.url),                     \
     .preset = "http://localhost:8080", .env = "GREENLIGHT_API_URL", .help = "the Greenlight API"},  \
    {.name = "token-file", .arg = "FILE", .type = CLI_TEXT, .member = offsetof(T, m.token_file),     \
     .env = "GREENLIGHT_TOKEN_FILE", .help = "read the bearer token from FILE"},                     \
    {.name = "cacert", .arg = "FILE", .type = CLI_TEXT, .member = offsetof(T, m.cacert),             \
     .help = "trust the certificate authorities in FILE alone"},                                     \
    {.name = "cert", .arg = "FILE", .type = CLI_TEXT, .member = offsetof(T, m.cert),                 \
     .help = "present the client certificate in FILE"},                                              \
    {.name = "key", .arg = "FILE", .type = CLI_TEXT, .member = offsetof(T, m.key),                   \
     .help = "the client certificate's private key"},                                                \
    {.name = "unix-socket", .arg = "PATH", .type = CLI_TEXT, .member = offsetof(T, m.unix_socket),   \
     .help = "connect to the unix socket PATH instead of the URL's host"}
#define HTTP_OPTIONS(T, m)                                                                           \
    HTTP_SERVER_OPTIONS(T, m),                                                                       \
    {.name = "timeout", .arg = "D", .type = CLI_DURATION, .member = offsetof(T, m.timeout_ms),       \
     .preset = "30s", .env = "GREENLIGHT_HANDOFF_TIMEOUT_MS", .min = 1, .max = 86400000,             \
     .help = "give up an attempt after D"}
/* clang-format on */

struct http;

/* An engine with `slots` transfers at most at once, or as many as the limit of
 * open files allows.  The options are borrowed.  False (exit 78) where the URL or a
 * file cannot be used. */
bool http_open(struct http **h, const struct http_options *options, size_t slots, struct err *e);
void http_close(struct http *h);

/* Gives the attempts under way `ms` more, but not past `until`: a program that
 * could not look after them must not take that for the server's silence. */
void http_extend(struct http *h, int64_t ms, int64_t until);

size_t http_free_slots(const struct http *h);

/* One attempt.  path and body are borrowed until its answer comes out. */
struct http_request {
    bool post;
    const char *path; /* below the base URL, percent-encoded, with its leading / */
    const char *key;  /* Idempotency-Key, or NULL */
    const char *body;
    size_t body_len;
    int64_t timeout_ms; /* at most the option's */
    void *user;
};

struct http_answer {
    void *user;
    enum fault fault; /* FAULT_NONE: a 2xx with its body */
    int status;       /* the HTTP status, 0: none came */
    const char *body; /* borrowed until the next call */
    size_t body_len;
    bool by_close; /* the body's end was the connection's end */
    int64_t retry_after_ms;
    int64_t elapsed_ms;
    char why[ERR_TEXT_MAX]; /* what went wrong, for people */
};

/* Starts an attempt; there must be a free slot.  False (exit 78) where the
 * token cannot be read. */
bool http_send(struct http *h, const struct http_request *request, struct err *e);

/* Takes out an attempt that has ended; false where none has. */
bool http_next(struct http *h, struct http_answer *answer);

/* Waits until something can go on: a transfer, input on `fd` (-1: none; true
 * in *readable), a signal, or `until` on the monotonic clock. */
void http_wait(struct http *h, int fd, int64_t until, bool *readable);

/* Ends the attempts under way without an answer, calling `ended` for each. */
void http_cancel(struct http *h, void (*ended)(void *user, void *context), void *context);

/* The class of an HTTP status; FAULT_NONE for 2xx. */
enum fault http_status_fault(int status);

#endif
