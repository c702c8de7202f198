/* proc: programs of ours as children, joined by pipes.
 *
 * A sibling is looked for in the folder of the program that runs, so that
 * versions do not mix, and only then on PATH.  Each child gets a process group
 * of its own: a key pressed on the terminal reaches the parent alone, and a
 * signal to the group reaches all that the child may have started.  Its end is
 * seen by a pidfd, so that one poll(2) can wait for everything. */
#ifndef GL_PROC_H
#define GL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

/* A command line in the making: zero-initialise; the first word is the
 * program's name.  proc_arg copies. */
struct proc_args {
    char **words; /* ends with NULL */
    size_t count, cap;
};

void proc_arg(struct proc_args *a, const char *word);
void proc_args_free(struct proc_args *a);

struct proc {
    pid_t pid;  /* 0: not started */
    int fd;     /* readable once it has ended; -1 where it does not run */
    int code;   /* after its end: the exit code, -1 where a signal ended it */
    int signal; /* and that signal, else 0 */
};

/* Starts a program with `in` and `out` as its stdin and stdout (its stderr is
 * ours) and with SIGINT, SIGTERM and SIGPIPE as they are by default.  The
 * descriptors stay ours to close; all others should be close-on-exec.  False
 * (EXIT_OS): nothing was started, *e names it. */
bool proc_start(struct proc *p, const struct proc_args *args, int in, int out, struct err *e);

/* Starts `count` programs in a row, each reading what the one before it
 * writes.  False: those that were started have been killed and waited for. */
bool proc_start_line(struct proc *line, const struct proc_args *args, size_t count, int in, int out,
                     struct err *e);

/* A pipe whose ends no child inherits: ends[0] is read, ends[1] written. */
bool proc_pipe(int ends[2], struct err *e);

/* A descriptor from which the text is read, as a program's stdin; -1 where that
 * cannot be. */
int proc_input(const char *text, size_t len, struct err *e);

bool proc_runs(const struct proc *p);

/* Takes note of the end of a program that runs; false where it has not ended. */
bool proc_ended(struct proc *p);

/* Sends a signal to the group of a program that runs; else does nothing.  A
 * stopped program gets it too: it is let go on. */
void proc_signal(const struct proc *p, int signal);

#endif
