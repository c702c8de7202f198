/* gl-render: shows records to people.
 *
 * It follows a stream: each record is shown as it comes.  Everything in a
 * record that others wrote is escaped on its way out (see text.h). */
#include <unistd.h>

#include "cli.h"
#include "jsonl.h"
#include "msg.h"
#include "render.h"
#include "signals.h"
#include "status.h"

enum format { FORMAT_AUTO, FORMAT_PANEL, FORMAT_PLAIN };

struct options {
    int format, color;
    int64_t width, max_record;
    bool ascii, exit_status;
};

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "format", .arg = "F", .type = CLI_CHOICE, .choices = "auto|panel|plain", .preset = "auto",
     .member = offsetof(struct options, format), .help = "how: auto (a panel on a terminal), panel or plain"},
    {.name = "color", .arg = "WHEN", .type = CLI_CHOICE, .choices = "auto|always|never", .preset = "auto",
     .member = offsetof(struct options, color), .help = "colour: auto, always or never"},
    {.name = "width", .arg = "N", .type = CLI_INT, .member = offsetof(struct options, width), .min = 1,
     .max = 100000, .help = "fill N columns, from 20 to 1000, instead of the terminal's"},
    {.name = "ascii", .type = CLI_FLAG, .member = offsetof(struct options, ascii),
     .help = "write ASCII only, as in a locale that is not UTF-8"},
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

int main(int argc, char **argv)
{
    struct options o = {0};
    struct render r = {0};
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    enum exit_code code = EXIT_OK;
    size_t shown = 0;
    char **files = cli_parse(&cli, &o, argc, argv);
    signals_catch();
    bool ascii = !paint_is_utf8() || o.ascii;
    paint_init(&r.paint, paint_wants_color((enum paint_choice)o.color), ascii, paint_width(o.width));
    r.boxed = o.format == FORMAT_PANEL || (o.format == FORMAT_AUTO && isatty(STDOUT_FILENO));
    struct jsonl *in = jsonl_open(files, (size_t)o.max_record);
    while ((got = jsonl_read(in, &record, &e)) != JSONL_EOF) {
        if (got == JSONL_BAD) {
            msg_error("%s", e.text);
            render_bad(&r, e.text);
            code = exit_worse(code, EXIT_DATA);
        } else {
            code = exit_worse(code, render_record(&r, record.object));
            shown++;
        }
    }
    if (jsonl_failed(in))
        code = EXIT_IO;
    msg_info("%zu records shown", shown);
    jsonl_close(in);
    paint_free(&r.paint);
    if (code == EXIT_OK && o.exit_status && !r.any)
        code = EXIT_NOTHING;
    return cli_finish(code);
}
