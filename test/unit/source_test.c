/* source_test: a text is itself, @FILE is what is in it, and what cannot be read is told. */
#define _GNU_SOURCE /* mkstemp */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static void check_read(const char *value, const char *want)
{
    struct err e = {0};
    char *got = source_read("--filter", value, &e);
    is_text(got, want, "%s", value);
    free(got);
}

static void check_refused(const char *value, const char *want)
{
    struct err e = {0};
    char *got = source_read("--filter", value, &e);
    ok(!got, "%s is refused", value);
    is_int((int)e.code, EXIT_IO, "%s: exit", value);
    is_text(e.text, want, "%s: message", value);
    free(got);
}

int main(void)
{
    char name[] = "/tmp/source_test.XXXXXX", value[64];
    int fd = mkstemp(name);
    ok(fd >= 0 && write(fd, ".a\n@b\n", 6) == 6, "a file");
    close(fd);
    snprintf(value, sizeof value, "@%s", name);
    check_read(value, ".a\n@b\n");
    unlink(name);
    check_read(".a", ".a");
    check_read("", "");
    check_refused("@/nowhere/at all", "--filter: cannot read \"/nowhere/at all\": No such file or directory");
    check_refused("@/", "--filter: cannot read \"/\": Is a directory");
    check_refused("@/dev/zero", "--filter: \"/dev/zero\" is larger than 8388608 bytes");
    return tap_done();
}
