/* local: two errands, since gl-run is to be talked about and the editor is not. */
#include "local.h"

#include "forward.h"
#include "record.h"

static int run(const struct local *l, const char *program, struct json_text input, struct buf *output,
               struct err *e)
{
    struct proc_args args = {0};
    struct errand errand = {
        .programs = &args, .count = 1, .out = -1, .output = output, .tick = l->tick, .context = l->context};
    forward_begin(&args, program);
    if (output != l->result) {
        proc_arg(&args, "--resume");
        proc_arg(&args, "--hold");
    }
    int code = errand_run(&errand, input.at, input.len, e);
    proc_args_free(&args);
    return code;
}

/* Takes what gl-edit wrote: a request is the work that was handed in, without where that is
 * kept, which is nobody else's business; anything else is the result. */
static void take(const struct local *l, const struct buf *text)
{
    struct json_object record = {0}, gl = {0};
    struct buf own;
    buf_init(&own, text->max);
    if (!json_index(&record, text->data, text->len, NULL) || record_type(&record) != RECORD_REQUEST) {
        buf_add(l->result, text->data, text->len);
    } else {
        record_gl(&record, &gl);
        *l->folder = json_strdup(json_get(&gl, "folder"));
        json_put_edited(&own, &gl, (struct json_edit[]){{.name = "folder"}, {0}});
        json_put_edited(l->edited, &record,
                        (struct json_edit[]){{.name = "_gl", .value = {own.data, own.len}}, {0}});
    }
    json_object_free(&record);
    json_object_free(&gl);
    buf_free(&own);
}

int local_run(const struct local *l, struct json_text atom, struct err *e)
{
    struct buf edited;
    int code = EXIT_OK;
    if (!l->edited->len) {
        buf_init(&edited, l->edited->max);
        code = run(l, "gl-edit", atom, &edited, e);
        take(l, &edited);
        buf_free(&edited);
    }
    if (!l->edited->len)
        return code;
    return run(l, "gl-run", (struct json_text){l->edited->data, l->edited->len}, l->result, e);
}
