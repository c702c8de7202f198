/* raw: a thread for each such answer, with a copy of the connection's descriptor. */
#define _GNU_SOURCE /* POLLRDHUP */
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "xalloc.h"

enum { TIMES_MAX = 1 << 30, WAIT_MAX_MS = 3600 * 1000 };

struct raws {
    struct park *park;
    pthread_mutex_t lock;
    pthread_cond_t none_left;
    unsigned sending;
    bool stopped;
    int stop; /* an eventfd that is readable once stopped */
};

struct sender {
    struct raws *all;
    struct json_text raw; /* our copy */
    struct parked *place;
    int fd;
};

struct part {
    struct json_text bytes; /* a JSON string, or absent */
    int64_t times, wait_ms;
};

/* ---- reading ---- */

static bool read_part(struct json_text value, struct part *part)
{
    struct json_object o = {0};
    *part = (struct part){.bytes = value, .times = 1};
    if (json_kind(value) == JSON_STRING)
        return true;
    part->bytes = (struct json_text){NULL, 0};
    bool fits = json_get_object(value, &o);
    for (size_t i = 0; fits && i < o.count; i++) {
        struct json_text member = json_member_value(&o, i);
        if (json_member_is(&o, i, "times"))
            fits = json_int(member, &part->times) && part->times >= 0 && part->times <= TIMES_MAX;
        else if (json_member_is(&o, i, "wait_ms"))
            fits = json_int(member, &part->wait_ms) && part->wait_ms >= 0 && part->wait_ms <= WAIT_MAX_MS;
        else if ((fits = json_member_is(&o, i, "bytes") && json_kind(member) == JSON_STRING))
            part->bytes = member;
    }
    json_object_free(&o);
    return fits;
}

/* Appends a string's characters as bytes; false where one is none. */
static bool put_bytes(struct json_text string, struct buf *out)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    bool fits = !string.at || json_string(string, &text);
    for (size_t i = 0; fits && i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        fits = c < 0x80 || (c < 0xc4 && i + 1 < text.len);
        buf_putc(out, (char)(c < 0x80 ? c : (c & 3) << 6 | (text.data[++i] & 0x3f)));
    }
    buf_free(&text);
    return fits;
}

/* Calls `use` for each part and its bytes, until it says false. */
static bool each_part(struct json_text raw, bool (*use)(void *, const struct part *, const struct buf *),
                      void *context)
{
    struct json_text element = raw;
    struct part part;
    struct buf bytes;
    size_t at = 0;
    bool is_list = json_kind(raw) == JSON_ARRAY, fine = true;
    buf_init(&bytes, SIZE_MAX / 2);
    while (fine && (is_list ? json_next(raw, &at, &element) : at++ == 0)) {
        buf_clear(&bytes);
        fine = read_part(element, &part) && put_bytes(part.bytes, &bytes) && use(context, &part, &bytes);
    }
    buf_free(&bytes);
    return fine;
}

static bool pass(void *context, const struct part *part, const struct buf *bytes)
{
    (void)context, (void)part, (void)bytes;
    return true;
}

bool raw_is(struct json_text value)
{
    return each_part(value, pass, NULL);
}

/* ---- sending ---- */

/* Waits `ms` (-1: for ever) for the socket; false where the client went away or
 * the server stops. */
static bool wait_for(const struct sender *s, short events, int ms)
{
    struct pollfd fds[] = {{s->fd, (short)(events | POLLRDHUP), 0}, {s->all->stop, POLLIN, 0}};
    while (poll(fds, 2, ms) < 0)
        if (errno != EINTR)
            return false;
    return !fds[1].revents && !(fds[0].revents & ~POLLOUT);
}

static bool send_part(void *context, const struct part *part, const struct buf *bytes)
{
    const struct sender *s = context;
    for (int64_t n = 0; part->times == 0 || n < part->times; n++) {
        size_t done = 0;
        if (!wait_for(s, 0, (int)part->wait_ms))
            return false;
        while (done < bytes->len) {
            ssize_t sent = send(s->fd, bytes->data + done, bytes->len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0)
                done += (size_t)sent;
            else if (!wait_for(s, POLLOUT, -1))
                return false;
        }
    }
    return true;
}

static void leave(struct raws *all)
{
    pthread_mutex_lock(&all->lock);
    if (--all->sending == 0)
        pthread_cond_signal(&all->none_left);
    pthread_mutex_unlock(&all->lock);
}

static void *run(void *context)
{
    struct sender *s = context;
    each_part(s->raw, send_part, s);
    close(s->fd);
    park_move(s->all->park, s->place, clock_now());
    leave(s->all);
    free((char *)s->raw.at);
    free(s);
    return NULL;
}

bool raws_send(struct raws *all, struct json_text raw, struct parked *place,
               struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    pthread_t thread;
    pthread_mutex_lock(&all->lock);
    bool taken = !all->stopped && park_add(all->park, place, connection, CLOCK_NEVER);
    all->sending += taken;
    pthread_mutex_unlock(&all->lock);
    if (!taken)
        return false;
    struct sender *s = xcalloc(1, sizeof *s);
    *s = (struct sender){all, {xmemdup(raw.at, raw.len), raw.len}, place, -1};
    s->fd = fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 0);
    if (s->fd == -1 || pthread_create(&thread, NULL, run, s) != 0)
        die(EXIT_OS, "cannot start a thread for a raw answer");
    pthread_detach(thread);
    return true;
}

/* ---- opening and closing ---- */

struct raws *raws_new(struct park *park)
{
    struct raws *all = xcalloc(1, sizeof *all);
    all->park = park;
    all->stop = eventfd(0, EFD_CLOEXEC);
    if (all->stop == -1)
        die(EXIT_OS, "cannot make an eventfd");
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->none_left, NULL);
    return all;
}

void raws_stop(struct raws *all)
{
    eventfd_write(all->stop, 1);
    pthread_mutex_lock(&all->lock);
    all->stopped = true;
    while (all->sending)
        pthread_cond_wait(&all->none_left, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

void raws_free(struct raws *all)
{
    pthread_mutex_destroy(&all->lock);
    pthread_cond_destroy(&all->none_left);
    close(all->stop);
    free(all);
}
