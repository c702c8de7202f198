/* filter: libjq behind two calls.  Its messages can quote the input, which may
 * be a learner's work, so only compile errors are passed on.
 *
 * The library is loaded when a filter is opened: with all that it needs it costs
 * a tenth of the start of a program that seldom has one. */
#define _GNU_SOURCE
#include "filter.h"

#include <dlfcn.h>
#include <jq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "xalloc.h"

#define JQ_FUNCTIONS(X)                                                                                      \
    X(jq_init)                                                                                               \
    X(jq_set_error_cb)                                                                                       \
    X(jq_compile)                                                                                            \
    X(jq_start)                                                                                              \
    X(jq_next)                                                                                               \
    X(jq_teardown)                                                                                           \
    X(jv_copy)                                                                                               \
    X(jv_dump_string)                                                                                        \
    X(jv_free)                                                                                               \
    X(jv_get_kind)                                                                                           \
    X(jv_invalid)                                                                                            \
    X(jv_invalid_has_msg)                                                                                    \
    X(jv_parse_sized)                                                                                        \
    X(jv_string_length_bytes)                                                                                \
    X(jv_string_value)

/* The library, and its functions under their names; load() sets all. */
static struct {
    void *handle;
#define POINTER(name) __typeof__(name) *name;
    JQ_FUNCTIONS(POINTER)
#undef POINTER
} lib;

struct filter {
    jq_state *jq;
    char message[ERR_TEXT_MAX];
};

/* Which version of the library it is, its headers know: SONAME 1. */
static bool load(struct err *e)
{
    lib.handle = dlopen("libjq.so.1", RTLD_NOW);
    if (!lib.handle)
        return err_set(e, EXIT_OS, "libjq, which filters need, cannot be loaded: %s", dlerror());
#define LOAD(name)                                                                                           \
    *(void **)&lib.name = dlsym(lib.handle, #name);                                                          \
    if (!lib.name)                                                                                           \
        return err_set(e, EXIT_OS, "libjq has no %s", #name);
    JQ_FUNCTIONS(LOAD)
#undef LOAD
    return true;
}

static bool is_valid(jv value)
{
    return lib.jv_get_kind(value) != JV_KIND_INVALID;
}

/* The first line of libjq's words. */
static void on_error(void *user, jv text)
{
    struct filter *f = user;
    if (lib.jv_get_kind(text) == JV_KIND_STRING && !f->message[0])
        snprintf(f->message, sizeof f->message, "%.*s", (int)strcspn(lib.jv_string_value(text), "\n"),
                 lib.jv_string_value(text));
    lib.jv_free(text);
}

bool filter_open(struct filter **out, const char *option, const char *program, struct err *e)
{
    char *text = load(e) ? source_read(option, program, e) : NULL;
    if (!text)
        return false;
    struct filter *f = xcalloc(1, sizeof *f);
    f->jq = lib.jq_init();
    lib.jq_set_error_cb(f->jq, on_error, f);
    bool compiled = lib.jq_compile(f->jq, text);
    free(text);
    if (!compiled) {
        err_set(e, EXIT_USAGE, "%s: not a jq program: %s", option, f->message);
        filter_close(f);
        return false;
    }
    *out = f;
    return true;
}

void filter_close(struct filter *f)
{
    if (!f)
        return;
    lib.jq_teardown(&f->jq);
    free(f);
}

bool filter_apply(struct filter *f, struct json_text record, struct buf *out, struct err *e)
{
    jv input = lib.jv_parse_sized(record.at, (int)record.len);
    if (!is_valid(input)) {
        lib.jv_free(input);
        return err_set(e, EXIT_DATA, "the filter cannot read the record");
    }
    f->message[0] = '\0';
    lib.jq_start(f->jq, input, 0);
    jv value = lib.jq_next(f->jq), more = is_valid(value) ? lib.jq_next(f->jq) : lib.jv_invalid();
    bool one = is_valid(value) && !is_valid(more);
    if (one) {
        jv text = lib.jv_dump_string(lib.jv_copy(value), 0);
        int len = lib.jv_string_length_bytes(lib.jv_copy(text));
        buf_add(out, lib.jv_string_value(text), (size_t)len);
        lib.jv_free(text);
    } else {
        err_set(e, EXIT_DATA, "%s",
                is_valid(value)                              ? "the filter gave more than one value"
                : lib.jv_invalid_has_msg(lib.jv_copy(value)) ? "the filter failed on this record"
                                                             : "the filter gave no value");
    }
    lib.jv_free(value);
    lib.jv_free(more);
    return one;
}
