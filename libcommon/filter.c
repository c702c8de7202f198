/* filter: libjq behind two calls.  Its messages can quote the input, which may
 * be a learner's work, so only compile errors are passed on. */
#define _GNU_SOURCE
#include "filter.h"

#include <jq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "xalloc.h"

struct filter {
    jq_state *jq;
    char message[ERR_TEXT_MAX];
};

/* The first line of libjq's words. */
static void on_error(void *user, jv text)
{
    struct filter *f = user;
    if (jv_get_kind(text) == JV_KIND_STRING && !f->message[0])
        snprintf(f->message, sizeof f->message, "%.*s", (int)strcspn(jv_string_value(text), "\n"),
                 jv_string_value(text));
    jv_free(text);
}

bool filter_open(struct filter **out, const char *option, const char *program, struct err *e)
{
    char *text = source_read(option, program, e);
    if (!text)
        return false;
    struct filter *f = xcalloc(1, sizeof *f);
    f->jq = jq_init();
    jq_set_error_cb(f->jq, on_error, f);
    bool compiled = jq_compile(f->jq, text);
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
    jq_teardown(&f->jq);
    free(f);
}

bool filter_apply(struct filter *f, struct json_text record, struct buf *out, struct err *e)
{
    jv input = jv_parse_sized(record.at, (int)record.len);
    if (!jv_is_valid(input)) {
        jv_free(input);
        return err_set(e, EXIT_DATA, "the filter cannot read the record");
    }
    f->message[0] = '\0';
    jq_start(f->jq, input, 0);
    jv value = jq_next(f->jq), more = jv_is_valid(value) ? jq_next(f->jq) : jv_invalid();
    bool one = jv_is_valid(value) && !jv_is_valid(more);
    if (one) {
        jv text = jv_dump_string(jv_copy(value), 0);
        int len = jv_string_length_bytes(jv_copy(text));
        buf_add(out, jv_string_value(text), (size_t)len);
        jv_free(text);
    } else {
        err_set(e, EXIT_DATA, "%s",
                jv_is_valid(value)                   ? "the filter gave more than one value"
                : jv_invalid_has_msg(jv_copy(value)) ? "the filter failed on this record"
                                                     : "the filter gave no value");
    }
    jv_free(value);
    jv_free(more);
    return one;
}
