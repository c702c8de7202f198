/* http: a multi handle and a fixed set of slots, each an easy handle with its
 * buffers that serve one attempt after another.
 *
 * The bodies that arrive share one allowance: where it is used up, all transfers
 * but the oldest pause until others have ended. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "http.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "signals.h"
#include "token.h"
#include "xalloc.h"

enum {
    HEADERS_MAX = 256 << 10,
    BODIES_MAX = 32 << 20,
    NEAR_US = 100,
    DESCRIPTORS_OTHER = 32,
    DESCRIPTORS_EACH = 3,
    HEADERS = 6
};

struct slot {
    struct http *http;
    CURL *easy;
    struct curl_slist headers[HEADERS]; /* a list without allocations; its lines lie in */
    struct buf key, authorization;
    struct buf url, body;
    struct slot *next_free;
    void *user;
    int64_t started, timeout_ms, retry_after_ms;
    uint64_t order;      /* of its start */
    size_t header_bytes; /* of interim answers too */
    bool has_length;     /* Content-Length or chunks mark the body's end */
    bool has_header;     /* to its end */
    bool too_large, flying, paused;
    char why[CURL_ERROR_SIZE];
};

struct http {
    const struct http_options *options;
    CURLM *multi;
    struct slot *slots, *free_slots;
    size_t slot_count, free_count;
    int flying; /* transfers that the multi handle has */
    uint64_t order;
    int reader;            /* see cli_reader_fd */
    bool has_processors;   /* more than one: the server can run while we stay awake */
    bool near;             /* the last wait was over in NEAR_US */
    size_t body_bytes;     /* of all slots */
    struct slot *finished; /* the one whose answer was given out last */
    char *base;            /* the URL without its last slash */
    struct token token;
    /* Handles serve one attempt only: before 8.1.0 libcurl takes a header that begins with a
     * blank for more of the last one of the attempt before, whose memory is free already
     * (its issue 11101).  Connections are the multi handle's, and kept all the same. */
    bool fresh;
};

/* ---- callbacks ---- */

/* The oldest transfer under way, or NULL. */
static struct slot *oldest(const struct http *h)
{
    struct slot *found = NULL;
    for (size_t i = 0; i < h->slot_count; i++)
        if (h->slots[i].flying && (!found || h->slots[i].order < found->order))
            found = &h->slots[i];
    return found;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct slot *s = user;
    size_t len = size * count;
    if (s->http->body_bytes + len > BODIES_MAX && s != oldest(s->http)) {
        s->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (!buf_add(&s->body, bytes, len)) {
        s->too_large = true;
        return 0;
    }
    s->http->body_bytes += len;
    return len;
}

/* The value of header `name` in a header line as a C string in `out`. */
static bool header_value(const char *line, size_t len, const char *name, char *out, size_t room)
{
    size_t name_len = strlen(name);
    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
        return false;
    const char *at = line + name_len + 1, *end = line + len;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if ((size_t)(end - at) >= room)
        return false;
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
    return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct slot *s = user;
    char value[128];
    size_t len = size * count;
    s->header_bytes += len;
    if (s->header_bytes > HEADERS_MAX) {
        s->too_large = true;
        return 0;
    }
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
        s->retry_after_ms = RETRY_AFTER_NONE;
        s->has_length = memcmp(line, "HTTP/1", 6) != 0;
        s->has_header = false;
    } else if (line[0] == '\r' || line[0] == '\n') {
        s->has_header = true;
    } else if (header_value(line, len, "retry-after", value, sizeof value)) {
        if (!retry_after_parse(value, clock_wall(), &s->retry_after_ms))
            s->retry_after_ms = RETRY_AFTER_NONE;
    } else if (header_value(line, len, "content-length", value, sizeof value) ||
               header_value(line, len, "transfer-encoding", value, sizeof value)) {
        s->has_length = true;
    }
    return len;
}

/* ---- opening and closing ---- */

static void set_up(struct http *h, struct slot *s)
{
    const struct http_options *o = h->options;
    CURL *c = s->easy;
    curl_easy_setopt(c, CURLOPT_PRIVATE, s);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->why);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver that is stuck */
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    if (o->cacert)
        curl_easy_setopt(c, CURLOPT_CAINFO, o->cacert);
    if (o->cert)
        curl_easy_setopt(c, CURLOPT_SSLCERT, o->cert);
    if (o->key)
        curl_easy_setopt(c, CURLOPT_SSLKEY, o->key);
    if (o->unix_socket)
        curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
}

