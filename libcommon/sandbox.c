/* sandbox: one poll loop over what the command writes, its end, the clock and
 * our own signals.
 *
 * Under bubblewrap the process that ends first is bubblewrap's outer half; it
 * takes the inner half, the init of the process namespace, down with it, and
 * the kernel ends everything else in there before that init is gone.  So the
 * run is over when the init is, which we adopt and wait for. */
#define _GNU_SOURCE /* pidfd_open, POLLIN on pidfds */
#include "sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "signals.h"

enum {
    STATUS_MAX = 8192,  /* bubblewrap's words are a few hundred bytes */
    STARTING_MS = 1000, /* bubblewrap's time to tell its init */
    ENDING_MS = 5000,   /* the kernel's time to end what it killed */
    SIGNAL_BASE = 128,  /* bubblewrap's exit code for a signal, less the signal */
    CHUNKS_A_TURN = 16, /* so that endless output does not starve the clock */
};

struct run {
    struct jail jail;
    struct sandbox_outcome *out;
    struct sandbox_stream status;
    pid_t init; /* of the process namespace; 0 until it is known */
    int init_pidfd;
};

/* ---- what it writes ---- */

static void keep(struct sandbox_stream *to, const char *bytes, size_t len)
{
    size_t room = to->kept.max - to->kept.len, fits = len < room ? len : room;
    buf_add(&to->kept, bytes, fits);
    to->cut += len - fits;
}

