/* verdict: one table of statuses; the classes' costs are in libcommon/status. */
#include "verdict.h"

#include <ctype.h>
#include <string.h>

#include "record.h"
#include "result.h"
#include "status.h"

/* A string with something in it. */
static bool is_text(struct json_text value)
{
    return json_kind(value) == JSON_STRING && value.len > 2;
}

static bool is_for_queue(const struct json_object *record, const struct json_object *gl, enum status status)
{
    enum record_type type = record_type(record);
    struct json_text settlement = json_get(gl, "settlement");
    if (!is_text(json_get(gl, "queue_id")) || (settlement.at && !json_is(settlement, "progress")))
        return false;
    return type == RECORD_RESULT || type == RECORD_EXECUTION ||
           (type == RECORD_REQUEST && status != STATUS_UNKNOWN);
}

/* What did not come to a grade, for the server's sake or ours: by its class. */
static void judge_unavailable(struct verdict *v)
{
    struct json_object error = {0};
    json_get_object(v->error, &error);
    struct json_text class = json_get(&error, "class");
    enum fault fault = is_text(class) ? fault_parse(class.at + 1, class.len - 2) : FAULT_NONE;
    json_int(json_get(&error, "retry_after_ms"), &v->run_after_ms);
    json_object_free(&error);
    v->forget = fault == FAULT_EXECUTION_UNKNOWN;
    v->outcome = fault_is_charged(fault) ? "retry" : "release";
}

static void judge_final(struct verdict *v, enum status status)
{
    static const char *const outcomes[] = {
        [STATUS_COMPLETE] = "complete",   [STATUS_INCOMPLETE] = "complete",  [STATUS_FAILED] = "failed",
        [STATUS_REJECTED] = "failed",     [STATUS_PROTOCOL_ERROR] = "retry", [STATUS_SKIPPED] = "cancelled",
        [STATUS_CANCELLED] = "cancelled",
    };
    v->open = status_is_open(status);
    if (v->open)
        v->outcome = "release";
    else if (status == STATUS_UNAVAILABLE)
        judge_unavailable(v);
    else
        v->outcome = outcomes[status];
}

bool verdict_read(struct verdict *v, const struct json_object *record, const struct json_object *gl,
                  bool progress)
{
    enum status status = record_status(json_get(record, "status"));
    struct json_text execution_id = json_get(record, "execution_id"), error = json_get(record, "error");
    *v = (struct verdict){.run_after_ms = -1};
    if (!is_for_queue(record, gl, status))
        return true;
    if (is_text(execution_id))
        v->execution_id = execution_id;
    if (json_kind(error) == JSON_OBJECT && !status_is_graded(status))
        v->error = error;
    if (!progress && status == STATUS_UNKNOWN)
        return false;
    if (!progress)
        judge_final(v, status);
    else if (status_is_open(status) && v->execution_id.at && !json_get(gl, "settlement").at)
        v->outcome = "progress";
    return true;
}

bool verdict_is_uuid(struct json_text value)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (json_kind(value) != JSON_STRING || value.len != sizeof form - 1 + 2)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        unsigned char c = (unsigned char)value.at[i + 1];
        if (form[i] == 'x' ? !isxdigit(c) : c != '-')
            return false;
    }
    return true;
}

void verdict_put_expired(struct buf *out, const struct json_object *record)
{
    static const char message[] = "\"the execution did not end\"";
    struct json_object whole = {0};
    struct result r;
    struct buf text;
    buf_init(&text, out->max);
    result_init(&r);
    r.atom_id = record_atom_id(record);
    r.execution_id = json_get(record, "execution_id");
    r.status = fault_status(FAULT_EXPIRED);
    r.error =
        (struct result_error){.class = fault_name(FAULT_EXPIRED), .message = {message, sizeof message - 1}};
    result_put(&text, &r, (struct json_text){NULL, 0});
    json_index(&whole, text.data, text.len, NULL);
    json_put_edited(out, &whole, (struct json_edit[]){{.name = "_gl"}, {0}});
    json_object_free(&whole);
    buf_free(&text);
}
