/* gl-render: shows records to people.
 *
 * It follows a stream: each record is shown as it comes.  Everything in a
 * record that others wrote is escaped on its way out (see text.h, quote.h). */
#include <unistd.h>

#include "cli.h"
#include "jsonl.h"
#include "msg.h"
#include "render.h"
#include "render_github.h"
#include "render_html.h"
#include "render_junit.h"
#include "render_markdown.h"
#include "render_tap.h"
#include "signals.h"

struct options {
    int format, color;
    int64_t width, max_record;
    bool ascii, summary, exit_status;
};

#define FORMATS "auto|panel|plain|tap|junit|markdown|github|html"
enum { FORMAT_AUTO, FORMAT_PANEL, FORMAT_PLAIN };

/* Those that make a document, in the order of FORMATS. */
static const struct document_format *const documents[] = {
    NULL, NULL, NULL, &render_tap, &render_junit, &render_markdown, &render_github, &render_html,
};

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "format", .arg = "F", .type = CLI_CHOICE, .choices = FORMATS, .preset = "auto",
     .member = offsetof(struct options, format),
     .help = "how: auto (a panel on a terminal), panel, plain, tap, junit, markdown, github or html"},
    {.name = "color", .arg = "WHEN", .type = CLI_CHOICE, .choices = "auto|always|never", .preset = "auto",
     .member = offsetof(struct options, color), .help = "colour: auto, always or never"},
    {.name = "width", .arg = "N", .type = CLI_INT, .member = offsetof(struct options, width), .min = 1,
     .max = 100000, .help = "fill N columns, from 20 to 1000, instead of the terminal's"},
    {.name = "ascii", .type = CLI_FLAG, .member = offsetof(struct options, ascii),
     .help = "write ASCII only, as in a locale that is not UTF-8"},
    {.name = "summary", .type = CLI_FLAG, .member = offsetof(struct options, summary),
     .help = "end with totals, a histogram of scores and what did not pass"},
    JSONL_OPTION(struct options, max_record),
    CLI_EXIT_STATUS(struct options, exit_status, "there was nothing to show"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-render",
    "[FILE ...]",
    "Show results and other records to people.",
    options,
};

/* Where entries go: lines for a terminal, or a document. */
struct target {
    const struct document_format *format; /* NULL: lines */
    bool summary;
    struct render lines;
    struct totals totals; /* of those */
    struct document document;
};

static void begin(struct target *t, const struct options *o)
{
    t->format = documents[o->format];
    t->summary = o->summary;
    if (t->format) {
        document_begin(&t->document, t->format, o->ascii, o->summary);
        return;
    }
    paint_init(&t->lines.paint, paint_wants_color((enum paint_choice)o->color), !paint_is_utf8() || o->ascii,
               paint_width(o->width));
    t->lines.boxed = o->format == FORMAT_PANEL || (o->format == FORMAT_AUTO && isatty(STDOUT_FILENO));
}

static void put(struct target *t, const struct entry *e)
{
    if (t->format) {
        document_entry(&t->document, e);
        return;
    }
    render_entry(&t->lines, e);
    if (t->summary)
        totals_add(&t->totals, e, &t->lines.paint);
}

static void end(struct target *t)
{
    if (t->format) {
        document_end(&t->document);
        return;
    }
    if (t->summary)
        render_totals(&t->lines, &t->totals);
    totals_free(&t->totals);
    paint_free(&t->lines.paint);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct target target = {0};
    struct jsonl_record record;
    struct entry entry = {0};
    struct err e;
    enum jsonl_got got;
    enum exit_code code = EXIT_OK;
    size_t shown = 0, bad = 0;
    char **files = cli_parse(&cli, &o, argc, argv);
    signals_catch();
    begin(&target, &o);
    struct jsonl *in = jsonl_open(files, (size_t)o.max_record);
    while ((got = jsonl_read(in, &record, &e)) != JSONL_EOF) {
        if (got == JSONL_BAD) {
            msg_error("%s", e.text);
            entry_read_bad(&entry, e.text);
            bad++;
        } else {
            entry_read(&entry, record.object);
            shown++;
        }
        put(&target, &entry);
        code = exit_worse(code, entry_exit(&entry));
        entry_free(&entry);
    }
    if (jsonl_failed(in))
        code = EXIT_IO;
    msg_info("%zu records shown", shown);
    jsonl_close(in);
    end(&target);
    if (code == EXIT_OK && o.exit_status && !shown && !bad)
        code = EXIT_NOTHING;
    return cli_finish(code);
}
