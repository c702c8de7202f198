/* parse: hand-written where strtol and friends would let blanks, signs, hex
 * or the locale's decimal comma through. */
#define _DEFAULT_SOURCE /* timegm */
#include "parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

bool parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    bool negative = *text == '-';
    int64_t value = 0;
    if (negative)
        text++;
    if (!*text)
        return false;
    for (; *text; text++) {
        int digit = *text - '0';
        if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (negative)
        value = -value;
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

/* Reads digits with at most one point; returns what follows them, or NULL. */
static const char *read_real(const char *text, double *out)
{
    double value = 0, unit = 1;
    bool digits = false, point = false;
    for (;; text++) {
        if (*text == '.' && !point) {
            point = true;
        } else if (*text >= '0' && *text <= '9') {
            digits = true;
            value = value * 10 + (*text - '0');
            if (point)
                unit *= 10;
        } else {
            break;
        }
    }
    if (!digits || value > 1e18)
        return NULL;
    *out = value / unit;
    return text;
}

bool parse_real(const char *text, double min, double max, double *out)
{
    bool negative = *text == '-';
    double value;
    const char *end = read_real(text + negative, &value);
    if (!end || *end)
        return false;
    if (negative)
        value = -value;
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

struct unit {
    const char *name;
    double factor;
};

/* A number followed by one of the units; the list ends with a NULL name. */
static bool read_with_unit(const char *text, const struct unit *units, int64_t *out)
{
    double value;
    const char *end = read_real(text, &value);
    if (!end)
        return false;
    for (const struct unit *u = units; u->name; u++)
        if (strcmp(end, u->name) == 0) {
            if (value * u->factor > 9e15)
                return false;
            *out = (int64_t)(value * u->factor + 0.5);
            return true;
        }
    return false;
}

bool parse_duration(const char *text, int64_t *out_ms)
{
    static const struct unit units[] = {
        {"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}, {NULL, 0},
    };
    return read_with_unit(text, units, out_ms);
}

/* The number that `digits` digits at *at make, from min to max, or -1; *at moves
 * past them and past `after`, where that is not NUL. */
static int take_number(const char **at, int digits, int min, int max, char after)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    if (after && *(*at)++ != after)
        return -1;
    return value < min || value > max ? -1 : value;
}

/* "Z" or "+hh:mm" up to the end, in seconds. */
static bool take_offset(const char *at, int *out)
{
    int sign = *at == '-' ? -1 : 1;
    *out = 0;
    if (*at == 'Z' || *at == 'z')
        return !at[1];
    if (*at != '+' && *at++ != '-')
        return false;
    at += sign > 0;
    int hours = take_number(&at, 2, 0, 23, ':');
    int minutes = hours < 0 ? -1 : take_number(&at, 2, 0, 59, '\0');
    *out = sign * (hours * 3600 + minutes * 60);
    return minutes >= 0 && !*at;
}

bool parse_moment(const char *text, int64_t *out_ms)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct tm tm = {0};
    const char *at = text;
    int offset, ms = 0;
    if ((tm.tm_year = take_number(&at, 4, 0, 9999, '-') - 1900) < 70 ||
        (tm.tm_mon = take_number(&at, 2, 1, 12, '-') - 1) < 0 ||
        (tm.tm_mday = take_number(&at, 2, 1, 31, '\0')) < 0 || !strchr("Tt ", *at) || !*at++ ||
        (tm.tm_hour = take_number(&at, 2, 0, 23, ':')) < 0 ||
        (tm.tm_min = take_number(&at, 2, 0, 59, ':')) < 0 ||
        (tm.tm_sec = take_number(&at, 2, 0, 60, '\0')) < 0)
        return false;
    int year = tm.tm_year + 1900;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (tm.tm_mday > days[tm.tm_mon] + (leap && tm.tm_mon == 1))
        return false;
    if (*at == '.') {
        size_t decimals = strspn(++at, "0123456789");
        for (size_t i = 0; i < 3; i++)
            ms = ms * 10 + (i < decimals ? at[i] - '0' : 0);
        at += decimals;
        if (!decimals)
            return false;
    }
    if (!take_offset(at, &offset))
        return false;
    *out_ms = ((int64_t)timegm(&tm) - offset) * 1000 + ms;
    return true;
}

bool parse_size(const char *text, int64_t *out)
{
    static const double k = 1024;
    const struct unit units[] = {
        {"", 1},        {"K", k},         {"KiB", k},         {"M", k * k},
        {"MiB", k * k}, {"G", k * k * k}, {"GiB", k * k * k}, {NULL, 0},
    };
    return read_with_unit(text, units, out);
}

bool parse_bool(const char *text, bool *out)
{
    int index;
    char lower[8];
    size_t len = strlen(text);
    if (len >= sizeof lower)
        return false;
    for (size_t i = 0; i <= len; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    if (!parse_choice(lower, "false|0|no|off|true|1|yes|on", &index))
        return false;
    *out = index >= 4;
    return true;
}

bool parse_choice(const char *text, const char *choices, int *out)
{
    size_t len = strlen(text);
    for (int index = 0;; index++) {
        size_t width = strcspn(choices, "|");
        if (width == len && memcmp(text, choices, len) == 0 && len) {
            *out = index;
            return true;
        }
        if (!choices[width])
            return false;
        choices += width + 1;
    }
}

bool parse_base_url(const char *text)
{
    size_t scheme = strncasecmp(text, "http://", 7) == 0 ? 7 : strncasecmp(text, "https://", 8) == 0 ? 8 : 0;
    if (!scheme || !text[scheme] || text[scheme] == '/' || text[scheme] == ':')
        return false;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f || strchr("?#@\\\"<>", *at))
            return false;
    return true;
}

int parse_hex4(const char *at)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int c = (unsigned char)at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}
