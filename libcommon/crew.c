/* crew: a ring of places.  What a process has to say it leaves in a memory file, so that
 * nobody needs to read while it runs. */
#define _GNU_SOURCE /* memfd_create, pidfd_open */
#include "crew.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "durable.h"
#include "msg.h"
#include "signals.h"
#include "xalloc.h"

enum { PLACES_A_JOB = 2 };

struct place {
    pid_t pid; /* 0: it has ended */
    int pidfd, file;
    struct crew_record record;
};

/* What stands before the line in the memory file. */
struct head {
    enum status status;
    struct err no_sandbox;
};

struct crew {
    const struct runner *runner;
    size_t jobs, places, first, count, running;
    bool told; /* the processes have been told of a signal */
    struct place place[];
};

struct crew *crew_open(const struct runner *runner, size_t jobs)
{
    size_t places = jobs * PLACES_A_JOB;
    struct crew *c = xcalloc(1, sizeof *c + places * sizeof *c->place);
    c->runner = runner;
    c->jobs = jobs;
    c->places = places;
    return c;
}

bool crew_has_room(const struct crew *c)
{
    return c->running < c->jobs && c->count < c->places;
}

bool crew_is_empty(const struct crew *c)
{
    return !c->count;
}

static struct place *place_at(const struct crew *c, size_t i)
{
    return (struct place *)&c->place[(c->first + i) % c->places];
}

static struct place *add(struct crew *c)
{
    struct place *p = place_at(c, c->count++);
    *p = (struct place){.pidfd = -1, .file = -1};
    return p;
}

/* The life of one process: it is in a group of its own, so that a key pressed on the
 * terminal reaches it once, through this one. */
static void work(const struct crew *c, const struct json_object *request, int file, pid_t parent)
{
    struct head head = {.status = STATUS_UNKNOWN};
    struct buf line;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_OS);
    signals_catch();
    buf_init(&line, SIZE_MAX / 2);
    head.status = runner_run(c->runner, request, &line, &head.no_sandbox);
    bool ok = durable_write(file, &head, sizeof head) && durable_write(file, line.data, line.len);
    _exit(ok ? EXIT_OK : EXIT_OS);
}

void crew_run(struct crew *c, const struct json_object *request)
{
    struct place *p = add(c);
    pid_t parent = getpid();
    p->file = memfd_create("record", MFD_CLOEXEC);
    p->pid = p->file < 0 ? -1 : fork();
    if (p->pid == 0)
        work(c, request, p->file, parent);
    p->pidfd = p->pid > 0 ? pidfd_open(p->pid, 0) : -1;
    if (p->pidfd < 0)
        die(EXIT_OS, "cannot start a process: %s", strerror(errno));
    p->record.ran = true;
    c->running++;
}

void crew_pass(struct crew *c, const struct crew_record *record)
{
    add(c)->record = *record;
}

size_t crew_poll(const struct crew *c, struct pollfd *polled)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (place_at(c, i)->pid)
            polled[count++] = (struct pollfd){place_at(c, i)->pidfd, POLLIN, 0};
    return count;
}

/* Reads what a process left. */
static void read_record(struct place *p)
{
    struct crew_record *r = &p->record;
    struct head head;
    struct stat info;
    buf_init(&r->line, SIZE_MAX / 2);
    if (fstat(p->file, &info) != 0 || pread(p->file, &head, sizeof head, 0) != (ssize_t)sizeof head)
        die(EXIT_OS, "a process that ran a request ended without a record");
    size_t len = (size_t)info.st_size - sizeof head;
    char *room = buf_reserve(&r->line, len);
    for (size_t got = 0; got < len; got = r->line.len) {
        ssize_t more = pread(p->file, room + got, len - got, (off_t)(sizeof head + got));
        if (more <= 0)
            die(EXIT_OS, "cannot read a record: %s", strerror(errno));
        r->line.len += (size_t)more;
    }
    r->status = head.status;
    r->no_sandbox = head.no_sandbox;
}

/* Takes note of those that have ended, and tells the others of a signal, once. */
static void look(struct crew *c)
{
    int status;
    bool tell = signals_caught() && !c->told;
    c->told = c->told || tell;
    for (size_t i = 0; i < c->count; i++) {
        struct place *p = place_at(c, i);
        if (!p->pid)
            continue;
        if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
            read_record(p);
            close(p->pidfd);
            close(p->file);
            p->pid = 0;
            c->running--;
        } else if (tell) {
            kill(p->pid, signals_caught());
        }
    }
}

bool crew_take(struct crew *c, struct crew_record *record)
{
    look(c);
    if (!c->count || c->place[c->first].pid)
        return false;
    *record = c->place[c->first].record;
    c->first = (c->first + 1) % c->places;
    c->count--;
    return true;
}

void crew_close(struct crew *c)
{
    free(c);
}
