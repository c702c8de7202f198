/* gl-serve: the Greenlight API over gl-run, for who has no other Greenlight.
 *
 * One thread waits for clients, for the gl-run that it has started, and for signals.
 * With --person the editor opens here, and the answer is what a person makes of the
 * atom. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "cli.h"
#include "clock.h"
#include "forward.h"
#include "journal.h"
#include "listener.h"
#include "msg.h"
#include "service.h"
#include "signals.h"
#include "xalloc.h"

enum { RUN_SLACK_MS = 30000, LAST_ANSWERS_MS = 1000, DESCRIPTORS_A_RUN = 8, DESCRIPTORS_BESIDES = 32 };

struct options {
    const char *address, *unix_path, *token_file, *folder;
    int64_t jobs, queue, keep, body, held, connections, client, grace, timeout, memory, output, max_wait;
    bool person, open;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "listen", .arg = "ADDRESS:PORT", .type = CLI_TEXT, .member = AT(address), .preset = "127.0.0.1:8080",
     .help = "listen there; port 0 is any that is free"},
    {.name = "unix", .arg = "SOCKET", .type = CLI_TEXT, .member = AT(unix_path), .help = "listen on a Unix socket instead"},
    {.name = "token-file", .arg = "FILE", .type = CLI_TEXT, .member = AT(token_file),
     .help = "serve only who shows the token in FILE"},
    {.letter = 'j', .name = "jobs", .arg = "N", .type = CLI_INT, .member = AT(jobs), .min = 1, .max = 256, .preset = "2",
     .help = "run N atoms at once"},
    {.name = "queue", .arg = "N", .type = CLI_INT, .member = AT(queue), .max = 1000000, .preset = "256",
     .help = "let N more wait, and answer 429 beyond that"},
    {.name = "keep", .arg = "D", .type = CLI_DURATION, .member = AT(keep), .preset = "1h", .help = "keep results for D"},
    {.name = "max-body", .arg = "SIZE", .type = CLI_SIZE, .member = AT(body), .min = 1, .max = 256 << 20, .preset = "8MiB",
     .help = "refuse larger requests"},
    {.name = "max-held", .arg = "SIZE", .type = CLI_SIZE, .member = AT(held), .min = 1, .max = INT64_C(1) << 40, .preset = "256MiB",
     .help = "hold SIZE of requests and results at most"},
    {.name = "connections", .arg = "N", .type = CLI_INT, .member = AT(connections), .min = 1, .max = 65536,
     .preset = "512", .help = "serve N connections at once"},
    {.name = "client-timeout", .arg = "D", .type = CLI_DURATION, .member = AT(client), .min = 1, .max = 86400000,
     .preset = "30s", .help = "end a connection that takes longer to send a request or take its answer"},
    {.name = "grace", .arg = "D", .type = CLI_DURATION, .member = AT(grace), .preset = "30s",
     .help = "after a signal let what runs go on for D"},
    {.name = "timeout", .arg = "D", .type = CLI_DURATION, .member = AT(timeout), .min = 100, .max = 86400000,
     .preset = "30s", .help = "at most D for the tests of one atom, whatever the atom says"},
    {.name = "memory", .arg = "SIZE", .type = CLI_SIZE, .member = AT(memory), .min = 1 << 20, .max = INT64_C(1) << 40,
     .preset = "512M", .help = "at most SIZE of memory a process, whatever the atom says"},
    {.name = "output-limit", .arg = "SIZE", .type = CLI_SIZE, .member = AT(output), .max = 8 << 20, .preset = "64K",
     .help = "keep SIZE of what the code prints, of stdout and stderr each"},
    {.name = "no-sandbox", .member = AT(open),
     .help = "run the code as you, with limits but without a sandbox: only for code that you trust"},
    {.name = "person", .member = AT(person), .help = "open each atom in an editor on this terminal first"},
    {.name = "folder", .arg = "DIR", .type = CLI_TEXT, .member = AT(folder), .env = "GREENLIGHT_EDIT_DIR",
     .help = "with --person: keep the files that are worked on below DIR"},
    {.name = "max-wait", .arg = "D", .type = CLI_DURATION, .member = AT(max_wait), .min = 1,
     .max = INT64_C(365) * 86400000, .preset = "1d", .help = "with --person: end the editor after D"},
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-serve",
    "",
    "Serve the Greenlight API by running atoms here.",
    options,
};

/* The programs that answer a request: gl-edit, where a person does, and gl-run. */
static size_t make_programs(struct proc_args args[JOBS_PROGRAMS_MAX], const struct options *o)
{
    size_t count = 0;
    if (o->person) {
        proc_arg(&args[count], "gl-edit");
        proc_arg(&args[count], "--resume");
        proc_arg(&args[count], "--hold");
        forward_text(&args[count], "--folder", o->folder);
        forward_int(&args[count], "--max-wait", o->max_wait, "ms");
        forward_int(&args[count++], "--max-record", o->body + 1024, "");
    }
    struct proc_args *run = &args[count++];
    proc_arg(run, "gl-run");
    forward_int(run, "--timeout", o->timeout, "ms");
    forward_int(run, "--memory", o->memory, "");
    forward_int(run, "--output-limit", o->output, "");
    forward_int(run, "--max-record", 2 * o->body + (16 << 20), ""); /* with what was written meanwhile */
    if (o->open)
        proc_arg(run, "--no-sandbox");
    return count;
}

