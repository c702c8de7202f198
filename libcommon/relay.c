/* relay: poll says when a pipe takes a piece of at most PIPE_BUF bytes whole, so
 * not even a `to` that others made, and that may block, does so. */
#define _POSIX_C_SOURCE 200809L
#include "relay.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"

enum { READ_BLOCK = 32 * 1024, OUT_MAX = 1 << 20 };

void relay_init(struct relay *r, int from, int to, size_t max_line, relay_line_fn *look, void *context)
{
    *r = (struct relay){.from = from, .to = to, .look = look, .context = context};
    buf_init(&r->in, max_line + READ_BLOCK);
    buf_init(&r->out, 2 * max_line + OUT_MAX);
}

void relay_free(struct relay *r)
{
    if (r->from != -1)
        close(r->from);
    r->from = -1;
    buf_free(&r->in);
    buf_free(&r->out);
}

static size_t unsent(const struct relay *r)
{
    return r->out.len - r->sent;
}

void relay_prepare(const struct relay *r, struct pollfd fds[RELAY_FDS])
{
    fds[0] = (struct pollfd){unsent(r) < OUT_MAX ? r->from : -1, POLLIN, 0};
    fds[1] = (struct pollfd){unsent(r) ? r->to : -1, POLLOUT, 0};
}

void relay_add(struct relay *r, const char *bytes, size_t len)
{
    if (!r->failed && !buf_add(&r->out, bytes, len))
        die(EXIT_BUG, "a record is longer than any can be");
}

/* Looks at the whole lines; `fresh` bytes at the end are new. */
static void look_at_lines(struct relay *r, size_t fresh)
{
    const char *line = r->in.data, *end = r->in.data + r->in.len, *from = end - fresh, *lf;
    while ((lf = memchr(from, '\n', (size_t)(end - from)))) {
        size_t len = (size_t)(lf - line) + 1;
        if (r->look(line, len, r->context))
            relay_add(r, line, len);
        line = from = lf + 1;
    }
    buf_drop(&r->in, (size_t)(line - r->in.data));
    if (!r->in.len)
        buf_clear(&r->in);
}

static void take(struct relay *r)
{
    char *to = buf_reserve(&r->in, READ_BLOCK);
    if (!to)
        die(EXIT_BUG, "a record is longer than any can be");
    ssize_t got = read(r->from, to, READ_BLOCK);
    if (got > 0) {
        r->in.len += (size_t)got;
        look_at_lines(r, (size_t)got);
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        close(r->from);
        r->from = -1;
    }
}

static void give(struct relay *r)
{
    size_t len = unsent(r) < PIPE_BUF ? unsent(r) : PIPE_BUF;
    ssize_t wrote = write(r->to, r->out.data + r->sent, len);
    if (wrote > 0)
        r->sent += (size_t)wrote;
    else if (wrote < 0 && errno != EINTR && errno != EAGAIN)
        r->failed = errno;
    if (r->failed || r->sent == r->out.len)
        buf_clear(&r->out);
    else if (r->sent >= READ_BLOCK && r->sent >= unsent(r))
        buf_drop(&r->out, r->sent);
    else
        return;
    r->sent = 0;
}

void relay_serve(struct relay *r, const struct pollfd fds[RELAY_FDS])
{
    if (fds[1].revents && unsent(r))
        give(r);
    if (fds[0].revents && r->from != -1)
        take(r);
}

bool relay_at_end(const struct relay *r)
{
    return r->from == -1;
}

bool relay_done(const struct relay *r)
{
    return relay_at_end(r) && !unsent(r);
}