/* libcurl's own reading of the URL, so that a wrong one is told at once. */
static bool check_url(const char *url, struct err *e)
{
    CURLU *parts = curl_url();
    CURLUcode code = parts ? curl_url_set(parts, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
    curl_url_cleanup(parts);
    return code == CURLUE_OK
               ? true
               : err_set(e, EXIT_CONFIG, "the URL \"%s\" cannot be used: %s", url, curl_url_strerror(code));
}

/* As many slots as there can be connections, which need two descriptors more
 * while a name is resolved, beside the files of the program. */
static size_t fit_slots(size_t slots)
{
    struct rlimit limit;
    rlim_t wanted = slots * DESCRIPTORS_EACH + DESCRIPTORS_OTHER;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return slots;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return slots;
    size_t fit =
        limit.rlim_cur < DESCRIPTORS_OTHER ? 0 : (limit.rlim_cur - DESCRIPTORS_OTHER) / DESCRIPTORS_EACH;
    fit += fit == 0;
    msg_warn("only %zu requests at once: the limit of open files is %llu", fit,
             (unsigned long long)limit.rlim_cur);
    return fit;
}

static bool check_files(const struct http_options *o, struct err *e)
{
    const char *const names[] = {o->cacert, o->cert, o->key};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && access(names[i], R_OK) != 0)
            return err_errno(e, EXIT_CONFIG, "cannot read \"%s\"", names[i]);
    return true;
}

bool http_open(struct http **out, const struct http_options *options, size_t slots, struct err *e)
{
    struct http *h = xcalloc(1, sizeof *h);
    h->options = options;
    h->reader = cli_reader_fd();
    h->has_processors = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets that may be closed */
    if (!check_url(options->url, e) || !check_files(options, e) ||
        !token_open(&h->token, options->token_file, e)) {
        http_close(h);
        return false;
    }
    size_t len = strlen(options->url);
    while (len && options->url[len - 1] == '/')
        len--;
    h->base = xmemdup(options->url, len);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    h->fresh = curl_version_info(CURLVERSION_NOW)->version_num < 0x080100;
    h->multi = curl_multi_init();
    slots = fit_slots(slots);
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)slots);
    h->slots = xcalloc(slots, sizeof *h->slots);
    h->slot_count = h->free_count = slots;
    for (size_t i = slots; i-- > 0;) {
        struct slot *s = &h->slots[i];
        s->http = h;
        buf_init(&s->key, HTTP_BODY_MAX);
        buf_init(&s->authorization, 2 * TOKEN_MAX);
        buf_init(&s->url, HTTP_BODY_MAX);
        buf_init(&s->body, HTTP_BODY_MAX);
        s->next_free = h->free_slots;
        h->free_slots = s;
    }
    *out = h;
    return true;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->slot_count; i++) {
        struct slot *s = &h->slots[i];
        if (s->flying)
            curl_multi_remove_handle(h->multi, s->easy);
        if (s->easy)
            curl_easy_cleanup(s->easy);
        if (s->authorization.len)
            explicit_bzero(s->authorization.data, s->authorization.len);
        buf_free(&s->authorization);
        buf_free(&s->key);
        buf_free(&s->url);
        buf_free(&s->body);
    }
    if (h->multi)
        curl_multi_cleanup(h->multi);
    token_close(&h->token);
    free(h->slots);
    free(h->base);
    free(h);
    curl_global_cleanup();
}

size_t http_free_slots(const struct http *h)
{
    return h->free_count;
}

/* ---- sending ---- */

/* Appends a line to the slot's list; libcurl borrows it and does not change it. */
static void add_header(struct slot *s, size_t *count, const char *line)
{
    if (*count)
        s->headers[*count - 1].next = &s->headers[*count];
    s->headers[(*count)++] = (struct curl_slist){.data = (char *)line};
}

static const char *join(struct buf *line, const char *name, const char *value)
{
    buf_clear(line);
    buf_puts(line, name);
    buf_puts(line, value);
    return line->data;
}

/* libcurl formats a header of this list once, byte by byte, and one of its own twice:
 * what both can give stands here. */
static void set_headers(struct http *h, struct slot *s, const struct http_request *request)
{
    size_t count = 0;
    add_header(s, &count, "User-Agent: greenlight-tools/" GL_VERSION);
    add_header(s, &count, "Accept-Encoding: gzip");
    add_header(s, &count, "Expect:"); /* a pause of 1 s before large bodies otherwise */
    if (request->post)
        add_header(s, &count, "Content-Type: application/json");
    if (request->key)
        add_header(s, &count, join(&s->key, "Idempotency-Key: ", request->key));
    if (h->token.text.len)
        add_header(s, &count, join(&s->authorization, "Authorization: Bearer ", h->token.text.data));
    curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
}

static void set_body(struct slot *s, const struct http_request *request)
{
    if (!request->post) {
        curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
}

static void set_timeout(struct slot *s)
{
    curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)(s->timeout_ms > 0 ? s->timeout_ms : 1));
}

