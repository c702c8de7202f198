/* tally: a record's settlement says what became of its row, its status how. */
#include "tally.h"

#include "record.h"

static bool read_record(struct tally *t, const char *line, size_t len)
{
    if (!json_index(&t->record, line, len, NULL))
        return false;
    record_gl(&t->record, &t->gl);
    return true;
}

/* A member of the record's error; the span lives as long as the line. */
static struct json_text error_member(const struct tally *t, const char *name)
{
    struct json_object error = {0};
    struct json_text value = {NULL, 0};
    if (json_get_object(json_get(&t->record, "error"), &error))
        value = json_get(&error, name);
    json_object_free(&error);
    return value;
}

static void note_class(struct tally *t)
{
    struct json_text class = error_member(t, "class");
    if (json_is(class, fault_name(FAULT_UNAUTHORISED)))
        t->over = FAULT_UNAUTHORISED;
    else if (json_is(class, fault_name(FAULT_CIRCUIT)) && t->over == FAULT_NONE)
        t->over = FAULT_CIRCUIT;
}

void tally_add(struct tally *t, const char *line, size_t len)
{
    t->records++;
    if (!read_record(t, line, len)) {
        t->again++;
        return;
    }
    note_class(t);
    struct json_text settlement = json_get(&t->gl, "settlement");
    enum status status = record_status(json_get(&t->record, "status"));
    bool good = status_is_graded(status) || status == STATUS_CANCELLED || status == STATUS_SKIPPED;
    if (json_is(settlement, "stale") || json_is(settlement, "gone"))
        t->others++;
    else if (!json_is(settlement, "settled") && !json_is(settlement, "already"))
        t->again++;
    else if (good)
        t->ended++;
    else
        t->failed++;
}

void tally_free(struct tally *t)
{
    json_object_free(&t->record);
    json_object_free(&t->gl);
}

enum exit_code tally_exit(const struct tally *t)
{
    return t->again ? EXIT_AGAIN : t->failed ? EXIT_FAILED : EXIT_OK;
}

enum tally_url tally_url(struct tally *t, const char *line, size_t len)
{
    int64_t http_status;
    if (!read_record(t, line, len) || !json_count(json_get(&t->gl, "attempts")))
        return TALLY_URL_UNKNOWN; /* it was not sent */
    enum status status = record_status(json_get(&t->record, "status"));
    if (status_is_graded(status) || status_is_open(status) || status == STATUS_FAILED)
        return TALLY_URL_RIGHT;
    if (json_int(error_member(t, "http_status"), &http_status) && (http_status == 404 || http_status == 405))
        return TALLY_URL_WRONG;
    return TALLY_URL_UNKNOWN;
}
