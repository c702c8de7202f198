/* parse_test: strict readers take whole, correct texts and nothing else. */
#include "parse.h"

#include "tap.h"

static void check_int(void)
{
    int64_t n = -5;
    ok(parse_int("42", 0, 100, &n) && n == 42, "42");
    ok(parse_int("-9223372036854775807", INT64_MIN, INT64_MAX, &n) && n == -INT64_MAX,
       "the smallest but one");
    ok(parse_int("9223372036854775807", 0, INT64_MAX, &n) && n == INT64_MAX, "the largest");
    static const char *const wrong[] = {
        "", "-", "+1", " 1", "1 ", "0x10", "1e3", "1.0", "9223372036854775808", "１"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        n = -5;
        ok(!parse_int(wrong[i], INT64_MIN, INT64_MAX, &n) && n == -5, "\"%s\" is no integer", wrong[i]);
    }
    ok(!parse_int("101", 0, 100, &n) && !parse_int("-1", 0, 100, &n), "outside the bounds");
}

static void check_durations(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } right[] = {{"500ms", 500}, {"30s", 30000}, {"5m", 300000}, {"2h", 7200000}, {"7d", 604800000},
                 {"30", 30000},  {"1.5s", 1500}, {"0", 0},       {".5", 500}};
    static const char *const wrong[] = {"", "s", "-1s", "1 s", "1w", "1ss", "1e3", "99999999999d", "5M", "."};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        int64_t ms = -1;
        ok(parse_duration(right[i].text, &ms) && ms == right[i].ms, "duration %s", right[i].text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ms;
        ok(!parse_duration(wrong[i], &ms), "\"%s\" is no duration", wrong[i]);
    }
}

static void check_moments(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } right[] = {{"1970-01-01T00:00:00Z", 0},
                 {"2026-11-22T18:30:00Z", 1795372200000},
                 {"2026-11-22t18:30:00.25z", 1795372200250},
                 {"2026-11-22 19:30:00.123456789+01:00", 1795372200123},
                 {"2026-11-22T13:00:00-05:30", 1795372200000},
                 {"2024-02-29T00:00:00Z", 1709164800000},
                 {"2016-12-31T23:59:60Z", 1483228800000}};
    static const char *const wrong[] = {"",
                                        "2026-11-22",
                                        "2026-11-22T18:30Z",
                                        "2026-11-22T18:30:00",
                                        "2026-11-22T18:30:00.Z",
                                        "2026-11-22T24:00:00Z",
                                        "2026-02-29T00:00:00Z",
                                        "2026-11-31T00:00:00Z",
                                        "2026-13-01T00:00:00Z",
                                        "2026-00-01T00:00:00Z",
                                        "1969-12-31T23:59:59Z",
                                        "2026-11-22T18:30:00+1:00",
                                        "2026-11-22T18:30:00+01:00x",
                                        "2026-11-22T18:30:00+0100",
                                        "2026-11-22T18:30:00Zx",
                                        "2026-11-22",
                                        "26-11-22T18:30:00Z",
                                        "2026-11-22T",
                                        "tomorrow"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        int64_t ms = -1;
        ok(parse_moment(right[i].text, &ms) && ms == right[i].ms, "moment %s", right[i].text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ms;
        ok(!parse_moment(wrong[i], &ms), "\"%s\" is no moment", wrong[i]);
    }
}

static void check_sizes(void)
{
    int64_t n;
    ok(parse_size("8MiB", &n) && n == 8 << 20, "8MiB");
    ok(parse_size("64K", &n) && n == 65536, "64K");
    ok(parse_size("1G", &n) && n == 1 << 30, "1G");
    ok(parse_size("12", &n) && n == 12, "12");
    ok(!parse_size("8MB", &n) && !parse_size("", &n) && !parse_size("K", &n), "no sizes");
}

static void check_reals(void)
{
    double x;
    ok(parse_real("0.2", 0, 1, &x) && x > 0.19 && x < 0.21, "0.2");
    ok(parse_real("-3", -5, 5, &x) && x == -3, "-3");
    ok(!parse_real("1.2.3", 0, 9, &x) && !parse_real("nan", 0, 9, &x) && !parse_real("2", 0, 1, &x) &&
           !parse_real("1,5", 0, 9, &x) && !parse_real("1e9", 0, 1e10, &x),
       "no numbers");
}

static void check_words(void)
{
    bool b;
    int i;
    ok(parse_bool("TRUE", &b) && b && parse_bool("off", &b) && !b, "booleans");
    ok(!parse_bool("2", &b) && !parse_bool("", &b) && !parse_bool("truetrue", &b), "no booleans");
    ok(parse_choice("skip", "queue|skip|manual", &i) && i == 1, "a choice");
    ok(!parse_choice("ski", "queue|skip|manual", &i) && !parse_choice("", "queue|skip", &i) &&
           !parse_choice("queue|skip", "queue|skip", &i),
       "no choices");
}

static void check_urls(void)
{
    static const char *const right[] = {"http://localhost:8080", "https://h/x/", "HTTP://[::1]:80",
                                        "http://127.0.0.1"};
    static const char *const wrong[] = {
        "",           "localhost",  "ftp://h",    "http://",    "http:///x",          "http://u:p@h",
        "http://h?x", "http://h#x", "http://h x", "http://h\n", "file:///etc/passwd", "http://:80"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        ok(parse_base_url(right[i]), "%s", right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ok(!parse_base_url(wrong[i]), "\"%s\" is no base URL", wrong[i]);
}

int main(void)
{
    check_int();
    check_durations();
    check_moments();
    check_sizes();
    check_reals();
    check_words();
    check_urls();
    return tap_done();
}