void http_extend(struct http *h, int64_t ms, int64_t until)
{
    for (size_t i = 0; i < h->slot_count; i++) {
        struct slot *s = &h->slots[i];
        if (!s->flying)
            continue;
        s->timeout_ms += ms;
        if (until != CLOCK_NEVER && s->timeout_ms > until - s->started)
            s->timeout_ms = until - s->started;
        set_timeout(s);
    }
}

bool http_send(struct http *h, const struct http_request *request, struct err *e)
{
    struct slot *s = h->free_slots;
    if (!token_refresh(&h->token, e))
        return false;
    if (!s->easy) {
        s->easy = curl_easy_init();
        if (!s->easy)
            return err_set(e, EXIT_OS, "out of memory: no curl handle");
        set_up(h, s);
    }
    h->free_slots = s->next_free;
    h->free_count--;
    buf_clear(&s->body);
    buf_clear(&s->url);
    buf_puts(&s->url, h->base);
    buf_puts(&s->url, request->path);
    curl_easy_setopt(s->easy, CURLOPT_URL, s->url.data);
    set_headers(h, s, request);
    set_body(s, request);
    s->user = request->user;
    s->started = clock_now();
    s->timeout_ms =
        request->timeout_ms < h->options->timeout_ms ? request->timeout_ms : h->options->timeout_ms;
    set_timeout(s);
    s->order = h->order++;
    s->retry_after_ms = RETRY_AFTER_NONE;
    s->too_large = s->has_length = s->has_header = s->paused = false;
    s->header_bytes = 0;
    s->why[0] = '\0';
    s->flying = true;
    h->flying++;
    curl_multi_add_handle(h->multi, s->easy);
    return true;
}

/* ---- answers ---- */

enum fault http_status_fault(int status)
{
    if (status >= 200 && status < 300)
        return FAULT_NONE;
    if (status >= 300 && status < 400)
        return FAULT_REDIRECT;
    switch (status) {
    case 401:
        return FAULT_UNAUTHORISED;
    case 408:
    case 425:
        return FAULT_HTTP_5XX;
    case 429:
        return FAULT_RATE_LIMITED;
    case 501:
        return FAULT_HTTP_501;
    case 505:
        return FAULT_HTTP_505;
    default:
        return status >= 500 && status < 600   ? FAULT_HTTP_5XX
               : status >= 400 && status < 500 ? FAULT_HTTP_4XX
                                               : FAULT_MALFORMED;
    }
}

static bool has_time(CURL *easy, CURLINFO which)
{
    curl_off_t at = 0;
    curl_easy_getinfo(easy, which, &at);
    return at > 0;
}

/* The class of a failure while bytes went to and fro: `fault`, unless it came
 * before the request was on its way. */
static enum fault transfer_fault(CURL *easy, enum fault fault)
{
    return has_time(easy, CURLINFO_PRETRANSFER_TIME_T) ? fault : FAULT_CONNECT;
}

static enum fault curl_fault(const struct slot *s, CURLcode code)
{
    switch (code) {
    case CURLE_OK: /* also where the connection ended within the header */
        return s->has_header ? FAULT_NONE : FAULT_RESET;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return FAULT_DNS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return FAULT_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
        return FAULT_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return FAULT_CERTIFICATE;
    case CURLE_OPERATION_TIMEDOUT:
        return has_time(s->easy, CURLINFO_NAMELOOKUP_TIME_T) ? transfer_fault(s->easy, FAULT_TIMEOUT)
                                                             : FAULT_DNS;
    case CURLE_PARTIAL_FILE:
        return FAULT_TRUNCATED;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return transfer_fault(s->easy, s->body.len ? FAULT_TRUNCATED : FAULT_RESET);
    case CURLE_WRITE_ERROR:
        return s->too_large ? FAULT_TOO_LARGE : FAULT_MALFORMED;
    case CURLE_OUT_OF_MEMORY: /* which libcurl also says of a header line over 100 KiB */
        if (!has_time(s->easy, CURLINFO_PRETRANSFER_TIME_T))
            die(EXIT_OS, "out of memory");
        return FAULT_TOO_LARGE;
    default:
        return transfer_fault(s->easy, FAULT_MALFORMED);
    }
}

/* Whether OpenSSL (x509_vfy.h) knew nobody who vouches for the certificate. */
static bool is_unknown_authority(CURL *easy)
{
    enum { SELF_SIGNED = 18, NO_ISSUER = 21 };
    long result = 0;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
    return result >= SELF_SIGNED && result <= NO_ISSUER;
}

