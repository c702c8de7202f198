/* retry_test: the retry policy against a table of cases, Retry-After in every
 * form, the budget and the circuit. */
#include "retry.h"

#include <stddef.h>

#include "tap.h"

static const struct retry_policy usual = {.attempts = 3, .base_ms = 1000, .cap_ms = 60000, .jitter = 0.2};
static const struct retry_policy spread = {.attempts = 10, .base_ms = 2000, .cap_ms = 60000, .jitter = 0.2};
static const struct retry_policy patient = {
    .attempts = 5, .timeouts = 2, .base_ms = 1000, .cap_ms = 60000, .jitter = 0};
static const struct retry_policy exact = {.attempts = 10, .base_ms = 1000, .cap_ms = 60000, .jitter = 0};

struct row {
    const char *what;
    const struct retry_policy *policy;
    struct retry_case failed;
    bool again;
    int64_t wait;
    const char *source;
    enum fault ends_as;
};

#define NEVER INT64_MAX
static const struct row rows[] = {
    {"the first wait is 1 s", &usual, {1, FAULT_HTTP_5XX, -1, NEVER, 0, 0}, true, 1000, "backoff", 0},
    {"the second wait is 2 s", &usual, {2, FAULT_HTTP_5XX, -1, NEVER, 0, 0}, true, 2000, "backoff", 0},
    {"the third attempt is the last",
     &usual,
     {3, FAULT_HTTP_5XX, -1, NEVER, 0, 0},
     false,
     0,
     NULL,
     FAULT_HTTP_5XX},
    {"jitter only adds", &usual, {1, FAULT_TIMEOUT, -1, NEVER, 0.5, 0}, true, 1100, "backoff", 0},
    {"jitter stays below its part",
     &usual,
     {2, FAULT_TIMEOUT, -1, NEVER, 0.999, 0},
     true,
     2399,
     "backoff",
     0},
    {"without jitter waits are exact",
     &exact,
     {5, FAULT_RESET, -1, NEVER, 0.9, 0},
     true,
     16000,
     "backoff",
     0},
    {"the cap holds", &exact, {9, FAULT_RESET, -1, NEVER, 0, 0}, true, 60000, "backoff", 0},
    {"the cap holds with jitter", &spread, {6, FAULT_RESET, -1, NEVER, 0.9, 0}, true, 60000, "backoff", 0},
    {"Retry-After raises the wait",
     &usual,
     {1, FAULT_RATE_LIMITED, 7000, NEVER, 0, 0},
     true,
     7000,
     "retry_after",
     0},
    {"Retry-After never shortens it",
     &usual,
     {2, FAULT_HTTP_5XX, 500, NEVER, 0, 0},
     true,
     2000,
     "backoff",
     0},
    {"Retry-After 0 is no reason to hurry",
     &usual,
     {1, FAULT_HTTP_5XX, 0, NEVER, 0, 0},
     true,
     1000,
     "backoff",
     0},
    {"Retry-After of the cap is waited for",
     &usual,
     {1, FAULT_RATE_LIMITED, 60000, NEVER, 0, 0},
     true,
     60000,
     "retry_after",
     0},
    {"Retry-After over the cap ends it",
     &usual,
     {1, FAULT_RATE_LIMITED, 60001, NEVER, 0, 0},
     false,
     0,
     NULL,
     FAULT_RATE_LIMITED},
    {"no time left ends it at once",
     &usual,
     {1, FAULT_HTTP_5XX, -1, 999, 0, 0},
     false,
     0,
     NULL,
     FAULT_DEADLINE},
    {"a wait up to the deadline is too long",
     &usual,
     {1, FAULT_HTTP_5XX, -1, 1000, 0, 0},
     false,
     0,
     NULL,
     FAULT_DEADLINE},
    {"just enough time is used", &usual, {1, FAULT_HTTP_5XX, -1, 1001, 0, 0}, true, 1000, "backoff", 0},
    {"the last attempt ends as what it was",
     &usual,
     {3, FAULT_TIMEOUT, -1, 0, 0, 0},
     false,
     0,
     NULL,
     FAULT_TIMEOUT},
    {"a time-out more is allowed", &patient, {3, FAULT_TIMEOUT, -1, NEVER, 0, 1}, true, 4000, "backoff", 0},
    {"the last time-out is the end",
     &patient,
     {2, FAULT_TIMEOUT, -1, NEVER, 0, 2},
     false,
     0,
     NULL,
     FAULT_TIMEOUT},
    {"what is no time-out goes on", &patient, {4, FAULT_RESET, -1, NEVER, 0, 2}, true, 8000, "backoff", 0},
    {"dns is retried", &usual, {1, FAULT_DNS, -1, NEVER, 0, 0}, true, 1000, "backoff", 0},
    {"connect is retried", &usual, {1, FAULT_CONNECT, -1, NEVER, 0, 0}, true, 1000, "backoff", 0},
    {"tls is retried", &usual, {1, FAULT_TLS, -1, NEVER, 0, 0}, true, 1000, "backoff", 0},
    {"truncated is retried", &usual, {1, FAULT_TRUNCATED, -1, NEVER, 0, 0}, true, 1000, "backoff", 0},
    {"conflict is retried", &usual, {1, FAULT_CONFLICT, -1, NEVER, 0, 0}, true, 1000, "backoff", 0},
    {"certificate is not",
     &usual,
     {1, FAULT_CERTIFICATE, -1, NEVER, 0, 0},
     false,
     0,
     NULL,
     FAULT_CERTIFICATE},
    {"http_4xx is not", &usual, {1, FAULT_HTTP_4XX, -1, NEVER, 0, 0}, false, 0, NULL, FAULT_HTTP_4XX},
    {"http_501 is not", &usual, {1, FAULT_HTTP_501, -1, NEVER, 0, 0}, false, 0, NULL, FAULT_HTTP_501},
    {"http_505 is not", &usual, {1, FAULT_HTTP_505, -1, NEVER, 0, 0}, false, 0, NULL, FAULT_HTTP_505},
    {"redirect is not", &usual, {1, FAULT_REDIRECT, -1, NEVER, 0, 0}, false, 0, NULL, FAULT_REDIRECT},
    {"malformed is not", &usual, {1, FAULT_MALFORMED, -1, NEVER, 0, 0}, false, 0, NULL, FAULT_MALFORMED},
    {"mismatch is not", &usual, {1, FAULT_MISMATCH, -1, NEVER, 0, 0}, false, 0, NULL, FAULT_MISMATCH},
    {"too_large is not", &usual, {1, FAULT_TOO_LARGE, -1, NEVER, 0, 0}, false, 0, NULL, FAULT_TOO_LARGE},
    {"unauthorised is not",
     &usual,
     {1, FAULT_UNAUTHORISED, -1, NEVER, 0, 0},
     false,
     0,
     NULL,
     FAULT_UNAUTHORISED},
};

