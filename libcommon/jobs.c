/* jobs: two trees to find them by, one list by age, and a slot for each that runs. */
#define _GNU_SOURCE /* tdestroy */
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "desk.h"
#include "record.h"
#include "xalloc.h"

enum { OUTPUT_MAX = 64 << 20, CHUNK = 64 * 1024, KILL_AFTER_MS = 2000 };

struct slot {
    struct job *job; /* NULL: it is free */
    struct proc line[JOBS_PROGRAMS_MAX];
    int out;
    struct buf output;
    int64_t limit; /* when it is told to end, and then when it is killed */
    bool told;
};

struct jobs {
    struct jobs_options o;
    void (*ended)(struct job *, void *);
    void *context;
    void *by_id, *by_key;
    struct job *oldest, *newest, *next; /* next: the first that waits */
    size_t waiting, running, bytes;
    struct slot *slots;
};

/* ---- the table ---- */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct job *)a)->id, ((const struct job *)b)->id);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct job *)a)->key, ((const struct job *)b)->key);
}

struct jobs *jobs_new(const struct jobs_options *o, void (*ended)(struct job *, void *), void *context)
{
    struct jobs *j = xcalloc(1, sizeof *j);
    j->o = *o;
    j->ended = ended;
    j->context = context;
    j->slots = xcalloc((size_t)o->at_once, sizeof *j->slots);
    for (int64_t i = 0; i < o->at_once; i++) {
        j->slots[i].out = -1;
        buf_init(&j->slots[i].output, OUTPUT_MAX);
    }
    return j;
}

static void free_request(struct jobs *j, struct job *job)
{
    j->bytes -= job->request.len;
    free((char *)job->request.at);
    job->request = (struct json_text){NULL, 0};
}

/* Takes a job that has ended out of the trees. */
static void forget(struct jobs *j, struct job *job)
{
    tdelete(job, &j->by_id, compare_ids);
    if (job->key)
        tdelete(job, &j->by_key, compare_keys);
    free(job->key);
    job->key = NULL;
}

static void free_job(struct jobs *j, struct job *job)
{
    forget(j, job);
    free_request(j, job);
    j->bytes -= sizeof *job + job->asked_len + job->result.len;
    free(job->asked);
    buf_free(&job->result);
    free(job);
}

/* Frees the oldest where it has ended, and its time or the room for it is over. */
static bool free_oldest(struct jobs *j, size_t more)
{
    struct job *job = j->oldest;
    if (!job || job->state != JOB_ENDED)
        return false;
    bool kept = job->key || job->wanted;
    if (kept && clock_now() - job->ended < j->o.keep_ms && j->bytes + more <= (size_t)j->o.bytes_max)
        return false;
    j->oldest = job->newer;
    if (!j->oldest)
        j->newest = NULL;
    free_job(j, job);
    return true;
}

void jobs_free(struct jobs *j)
{
    for (int64_t i = 0; i < j->o.at_once; i++)
        buf_free(&j->slots[i].output);
    while (j->oldest) {
        struct job *job = j->oldest;
        j->oldest = job->newer;
        free_job(j, job);
    }
    free(j->slots);
    free(j);
}

static struct job *found(void *node)
{
    return node ? *(struct job **)node : NULL;
}

struct job *jobs_find(struct jobs *j, const char *id)
{
    struct job wanted = {.key = NULL};
    if (strlen(id) >= sizeof wanted.id)
        return NULL;
    strncpy(wanted.id, id, sizeof wanted.id - 1);
    return found(tfind(&wanted, &j->by_id, compare_ids));
}

struct job *jobs_find_key(struct jobs *j, const char *key)
{
    const struct job wanted = {.key = (char *)key};
    return found(tfind(&wanted, &j->by_key, compare_keys));
}

struct job *jobs_add(struct jobs *j, const char *key, const struct buf *asked, struct buf *request)
{
    size_t more = sizeof(struct job) + asked->len + request->len;
    while (free_oldest(j, more))
        ;
    if (j->waiting >= (size_t)j->o.waiting_max || j->bytes + more > (size_t)j->o.bytes_max)
        return NULL;
    struct job *job = xcalloc(1, sizeof *job);
    uuid7(job->id);
    job->key = key ? xstrdup(key) : NULL;
    job->asked = xmemdup(asked->data, asked->len);
    job->asked_len = asked->len;
    job->request.len = request->len;
    job->request.at = buf_detach(request);
    job->added = clock_now();
    job->status = STATUS_UNKNOWN;
    buf_init(&job->result, OUTPUT_MAX);
    j->bytes += more;
    if (!tsearch(job, &j->by_id, compare_ids) || (key && !tsearch(job, &j->by_key, compare_keys)))
        abort(); /* out of memory, for which xalloc ends the process as well */
    *(j->newest ? &j->newest->newer : &j->oldest) = job;
    j->newest = job;
    if (!j->next)
        j->next = job;
    j->waiting++;
    return job;
}

size_t jobs_running(const struct jobs *j)
{
    return j->running;
}

size_t jobs_waiting(const struct jobs *j)
{
    return j->waiting;
}

/* ---- running ---- */

/* Takes the first that waits. */
static struct job *take(struct jobs *j)
{
    struct job *job = j->next;
    j->next = job->newer;
    j->waiting--;
    return job;
}

