/* editor: posix_spawn gives the new group the terminal before the editor runs; a
 * change of the terminal's group by us, who are in its background then, needs
 * SIGTTOU blocked. */
#define _GNU_SOURCE /* posix_spawn_file_actions_addtcsetpgrp_np, pidfd_open */
#include "editor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "signals.h"
#include "xalloc.h"

enum { LOOK_MS = 50, GRACE_MS = 3000, COMMAND_BYTES = 64 * 1024 };

struct session {
    int tty;      /* -1: there is none */
    pid_t before; /* the group that has it otherwise */
    struct termios modes;
    pid_t pid; /* the editor's, and of its group */
    int status;
};

/* The editor's command, in the words of sh, which must not die of the editor's
 * Ctrl-C.  One that brings arguments gets the first file alone: it may be `cp mine`. */
static void put_command(struct buf *command)
{
    static const char usual[] = "$(command -v editor || echo vi)";
    const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR"), *term = getenv("TERM");
    bool dumb = !term || strcmp(term, "dumb") == 0;
    const char *named = visual && *visual && !dumb ? visual : editor && *editor ? editor : usual;
    bool bare = named == usual || !strpbrk(named, " \t");
    buf_printf(command, "trap : INT QUIT; %s %s", named, bare ? "\"$@\"" : "\"$1\"");
}

/* ---- the terminal ---- */

static void open_terminal(struct session *s)
{
    s->tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    s->before = s->tty < 0 ? -1 : tcgetpgrp(s->tty);
    if (s->tty >= 0 && (s->before < 0 || tcgetattr(s->tty, &s->modes) != 0)) {
        close(s->tty);
        s->tty = -1;
    }
}

static void give_terminal(const struct session *s, pid_t group)
{
    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    sigprocmask(SIG_BLOCK, &block, &old);
    if (s->tty >= 0 && tcsetpgrp(s->tty, group) == 0 && group == s->before)
        tcsetattr(s->tty, TCSANOW, &s->modes);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

/* Ctrl-Z in the editor: the job that we are a part of stops, and goes on with the
 * editor.  In a group that the shell does not know the editor goes on at once. */
static void suspend(const struct session *s)
{
    if (s->tty >= 0 && s->before == getpgrp()) {
        give_terminal(s, s->before);
        kill(0, SIGTSTP);
    }
    give_terminal(s, s->pid);
    kill(-s->pid, SIGCONT);
}

/* ---- the editor ---- */

static int add_streams(posix_spawn_file_actions_t *files, const struct session *s)
{
    int in = s->tty, out = s->tty < 0 ? STDERR_FILENO : s->tty;
    if (in >= 0)
        posix_spawn_file_actions_addtcsetpgrp_np(files, in);
    int failed = in >= 0 ? posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO)
                         : posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    return failed || posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO) ||
           (in >= 0 && posix_spawn_file_actions_adddup2(files, out, STDERR_FILENO));
}

/* An errno value. */
static int spawn(struct session *s, int folder, const char *const *files)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t how;
    sigset_t none, defaults;
    struct buf command;
    const char **words = NULL;
    size_t count = 0, cap = 0;
    buf_init(&command, COMMAND_BYTES);
    put_command(&command);
    const char *first[] = {"sh", "-c", command.data, "editor"};
    xgrow(&words, &cap, 4, sizeof *words);
    for (; count < 4; count++)
        words[count] = first[count];
    do {
        xgrow(&words, &cap, count + 1, sizeof *words);
        words[count++] = *files;
    } while (*files++);
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&defaults, numbers[i]);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &defaults);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addfchdir_np(&actions, folder);
    int failed = add_streams(&actions, s);
    if (!failed)
        failed = posix_spawn(&s->pid, "/bin/sh", &actions, &how, (char *const *)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&how);
    buf_free(&command);
    free(words);
    return failed;
}

/* Whether the editor has ended.  One that stopped goes on, after us. */
static bool has_ended(struct session *s)
{
    if (waitpid(s->pid, &s->status, WNOHANG | WUNTRACED) != s->pid)
        return false;
    if (!WIFSTOPPED(s->status))
        return true;
    suspend(s);
    return false;
}

static void wait_a_little(void)
{
    struct pollfd fd = {.fd = signals_fd(), .events = POLLIN};
    poll(&fd, 1, LOOK_MS);
}

/* Ends it: by SIGTERM, by SIGHUP, which editors take for the end of their terminal, and
 * at last by SIGKILL. */
static void end(struct session *s)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGKILL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int64_t until = clock_after(clock_now(), GRACE_MS);
        kill(-s->pid, signals[i]);
        kill(-s->pid, SIGCONT);
        while (clock_now() < until || signals[i] == SIGKILL) {
            if (has_ended(s))
                return;
            poll(NULL, 0, LOOK_MS);
        }
    }
}

static enum editor_end judge(int status, struct err *e)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : code > 128 ? code - 128 : 0;
    if (code == 126 || code == 127) {
        err_set(e, EXIT_OS, "the editor cannot be run: $VISUAL or $EDITOR must name one");
        return EDITOR_MISSING;
    }
    if (signal) {
        err_set(e, EXIT_AGAIN, "the editor was ended by signal %d", signal);
        return EDITOR_DIED;
    }
    if (code)
        err_set(e, EXIT_AGAIN, "the editor ended with exit %d", code);
    return code ? EDITOR_FAILED : EDITOR_DONE;
}

enum editor_end editor_run(int folder, const char *const *files, int64_t deadline, pid_t parent,
                           struct err *e)
{
    struct session s = {.tty = -1};
    enum editor_end how = EDITOR_DONE;
    open_terminal(&s);
    errno = spawn(&s, folder, files);
    if (errno) {
        err_errno(e, EXIT_OS, "the editor cannot be run");
        how = EDITOR_MISSING;
    }
    while (how == EDITOR_DONE && !has_ended(&s)) {
        if (signals_caught()) {
            how = EDITOR_INTERRUPTED;
            err_set(e, EXIT_AGAIN, "interrupted by a signal");
        } else if (parent && getppid() != parent) {
            how = EDITOR_INTERRUPTED;
            err_set(e, EXIT_AGAIN, "the editor was ended, for nobody waits for it any more");
        } else if (clock_now() >= deadline) {
            how = EDITOR_LATE;
            err_set(e, EXIT_AGAIN, "the editor was ended, for its time was over");
        }
        wait_a_little();
    }
    if (how == EDITOR_INTERRUPTED || how == EDITOR_LATE)
        end(&s);
    give_terminal(&s, s.before);
    if (s.tty >= 0)
        close(s.tty);
    return how == EDITOR_DONE ? judge(s.status, e) : how;
}
