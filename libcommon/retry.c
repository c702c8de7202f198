/* retry: exponential backoff with additive jitter, Retry-After, a token
 * budget and a circuit; no clock, no random numbers, no I/O. */
#define _GNU_SOURCE /* timegm */
#include "retry.h"

#include <string.h>
#include <time.h>

#include "parse.h"

/* 2^(attempt-1) times the base, at most the cap. */
static int64_t nominal_wait(const struct retry_policy *policy, int64_t attempt)
{
    int64_t wait = policy->base_ms;
    for (int64_t k = 1; k < attempt && wait < policy->cap_ms; k++)
        wait *= 2;
    return wait < policy->cap_ms ? wait : policy->cap_ms;
}

struct retry_decision retry_decide(const struct retry_policy *policy, const struct retry_case *failed)
{
    struct retry_decision d = {.source = "backoff", .ends_as = failed->fault};
    if (!fault_is_retried(failed->fault))
        return d;
    d.nominal_ms = nominal_wait(policy, failed->attempt);
    d.wait_ms = d.nominal_ms + (int64_t)((double)d.nominal_ms * policy->jitter * failed->chance);
    if (d.wait_ms > policy->cap_ms)
        d.wait_ms = policy->cap_ms;
    if (failed->retry_after_ms > d.wait_ms) {
        d.wait_ms = failed->retry_after_ms;
        d.source = "retry_after";
    }
    bool timed_out =
        failed->fault == FAULT_TIMEOUT && policy->timeouts && failed->timeouts >= policy->timeouts;
    if (failed->attempt >= policy->attempts || timed_out || failed->retry_after_ms > policy->cap_ms)
        return d;
    if (d.wait_ms >= failed->left_ms) {
        d.ends_as = FAULT_DEADLINE;
        return d;
    }
    d.again = true;
    return d;
}

/* Days and months come in English whatever the locale, so no strptime names. */
static bool read_month(const char *text, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++)
        if (strncmp(text, names + 3 * i, 3) == 0) {
            *month = i;
            return true;
        }
    return false;
}

/* `count` digits (blanks before them count as zeros where allowed). */
static bool read_digits(const char *text, int count, bool blanks, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (blanks && text[i] == ' ' && *out == 0)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static bool read_time(const char *text, struct tm *tm)
{
    return strlen(text) >= 8 && read_digits(text, 2, false, &tm->tm_hour) && text[2] == ':' &&
           read_digits(text + 3, 2, false, &tm->tm_min) && text[5] == ':' &&
           read_digits(text + 6, 2, false, &tm->tm_sec) && tm->tm_hour < 24 && tm->tm_min < 60 &&
           tm->tm_sec < 61;
}

/* "06 Nov 1994 08:49:37 GMT", after "Sun, " */
static bool read_imf_date(const char *text, struct tm *tm)
{
    bool ok = strlen(text) == 24 && read_digits(text, 2, false, &tm->tm_mday) &&
              read_month(text + 3, &tm->tm_mon) && read_digits(text + 7, 4, false, &tm->tm_year) &&
              read_time(text + 12, tm) && strcmp(text + 20, " GMT") == 0;
    tm->tm_year -= 1900;
    return ok;
}

/* "06-Nov-94 08:49:37 GMT", after "Sunday, ": of the centuries the last one
 * that is not more than 50 years ahead (RFC 9110, 5.6.7). */
static bool read_rfc850_date(const char *text, int this_year, struct tm *tm)
{
    if (strlen(text) != 22 || !read_digits(text, 2, false, &tm->tm_mday) ||
        !read_month(text + 3, &tm->tm_mon) || !read_digits(text + 7, 2, false, &tm->tm_year) ||
        !read_time(text + 10, tm) || strcmp(text + 18, " GMT") != 0)
        return false;
    int year = this_year - this_year % 100 + tm->tm_year;
    year += year > this_year + 50 ? -100 : year <= this_year - 50 ? 100 : 0;
    tm->tm_year = year - 1900;
    return true;
}

/* "Nov  6 08:49:37 1994", after "Sun " */
static bool read_asctime_date(const char *text, struct tm *tm)
{
    bool ok = strlen(text) == 20 && read_month(text, &tm->tm_mon) &&
              read_digits(text + 4, 2, true, &tm->tm_mday) && read_time(text + 7, tm) && text[15] == ' ' &&
              read_digits(text + 16, 4, false, &tm->tm_year);
    tm->tm_year -= 1900;
    return ok;
}

static bool read_date(const char *text, int64_t wall_ms, int64_t *out_ms)
{
    struct tm tm = {0}, now;
    time_t wall = (time_t)(wall_ms / 1000);
    const char *comma = strstr(text, ", ");
    gmtime_r(&wall, &now);
    bool ok = comma ? read_imf_date(comma + 2, &tm) || read_rfc850_date(comma + 2, now.tm_year + 1900, &tm)
                    : strlen(text) == 24 && text[3] == ' ' && read_asctime_date(text + 4, &tm);
    if (!ok || tm.tm_mday < 1 || tm.tm_mday > 31)
        return false;
    int64_t moment = (int64_t)timegm(&tm) * 1000;
    *out_ms = moment > wall_ms ? moment - wall_ms : 0;
    return true;
}

bool retry_after_parse(const char *text, int64_t wall_ms, int64_t *out_ms)
{
    size_t digits = strspn(text, "0123456789");
    if (digits && !text[digits]) {
        int64_t seconds;
        *out_ms = parse_int(text, 0, INT64_MAX / 1000, &seconds) ? seconds * 1000 : INT64_MAX;
        return true;
    }
    return read_date(text, wall_ms, out_ms);
}

bool retry_budget_take(struct retry_budget *b)
{
    if (b->tokens < RETRY_BUDGET_COST)
        return false;
    b->tokens -= RETRY_BUDGET_COST;
    return true;
}

void retry_budget_give(struct retry_budget *b)
{
    if (b->tokens < RETRY_BUDGET_FULL)
        b->tokens++;
}

bool retry_circuit_allows(struct retry_circuit *c, int64_t now)
{
    if (!c->open)
        return true;
    if (c->probing || now < c->until)
        return false;
    c->probing = true;
    return true;
}

void retry_circuit_note(struct retry_circuit *c, enum fault fault, bool probe, int64_t now)
{
    if (!fault_is_unreached(fault)) {
        *c = (struct retry_circuit){.pause_ms = c->pause_ms};
        return;
    }
    c->failures++;
    if (probe) {
        c->probing = false;
        c->probes++;
        c->until = now + c->pause_ms;
    } else if (!c->open && c->failures >= RETRY_CIRCUIT_FAILURES) {
        c->open = true;
        c->until = now + c->pause_ms;
    }
}

bool retry_circuit_is_dead(const struct retry_circuit *c)
{
    return c->probes >= RETRY_CIRCUIT_PROBES;
}
