/* together: a pipe a child, one poll(2), and one deadline for all. */
#define _GNU_SOURCE /* prctl */
#include "together.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"

enum { OUTPUT_MAX = 1 << 20, CHUNK = 4096 };

struct child {
    pid_t pid; /* 0: not started */
    int fd;    /* what it writes; -1: closed */
};

static bool start(struct child *c, struct together *job, const void *context, struct err *e)
{
    int ends[2];
    pid_t parent = getpid();
    buf_init(&job->output, OUTPUT_MAX);
    if (!proc_pipe(ends, e))
        return false;
    c->pid = fork();
    if (c->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            job->work(ends[1], context);
        _exit(EXIT_OK);
    }
    close(ends[1]);
    c->fd = ends[0];
    if (c->pid > 0)
        return true;
    c->pid = 0;
    return err_errno(e, EXIT_OS, "cannot start a process");
}

/* Takes what is there; a pipe whose end came is closed. */
static void take(struct child *c, struct buf *output)
{
    char *to = buf_reserve(output, CHUNK);
    ssize_t got = to ? read(c->fd, to, CHUNK) : 0;
    if (got < 0 && errno == EINTR)
        return;
    if (got > 0) {
        output->len += (size_t)got;
        output->data[output->len] = '\0';
        return;
    }
    close(c->fd);
    c->fd = -1;
}

static void follow(struct child *children, struct together *jobs, size_t count, int64_t deadline)
{
    for (;;) {
        struct pollfd fds[TOGETHER_MAX];
        size_t open = 0;
        for (size_t i = 0; i < count; i++) {
            fds[i] = (struct pollfd){.fd = children[i].fd, .events = POLLIN};
            open += children[i].fd >= 0;
        }
        int64_t now = clock_now();
        if (!open || now >= deadline)
            return;
        if (poll(fds, count, clock_poll_ms(now, deadline)) < 1)
            continue;
        for (size_t i = 0; i < count; i++)
            if (fds[i].revents)
                take(&children[i], &jobs[i].output);
    }
}

/* A child whose pipe is still open has not ended. */
static bool end(struct child *c)
{
    int status = -1;
    if (!c->pid)
        return false;
    if (c->fd >= 0) {
        kill(c->pid, SIGKILL);
        close(c->fd);
    }
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK;
}

bool together_do(struct together *jobs, size_t count, const void *context, int64_t limit_ms, struct err *e)
{
    struct child children[TOGETHER_MAX] = {{0}};
    int64_t deadline = clock_after(clock_now(), limit_ms);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        children[i].fd = -1;
        good = start(&children[i], &jobs[i], context, e) && good;
    }
    if (good)
        follow(children, jobs, count, deadline);
    for (size_t i = 0; i < count; i++)
        jobs[i].ended = end(&children[i]);
    return good;
}
