/* source: @FILE as curl and jq's users know it. */
#include "source.h"

#include <stdio.h>

#include "buf.h"
#include "xalloc.h"

enum { SOURCE_MAX = 8 << 20 };

char *source_read(const char *option, const char *value, struct err *e)
{
    if (value[0] != '@')
        return xstrdup(value);
    FILE *file = fopen(value + 1, "re");
    struct buf text;
    char chunk[4096];
    size_t got;
    buf_init(&text, SOURCE_MAX);
    while (file && !text.overflowed && (got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(&text, chunk, got);
    if (file && !ferror(file) && !text.overflowed) {
        fclose(file);
        return buf_detach(&text);
    }
    if (text.overflowed)
        err_set(e, EXIT_IO, "%s: \"%s\" is larger than %d bytes", option, value + 1, SOURCE_MAX);
    else
        err_errno(e, EXIT_IO, "%s: cannot read \"%s\"", option, value + 1);
    if (file)
        fclose(file);
    buf_free(&text);
    return NULL;
}
