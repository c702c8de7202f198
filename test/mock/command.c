/* command: children of posix_spawn in process groups of their own, served over
 * non-blocking pipes; a pidfd tells when one has ended, however long somebody
 * else holds its stdout open. */
#define _GNU_SOURCE /* pipe2, pidfd_open */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xalloc.h"

enum { OUTPUT_MAX = 64 << 20, WAITING_MAX = 256 << 20, FDS = 3, READ_BLOCK = 64 * 1024 };

struct commands {
    const char *command;
    int wake;
    pthread_mutex_t lock; /* of what waits */
    struct job *first, **last;
    size_t waiting; /* bytes */
    struct job **running;
    size_t count, at_once;
};

struct job *job_new(void *request)
{
    struct job *job = xcalloc(1, sizeof *job);
    job->request = request;
    job->in = job->out = job->process = -1;
    buf_init(&job->execution, SIZE_MAX / 2);
    buf_init(&job->input, SIZE_MAX / 2);
    buf_init(&job->output, OUTPUT_MAX);
    return job;
}

static void close_fd(int *fd)
{
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

void job_free(struct job *job)
{
    close_fd(&job->in);
    close_fd(&job->out);
    close_fd(&job->process);
    buf_free(&job->execution);
    buf_free(&job->input);
    buf_free(&job->output);
    free(job);
}

void job_fail(struct job *job, const char *reason)
{
    job->failed = true;
    snprintf(job->reason, sizeof job->reason, "the command could not run: %s", reason);
}

struct commands *commands_new(const char *command, size_t at_once, int wake)
{
    struct commands *c = xcalloc(1, sizeof *c);
    c->command = command;
    c->wake = wake;
    c->last = &c->first;
    c->at_once = at_once;
    c->running = xcalloc(at_once, sizeof *c->running);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void commands_free(struct commands *c)
{
    for (size_t i = 0; i < c->count; i++) {
        kill(-c->running[i]->pid, SIGKILL);
        waitpid(c->running[i]->pid, NULL, 0);
        job_free(c->running[i]);
    }
    while (c->first) {
        struct job *job = c->first;
        c->first = job->next;
        job_free(job);
    }
    pthread_mutex_destroy(&c->lock);
    free(c->running);
    free(c);
}

bool commands_add(struct commands *c, struct job *job)
{
    pthread_mutex_lock(&c->lock);
    bool room = c->waiting + job->input.len <= WAITING_MAX;
    if (room) {
        c->waiting += job->input.len;
        *c->last = job;
        c->last = &job->next;
    }
    pthread_mutex_unlock(&c->lock);
    if (room)
        eventfd_write(c->wake, 1);
    return room;
}

static struct job *take_waiting(struct commands *c)
{
    pthread_mutex_lock(&c->lock);
    struct job *job = c->first;
    if (job) {
        c->first = job->next;
        if (!c->first)
            c->last = &c->first;
        c->waiting -= job->input.len;
        job->next = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    return job;
}

/* Spawns `sh -c command` on the given descriptors; an errno value. */
static int spawn(const char *command, int in, int out, pid_t *pid)
{
    char *const argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    int failed = posix_spawn(pid, "/bin/sh", &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static bool start(const char *command, struct job *job)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    int error = pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ? errno : 0;
    job->in = in[1];
    job->out = out[0];
    if (!error)
        error = spawn(command, in[0], out[1], &job->pid);
    close_fd(&in[0]);
    close_fd(&out[1]);
    if (error)
        goto failed;
    fcntl(job->in, F_SETFL, O_NONBLOCK);
    fcntl(job->out, F_SETFL, O_NONBLOCK);
    job->process = pidfd_open(job->pid, 0);
    if (job->process != -1)
        return true;
    error = errno;
    kill(-job->pid, SIGKILL);
    waitpid(job->pid, NULL, 0);
failed:
    job_fail(job, strerror(error));
    return false;
}

size_t commands_prepare(struct commands *c, struct pollfd *fds)
{
    struct job *job;
    while (c->count < c->at_once && (job = take_waiting(c))) {
        if (!start(c->command, job))
            eventfd_write(c->wake, 1); /* it has ended: do not wait in poll(2) */
        c->running[c->count++] = job;
    }
    for (size_t i = 0; i < c->count; i++) {
        fds[i * FDS] = (struct pollfd){c->running[i]->in, POLLOUT, 0};
        fds[i * FDS + 1] = (struct pollfd){c->running[i]->out, POLLIN, 0};
        fds[i * FDS + 2] = (struct pollfd){c->running[i]->process, POLLIN, 0};
    }
    return c->count * FDS;
}

static void feed(struct job *job)
{
    ssize_t wrote = write(job->in, job->input.data + job->fed, job->input.len - job->fed);
    if (wrote > 0)
        job->fed += (size_t)wrote;
    if ((wrote < 0 && errno != EAGAIN && errno != EINTR) || job->fed == job->input.len)
        close_fd(&job->in);
}

/* Takes what stdout has now. */
static void take_output(struct job *job)
{
    for (;;) {
        char *to = buf_reserve(&job->output, READ_BLOCK);
        if (!to) {
            kill(-job->pid, SIGKILL);
            close_fd(&job->out);
            return;
        }
        ssize_t got = read(job->out, to, READ_BLOCK);
        if (got < 0 && errno != EINTR) {
            if (errno != EAGAIN)
                close_fd(&job->out);
            return;
        }
        if (got == 0) {
            close_fd(&job->out);
            return;
        }
        if (got > 0)
            job->output.len += (size_t)got;
    }
}

static void end(struct job *job)
{
    int status;
    if (job->out != -1)
        take_output(job);
    waitpid(job->pid, &status, 0);
    close_fd(&job->process);
    job->failed = status != 0 || job->output.overflowed;
    if (job->output.overflowed) {
        buf_clear(&job->output);
        snprintf(job->reason, sizeof job->reason, "the command wrote more than %d bytes", OUTPUT_MAX);
    } else if (WIFSIGNALED(status)) {
        snprintf(job->reason, sizeof job->reason, "the command was ended by signal %d", WTERMSIG(status));
    } else if (status != 0) {
        snprintf(job->reason, sizeof job->reason, "the command ended with exit %d", WEXITSTATUS(status));
    }
}

/* Serves one job; true when it has ended, or never began. */
static bool serve(struct job *job, const struct pollfd *fds)
{
    if (job->process == -1)
        return true;
    if (fds[0].revents && job->in != -1)
        feed(job);
    if (fds[1].revents && job->out != -1)
        take_output(job);
    if (!fds[2].revents)
        return false;
    end(job);
    return true;
}

struct job *commands_serve(struct commands *c, const struct pollfd *fds)
{
    struct job *ended = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct job *job = c->running[i];
        if (serve(job, fds + i * FDS)) {
            job->next = ended;
            ended = job;
        } else {
            c->running[kept++] = job;
        }
    }
    c->count = kept;
    return ended;
}
