/* front: libmicrohttpd in our own loop.
 *
 * Its time-out starts anew with each byte, so a list of all connections says since
 * when each has been sending its request or taking its answer; one that takes
 * too long is shut down. */
#define _POSIX_C_SOURCE 200809L
#include "front.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "parse.h"
#include "xalloc.h"

enum { HEADERS_MAX = 32 * 1024, LOOK_MS = 250, CROWDED_MS = 2000, SURPLUS_MAX = 64 << 20 };

/* One client's connection. */
struct client {
    int fd;
    int64_t since; /* when it began to send or take; CLOCK_NEVER while it waits for us */
    struct client *before, *after;
};

struct front {
    struct MHD_Daemon *daemon;
    struct front_options o;
    struct front_hooks hooks;
    struct client *clients;
    int64_t look; /* when the list is gone through next */
    size_t connected, busy, bodies;
    bool stopping, again; /* again: libmicrohttpd has something to do that no descriptor tells */
};

/* What libmicrohttpd keeps for a request. */
struct exchange {
    struct front_request r; /* comes first */
    struct MHD_Connection *connection;
    struct MHD_Response *response; /* to be queued once it goes on */
    size_t surplus;                /* bytes that were thrown away */
    bool begun, waits;
};

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void note_client(void *context, struct MHD_Connection *connection, void **socket_context,
                        enum MHD_ConnectionNotificationCode what)
{
    struct front *f = context;
    struct client *c = *socket_context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        c = xcalloc(1, sizeof *c);
        c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        c->since = clock_now();
        c->after = f->clients;
        if (c->after)
            c->after->before = c;
        f->clients = c;
        f->connected++;
        *socket_context = c;
    } else if (c) {
        *(c->before ? &c->before->after : &f->clients) = c->after;
        if (c->after)
            c->after->before = c->before;
        f->connected--;
        f->again = true; /* there may be room for one that waits */
        free(c);
    }
}

/* Where all connections are in use, others wait for one: then there is less patience. */
static void end_late_clients(struct front *f, int64_t now)
{
    bool crowded = f->connected >= (size_t)f->o.connections;
    int64_t patience = crowded && f->o.client_ms > CROWDED_MS ? CROWDED_MS : f->o.client_ms;
    for (struct client *c = f->clients; c; c = c->after)
        if (c->since != CLOCK_NEVER && now - c->since >= patience)
            shutdown(c->fd, SHUT_RDWR);
    f->look = clock_after(now, LOOK_MS);
}

/* ---- requests ---- */

static void *begin(void *context, const char *target, struct MHD_Connection *connection)
{
    struct exchange *x = xcalloc(1, sizeof *x);
    (void)target;
    x->r.front = context;
    x->connection = connection;
    x->r.arrived = clock_now();
    buf_init(&x->r.body, (size_t)x->r.front->o.body_max);
    x->r.front->busy++;
    return x;
}

static void drop_body(struct exchange *x)
{
    x->r.front->bodies -= x->r.body.len;
    buf_free(&x->r.body);
}

static void end(void *context, struct MHD_Connection *connection, void **request,
                enum MHD_RequestTerminationCode how)
{
    struct front *f = context;
    struct exchange *x = *request;
    struct client *c = client_of(connection);
    (void)how;
    if (!x)
        return;
    f->hooks.done(&x->r, f->hooks.context);
    if (x->response)
        MHD_destroy_response(x->response);
    if (c)
        c->since = clock_now();
    drop_body(x);
    free(x->r.path);
    free(x);
    *request = NULL;
    f->busy--;
}

static enum MHD_Result send_answer(struct exchange *x)
{
    struct client *c = client_of(x->connection);
    if (c)
        c->since = clock_now();
    return MHD_queue_response(x->connection, x->r.status, x->response);
}

/* Whether the client says that its body is too large, before it is sent. */
static bool is_too_large(const struct exchange *x)
{
    const char *text = front_header(&x->r, "Content-Length");
    int64_t len;
    return text && parse_int(text, 0, INT64_MAX, &len) && len > x->r.front->o.body_max;
}

