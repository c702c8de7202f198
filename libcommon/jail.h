/* jail: starts one command, locked in.
 *
 * The command runs under bubblewrap: namespaces of its own (no network, no
 * other processes, no capabilities, no further namespaces), a read-only /usr
 * and nothing else of the host, small writable memory file systems, an empty
 * environment, dropped ids, a filter of system calls and resource limits.  It dies with its parent, by
 * whatever signal that goes.  Files reach it through memory, so that nothing
 * is left behind.
 *
 * An `open` jail runs the command without bubblewrap, as the caller, in a
 * temporary directory under the same limits: for machines where no sandbox can
 * be had, and code that is trusted. */
#ifndef GL_JAIL_H
#define GL_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "err.h"

enum { JAIL_RESULT_FD = 3, JAIL_FILES_MAX = 128 };

/* A file to put there; path is relative to the root, as "exercise/a.py". */
struct jail_file {
    const char *path;
    const char *bytes;
    size_t len;
    unsigned mode; /* 0: 0666, less what the owner's umask takes */
    bool fixed;    /* nothing inside can change or replace it; may stand over a file of the host's */
};

struct jail_limits {
    int64_t cpu_ms;       /* of each process, rounded up to seconds */
    int64_t memory_bytes; /* address space of each process */
    int64_t disk_bytes;   /* of each writable file system, and of any one file */
    int64_t processes;    /* and threads, at once */
    int64_t total_bytes;  /* memory of all of them and their files, where a group can be had; 0: any */
};

struct jail_job {
    const char *const *argv; /* argv[0] is an absolute path; NULL at the end */
    const char *directory;   /* where it starts, relative to the root; writable */
    const struct jail_file *files;
    size_t file_count; /* at most JAIL_FILES_MAX */
    const char *input; /* its standard input, which it can empty by ftruncate(2) */
    size_t input_len;
    struct jail_limits limits;
    const struct cgroup *group; /* that it joins, or NULL */
    bool open;                  /* without bubblewrap */
};

/* A command that was started.  Descriptors are -1 where there is none; those
 * to read from do not block. */
struct jail {
    pid_t pid;                  /* bubblewrap, or in an open jail the command; leads a process group */
    int pidfd;                  /* readable once pid has ended */
    int output, errors, result; /* what it writes to 1, 2 and JAIL_RESULT_FD */
    int status;   /* JSON Lines: "error" (it was not started), and bubblewrap's "child-pid" and "exit-code" */
    char *folder; /* the temporary directory of an open jail, or NULL */
};

/* Starts the job.  The caller kills and waits for pid and then calls
 * jail_clear, which also takes the temporary directory away. */
bool jail_start(const struct jail_job *job, struct jail *jail, struct err *e);
void jail_clear(struct jail *jail);

#endif
