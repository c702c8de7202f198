/* request: the few edits between a record and the body of a POST. */
#include "request.h"

#include <string.h>

#include "filter.h"
#include "record.h"

const char *request_endpoint(const struct request *r)
{
    return r->async ? "queue-atom" : "run-atom";
}

/* The key that came with the record: it goes into a header as it is. */
static bool take_key(struct request *r, const struct json_object *gl, struct err *e)
{
    struct json_text key = json_get(gl, "idempotency_key");
    r->key[0] = '\0';
    r->key_came = json_kind(key) > JSON_NULL;
    if (!r->key_came)
        return true;
    bool plain = json_kind(key) == JSON_STRING && key.len > 2 && key.len - 2 <= REQUEST_KEY_MAX;
    for (size_t i = 1; plain && i < key.len - 1; i++)
        plain = key.at[i] > ' ' && key.at[i] < 0x7f && key.at[i] != '\\';
    if (!plain)
        return err_set(e, EXIT_DATA, "_gl.idempotency_key is not a string of 1 to %d plain characters",
                       REQUEST_KEY_MAX);
    memcpy(r->key, key.at + 1, key.len - 2);
    r->key[key.len - 2] = '\0';
    return true;
}

static void take_endpoint(struct request *r, const struct request_options *o,
                          const struct json_object *record, const struct json_object *gl)
{
    struct json_text endpoint = json_get(gl, "endpoint");
    if (json_is(endpoint, "queue-atom") || json_is(endpoint, "run-atom"))
        r->async = json_is(endpoint, "queue-atom");
    else
        r->async = o->async || record_is_async(record);
}

void request_merge_context(struct buf *merged, const struct json_object *record,
                           const struct json_object *option)
{
    struct json_object own = {0};
    json_get_object(json_get(record, "session_context"), &own);
    json_put_merged(merged, &own, option);
    json_object_free(&own);
}

bool request_prepare(struct request *r, const struct request_options *o, const struct json_object *record,
                     const struct json_object *gl, struct err *e)
{
    struct json_edit edits[5] = {{.name = "_gl"}};
    size_t count = 1;
    struct buf context;
    r->atom_id = record_atom_id(record);
    if (!r->atom_id.at)
        return err_set(e, EXIT_DATA, "no atom_id or id (a string that is not empty)");
    if (!take_key(r, gl, e))
        return false;
    take_endpoint(r, o, record, gl);
    if (r->atom_id.at != json_get(record, "atom_id").at) {
        edits[count++] = (struct json_edit){.name = "atom_id"};
        edits[count++] = (struct json_edit){.name = "id", .rename = "atom_id"};
    }
    buf_init(&context, r->body.max);
    if (o->session_context) {
        request_merge_context(&context, record, o->session_context);
        edits[count++] = (struct json_edit){.name = "session_context", .value = {context.data, context.len}};
    }
    json_put_edited(&r->body, record, edits);
    buf_free(&context);
    if (!o->filter)
        return true;
    struct json_text body = {r->body.data, r->body.len};
    struct buf filtered;
    buf_init(&filtered, r->body.max);
    bool ok = filter_apply(o->filter, body, &filtered, e);
    buf_free(&r->body);
    r->body = filtered;
    return ok;
}