/* Takes a piece of the body; false where the client sends without end. */
static bool take(struct exchange *x, const char *bytes, size_t len)
{
    struct front *f = x->r.front;
    if (!x->r.too_large && f->bodies + len <= (size_t)f->o.bodies_max && buf_add(&x->r.body, bytes, len)) {
        f->bodies += len;
        return true;
    }
    x->r.too_large = true;
    drop_body(x);
    buf_init(&x->r.body, 0);
    x->surplus += len;
    return x->surplus <= SURPLUS_MAX;
}

/* Hands the request over. */
static enum MHD_Result serve(struct exchange *x)
{
    struct front *f = x->r.front;
    struct client *c = client_of(x->connection);
    if (c)
        c->since = CLOCK_NEVER;
    f->hooks.serve(&x->r, f->hooks.context);
    if (x->response)
        return send_answer(x);
    x->waits = true;
    MHD_suspend_connection(x->connection);
    return MHD_YES;
}

static enum MHD_Result go_on(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload, size_t *upload_len,
                             void **request)
{
    struct exchange *x = *request;
    (void)context, (void)connection, (void)version;
    if (!x->begun) {
        x->begun = true;
        x->r.method = method;
        x->r.path = xstrdup(url);
        x->r.too_large = is_too_large(x);
        return x->r.too_large ? serve(x) : MHD_YES;
    }
    if (*upload_len) {
        bool taken = take(x, upload, *upload_len);
        *upload_len = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    return x->response ? send_answer(x) : serve(x);
}

const char *front_header(const struct front_request *r, const char *name)
{
    return MHD_lookup_connection_value(((const struct exchange *)r)->connection, MHD_HEADER_KIND, name);
}

void front_answer(struct front_request *r, unsigned status, const struct buf *json,
                  const char *const *headers)
{
    struct exchange *x = (struct exchange *)r;
    x->response = MHD_create_response_from_buffer(json->len, json->data, MHD_RESPMEM_MUST_COPY);
    if (!x->response)
        abort(); /* out of memory, for which xalloc ends the process as well */
    r->status = status;
    MHD_add_response_header(x->response, "Content-Type", "application/json");
    MHD_add_response_header(x->response, "Cache-Control", "no-store");
    if (r->front->stopping)
        MHD_add_response_header(x->response, "Connection", "close");
    for (; headers && *headers; headers += 2)
        MHD_add_response_header(x->response, headers[0], headers[1]);
    if (x->waits) {
        x->waits = false;
        r->front->again = true;
        MHD_resume_connection(x->connection);
    }
}

/* ---- the server ---- */

static void be_quiet(void *context, const char *format, va_list args)
{
    (void)context, (void)format, (void)args; /* what clients do wrong is no news */
}

bool front_open(struct front **out, int fd, const struct front_options *o, const struct front_hooks *hooks,
                struct err *e)
{
    struct front *f = xcalloc(1, sizeof *f);
    f->o = *o;
    f->hooks = *hooks;
    f->look = clock_after(clock_now(), LOOK_MS);
    f->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                                 go_on, f, MHD_OPTION_EXTERNAL_LOGGER, be_quiet, NULL,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, begin, f,
                                 MHD_OPTION_NOTIFY_COMPLETED, end, f, MHD_OPTION_NOTIFY_CONNECTION,
                                 note_client, f, MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX, MHD_OPTION_END);
    if (!f->daemon) {
        free(f);
        return err_set(e, EXIT_OS, "cannot start the HTTP server");
    }
    *out = f;
    return true;
}

void front_close(struct front *f)
{
    MHD_stop_daemon(f->daemon);
    free(f);
}

int front_fd(const struct front *f)
{
    return MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int64_t front_due(const struct front *f)
{
    MHD_UNSIGNED_LONG_LONG wait;
    int64_t now = clock_now(), due = f->clients ? f->look : CLOCK_NEVER;
    if (f->again)
        return now;
    if (MHD_get_timeout(f->daemon, &wait) == MHD_YES && clock_after(now, (int64_t)wait) < due)
        due = clock_after(now, (int64_t)wait);
    return due;
}

void front_serve(struct front *f)
{
    f->again = false;
    MHD_run(f->daemon);
    int64_t now = clock_now();
    if (now >= f->look)
        end_late_clients(f, now);
}

void front_stop(struct front *f)
{
    f->stopping = true;
    MHD_quiesce_daemon(f->daemon);
}

size_t front_busy(const struct front *f)
{
    return f->busy;
}
