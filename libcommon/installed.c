/* installed: the version is the first number with a dot that the runtime prints. */
#include "installed.h"

#include <ctype.h>
#include <string.h>

#include "json.h"
#include "sandbox.h"

enum { WAIT_MS = 5000, OUTPUT_BYTES = 4096, MEMORY_BYTES = 2000 << 20, PROCESSES = 64 };

static void put_version(struct buf *out, const char *text)
{
    for (size_t len; *text; text += len + !len) {
        len = isdigit((unsigned char)*text) ? strspn(text, "0123456789.") : 0;
        if (memchr(text, '.', len)) {
            json_put_string(out, text, len);
            return;
        }
    }
    buf_puts(out, "null");
}

static void put_aliases(struct buf *out, const char *aliases)
{
    buf_putc(out, '[');
    for (size_t len; *aliases; aliases += len + 1) {
        len = strcspn(aliases, " ");
        json_comma(out);
        json_put_string(out, aliases, len);
    }
    buf_putc(out, ']');
}

void installed_put(struct buf *out, const struct language *l)
{
    const struct jail_job job = {.argv = l->version,
                                 .directory = "exercise",
                                 .input = "",
                                 .limits = {WAIT_MS, MEMORY_BYTES, OUTPUT_BYTES, PROCESSES, 0},
                                 .open = true};
    const struct sandbox_limits limits = {WAIT_MS, OUTPUT_BYTES, OUTPUT_BYTES};
    struct sandbox_outcome o;
    struct err e;
    bool ok = sandbox_run(&job, &limits, &o, &e);
    buf_putc(out, '{');
    json_key(out, "language");
    json_put_text(out, l->name);
    json_key(out, "version");
    put_version(out, ok ? o.output.kept.data : "");
    json_key(out, "runtime");
    json_put_text(out, l->version[0]);
    json_key(out, "extension");
    json_put_text(out, l->extension);
    json_key(out, "aliases");
    put_aliases(out, l->aliases);
    buf_putc(out, '}');
    sandbox_outcome_free(&o);
}