/* As many descriptors as all connections and runs may need. */
static bool raise_limit(const struct options *o, struct err *e)
{
    rlim_t need = (rlim_t)(o->connections + o->jobs * DESCRIPTORS_A_RUN + DESCRIPTORS_BESIDES);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= need)
        return true;
    if (limit.rlim_max < need)
        return err_set(e, EXIT_OS, "%lld --connections need %lld open files, and %lld are allowed",
                       (long long)o->connections, (long long)need, (long long)limit.rlim_max);
    limit.rlim_cur = need;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ||
           err_errno(e, EXIT_OS, "cannot raise the limit of open files");
}

static void tell_url(const char *url)
{
    struct buf line;
    buf_init(&line, BUF_KEEP);
    buf_putc(&line, '{');
    journal_text(&line, "url", url);
    buf_puts(&line, "}\n");
    cli_write(line.data, line.len);
    cli_flush();
    buf_free(&line);
}

static void tell_start(const char *url)
{
    struct buf line;
    journal_begin(&line, "start");
    journal_text(&line, "url", url);
    journal_text(&line, "version", GL_VERSION);
    journal_end(&line);
}

static void tell_end(const char *event, int signals)
{
    struct buf line;
    journal_begin(&line, event);
    journal_int(&line, "signals", signals);
    journal_end(&line);
}

/* Serves until a signal, and then until what runs has ended. */
static void attend(struct service *s, struct listener *l, int64_t grace)
{
    struct pollfd *fds = xcalloc(service_fds(s) + 1, sizeof *fds);
    int64_t end = CLOCK_NEVER, last = CLOCK_NEVER;
    int told = 0;
    while (clock_now() < last) {
        size_t count = service_prepare(s, fds + 1);
        int64_t now = clock_now(), due = service_due(s);
        fds[0] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
        due = due < end ? due : end;
        poll(fds, count + 1, clock_poll_ms(now, due < last ? due : last));
        service_serve(s);
        int signals = signals_count();
        now = clock_now();
        if (signals > told && !told) {
            tell_end("stopping", signals);
            service_stop(s, false);
            listener_close(l);
            end = clock_after(now, grace);
        }
        if (signals > told && signals > 1)
            end = now;
        told = signals;
        if (now >= end) {
            service_stop(s, true);
            end = CLOCK_NEVER;
        }
        if (told && service_idle(s))
            break;
        if (told && !service_runs(s) && last == CLOCK_NEVER)
            last = clock_after(now, LAST_ANSWERS_MS);
    }
    free(fds);
}

static bool open_listener(struct listener *l, const struct options *o, struct buf *url, struct err *e)
{
    if (o->unix_path ? !listener_unix(l, o->unix_path, url, e) : !listener_tcp(l, o->address, url, e))
        return false;
    if (l->local || o->token_file)
        return true;
    listener_close(l);
    return err_set(e, EXIT_CONFIG, "\"%s\" can be reached from elsewhere: that needs a --token-file",
                   o->address);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct listener listener;
    struct service *service;
    struct proc_args programs[JOBS_PROGRAMS_MAX] = {{0}};
    struct buf url;
    struct err e;
    cli_parse(&cli, &o, argc, argv);
    buf_init(&url, BUF_KEEP);
    size_t count = make_programs(programs, &o);
    int64_t limit = o.timeout + RUN_SLACK_MS + (o.person ? o.max_wait : 0);
    signals_catch();
    signals_allow(2);
    signal(SIGPIPE, SIG_IGN);
    if (!raise_limit(&o, &e) || !open_listener(&listener, &o, &url, &e))
        die_err(&e);
    const struct service_options s = {
        .jobs = {programs, count, o.person ? 1 : o.jobs, o.queue, o.held, o.keep, limit},
        .front = {o.connections, o.body, o.held, o.client},
        .token_file = o.token_file,
        .local_names = !o.token_file && !o.unix_path,
    };
    if (!service_open(&service, listener.fd, &s, &e)) {
        listener_close(&listener);
        die_err(&e);
    }
    tell_url(url.data); /* while what goes wrong with that can still be said */
    if (!journal_open(o.person, &e)) {
        listener_close(&listener);
        die_err(&e);
    }
    tell_start(url.data);
    attend(service, &listener, o.grace);
    tell_end("end", signals_count());
    service_close(service);
    listener_close(&listener);
    for (size_t i = 0; i < count; i++)
        proc_args_free(&programs[i]);
    buf_free(&url);
    return cli_finish(EXIT_OK);
}
