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

/* Whether the text is a request: the work was handed in. */
static bool is_request(const struct buf *text)
{
    struct json_object record = {0};
    bool is = json_index(&record, text->data, text->len, NULL) && record_type(&record) == RECORD_REQUEST;
    json_object_free(&record);
    return is;
}

int local_run(const struct local *l, struct json_text atom, struct err *e)
{
    struct buf edited;
    int code = EXIT_OK;
    if (!l->edited->len) {
        buf_init(&edited, l->edited->max);
        code = run(l, "gl-edit", atom, &edited, e);
        struct buf *to = is_request(&edited) ? l->edited : l->result;
        buf_add(to, edited.data, edited.len);
        buf_free(&edited);
    }
    if (!l->edited->len)
        return code;
    return run(l, "gl-run", (struct json_text){l->edited->data, l->edited->len}, l->result, e);
}

char *local_folder(const struct buf *edited)
{
    struct json_object record = {0}, gl = {0};
    char *folder = NULL;
    if (json_index(&record, edited->data, edited->len, NULL) && record_gl(&record, &gl))
        folder = json_strdup(json_get(&gl, "folder"));
    json_object_free(&record);
    json_object_free(&gl);
    return folder;
}
