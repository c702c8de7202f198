/* language: the table.  A runtime is an absolute path below /usr, the one
 * folder of the host that the sandbox has. */
#define _GNU_SOURCE /* strcasecmp, strcasestr */
#include "language.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char driver_python[] = {
#include "driver_python.h"
    0};

static const char scripts_python[] = {
#include "driver_python_peer.h"
#include "driver_python_scripts.h"
    0};

static const char driver_javascript[] = {
#include "driver_javascript.h"
    0};

static const char scripts_javascript[] = {
#include "driver_javascript_peer.h"
#include "driver_javascript_scripts.h"
    0};

static const char split_javascript[] = {
#include "driver_javascript_split.h"
    0};

static const char part_c[] = {
#include "driver_c_part.h"
    0};

static const char link_c[] = {
#include "driver_c_link.h"
    0};

/* clang-format off */
static const struct language languages[] = {
    {.name = "python", .aliases = "python3 py ", .extension = ".py",
     .version = {"/usr/bin/python3", "--version"},
     .run = {"/usr/bin/python3", "-B", "-X", "utf8"},
     .call = CALL_BY_DRIVER, .driver_path = "greenlight/driver.py", .driver = driver_python,
     .scripts_path = "greenlight/scripts.py", .scripts = scripts_python,
     .command = {"/usr/bin/python3", "-I", "-B", "-X", "utf8", "../greenlight/driver.py"},
     .scripts_command = {"/usr/bin/python3", "-I", "-B", "-X", "utf8", "../greenlight/driver.py"},
     .base_bytes = 48 << 20},
    {.name = "shell", .aliases = "sh bash posix ", .extension = ".sh",
     .version = {"/usr/bin/bash", "--version"},
     .run = {"/usr/bin/bash"},
     .call = CALL_BY_WORDS, .base_bytes = 16 << 20},
    {.name = "c", .aliases = "c11 c17 gcc ", .extension = ".c",
     .version = {"/usr/bin/gcc", "-dumpfullversion"},
     .build = {"/usr/bin/sh", "-c",
               "gcc -std=gnu17 -O1 -g -Wall -I. -o /tmp/program \"$@\" -lm && exec cat /tmp/program >&3", "cc"},
     .part = {"/usr/bin/sh", "-c", part_c, "cc"}, .link = {"/usr/bin/sh", "-c", link_c, "ld"},
     .run = {LANGUAGE_PROGRAM},
     .call = CALL_BY_HARNESS, .base_bytes = 16 << 20},
    /* V8 reserves address space that it never uses. */
    {.name = "javascript", .aliases = "js node nodejs ", .extension = ".js",
     .version = {"/usr/bin/node", "--version"},
     .run = {"/usr/bin/node"},
     .call = CALL_BY_DRIVER, .driver_path = "greenlight/driver.js", .driver = driver_javascript,
     .command = {"/usr/bin/node", "../greenlight/driver.js"},
     .scripts_path = "greenlight/scripts.js", .scripts = scripts_javascript,
     .scripts_command = {"/usr/bin/bash", "-c", split_javascript, "bash"},
     .base_bytes = INT64_C(1) << 30},
    {.name = "sql", .aliases = "sqlite sqlite3 ", .extension = ".sql",
     .version = {"/usr/bin/sqlite3", "--version"},
     .run = {"/usr/bin/sqlite3", "-batch", "-bail", ":memory:"},
     .call = CALL_BY_QUERY, .base_bytes = 16 << 20},
};
/* clang-format on */

enum { LANGUAGES = sizeof languages / sizeof *languages };

const struct language *language_at(size_t i)
{
    return i < LANGUAGES ? &languages[i] : NULL;
}

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
    return access(l->version[0], X_OK) == 0;
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
