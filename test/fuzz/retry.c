/* retry: Retry-After as a server may write it, and decisions, budget and
 * circuit under any numbers that flags and servers can lead to.
 *
 * The whole input is tried as a header; its hash picks moments whose dates must
 * be read back exactly; its bytes are the numbers of the decisions. */
#define _POSIX_C_SOURCE 200809L
#include "retry.h"

#include <time.h>

#include "fuzz.h"

/* 9999-12-31T23:59:59Z, and the largest duration that flags take. */
static const int64_t last_second = INT64_C(253402300799), longest_ms = INT64_C(9000000000000000);

/* A number of up to 63 bits, small ones as likely as large ones. */
static int64_t number(uint64_t *chance, int64_t most)
{
    uint64_t value = (uint64_t)fuzz_next(chance, 1u << 31) << 32 | fuzz_next(chance, (size_t)1 << 31) << 1;
    value >>= fuzz_next(chance, 64);
    return (int64_t)(value % ((uint64_t)most + 1));
}

static double part(uint64_t *chance)
{
    return (double)fuzz_next(chance, 1u << 30) / (1u << 30);
}

/* ---- Retry-After ---- */

/* What the header means by the RFC, where it is digits. */
static void check_header(const char *text, int64_t wall_ms)
{
    int64_t ms = -7;
    size_t digits = strspn(text, "0123456789");
    bool read = retry_after_parse(text, wall_ms, &ms);
    CHECK(read ? ms >= 0 : ms == -7);
    if (digits && !text[digits]) {
        const char *significant = text + strspn(text, "0");
        CHECK(read);
        if (strlen(significant) > 16)
            CHECK(ms == INT64_MAX);
        else if (strlen(significant) < 16)
            CHECK(ms == strtoll(text, NULL, 10) * 1000);
    } else if (read) {
        CHECK(strlen(text) >= 24 && strpbrk(text, "0123456789") && strchr(text, ':'));
        CHECK(ms <= last_second * 1000 + 1000);
    }
}

/* A date in each of the three forms is read to the second. */
static void check_date(int64_t moment, int64_t wall_ms)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y",
                                        "%A, %d-%b-%y %H:%M:%S GMT"};
    int64_t want = moment * 1000 > wall_ms ? moment * 1000 - wall_ms : 0, ms;
    time_t now = (time_t)(wall_ms / 1000), then = (time_t)moment;
    struct tm tm, today;
    char text[64];
    gmtime_r(&then, &tm);
    gmtime_r(&now, &today);
    /* Two digits of a year are enough for those between 49 years ago and 50 ahead. */
    bool near = tm.tm_year > today.tm_year - 50 && tm.tm_year <= today.tm_year + 50;
    for (int i = 0; i < 3; i++) {
        CHECK(strftime(text, sizeof text, forms[i], &tm));
        CHECK(retry_after_parse(text, wall_ms, &ms));
        CHECK(ms == want || (i == 2 && !near));
    }
}

static void check_dates(const char *text, uint64_t chance)
{
    static const int64_t walls[] = {0, INT64_C(1795337377250), INT64_C(4102444799999)};
    for (size_t i = 0; i < sizeof walls / sizeof *walls; i++) {
        check_header(text, walls[i]);
        check_date(number(&chance, last_second), walls[i]);
        check_date(walls[i] / 1000 + number(&chance, 50 * 365 * 86400), walls[i]);
    }
}

/* ---- decisions ---- */

/* It ends: for the last time, for good, or for want of time. */
static void check_end(const struct retry_policy *policy, const struct retry_case *failed,
                      const struct retry_decision *d)
{
    bool timed_out =
        failed->fault == FAULT_TIMEOUT && policy->timeouts && failed->timeouts >= policy->timeouts;
    bool over = failed->attempt >= policy->attempts || timed_out || failed->retry_after_ms > policy->cap_ms ||
                !fault_is_retried(failed->fault);
    CHECK(d->ends_as == (over ? failed->fault : FAULT_DEADLINE));
    CHECK(over || d->wait_ms >= failed->left_ms);
}

