/* compare: walks both values together, with the path so far in a buffer that
 * is cut back whenever a part turned out equal. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

/* Above this a double no longer holds every integer. */
#define EXACT_MAX 9007199254740992.0

/* A comparison on its way. */
struct walk {
    struct buf where;
    bool trim, lenient;
};

static bool values_equal(struct json_text a, struct json_text b, struct walk *w, int depth);

static bool is_integer(struct json_text number)
{
    return !memchr(number.at, '.', number.len) && !memchr(number.at, 'e', number.len) &&
           !memchr(number.at, 'E', number.len);
}

static bool same_text(struct json_text a, struct json_text b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static bool is_zero(struct json_text integer)
{
    return json_is(integer, "0") || json_is(integer, "-0");
}

static bool numbers_equal(struct json_text expected, struct json_text actual, struct walk *w)
{
    double a = 0, b = 0;
    if (is_integer(expected) && is_integer(actual))
        return same_text(expected, actual) || (is_zero(expected) && is_zero(actual));
    json_real(expected, &a);
    json_real(actual, &b);
    if (!isfinite(a) || !isfinite(b))
        return same_text(expected, actual);
    if (is_integer(expected) && fabs(a) > EXACT_MAX)
        return false;
    double most = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
    double allowed = a == 0 || b == 0 ? COMPARE_NEAR_ZERO : COMPARE_TOLERANCE * most;
    w->lenient = w->lenient || a != b;
    return fabs(a - b) <= allowed;
}

/* A string's characters; a member's name is a string too. */
static struct buf decoded(struct json_text string)
{
    struct buf text;
    buf_init(&text, string.len * 2);
    json_string(string, &text);
    return text;
}

static int order(const struct buf *a, const struct buf *b)
{
    int by_bytes = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
    return by_bytes ? by_bytes : (a->len > b->len) - (a->len < b->len);
}

static bool strings_equal(struct json_text expected, struct json_text actual, struct walk *w)
{
    if (same_text(expected, actual))
        return true;
    struct buf a = decoded(expected), b = decoded(actual);
    size_t line;
    bool equal = order(&a, &b) == 0, lenient = false;
    if (!equal && w->trim)
        equal = compare_text(a.data, a.len, b.data, b.len, &line, &lenient);
    w->lenient = w->lenient || lenient;
    buf_free(&a);
    buf_free(&b);
    return equal;
}

static bool arrays_equal(struct json_text expected, struct json_text actual, struct walk *w, int depth)
{
    struct json_text a, b;
    size_t at_a = 0, at_b = 0, length = w->where.len;
    for (size_t i = 0;; i++) {
        bool more_a = json_next(expected, &at_a, &a), more_b = json_next(actual, &at_b, &b);
        if (!more_a && !more_b)
            return true;
        buf_printf(&w->where, "[%zu]", i);
        if (!more_a || !more_b || !values_equal(a, b, w, depth))
            return false;
        w->where.len = length;
    }
}

/* One member, its name decoded. */
struct named {
    struct buf name;
    size_t index;
    struct json_text value;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int names = order(&a->name, &b->name);
    return names ? names : (a->index > b->index) - (a->index < b->index);
}

/* The members in the order of their names, the last of each name only. */
static struct named *sorted(struct json_text object, size_t *count)
{
    struct json_object o = {0};
    json_get_object(object, &o);
    struct named *all = xcalloc(o.count, sizeof *all);
    for (size_t i = 0; i < o.count; i++) {
        const struct json_member *m = &o.members[i];
        struct json_text quoted = {o.text.at + m->key - 1, m->key_len + 2};
        all[i] = (struct named){decoded(quoted), i, json_member_value(&o, i)};
    }
    qsort(all, o.count, sizeof *all, by_name);
    *count = 0;
    for (size_t i = 0; i < o.count; i++)
        if (i + 1 < o.count && order(&all[i].name, &all[i + 1].name) == 0)
            buf_free(&all[i].name);
        else
            all[(*count)++] = all[i];
    json_object_free(&o);
    return all;
}

static void free_sorted(struct named *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_free(&all[i].name);
    free(all);
}

static bool members_equal(const struct named *a, size_t count_a, const struct named *b, size_t count_b,
                          struct walk *w, int depth)
{
    size_t length = w->where.len;
    for (size_t i = 0; i < count_a || i < count_b; i++) {
        int names = i >= count_a ? 1 : i >= count_b ? -1 : order(&a[i].name, &b[i].name);
        const struct buf *name = names <= 0 ? &a[i].name : &b[i].name;
        buf_putc(&w->where, '.');
        buf_add(&w->where, name->data, name->len);
        if (names != 0 || !values_equal(a[i].value, b[i].value, w, depth))
            return false;
        w->where.len = length;
    }
    return true;
}

static bool objects_equal(struct json_text expected, struct json_text actual, struct walk *w, int depth)
{
    size_t count_a, count_b;
    struct named *a = sorted(expected, &count_a), *b = sorted(actual, &count_b);
    bool equal = members_equal(a, count_a, b, count_b, w, depth);
    free_sorted(a, count_a);
    free_sorted(b, count_b);
    return equal;
}

static bool values_equal(struct json_text a, struct json_text b, struct walk *w, int depth)
{
    enum json_kind kind = json_kind(a);
    if (kind != json_kind(b) || depth >= COMPARE_DEPTH_MAX)
        return false;
    switch (kind) {
    case JSON_NUMBER:
        return numbers_equal(a, b, w);
    case JSON_STRING:
        return strings_equal(a, b, w);
    case JSON_ARRAY:
        return arrays_equal(a, b, w, depth + 1);
    case JSON_OBJECT:
        return objects_equal(a, b, w, depth + 1);
    case JSON_ABSENT:
        return false;
    default:
        return true;
    }
}

bool compare_json(struct json_text expected, struct json_text actual, struct buf *where)
{
    return compare_values(expected, actual, false, where, NULL);
}

bool compare_values(struct json_text expected, struct json_text actual, bool trim, struct buf *where,
                    bool *lenient)
{
    struct walk w = {.trim = trim};
    buf_init(&w.where, 4096);
    bool equal = values_equal(expected, actual, &w, 0);
    if (where && !equal)
        buf_add(where, w.where.data, w.where.len);
    if (lenient)
        *lenient = equal && w.lenient;
    buf_free(&w.where);
    return equal;
}

/* ---- texts ---- */

/* The length of the line at text without the blanks at its end. */
static size_t line_length(const char *text, size_t len, size_t *whole)
{
    const char *lf = len ? memchr(text, '\n', len) : NULL;
    size_t line = lf ? (size_t)(lf - text) : len;
    *whole = line + (lf != NULL);
    while (line && (text[line - 1] == ' ' || text[line - 1] == '\t' || text[line - 1] == '\r'))
        line--;
    return line;
}

bool compare_text(const char *expected, size_t expected_len, const char *actual, size_t actual_len,
                  size_t *line, bool *lenient)
{
    expected_len -= expected_len && expected[expected_len - 1] == '\n';
    actual_len -= actual_len && actual[actual_len - 1] == '\n';
    bool same = expected_len == actual_len && memcmp(expected, actual, actual_len) == 0;
    if (lenient)
        *lenient = !same;
    for (*line = 1; !same && (expected_len || actual_len); ++*line) {
        size_t whole_a, whole_b;
        size_t a = line_length(expected, expected_len, &whole_a),
               b = line_length(actual, actual_len, &whole_b);
        if (a != b || memcmp(expected, actual, a) != 0)
            return false;
        expected += whole_a, expected_len -= whole_a;
        actual += whole_b, actual_len -= whole_b;
    }
    return true;
}
