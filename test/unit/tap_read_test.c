/* Shows what tap_read makes of a script's output, in which others may have printed. */
#include "tap_read.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* The points as "+name" or "-name: message", with blanks between. */
static void gives(const char *output, const char *want, const char *what)
{
    struct tests t = {.count = 0};
    struct buf got;
    buf_init(&got, 4096);
    bool is_tap = tap_read(&t, "", output, strlen(output));
    for (size_t i = 0; i < t.count; i++) {
        const struct test *one = &t.test[i];
        buf_printf(&got, "%s%c%s", i ? " " : "", one->class == TEST_OK ? '+' : '-', one->name);
        if (one->message)
            buf_printf(&got, ": %s", one->message);
    }
    is_text(is_tap ? got.data : NULL, want, "%s", what);
    buf_free(&got);
    tests_free(&t);
}

int main(void)
{
    gives("1..2\nok 1 - a\nnot ok 2 - b\n# why\n# and\n", "+a -b: why\nand",
          "points and what stands below them");
    gives("ok\nok - b # SKIP none\nnot ok c # todo later\n1..3\n", "+test 1 +b +c",
          "points without numbers, directives");
    gives("hello\nokay 1\n", NULL, "no TAP");
    gives("", NULL, "nothing");
    gives("ok 2 - forged\n1..2\nok 1 - a\nnot ok 2 - b\n", "-forged: not ok +a",
          "a point that comes twice passes only if it does both times");
    gives("1..1\nok 1 a\nok 2 b\n", "+a -b: not in the plan", "more than planned");
    gives("1..3\nok 1 a\n", "+a -test 2: planned, but not run -test 3: planned, but not run",
          "fewer than planned");
    gives("1..1\n1..3\nok 1 a\n", "+a -test 2: planned, but not run -test 3: planned, but not run",
          "a second plan cannot lower the first");
    gives("ok 1 a\nBail out! no\n", "+a -test 2: the tests bailed out", "a bail-out");
    gives("1..0\n", "-test 1: no test was run", "an empty plan");
    return tap_done();
}
