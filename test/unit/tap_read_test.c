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
    gives("ok\nok - b # SKIP none\n1..2\n", "+test 1 +b", "points without numbers, directives");
    gives("1..1\nnot ok 1 a # todo later\n", "-a: not ok", "what is to be done has failed");
    gives("hello\nokay 1\nok 1\n", NULL, "no TAP");
    gives("", NULL, "nothing");
    gives("ok 2 - forged\n1..2\nok 1 - a\nnot ok 2 - b\n", "-forged: not ok +a",
          "a point that comes twice passes only if it does both times");
    gives("1..1\nok 1 a\nok 2 b\n",
          "-a: there are points that are not in the plan -b: there are points that are not in the plan",
          "more than planned");
    gives("1..3\nok 1 a\n", "+a -test 2: planned, but not run -test 3: planned, but not run",
          "fewer than planned");
    gives("1..1\nok 1 a\n1..1\n", "-a: there are several plans", "a second plan");
    gives("ok 1 a\nnot ok 2 b\n", "-a: there is no plan -b: there is no plan", "no plan");
    gives("1..2\nok 1 not ok 1 - a\nok 2 b\n",
          "-not ok 1 - a: a failure stands inside another line -b: a failure stands inside another line",
          "a failure that was printed behind an open line");
    gives("1..2\nok 1 a\nok 2\n# not ok 2 b\n",
          "-a: a failure stands inside another line -test 2: a failure stands inside another line",
          "a failure that was made a comment");
    gives("1..1\nok 1 a\nBail out! no\n", "+a -test 2: the tests bailed out", "a bail-out");
    gives("1..0\n", "-test 1: no test was run", "an empty plan");
    return tap_done();
}
