/* gl-cancel: ends pending rows, which are not run any more.
 *
 * What that means for a row is in greenlight_cancel of sql/033; the rest, in
 * libcommon/change. */
#include "change.h"

/* clang-format off */
static const struct cli_option options[] = {
    CHANGE_OPTIONS("no row was cancelled"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-cancel",
    "[FILE | ID ...]",
    "End pending rows.",
    options,
};

int main(int argc, char **argv)
{
    static const struct change change = {"greenlight_cancel", "cancelled"};
    struct change_options o = {0};
    char **operands = cli_parse(&cli, &o, argc, argv);
    return change_run(&change, &o, operands);
}