/* It goes on: after a wait that nobody has to cut short. */
static void check_wait(const struct retry_policy *policy, const struct retry_case *failed,
                       const struct retry_decision *d)
{
    CHECK(fault_is_retried(failed->fault) && failed->attempt < policy->attempts);
    CHECK(d->wait_ms <= policy->cap_ms && d->wait_ms < failed->left_ms);
    CHECK(d->wait_ms >= failed->retry_after_ms);
    CHECK(d->wait_ms >= policy->base_ms || policy->base_ms > policy->cap_ms);
    CHECK(strcmp(d->source, "backoff") == 0 || d->wait_ms == failed->retry_after_ms);
    struct retry_case later = *failed;
    later.attempt++;
    later.left_ms = INT64_MAX;
    CHECK(retry_decide(policy, &later).nominal_ms >= d->nominal_ms);
}

static void check_decision(uint64_t *chance)
{
    struct retry_policy policy = {.attempts = 1 + number(chance, 99),
                                  .timeouts = number(chance, 3),
                                  .base_ms = number(chance, longest_ms),
                                  .cap_ms = number(chance, longest_ms),
                                  .jitter = part(chance) * 10};
    struct retry_case failed = {.attempt = 1 + number(chance, 99),
                                .fault = FAULT_DNS + (enum fault)fuzz_next(chance, FAULT_COUNT - FAULT_DNS),
                                .timeouts = number(chance, 5),
                                .retry_after_ms = number(chance, INT64_MAX - 1) - 1,
                                .left_ms = number(chance, INT64_MAX - 1),
                                .chance = part(chance)};
    if (fuzz_next(chance, 2))
        failed.left_ms = INT64_MAX;
    if (fuzz_next(chance, 2))
        failed.retry_after_ms = RETRY_AFTER_NONE;
    struct retry_decision d = retry_decide(&policy, &failed);
    CHECK(d.nominal_ms >= 0 && d.nominal_ms <= policy.cap_ms && d.wait_ms >= d.nominal_ms);
    if (d.again)
        check_wait(&policy, &failed, &d);
    else
        check_end(&policy, &failed, &d);
}

/* ---- budget and circuit ---- */

/* However retries and successes follow each other, there is no retry more than
 * the budget at the start and a fifth of the successes pay for. */
static void check_budget(const uint8_t *data, size_t size)
{
    struct retry_budget b = {.tokens = RETRY_BUDGET_FULL};
    size_t retries = 0, successes = 0;
    for (size_t i = 0; i < size; i++) {
        for (unsigned k = 0; k < data[i]; k++) {
            if (data[i] % 3)
                retries += retry_budget_take(&b);
            else
                retry_budget_give(&b), successes++;
        }
        CHECK(b.tokens >= 0 && b.tokens <= RETRY_BUDGET_FULL);
        CHECK(retries * RETRY_BUDGET_COST <= RETRY_BUDGET_FULL + successes);
    }
}

/* While the circuit is open nothing is sent but one probe a pause. */
static void check_circuit(const uint8_t *data, size_t size)
{
    struct retry_circuit c = {.pause_ms = 100};
    int64_t now = 0, opened = 0;
    int in_a_row = 0, failed_probes = 0;
    bool probing = false;
    for (size_t i = 0; i < size && !retry_circuit_is_dead(&c); i++) {
        bool was_open = c.open;
        now += data[i] >> 3;
        bool may = retry_circuit_allows(&c, now);
        CHECK(may == (!was_open || (!probing && now >= opened + c.pause_ms)));
        probing = probing || (may && was_open);
        if (data[i] & 1) {
            retry_circuit_note(&c, data[i] & 2 ? FAULT_NONE : FAULT_HTTP_5XX, probing, now);
            CHECK(!c.open && retry_circuit_allows(&c, now));
            in_a_row = failed_probes = 0;
            probing = false;
        } else if (data[i] & 4) {
            retry_circuit_note(&c, FAULT_CONNECT, probing, now);
            in_a_row++;
            failed_probes += probing;
            opened = probing || (c.open && !was_open) ? now : opened;
            probing = false;
        }
        CHECK(c.open == (in_a_row >= RETRY_CIRCUIT_FAILURES));
        CHECK(retry_circuit_is_dead(&c) == (failed_probes >= RETRY_CIRCUIT_PROBES));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t chance = fuzz_hash(data, size);
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    check_dates(text, chance);
    for (int i = 0; i < 8; i++)
        check_decision(&chance);
    check_budget(data, size);
    check_circuit(data, size);
    free(text);
    return 0;
}
