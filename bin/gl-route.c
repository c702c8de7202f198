/* gl-route: passes on the atoms that Greenlight owns.
 *
 * A filter like grep: what passes leaves byte for byte.  Bad input comes out
 * as `rejected` records, so that nothing is lost on the way; records of other
 * types pass as they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "jsonl.h"
#include "msg.h"
#include "record.h"
#include "result.h"
#include "signals.h"

struct options {
    bool invert, exit_status;
    const char *rest;
    int64_t max_record;
};

/* clang-format off */
static const struct cli_option options[] = {
    {.letter = 'v', .name = "invert-match", .member = offsetof(struct options, invert),
     .help = "pass on the others, those that cortex keeps"},
    {.name = "rest", .arg = "FILE", .type = CLI_TEXT, .member = offsetof(struct options, rest),
     .help = "write the atoms that are not passed on to FILE"},
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was passed on"),
    JSONL_OPTION(struct options, max_record),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-route",
    "[FILE ...]",
    "Pass on the atoms that Greenlight owns, one JSON object a line.",
    options,
};

struct route {
    struct options o;
    FILE *rest;
    struct buf line;
    enum exit_code code;
    size_t records, passed; /* passed: atoms */
};

/* An atom that is not passed on. */
static void put_rest(struct route *r, struct json_text text)
{
    if (!r->rest)
        return;
    if (fwrite(text.at, 1, text.len, r->rest) != text.len || putc('\n', r->rest) == EOF)
        die(EXIT_IO, "cannot write to \"%s\": %s", r->o.rest, strerror(errno));
}

static void put_rejected(struct route *r, const struct err *e)
{
    msg_error("%s", e->text);
    buf_clear(&r->line);
    result_put_rejected(&r->line, (struct json_text){NULL, 0}, NULL, fault_name(FAULT_BAD_REQUEST), e->text);
    buf_putc(&r->line, '\n');
    cli_write(r->line.data, r->line.len);
    r->code = exit_worse(r->code, EXIT_DATA);
}

static void route(struct route *r, const struct json_object *record)
{
    bool atom = record_type(record) == RECORD_REQUEST;
    if (atom && record_is_greenlights(record) == r->o.invert) {
        put_rest(r, record->text);
        return;
    }
    cli_write(record->text.at, record->text.len);
    cli_write("\n", 1);
    r->passed += atom;
    r->code = exit_worse(r->code, record_exit(record));
}

int main(int argc, char **argv)
{
    struct route r = {0};
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    char **files = cli_parse(&cli, &r.o, argc, argv);
    signals_catch();
    buf_init(&r.line, BUF_KEEP);
    struct jsonl *in = jsonl_open(files, (size_t)r.o.max_record);
    if (r.o.rest && !(r.rest = jsonl_create(in, r.o.rest, &e)))
        die_err(&e);
    while ((got = jsonl_read(in, &record, &e)) != JSONL_EOF) {
        r.records++;
        if (got == JSONL_BAD)
            put_rejected(&r, &e);
        else
            route(&r, record.object);
    }
    if (jsonl_failed(in))
        r.code = EXIT_IO;
    jsonl_close(in);
    buf_free(&r.line);
    msg_info("%zu records, %zu atoms passed on", r.records, r.passed);
    if (r.rest && fclose(r.rest) != 0)
        die(EXIT_IO, "cannot write to \"%s\": %s", r.o.rest, strerror(errno));
    if (r.code == EXIT_OK && r.o.exit_status && !r.passed)
        r.code = EXIT_NOTHING;
    return cli_finish(r.code);
}
