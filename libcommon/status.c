/* status: the tables of design.md §3, §4 and §6. */
#include "status.h"

#include <string.h>

static const char *const status_names[] = {
    [STATUS_PENDING] = "pending",         [STATUS_RUNNING] = "running",
    [STATUS_COMPLETE] = "complete",       [STATUS_INCOMPLETE] = "incomplete",
    [STATUS_FAILED] = "failed",           [STATUS_REJECTED] = "rejected",
    [STATUS_UNAVAILABLE] = "unavailable", [STATUS_PROTOCOL_ERROR] = "protocol_error",
    [STATUS_SKIPPED] = "skipped",         [STATUS_CANCELLED] = "cancelled",
    [STATUS_UNKNOWN] = "unknown",
};

const char *status_name(enum status status)
{
    return status_names[status];
}

enum status status_parse(const char *word, size_t len)
{
    static const struct {
        const char *word;
        enum status status;
    } theirs[] = {
        {"queued", STATUS_PENDING},
        {"executing", STATUS_RUNNING},
        {"completed", STATUS_COMPLETE},
    };
    for (int i = 0; i < STATUS_UNKNOWN; i++)
        if (strlen(status_names[i]) == len && memcmp(word, status_names[i], len) == 0)
            return (enum status)i;
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        if (strlen(theirs[i].word) == len && memcmp(word, theirs[i].word, len) == 0)
            return theirs[i].status;
    return STATUS_UNKNOWN;
}

bool status_is_open(enum status status)
{
    return status == STATUS_PENDING || status == STATUS_RUNNING;
}

bool status_is_graded(enum status status)
{
    return status == STATUS_COMPLETE || status == STATUS_INCOMPLETE;
}

struct fault_row {
    const char *name;
    bool retried, ambiguous;
    enum status status;
    bool charged;
};

static const struct fault_row faults[FAULT_COUNT] = {
    [FAULT_NONE] = {NULL, false, false, STATUS_COMPLETE, true},
    [FAULT_DNS] = {"dns", true, false, STATUS_UNAVAILABLE, false},
    [FAULT_CONNECT] = {"connect", true, false, STATUS_UNAVAILABLE, false},
    [FAULT_TLS] = {"tls", true, false, STATUS_UNAVAILABLE, false},
    [FAULT_CERTIFICATE] = {"certificate", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_RATE_LIMITED] = {"rate_limited", true, false, STATUS_UNAVAILABLE, false},
    [FAULT_TIMEOUT] = {"timeout", true, true, STATUS_UNAVAILABLE, true},
    [FAULT_RESET] = {"reset", true, true, STATUS_UNAVAILABLE, true},
    [FAULT_TRUNCATED] = {"truncated", true, true, STATUS_UNAVAILABLE, true},
    [FAULT_HTTP_5XX] = {"http_5xx", true, true, STATUS_UNAVAILABLE, true},
    [FAULT_CONFLICT] = {"conflict", true, true, STATUS_UNAVAILABLE, true},
    [FAULT_HTTP_501] = {"http_501", false, false, STATUS_UNAVAILABLE, true},
    [FAULT_HTTP_505] = {"http_505", false, false, STATUS_UNAVAILABLE, true},
    [FAULT_REDIRECT] = {"redirect", false, false, STATUS_UNAVAILABLE, true},
    [FAULT_CIRCUIT] = {"circuit", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_RETRY_BUDGET] = {"retry_budget", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_DEADLINE] = {"deadline", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_UNAUTHORISED] = {"unauthorised", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_INTERRUPTED] = {"interrupted", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_NO_SANDBOX] = {"no_sandbox", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_NO_EDITOR] = {"no_editor", false, false, STATUS_UNAVAILABLE, false},
    [FAULT_BAD_REQUEST] = {"bad_request", false, false, STATUS_REJECTED, false},
    [FAULT_HTTP_4XX] = {"http_4xx", false, false, STATUS_REJECTED, false},
    [FAULT_MALFORMED] = {"malformed", false, false, STATUS_PROTOCOL_ERROR, true},
    [FAULT_MISMATCH] = {"mismatch", false, false, STATUS_PROTOCOL_ERROR, true},
    [FAULT_TOO_LARGE] = {"too_large", false, false, STATUS_PROTOCOL_ERROR, true},
    [FAULT_EXECUTION_UNKNOWN] = {"execution_unknown", false, false, STATUS_UNAVAILABLE, true},
    [FAULT_FAILED] = {"failed", false, false, STATUS_FAILED, false},
    [FAULT_CANCELLED] = {"cancelled", false, false, STATUS_CANCELLED, false},
    [FAULT_EXPIRED] = {"expired", false, false, STATUS_FAILED, false},
};

const char *fault_name(enum fault fault)
{
    return faults[fault].name;
}

enum fault fault_parse(const char *word, size_t len)
{
    for (int i = 1; i < FAULT_COUNT; i++)
        if (strlen(faults[i].name) == len && memcmp(word, faults[i].name, len) == 0)
            return (enum fault)i;
    return FAULT_NONE;
}

bool fault_is_retried(enum fault fault)
{
    return faults[fault].retried;
}

bool fault_is_ambiguous(enum fault fault)
{
    return faults[fault].ambiguous;
}

bool fault_is_unreached(enum fault fault)
{
    return fault == FAULT_DNS || fault == FAULT_CONNECT || fault == FAULT_TLS;
}

bool fault_is_charged(enum fault fault)
{
    return faults[fault].charged;
}

enum status fault_status(enum fault fault)
{
    return faults[fault].status;
}

enum exit_code status_exit(enum status status, bool by_server)
{
    switch (status) {
    case STATUS_PENDING:
    case STATUS_RUNNING:
    case STATUS_UNAVAILABLE:
        return EXIT_AGAIN;
    case STATUS_REJECTED:
        return by_server ? EXIT_FAILED : EXIT_DATA;
    case STATUS_FAILED:
        return EXIT_FAILED;
    case STATUS_PROTOCOL_ERROR:
        return EXIT_PROTOCOL;
    default:
        return EXIT_OK;
    }
}

enum exit_code exit_worse(enum exit_code a, enum exit_code b)
{
    static const enum exit_code order[] = {EXIT_AGAIN, EXIT_PROTOCOL, EXIT_FAILED, EXIT_DATA};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return a ? a : b;
}
