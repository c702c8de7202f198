/* gl-handoff: a session's atoms to Greenlight, one after another.
 *
 * What is not Greenlight's passes as it is; each of the others becomes an outcome
 * (see handoff.h). */

#include "cli.h"
#include "handoff.h"
#include "jsonl.h"
#include "msg.h"
#include "record.h"
#include "result.h"
#include "signals.h"

struct options {
    struct handoff_options handoff;
    int64_t max_record;
    bool exit_status;
};

#define AT(m) offsetof(struct options, m)

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "local", .member = AT(handoff.local), .help = "ask no server: open your editor, and run the work here"},
    HANDOFF_FALLBACK_OPTIONS(struct options, handoff),
    {.name = "learner", .arg = "ID", .type = CLI_TEXT, .member = AT(handoff.learner), .help = "whose the atoms are"},
    {.name = "session-context", .arg = "JSON|@FILE", .type = CLI_TEXT, .member = AT(handoff.session_context),
     .help = "set these members of every request's session_context"},
    {.name = "filter", .arg = "JQ|@FILE", .type = CLI_TEXT, .member = AT(handoff.filter),
     .help = "send what this jq program makes of a request"},
    {.name = "max-wait", .arg = "D", .type = CLI_DURATION, .member = AT(handoff.max_wait_ms), .preset = "300s",
     .help = "wait for an execution for D"},
    {.name = "interval", .arg = "D", .type = CLI_DURATION, .member = AT(handoff.interval_ms), .min = 1, .max = 86400000,
     .preset = "2s", .help = "wait D before the second look at an execution"},
    {.name = "ask", .arg = "D", .type = CLI_DURATION, .member = AT(handoff.ask_ms), .preset = "1h",
     .help = "queue where a question was not answered after D"},
    {.name = "spool", .arg = "DIR", .type = CLI_TEXT, .member = AT(handoff.spool),
     .help = "keep requests in DIR while the database is away"},
    HTTP_OPTIONS(struct options, handoff.http),
    RETRY_OPTIONS(struct options, handoff.policy, "send a request N times at most"),
    RETRY_CAP_OPTION(struct options, handoff.policy, "never wait longer than D, also where the server asks for it"),
    DB_OPTIONS(struct options, handoff.db),
    JSONL_OPTION(struct options, max_record),
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was handed over"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-handoff",
    "[FILE ...]",
    "Hand atoms over to Greenlight, one after another, and write what became of each.",
    options,
};

static void reject(const char *why)
{
    struct buf line;
    msg_error("%s", why);
    buf_init(&line, BUF_KEEP);
    result_put_rejected(&line, (struct json_text){NULL, 0}, NULL, fault_name(FAULT_BAD_REQUEST), why);
    buf_putc(&line, '\n');
    cli_write(line.data, line.len);
    buf_free(&line);
}

static void pass(const struct json_object *record)
{
    cli_write(record->text.at, record->text.len);
    cli_write("\n", 1);
    cli_flush();
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct handoff *h = NULL;
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    enum exit_code code = EXIT_OK;
    size_t handed = 0;
    char **files = cli_parse(&cli, &o, argc, argv);
    signals_catch();
    signals_allow(2);
    if (!handoff_open(&h, &o.handoff, &e))
        die_err(&e);
    struct jsonl *in = jsonl_open(files, (size_t)o.max_record);
    while ((got = jsonl_await(in, &record, &e)) != JSONL_EOF) {
        bool atom = got == JSONL_RECORD && record_type(record.object) == RECORD_REQUEST;
        if (got == JSONL_BAD) {
            reject(e.text);
            code = EXIT_DATA;
        } else if (atom && record_is_greenlights(record.object)) {
            handoff_atom(h, record.object);
            handed++;
        } else {
            pass(record.object);
        }
    }
    if (handoff_code(h))
        code = handoff_code(h);
    if (jsonl_failed(in))
        code = EXIT_IO;
    if (o.exit_status && code == EXIT_OK && !handed)
        code = EXIT_NOTHING;
    jsonl_close(in);
    handoff_close(h);
    return cli_finish(code);
}
