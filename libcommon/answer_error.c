/* answer_error: the server's words for what went wrong: {error: {…}}, {error},
 * {error_message}, {detail, error_code} or RFC 9457. */
#include "answer_error.h"

#include <string.h>

enum { MESSAGE_MAX = 16 << 20 };

static const struct json_text absent = {NULL, 0};

/* The first of the names that is a string with something in it. */
static struct json_text first_string(const struct json_object *o, const char *const *names)
{
    for (; *names; names++) {
        struct json_text value = json_get(o, *names);
        if (json_kind(value) == JSON_STRING && value.len > 2)
            return value;
    }
    return absent;
}

/* FastAPI's list of {loc, msg, type}: the messages, joined. */
static bool join_details(struct answer *a, struct json_text list)
{
    struct json_text element;
    struct buf joined;
    buf_init(&joined, MESSAGE_MAX);
    for (size_t at = 0; json_next(list, &at, &element);) {
        struct json_text message = absent;
        if (json_get_object(element, &a->part))
            message = json_get(&a->part, "msg");
        if (json_kind(message) != JSON_STRING)
            continue;
        if (joined.len)
            buf_puts(&joined, "; ");
        json_string(message, &joined);
    }
    bool any = joined.len > 0;
    if (any)
        json_put_string(&a->message, joined.data, joined.len);
    buf_free(&joined);
    return any;
}

/* The server's words for what went wrong: {error: {…}}, {error}, {error_message},
 * {detail, error_code} or RFC 9457. */
void answer_read_error(struct answer *a, struct result_error *error)
{
    static const char *const messages[] = {"message", "detail", "error", "error_message", "title", NULL};
    static const char *const codes[] = {"code", "error_code", "type", NULL};
    struct json_text value = answer_get(a, "error");
    const struct json_object *from = json_get_object(value, &a->error) ? &a->error : NULL;
    struct json_text message = from ? first_string(from, messages) : absent;
    struct json_text code = from ? first_string(from, codes) : absent;
    for (int i = 0; i < 2; i++) {
        const struct json_object *o = i ? &a->top : &a->nested;
        message = message.at ? message : first_string(o, messages);
        code = code.at ? code : first_string(o, codes);
    }
    if (!message.at && join_details(a, answer_get(a, "detail")))
        message = answer_span(&a->message);
    error->message = message;
    error->code = code;
    if (!from)
        return;
    int64_t status;
    error->retryable = json_kind(json_get(from, "retryable")) == JSON_TRUE;
    if (json_int(json_get(from, "http_status"), &status) && status >= 100 && status <= 599)
        error->http_status = (int)status;
}

/* The class in the server's own error where it is a word, else ours. */
const char *answer_error_class(struct answer *a, enum fault fault)
{
    struct json_text class = json_get(&a->error, "class");
    buf_clear(&a->class);
    if (json_kind(class) == JSON_STRING && class.len > 2 && class.len < 64 && json_string(class, &a->class) &&
        strlen(a->class.data) == a->class.len)
        return a->class.data;
    return fault_name(fault);
}