static void check_decisions(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct retry_decision d = retry_decide(r->policy, &r->failed);
        ok(d.again == r->again, "%s: again", r->what);
        if (r->again) {
            is_int(d.wait_ms, r->wait, "%s: wait", r->what);
            is_text(d.source, r->source, "%s: source", r->what);
        } else {
            is_text(fault_name(d.ends_as), fault_name(r->ends_as), "%s: class", r->what);
        }
    }
}

/* 2026-11-22 08:49:37 UTC */
static const int64_t wall = INT64_C(1795337377000);

static void check_retry_after(void)
{
    static const struct {
        const char *text;
        bool valid;
        int64_t ms;
    } cases[] = {
        {"0", true, 0},
        {"120", true, 120000},
        {"99999999999999999999", true, INT64_MAX},
        {"9223372036854775", true, INT64_C(9223372036854775000)},
        {"9223372036854776", true, INT64_MAX},
        {"Sun, 22 Nov 2026 08:49:39 GMT", true, 2000},
        {"Sun, 22 Nov 2026 08:49:37 GMT", true, 0},
        {"Sun, 22 Nov 2026 08:49:60 GMT", true, 23000},
        {"Sun, 22 Nov 2026 08:49:61 GMT", false, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", true, 0},
        {"Sunday, 22-Nov-26 08:50:37 GMT", true, 60000},
        {"Sunday, 06-Nov-94 08:49:37 GMT", true, 0},
        {"Sun Nov 22 08:49:47 2026", true, 10000},
        {"Sun Nov  1 08:49:47 2026", true, 0},
        {"Saturday, 21-Nov-76 08:49:37 GMT", true, INT64_C(1577836800000)},
        {"Fri, 01 Jan 2066 00:00:00 GMT", true, INT64_C(3029529600000) - INT64_C(1795337377000)},
        {"", false, 0},
        {"-1", false, 0},
        {"1.5", false, 0},
        {"5, 10", false, 0},
        {"+5", false, 0},
        {"5s", false, 0},
        {"soon", false, 0},
        {"Sun, 22 Nov 2026 25:49:39 GMT", false, 0},
        {"Sun, 22 Nov 2026 08:49:39", false, 0},
        {"Sun, 22 Foo 2026 08:49:39 GMT", false, 0},
        {"Sun, 00 Nov 2026 08:49:39 GMT", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -7;
        ok(retry_after_parse(cases[i].text, wall, &ms) == cases[i].valid, "Retry-After \"%s\"",
           cases[i].text);
        if (cases[i].valid)
            is_int(ms, cases[i].ms, "Retry-After \"%s\"", cases[i].text);
    }
}

static void check_budget(void)
{
    struct retry_budget b = {.tokens = RETRY_BUDGET_FULL};
    int taken = 0;
    while (retry_budget_take(&b))
        taken++;
    is_int(taken, 100, "500 tokens are 100 retries");
    for (int i = 0; i < 4; i++)
        retry_budget_give(&b);
    ok(!retry_budget_take(&b), "four successes are not yet a retry");
    retry_budget_give(&b);
    ok(retry_budget_take(&b), "five are");
    for (int i = 0; i < 1000; i++)
        retry_budget_give(&b);
    is_int(b.tokens, 500, "it never holds more than it began with");
}

static void check_circuit(void)
{
    struct retry_circuit c = {.pause_ms = 10000};
    for (int i = 0; i < 9; i++)
        retry_circuit_note(&c, FAULT_CONNECT, false, 0);
    ok(retry_circuit_allows(&c, 0), "nine failures do not open it");
    retry_circuit_note(&c, FAULT_HTTP_5XX, false, 0);
    for (int i = 0; i < 9; i++)
        retry_circuit_note(&c, FAULT_DNS, false, 0);
    ok(retry_circuit_allows(&c, 0), "an answer in between starts the count anew");
    retry_circuit_note(&c, FAULT_TLS, false, 100);
    retry_circuit_note(&c, FAULT_CONNECT, false, 5000); /* was under way: postpones nothing */
    ok(!retry_circuit_allows(&c, 10099), "ten in a row open it for the pause");
    ok(retry_circuit_allows(&c, 10100), "then one probe may go");
    ok(!retry_circuit_allows(&c, 10100), "and no other beside it");
    retry_circuit_note(&c, FAULT_CONNECT, true, 10200);
    ok(!retry_circuit_allows(&c, 20199) && retry_circuit_allows(&c, 20200), "a failed probe pauses again");
    retry_circuit_note(&c, FAULT_CONNECT, true, 20200);
    ok(!retry_circuit_is_dead(&c), "two failed probes do not end the run");
    ok(retry_circuit_allows(&c, 30200), "the third probe");
    retry_circuit_note(&c, FAULT_CONNECT, true, 30200);
    ok(retry_circuit_is_dead(&c), "three do");
    retry_circuit_note(&c, FAULT_NONE, true, 30200);
    ok(retry_circuit_allows(&c, 30200) && !retry_circuit_is_dead(&c), "an answer closes it");
}

int main(void)
{
    check_decisions();
    check_retry_after();
    check_budget();
    check_circuit();
    return tap_done();
}