/* Notes the end of a job, whose result is there if anything came.  What was not run is
 * not kept. */
static void end_job(struct jobs *j, struct job *job)
{
    job->state = JOB_ENDED;
    job->ended = clock_now();
    free_request(j, job);
    j->bytes += job->result.len;
    if (job->status == STATUS_UNKNOWN || job->status == STATUS_UNAVAILABLE) {
        forget(j, job);
        job->wanted = false;
    }
    j->ended(job, j->context);
}

/* The record without what is the tools' own.  Returns where a person's work on it lies, to
 * be freed; NULL: nowhere. */
static char *read_result(struct job *job, const struct buf *output)
{
    struct json_object record = {0}, gl = {0};
    char *folder = NULL;
    const struct json_edit edits[] = {{.name = "_gl"}, {0}};
    if (json_index(&record, output->data, output->len, NULL)) {
        json_put_edited(&job->result, &record, edits);
        job->status = record_status(json_get(&record, "status"));
        record_gl(&record, &gl);
        folder = json_strdup(json_get(&gl, "folder"));
    }
    json_object_free(&record);
    json_object_free(&gl);
    return folder;
}

static bool start(struct jobs *j, struct slot *s)
{
    int ends[2] = {-1, -1};
    struct err e;
    int in = proc_input(s->job->request.at, s->job->request.len, &e);
    bool good = in >= 0 && proc_pipe(ends, &e) &&
                proc_start_line(s->line, j->o.programs, j->o.programs_count, in, ends[1], &e);
    if (in >= 0)
        close(in);
    if (ends[1] >= 0)
        close(ends[1]);
    s->out = ends[0];
    if (!good)
        return false;
    fcntl(s->out, F_SETFL, O_NONBLOCK);
    s->job->state = JOB_RUNNING;
    s->job->began = clock_now();
    s->limit = clock_after(clock_now(), j->o.limit_ms);
    s->told = false;
    return true;
}

static void clear_slot(struct jobs *j, struct slot *s)
{
    struct job *job = s->job;
    if (s->out >= 0)
        close(s->out);
    s->out = -1;
    s->job = NULL;
    j->running--;
    char *folder = read_result(job, &s->output);
    bool graded = status_is_graded(job->status);
    buf_clear(&s->output);
    end_job(j, job);
    if (folder && graded)
        desk_remove(folder);
    free(folder);
}

/* Reads what is there. */
static void read_output(struct slot *s)
{
    char *to;
    ssize_t got = 0;
    while (s->out >= 0 && (to = buf_reserve(&s->output, CHUNK)) && (got = read(s->out, to, CHUNK)) > 0)
        s->output.len += (size_t)got;
    if (s->out >= 0 && (s->output.overflowed || got == 0 || (errno != EAGAIN && errno != EINTR))) {
        close(s->out);
        s->out = -1;
    }
}

static bool any_runs(const struct jobs *j, struct slot *s)
{
    bool any = false;
    for (size_t i = 0; i < j->o.programs_count; i++) {
        proc_ended(&s->line[i]);
        any = any || proc_runs(&s->line[i]);
    }
    return any;
}

/* Ends the slot's programs: politely, and KILL_AFTER_MS later by force. */
static void tell(const struct jobs *j, struct slot *s)
{
    for (size_t i = 0; i < j->o.programs_count; i++)
        proc_signal(&s->line[i], s->told ? SIGKILL : SIGTERM);
    s->limit = s->told ? CLOCK_NEVER : clock_after(clock_now(), KILL_AFTER_MS);
    s->told = true;
}

size_t jobs_prepare(struct jobs *j, struct pollfd *fds)
{
    size_t count = 0;
    for (int64_t i = 0; i < j->o.at_once; i++) {
        struct slot *s = &j->slots[i];
        while (!s->job && j->next) {
            s->job = take(j);
            j->running++;
            if (!start(j, s))
                clear_slot(j, s);
        }
        for (size_t k = 0; s->job && k < j->o.programs_count; k++)
            if (proc_runs(&s->line[k])) {
                fds[count++] = (struct pollfd){.fd = s->line[k].fd, .events = POLLIN};
                break;
            }
        if (s->job && s->out >= 0)
            fds[count++] = (struct pollfd){.fd = s->out, .events = POLLIN};
    }
    return count;
}

int64_t jobs_due(const struct jobs *j)
{
    int64_t due = CLOCK_NEVER;
    for (int64_t i = 0; i < j->o.at_once; i++)
        if (j->slots[i].job && j->slots[i].limit < due)
            due = j->slots[i].limit;
    return due;
}

void jobs_serve(struct jobs *j)
{
    int64_t now = clock_now();
    for (int64_t i = 0; i < j->o.at_once; i++) {
        struct slot *s = &j->slots[i];
        if (!s->job)
            continue;
        bool runs = any_runs(j, s);
        read_output(s);
        if (!runs)
            clear_slot(j, s);
        else if (now >= s->limit || s->output.overflowed)
            tell(j, s);
    }
    while (free_oldest(j, 0))
        ;
}

void jobs_drop_waiting(struct jobs *j)
{
    while (j->next)
        end_job(j, take(j));
}

void jobs_end(struct jobs *j)
{
    for (int64_t i = 0; i < j->o.at_once; i++)
        if (j->slots[i].job && !j->slots[i].told)
            tell(j, &j->slots[i]);
}
