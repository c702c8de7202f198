/* proc: posix_spawn, which tells when a program cannot be run. */
#define _GNU_SOURCE /* memfd_create, pipe2, pidfd_open, environ */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "self.h"
#include "xalloc.h"

void proc_arg(struct proc_args *a, const char *word)
{
    xgrow(&a->words, &a->cap, a->count + 2, sizeof *a->words);
    a->words[a->count++] = xstrdup(word);
    a->words[a->count] = NULL;
}

void proc_args_free(struct proc_args *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->words[i]);
    free(a->words);
    *a = (struct proc_args){0};
}

bool proc_pipe(int ends[2], struct err *e)
{
    return pipe2(ends, O_CLOEXEC) == 0 || err_errno(e, EXIT_OS, "cannot make a pipe");
}

/* The sibling's file beside ours, or its name alone, for PATH; to be freed. */
static char *find_sibling(const char *name)
{
    char *folder = self_path(1);
    if (!folder)
        return xstrdup(name);
    size_t room = strlen(folder) + strlen(name) + 2;
    char *path = xcalloc(1, room);
    snprintf(path, room, "%s/%s", folder, name);
    free(folder);
    if (access(path, X_OK) == 0)
        return path;
    free(path);
    return xstrdup(name);
}

/* An errno value. */
static int spawn(pid_t *pid, const char *file, char *const *words, int in, int out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &defaults);
    int failed = posix_spawnp(pid, file, &files, &how, words, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

bool proc_start(struct proc *p, const struct proc_args *args, int in, int out, struct err *e)
{
    *p = (struct proc){.fd = -1};
    char *file = find_sibling(args->words[0]);
    errno = spawn(&p->pid, file, args->words, in, out);
    free(file);
    if (errno) {
        p->pid = 0;
        return err_errno(e, EXIT_OS, "cannot run %s", args->words[0]);
    }
    p->fd = pidfd_open(p->pid, 0);
    if (p->fd != -1)
        return true;
    err_errno(e, EXIT_OS, "cannot watch %s", args->words[0]);
    kill(-p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    p->pid = 0;
    return false;
}

static void kill_line(struct proc *line, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kill(-line[i].pid, SIGKILL);
        waitpid(line[i].pid, NULL, 0);
        close(line[i].fd);
        line[i] = (struct proc){.fd = -1};
    }
}

bool proc_start_line(struct proc *line, const struct proc_args *args, size_t count, int in, int out,
                     struct err *e)
{
    int from = in;
    for (size_t i = 0; i < count; i++) {
        int ends[2] = {-1, out};
        bool last = i + 1 == count;
        bool good =
            (last || proc_pipe(ends, e)) && proc_start(&line[i], &args[i], from, last ? out : ends[1], e);
        if (from != in)
            close(from);
        if (!last && ends[1] != out)
            close(ends[1]);
        from = ends[0];
        if (good)
            continue;
        if (from != -1)
            close(from);
        kill_line(line, i);
        return false;
    }
    return true;
}

int proc_input(const char *text, size_t len, struct err *e)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    ssize_t written = 0;
    for (size_t done = 0; fd >= 0 && written >= 0 && done<len; done += written> 0 ? (size_t)written : 0)
        written = write(fd, text + done, len - done);
    if (fd >= 0 && written >= 0 && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    err_errno(e, EXIT_OS, "cannot keep the input");
    if (fd >= 0)
        close(fd);
    return -1;
}

bool proc_runs(const struct proc *p)
{
    return p->pid && p->fd != -1;
}

bool proc_ended(struct proc *p)
{
    int status;
    if (!proc_runs(p) || waitpid(p->pid, &status, WNOHANG) != p->pid)
        return false;
    close(p->fd);
    p->fd = -1;
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    p->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return true;
}

void proc_signal(const struct proc *p, int signal)
{
    siginfo_t stop = {.si_pid = 0};
    if (!proc_runs(p))
        return;
    kill(-p->pid, signal);
    /* Only one that has stopped: SIGCONT takes a SIGSTOP away that a debugger, or
     * a leak checker at its end, waits for. */
    if (waitid(P_PID, (id_t)p->pid, &stop, WSTOPPED | WNOHANG | WNOWAIT) == 0 && stop.si_pid)
        kill(-p->pid, SIGCONT);
}