/* Reads what is there now; closes *fd at its end. */
static void drain(int *fd, struct sandbox_stream *to)
{
    char chunk[65536];
    for (int i = 0; *fd >= 0 && i < CHUNKS_A_TURN; i++) {
        ssize_t got = read(*fd, chunk, sizeof chunk);
        if (got > 0) {
            keep(to, chunk, (size_t)got);
        } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
            close(*fd);
            *fd = -1;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static void drain_all(struct run *r)
{
    drain(&r->jail.output, &r->out->output);
    drain(&r->jail.errors, &r->out->errors);
    drain(&r->jail.result, &r->out->result);
    drain(&r->jail.status, &r->status);
}

/* ---- bubblewrap's status ---- */

/* The last value of the member `name` in the status, appended to *text (a
 * string) or put into *number; false where there is none. */
static bool status_member(const struct run *r, const char *name, int64_t *number, struct buf *text)
{
    const char *at = r->status.kept.data, *end = at + r->status.kept.len;
    struct json_object line = {0};
    bool found = false;
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        if (!lf)
            break;
        if (json_index(&line, at, (size_t)(lf - at), NULL)) {
            struct json_text value = json_get(&line, name);
            found |= text ? json_string(value, text) : json_int(value, number);
        }
        at = lf + 1;
    }
    json_object_free(&line);
    return found;
}

/* Takes hold of the init while bubblewrap, its parent, cannot have reaped it
 * yet, so that the number cannot have become somebody else's. */
static void find_init(struct run *r)
{
    int64_t pid;
    if (r->init || !status_member(r, "child-pid", &pid, NULL))
        return;
    r->init = (pid_t)pid;
    r->init_pidfd = pidfd_open(r->init, 0);
}

/* ---- the run ---- */

static enum sandbox_end follow(struct run *r, int64_t deadline)
{
    for (;;) {
        struct pollfd polled[] = {
            {r->jail.pidfd, POLLIN, 0},  {signals_fd(), POLLIN, 0},   {r->jail.output, POLLIN, 0},
            {r->jail.errors, POLLIN, 0}, {r->jail.result, POLLIN, 0}, {r->jail.status, POLLIN, 0},
        };
        poll(polled, sizeof polled / sizeof *polled, clock_poll_ms(clock_now(), deadline));
        drain_all(r);
        find_init(r);
        if (polled[0].revents)
            return SANDBOX_EXITED;
        if (signals_caught())
            return SANDBOX_INTERRUPTED;
        if (clock_now() >= deadline)
            return SANDBOX_TIMEOUT;
    }
}

/* An init whose bubblewrap is killed before it has told its number would wait
 * for it for ever, so that number comes first. */
static void await_init(struct run *r)
{
    int64_t deadline = clock_after(clock_now(), STARTING_MS);
    while (!r->init && r->jail.status >= 0 && clock_now() < deadline) {
        struct pollfd polled[] = {{r->jail.status, POLLIN, 0}, {r->jail.pidfd, POLLIN, 0}};
        poll(polled, 2, clock_poll_ms(clock_now(), deadline));
        drain(&r->jail.status, &r->status);
        find_init(r);
        if (polled[1].revents)
            return;
    }
}

static void await_end(struct run *r)
{
    int64_t deadline = clock_after(clock_now(), ENDING_MS);
    struct pollfd gone = {r->init_pidfd, POLLIN, 0};
    int ready;
    do
        ready = poll(&gone, 1, clock_poll_ms(clock_now(), deadline));
    while (ready < 1 && clock_now() < deadline);
    waitpid(r->init, NULL, WNOHANG);
    close(r->init_pidfd);
}

/* Ends whatever is left and waits until it is gone; returns pid's status. */
static int end_all(struct run *r, bool open)
{
    int status = 0;
    if (!open)
        await_init(r);
    kill(open ? -r->jail.pid : r->jail.pid, SIGKILL);
    if (r->init_pidfd >= 0)
        pidfd_send_signal(r->init_pidfd, SIGKILL, NULL, 0);
    pid_t ended;
    do
        ended = waitpid(r->jail.pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (r->init_pidfd >= 0)
        await_end(r);
    drain_all(r);
    return status;
}

/* How the command itself ended, and whether there was one: bubblewrap tells
 * an exit code only where it had started the command. */
static bool read_end(struct run *r, bool open, int status, struct err *e)
{
    struct buf why;
    int64_t code = 0;
    buf_init(&why, STATUS_MAX);
    bool failed = status_member(r, "error", NULL, &why);
    if (!failed && !open && r->out->end == SANDBOX_EXITED && !status_member(r, "exit-code", &code, NULL)) {
        failed = true;
        buf_add(&why, r->out->errors.kept.data, strcspn(r->out->errors.kept.data, "\n"));
    }
    if (open) {
        r->out->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        r->out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    } else {
        bool by_signal = code > SIGNAL_BASE && code < SIGNAL_BASE + NSIG;
        r->out->signal = by_signal ? (int)code - SIGNAL_BASE : 0;
        r->out->exit_code = by_signal ? 0 : (int)code;
    }
    if (failed)
        err_set(e, EXIT_OS, "cannot start a sandbox: %s", why.len ? why.data : "it ended before it began");
    buf_free(&why);
    return !failed;
}

static void init_stream(struct sandbox_stream *s, int64_t max)
{
    buf_init(&s->kept, (size_t)max);
    s->cut = 0;
}

bool sandbox_run(const struct jail_job *job, const struct sandbox_limits *limits,
                 struct sandbox_outcome *outcome, struct err *e)
{
    struct run r = {.out = outcome, .init_pidfd = -1};
    struct jail_job grouped = *job;
    struct cgroup group = {NULL, false, -1};
    int64_t deadline = clock_after(clock_now(), limits->wall_ms);
    *outcome = (struct sandbox_outcome){.end = SANDBOX_EXITED};
    init_stream(&outcome->output, limits->output_bytes);
    init_stream(&outcome->errors, limits->output_bytes);
    init_stream(&outcome->result, limits->result_bytes);
    init_stream(&r.status, STATUS_MAX);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!job->open && job->limits.total_bytes)
        cgroup_open(&group, job->limits.total_bytes);
    grouped.group = group.path ? &group : NULL;
    if (!jail_start(&grouped, &r.jail, e)) {
        cgroup_close(&group);
        return false;
    }
    outcome->end = follow(&r, deadline);
    int status = end_all(&r, job->open);
    bool ok = read_end(&r, job->open, status, e);
    outcome->whole = group.path != NULL;
    outcome->out_of_memory = cgroup_ran_out(&group);
    cgroup_close(&group);
    jail_clear(&r.jail);
    buf_free(&r.status.kept);
    return ok;
}

void sandbox_outcome_free(struct sandbox_outcome *outcome)
{
    buf_free(&outcome->output.kept);
    buf_free(&outcome->errors.kept);
    buf_free(&outcome->result.kept);
}
