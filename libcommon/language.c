/* language: the table.  A runtime is an absolute path below /usr, the one
 * folder of the host that the sandbox has. */
#define _GNU_SOURCE /* strcasecmp, strcasestr */
#include "language.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char driver_python[] = {
#include "driver_python.h"
};

static const struct language languages[] = {
    {
        .name = "python",
        .aliases = "python3 py ",
        .extension = ".py",
        .driver = driver_python,
        .driver_name = "driver.py",
        .base_bytes = 48 << 20,
        .command = {"/usr/bin/python3", "-I", "-B", "-X", "utf8", "../greenlight/driver.py"},
    },
};

enum { LANGUAGES = sizeof languages / sizeof *languages };

static bool is_alias(const struct language *l, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = l->aliases; *at; at = strchr(at, ' ') + 1)
        if (strncasecmp(at, name, len) == 0 && at[len] == ' ')
            return true;
    return false;
}

const struct language *language_find(const char *name)
{
    for (size_t i = 0; i < LANGUAGES; i++)
        if (strcasecmp(languages[i].name, name) == 0 || is_alias(&languages[i], name))
            return &languages[i];
    return NULL;
}

const struct language *language_of_file(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < LANGUAGES; i++) {
        size_t end = strlen(languages[i].extension);
        if (len > end && strcmp(path + len - end, languages[i].extension) == 0)
            return &languages[i];
    }
    return NULL;
}

bool language_is_installed(const struct language *l)
{
    return access(l->command[0], X_OK) == 0;
}

void language_put_names(struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < LANGUAGES; i++) {
        if (!language_is_installed(&languages[i]))
            continue;
        buf_printf(out, "%s%s", any ? ", " : "", languages[i].name);
        any = true;
    }
    if (!any)
        buf_puts(out, "none");
}