static void explain(struct http_answer *a, const struct slot *s, CURLcode code)
{
    if (a->fault == FAULT_TOO_LARGE)
        snprintf(a->why, sizeof a->why, "the answer is larger than %d bytes, or its header than %d",
                 HTTP_BODY_MAX, HEADERS_MAX);
    else if (code == CURLE_OK && a->fault == FAULT_RESET)
        snprintf(a->why, sizeof a->why, "the connection was closed within the answer's header");
    else if (code != CURLE_OK && a->status < 300)
        snprintf(a->why, sizeof a->why, "%s%s", s->why[0] ? s->why : curl_easy_strerror(code),
                 is_unknown_authority(s->easy) ? " (--cacert names the authority to trust)" : "");
    else
        snprintf(a->why, sizeof a->why, "HTTP status %d", a->status);
}

static void land(struct http *h, struct slot *s)
{
    curl_multi_remove_handle(h->multi, s->easy);
    if (h->fresh) {
        curl_easy_cleanup(s->easy);
        s->easy = NULL;
    }
    s->flying = false;
    h->flying--;
}

/* Lets go on what paused and has room now; a callback may pause it again. */
static void resume(struct http *h)
{
    const struct slot *first = h->body_bytes < BODIES_MAX ? NULL : oldest(h);
    for (size_t i = 0; i < h->slot_count; i++) {
        struct slot *s = &h->slots[i];
        if (s->paused && s->flying && (!first || s == first)) {
            s->paused = false;
            curl_easy_pause(s->easy, CURLPAUSE_CONT);
        }
    }
}

static void release(struct http *h, struct slot *s)
{
    bool was_tight = h->body_bytes > BODIES_MAX / 2;
    h->body_bytes -= s->body.len;
    buf_clear(&s->body); /* an idle slot keeps no large one */
    s->next_free = h->free_slots;
    h->free_slots = s;
    h->free_count++;
    if (was_tight)
        resume(h);
}

bool http_next(struct http *h, struct http_answer *a)
{
    CURLMsg *message;
    int left;
    if (h->finished)
        release(h, h->finished);
    h->finished = NULL;
    do {
        message = curl_multi_info_read(h->multi, &left);
        if (!message)
            return false;
    } while (message->msg != CURLMSG_DONE);
    struct slot *s;
    CURLcode code = message->data.result;
    long status = 0;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&s);
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    *a = (struct http_answer){.user = s->user, .status = (int)status};
    /* A refusal is one even where its body is cut off. */
    a->fault = status >= 300 ? FAULT_NONE : curl_fault(s, code);
    if (a->fault == FAULT_NONE)
        a->fault = http_status_fault(a->status);
    a->elapsed_ms = clock_now() - s->started;
    a->retry_after_ms = s->retry_after_ms;
    a->by_close = !s->has_length;
    token_redact(&h->token, s->body.data, s->body.len);
    a->body = s->body.data;
    a->body_len = s->body.len;
    explain(a, s, code);
    land(h, s);
    h->finished = s;
    return true;
}

/* Waits until something happens.  Falling asleep and waking up take as long as the answer of
 * a server on this machine: while answers come so fast, and one at a time, it stays
 * awake for the next one that long. */
static void await(struct http *h, struct curl_waitfd *others, unsigned count, int wait_ms)
{
    int64_t from = clock_micros();
    int ready = 0;
    if (h->near && h->flying == 1)
        do
            curl_multi_poll(h->multi, others, count, 0, &ready);
        while (!ready && clock_micros() - from < NEAR_US);
    if (!ready)
        curl_multi_poll(h->multi, others, count, wait_ms, NULL);
    h->near = clock_micros() - from < NEAR_US && h->has_processors;
}

void http_wait(struct http *h, int fd, int64_t until, bool *readable)
{
    struct curl_waitfd extra[] = {{.fd = fd, .events = CURL_WAIT_POLLIN},
                                  {.fd = signals_fd(), .events = CURL_WAIT_POLLIN},
                                  {.fd = h->reader}};
    struct curl_waitfd present[3];
    unsigned count = 0;
    int running;
    int wait = clock_poll_ms(clock_now(), until);
    for (size_t i = 0; i < 3; i++)
        if (extra[i].fd >= 0)
            present[count++] = extra[i];
    curl_multi_perform(h->multi, &running);
    if (running == h->flying) { /* nothing ended meanwhile */
        await(h, present, count, wait < 0 ? 3600000 : wait);
        curl_multi_perform(h->multi, &running);
    }
    *readable = fd >= 0 && present[0].revents;
    cli_check_reader(h->reader);
}

void http_cancel(struct http *h, void (*ended)(void *user, void *context), void *context)
{
    for (size_t i = 0; i < h->slot_count; i++) {
        struct slot *s = &h->slots[i];
        if (!s->flying)
            continue;
        land(h, s);
        release(h, s);
        ended(s->user, context);
    }
}
