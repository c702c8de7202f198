/* gl-retry: puts failed and cancelled rows back, as if they were new.
 *
 * What that means for a row is in greenlight_retry of sql/033; the rest, in
 * libcommon/change. */
#include "change.h"

/* clang-format off */
static const struct cli_option options[] = {
    CHANGE_OPTIONS("no row was put back"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-retry",
    "[FILE | ID ...]",
    "Put failed and cancelled rows back, as if they were new.",
    options,
};

int main(int argc, char **argv)
{
    static const struct change change = {"greenlight_retry", "retried"};
    struct change_options o = {0};
    char **operands = cli_parse(&cli, &o, argc, argv);
    return change_run(&change, &o, operands);
}
