/* errand: one poll(2) for the output, the status, signals and the programs' ends. */
#define _POSIX_C_SOURCE 200809L
#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "signals.h"

enum { TICK_MS = 100, CHUNK = 64 * 1024, EVENTS_MAX = 256 * 1024 };

bool errand_open(struct errand *r, struct err *e)
{
    int ends[2];
    if (!proc_pipe(ends, e))
        return false;
    r->status_read = ends[0];
    r->status = ends[1];
    fcntl(r->status, F_SETFD, 0); /* the programs have it */
    fcntl(r->status_read, F_SETFL, O_NONBLOCK);
    return true;
}

struct run {
    struct errand *r;
    struct proc line[ERRAND_PROGRAMS_MAX];
    int out, status; /* the ends that are read; -1: closed */
    struct buf events;
    bool stop;
    size_t told; /* programs that got SIGTERM */
};

/* Reads into a buffer; false at the end. */
static bool take(int fd, struct buf *b)
{
    char *to = buf_reserve(b, CHUNK);
    ssize_t got = to ? read(fd, to, CHUNK) : 0;
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    if (got == 0)
        return false;
    b->len += (size_t)got;
    b->data[b->len] = '\0';
    return true;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void tick(struct run *run, const struct json_object *event)
{
    if (run->r->tick && run->r->tick(event, run->r->context))
        run->stop = true;
}

static void read_events(struct run *run)
{
    struct json_object event = {0};
    const char *lf;
    if (!take(run->status, &run->events))
        close_end(&run->status);
    while (run->events.len && (lf = memchr(run->events.data, '\n', run->events.len))) {
        size_t len = (size_t)(lf - run->events.data) + 1;
        if (json_index(&event, run->events.data, len, NULL))
            tick(run, &event);
        buf_drop(&run->events, len);
    }
    json_object_free(&event);
}

/* Takes note of ends, and passes on that it is time to end. */
static bool any_runs(struct run *run)
{
    bool before = false;
    for (size_t i = 0; i < run->r->count; i++) {
        proc_ended(&run->line[i]);
        if (run->stop && !before && i >= run->told && proc_runs(&run->line[i])) {
            proc_signal(&run->line[i], SIGTERM);
            run->told = i + 1;
        }
        before = before || proc_runs(&run->line[i]);
    }
    return before;
}

static void serve(struct run *run)
{
    enum { OUT, STATUS, SIGNALS, ENDS };
    struct pollfd fds[ENDS + ERRAND_PROGRAMS_MAX] = {{.fd = run->out, .events = POLLIN},
                                                     {.fd = run->status, .events = POLLIN},
                                                     {.fd = signals_fd(), .events = POLLIN}};
    for (size_t i = 0; i < run->r->count; i++)
        fds[ENDS + i] =
            (struct pollfd){.fd = proc_runs(&run->line[i]) ? run->line[i].fd : -1, .events = POLLIN};
    poll(fds, ENDS + run->r->count, TICK_MS);
    if (fds[OUT].revents && !take(run->out, run->r->output))
        close_end(&run->out);
    if (fds[STATUS].revents)
        read_events(run);
    tick(run, NULL);
}

static int worst_code(const struct run *run)
{
    enum exit_code worst = EXIT_OK;
    for (size_t i = 0; i < run->r->count; i++) {
        const struct proc *p = &run->line[i];
        bool told = i < run->told && p->signal == SIGTERM;
        int code = told ? EXIT_AGAIN : p->code < 0 ? EXIT_BUG : p->code;
        if (code > (int)worst || worst == EXIT_OK)
            worst = (enum exit_code)code;
    }
    return (int)worst;
}

int errand_run(struct errand *r, const char *input, size_t len, struct err *e)
{
    struct run run = {.r = r, .out = -1, .status = r->status > 0 ? r->status_read : -1};
    int ends[2] = {-1, r->out}, in = proc_input(input, len, e);
    bool good = in >= 0 && (r->out >= 0 || proc_pipe(ends, e)) &&
                proc_start_line(run.line, r->programs, r->count, in, ends[1], e);
    if (in >= 0)
        close(in);
    if (r->out < 0 && ends[1] >= 0)
        close(ends[1]);
    if (r->status > 0)
        close(r->status);
    buf_init(&run.events, EVENTS_MAX);
    run.out = ends[0];
    while (good && (any_runs(&run) || run.out >= 0))
        serve(&run);
    close_end(&run.out);
    close_end(&run.status);
    buf_free(&run.events);
    return good ? worst_code(&run) : -1;
}
