/* gl-run: runs the tests of atoms here, in a sandbox, without any server.
 *
 * Requests in, one result each out, in order.  A result that says
 * `unavailable` (no sandbox, interrupted) is a request that was not run; the
 * grade of what was run never depends on this machine. */
#include <poll.h>

#include "cli.h"
#include "installed.h"
#include "jsonl.h"
#include "msg.h"
#include "record.h"
#include "result.h"
#include "runner.h"
#include "signals.h"

struct options {
    bool languages, open, exit_status;
    int64_t timeout, memory, output, max_record;
};

/* clang-format off */
static const struct cli_option options[] = {
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
    struct buf line;
    enum exit_code code;
    bool told;
    size_t ran;
};

static void put_line(struct program *p)
{
    buf_putc(&p->line, '\n');
    cli_write(p->line.data, p->line.len);
    cli_flush();
    buf_clear(&p->line);
}

/* What ends the run wins over what its records count for. */
static void count(struct program *p, enum exit_code code)
{
    if (p->code != EXIT_OS)
        p->code = exit_worse(p->code, code);
}

static void put_rejected(struct program *p, const struct err *e)
{
    msg_error("%s", e->text);
    result_put_rejected(&p->line, (struct json_text){NULL, 0}, NULL, fault_name(FAULT_BAD_REQUEST), e->text);
    put_line(p);
    count(p, EXIT_DATA);
}

static void run(struct program *p, const struct json_object *request)
{
    struct err no_sandbox;
    enum status status = runner_run(&p->runner, request, &p->line, &no_sandbox);
    put_line(p);
    p->ran++;
    if (!*no_sandbox.text) {
        count(p, status_exit(status, false));
        return;
    }
    if (!p->told)
        msg_error("%s (--no-sandbox runs the code as you)", no_sandbox.text);
    p->told = true;
    p->code = EXIT_OS;
}

static void handle(struct program *p, const struct json_object *record)
{
    if (record_type(record) == RECORD_REQUEST) {
        run(p, record);
        return;
    }
    buf_add(&p->line, record->text.at, record->text.len);
    count(p, record_exit(record));
    put_line(p);
}

static int list_languages(struct program *p)
{
    const struct language *l;
    for (size_t i = 0; (l = language_at(i)); i++)
        if (language_is_installed(l)) {
            installed_put(&p->line, l);
            put_line(p);
            p->ran++;
        }
    buf_free(&p->line);
    return cli_finish(p->o.exit_status && !p->ran ? EXIT_NOTHING : EXIT_OK);
}

/* Waits for input; false after a signal, when what is not here yet is left. */
static bool wait_for_input(struct jsonl *in)
{
    struct pollfd polled[] = {{jsonl_fd(in), POLLIN, 0}, {signals_fd(), POLLIN, 0}};
    while (!signals_caught()) {
        if (poll(polled, 2, -1) > 0 && polled[0].revents && !signals_caught()) {
            jsonl_fill(in);
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    struct program p = {.code = EXIT_OK};
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    char **files = cli_parse(&cli, &p.o, argc, argv);
    signals_catch();
    p.runner = (struct runner){{p.o.timeout, p.o.memory}, p.o.output, p.o.open};
    buf_init(&p.line, SIZE_MAX / 2);
    if (p.o.languages)
        return list_languages(&p);
    struct jsonl *in = jsonl_open(files, (size_t)p.o.max_record);
    while ((got = jsonl_next(in, &record, &e)) != JSONL_EOF) {
        if (got == JSONL_RECORD)
            handle(&p, record.object);
        else if (got == JSONL_BAD)
            put_rejected(&p, &e);
        else if (!wait_for_input(in))
            break;
    }
    if (jsonl_failed(in))
        p.code = EXIT_IO;
    msg_info("%zu requests run", p.ran);
    jsonl_close(in);
    buf_free(&p.line);
    if (p.code == EXIT_OK && p.o.exit_status && !p.ran)
        p.code = EXIT_NOTHING;
    return cli_finish(p.code);
}
