/* gl-run: runs the tests of atoms here, in a sandbox, without any server.
 *
 * Requests in, one result each out, in order.  A result that says
 * `unavailable` (no sandbox, interrupted) is a request that was not run; the
 * grade of what was run never depends on this machine. */
#include <poll.h>

#include "cli.h"
#include "crew.h"
#include "installed.h"
#include "jsonl.h"
#include "msg.h"
#include "record.h"
#include "result.h"
#include "signals.h"

struct options {
    bool languages, open, exit_status;
    int64_t jobs, timeout, memory, output, max_record;
};

/* clang-format off */
static const struct cli_option options[] = {
    {.letter = 'j', .name = "jobs", .arg = "N", .type = CLI_INT, .member = offsetof(struct options, jobs),
     .min = 1, .max = CREW_MAX, .preset = "1", .help = "run N requests at once; results keep their order"},
    {.name = "languages", .member = offsetof(struct options, languages),
     .help = "print the languages that can be run here, one record each, and exit"},
    {.name = "timeout", .arg = "D", .type = CLI_DURATION, .member = offsetof(struct options, timeout),
     .min = 100, .max = 86400000, .preset = "30s",
     .help = "at most D for the tests of one atom, whatever the atom says"},
    {.name = "memory", .arg = "SIZE", .type = CLI_SIZE, .member = offsetof(struct options, memory),
     .min = 1 << 20, .max = INT64_C(1) << 40, .preset = "512M",
     .help = "at most SIZE of memory a process, whatever the atom says"},
    {.name = "output-limit", .arg = "SIZE", .type = CLI_SIZE, .member = offsetof(struct options, output),
     .max = 8 << 20, .preset = "64K", .help = "keep SIZE of what the code prints, of stdout and stderr each"},
    {.name = "no-sandbox", .member = offsetof(struct options, open),
     .help = "run the code as you, with limits but without a sandbox: only for code that you trust"},
    JSONL_OPTION(struct options, max_record),
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was run"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-run",
    "[FILE ...]",
    "Run the tests of atoms in a sandbox, here, without any server.",
    options,
};

struct program {
    struct options o;
    struct runner runner;
    struct crew *crew;
    enum exit_code code;
    bool told;
    size_t ran;
};

static void put_line(struct buf *line)
{
    buf_putc(line, '\n');
    cli_write(line->data, line->len);
    cli_flush();
    buf_free(line);
}

/* What ends the run wins over what its records count for. */
static void count(struct program *p, enum exit_code code)
{
    if (p->code != EXIT_OS)
        p->code = exit_worse(p->code, code);
}

static void put_record(struct program *p, struct crew_record *r)
{
    put_line(&r->line);
    p->ran += r->ran;
    if (!r->ran || !*r->no_sandbox.text) {
        count(p, r->ran ? status_exit(r->status, false) : r->code);
        return;
    }
    if (!p->told)
        msg_error("%s (--no-sandbox runs the code as you)", r->no_sandbox.text);
    p->told = true;
    p->code = EXIT_OS;
}

/* Input that is no record. */
static void reject(struct program *p, const struct err *e)
{
    struct crew_record r = {.code = EXIT_DATA};
    msg_error("%s", e->text);
    buf_init(&r.line, SIZE_MAX / 2);
    result_put_rejected(&r.line, (struct json_text){NULL, 0}, NULL, fault_name(FAULT_BAD_REQUEST), e->text);
    crew_pass(p->crew, &r);
}

static void handle(struct program *p, const struct json_object *record)
{
    if (record_type(record) == RECORD_REQUEST) {
        crew_run(p->crew, record);
        return;
    }
    struct crew_record r = {.code = record_exit(record)};
    buf_init(&r.line, SIZE_MAX / 2);
    buf_add(&r.line, record->text.at, record->text.len);
    crew_pass(p->crew, &r);
}

static int list_languages(bool exit_status)
{
    const struct language *l;
    struct buf line;
    size_t found = 0;
    for (size_t i = 0; (l = language_at(i)); i++)
        if (language_is_installed(l)) {
            buf_init(&line, SIZE_MAX / 2);
            installed_put(&line, l);
            put_line(&line);
            found++;
        }
    return cli_finish(exit_status && !found ? EXIT_NOTHING : EXIT_OK);
}

/* Waits for a process to end, or with `in` for input. */
static void wait_for(const struct program *p, struct jsonl *in)
{
    struct pollfd polled[CREW_MAX + 2];
    size_t n = crew_poll(p->crew, polled);
    polled[n++] = (struct pollfd){signals_fd(), POLLIN, 0};
    if (in)
        polled[n++] = (struct pollfd){jsonl_fd(in), POLLIN, 0};
    if (poll(polled, n, -1) > 0 && in && polled[n - 1].revents && !signals_caught())
        jsonl_fill(in);
    signals_count();
}

/* Reads, runs and writes until there is nothing left; after a signal what was read comes
 * to its end, and what is not here yet is left. */
static void run_all(struct program *p, struct jsonl *in)
{
    struct jsonl_record record;
    struct crew_record done;
    struct err e;
    enum jsonl_got got = JSONL_WAIT;
    for (;;) {
        while (crew_take(p->crew, &done))
            put_record(p, &done);
        bool room = crew_has_room(p->crew) && got != JSONL_EOF;
        if (room)
            got = jsonl_next(in, &record, &e);
        if (room && got == JSONL_RECORD)
            handle(p, record.object);
        else if (room && got == JSONL_BAD)
            reject(p, &e);
        else if (crew_is_empty(p->crew) && (got == JSONL_EOF || signals_caught()))
            return;
        else
            wait_for(p, room && got == JSONL_WAIT && !signals_caught() ? in : NULL);
    }
}

int main(int argc, char **argv)
{
    struct program p = {.code = EXIT_OK};
    char **files = cli_parse(&cli, &p.o, argc, argv);
    if (p.o.languages)
        return list_languages(p.o.exit_status);
    signals_catch();
    p.runner = (struct runner){{p.o.timeout, p.o.memory}, p.o.output, p.o.open};
    p.crew = crew_open(&p.runner, (size_t)p.o.jobs);
    struct jsonl *in = jsonl_open(files, (size_t)p.o.max_record);
    run_all(&p, in);
    if (jsonl_failed(in))
        p.code = EXIT_IO;
    msg_info("%zu requests run", p.ran);
    jsonl_close(in);
    crew_close(p.crew);
    if (p.code == EXIT_OK && p.o.exit_status && !p.ran)
        p.code = EXIT_NOTHING;
    return cli_finish(p.code);
}
