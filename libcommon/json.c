/* json: reading and writing spans.  The scanner is in json_scan.c. */
#define _POSIX_C_SOURCE 200809L
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "xalloc.h"

void json_object_free(struct json_object *o)
{
    free(o->members);
    *o = (struct json_object){0};
}

enum json_kind json_kind(struct json_text value)
{
    if (!value.at)
        return JSON_ABSENT;
    switch (value.at[0]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

static size_t put_utf8(char *out, unsigned point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* Decodes the escape at `at` (just after the backslash) into out (4 bytes);
 * returns how many bytes it took and sets *made to those it gave. */
static size_t decode_escape(const char *at, size_t left, char *out, size_t *made)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *letter = memchr(letters, at[0], sizeof letters - 1);
    *made = 1;
    if (letter) {
        out[0] = values[letter - letters];
        return 1;
    }
    unsigned point = (unsigned)parse_hex4(at + 1);
    size_t used = 5;
    if (point >= 0xd800 && point < 0xdc00 && left >= 11 && at[5] == '\\' && at[6] == 'u') {
        unsigned low = (unsigned)parse_hex4(at + 7);
        if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            used = 11;
        }
    }
    if (point >= 0xd800 && point < 0xe000)
        point = 0xfffd;
    *made = put_utf8(out, point);
    return used;
}

/* Decodes the inside of a string, chunk by chunk, into *out. */
static bool decode(const char *at, size_t len, struct buf *out)
{
    const char *end = at + len;
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((slash ? slash : end) - at);
        buf_add(out, at, plain);
        at += plain;
        if (at < end) {
            char bytes[4];
            size_t made;
            at += 1 + decode_escape(at + 1, (size_t)(end - at) - 1, bytes, &made);
            buf_add(out, bytes, made);
        }
    }
    return !out->overflowed;
}

/* Whether the inside of a string, decoded, is `word`, which has no backslash.  An
 * escape is longer than what it stands for. */
static bool inside_is(const char *at, size_t len, const char *word, size_t word_len)
{
    if (len == word_len)
        return memcmp(at, word, len) == 0;
    if (len < word_len || !memchr(at, '\\', len))
        return false;
    struct buf decoded;
    buf_init(&decoded, len);
    decode(at, len, &decoded);
    bool same = decoded.len == word_len && memcmp(decoded.data, word, word_len) == 0;
    buf_free(&decoded);
    return same;
}

bool json_is(struct json_text value, const char *word)
{
    size_t len = strlen(word);
    if (!value.at)
        return false;
    if (value.at[0] == '"')
        return inside_is(value.at + 1, value.len - 2, word, len);
    return value.len == len && memcmp(value.at, word, len) == 0;
}

struct json_text json_member_value(const struct json_object *o, size_t i)
{
    return (struct json_text){o->text.at + o->members[i].value, o->members[i].value_len};
}

/* Most of an answer's time goes here: nothing is called where the lengths differ. */
static inline bool is_named(const struct json_object *o, size_t i, const char *name, size_t len)
{
    const struct json_member *m = &o->members[i];
    if (m->escaped)
        return inside_is(o->text.at + m->key, m->key_len, name, len);
    return m->key_len == len && memcmp(o->text.at + m->key, name, len) == 0;
}

bool json_member_is(const struct json_object *o, size_t i, const char *name)
{
    return is_named(o, i, name, strlen(name));
}

struct json_text json_get(const struct json_object *o, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = o->count; i-- > 0;)
        if (is_named(o, i, name, len))
            return json_member_value(o, i);
    return (struct json_text){NULL, 0};
}

bool json_get_object(struct json_text value, struct json_object *o)
{
    if (json_kind(value) == JSON_OBJECT)
        return json_index(o, value.at, value.len, NULL);
    o->count = 0;
    o->text = (struct json_text){NULL, 0};
    return false;
}

/* The end of the value at `at` in validated text. */
static const char *skip_value(const char *at, const char *end)
{
    size_t depth = 0;
    for (; at < end; at++) {
        if (*at == '"') {
            for (at++; *at != '"'; at++)
                if (*at == '\\')
                    at++;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (depth == 0)
                return at;
            depth--;
        } else if (depth == 0 && (*at == ',' || (unsigned char)*at <= ' ')) {
            return at;
        }
        if (depth == 0 && (*at == '"' || *at == '}' || *at == ']'))
            return at + 1;
    }
    return at;
}

bool json_next(struct json_text array, size_t *at, struct json_text *element)
{
    if (json_kind(array) != JSON_ARRAY)
        return false;
    const char *end = array.at + array.len;
    const char *p = array.at + (*at ? *at : 1);
    while ((unsigned char)*p <= ' ' || *p == ',')
        p++;
    if (*p == ']')
        return false;
    const char *after = skip_value(p, end);
    *element = (struct json_text){p, (size_t)(after - p)};
    *at = (size_t)(after - array.at);
    return true;
}

size_t json_count(struct json_text array)
{
    struct json_text element;
    size_t at = 0, count = 0;
    while (json_next(array, &at, &element))
        count++;
    return count;
}

/* ---- names ---- */

/* A member's name, decoded: a span of the object's text where it has no escapes,
 * else a copy in `own`. */
struct name {
    const char *at;
    size_t len;
    char *own;
};

struct json_names {
    size_t count;
    struct name names[];
};

static struct name name_of(const struct json_object *o, size_t i)
{
    const struct json_member *m = &o->members[i];
    struct buf text;
    if (!m->escaped)
        return (struct name){o->text.at + m->key, m->key_len, NULL};
    buf_init(&text, m->key_len * 2);
    decode(o->text.at + m->key, m->key_len, &text);
    size_t len = text.len;
    char *own = buf_detach(&text);
    return (struct name){own, len, own};
}

static int compare_names(const void *left, const void *right)
{
    const struct name *a = left, *b = right;
    int order = memcmp(a->at, b->at, a->len < b->len ? a->len : b->len);
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

struct json_names *json_names(const struct json_object *o)
{
    struct json_names *names = xcalloc(1, sizeof *names + o->count * sizeof *names->names);
    names->count = o->count;
    for (size_t i = 0; i < o->count; i++)
        names->names[i] = name_of(o, i);
    qsort(names->names, names->count, sizeof *names->names, compare_names);
    return names;
}

bool json_names_have(const struct json_names *names, const struct json_object *other, size_t i)
{
    struct name name = name_of(other, i);
    bool found = bsearch(&name, names->names, names->count, sizeof name, compare_names);
    free(name.own);
    return found;
}

void json_names_free(struct json_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i].own);
    free(names);
}

bool json_duplicate(const struct json_object *o, struct buf *name)
{
    bool found = false;
    struct json_names *all = json_names(o);
    for (size_t i = 1; i < all->count && !found; i++)
        if (compare_names(&all->names[i - 1], &all->names[i]) == 0) {
            found = true;
            buf_add(name, all->names[i].at, all->names[i].len);
        }
    json_names_free(all);
    return found;
}

bool json_string(struct json_text value, struct buf *out)
{
    return json_kind(value) == JSON_STRING && decode(value.at + 1, value.len - 2, out);
}

char *json_strdup(struct json_text value)
{
    struct buf text;
    char *copy = NULL;
    buf_init(&text, value.len * 2 + 1);
    if (json_string(value, &text) && !memchr(text.data, '\0', text.len))
        copy = xmemdup(text.data, text.len);
    buf_free(&text);
    return copy;
}

bool json_real(struct json_text value, double *out)
{
    char small[64], *copy = small;
    if (json_kind(value) != JSON_NUMBER)
        return false;
    if (value.len >= sizeof small)
        copy = xmemdup(value.at, value.len);
    else
        memcpy(small, value.at, value.len), small[value.len] = '\0';
    *out = strtod(copy, NULL);
    if (copy != small)
        free(copy);
    return true;
}

bool json_int(struct json_text value, int64_t *out)
{
    char text[24];
    if (json_kind(value) != JSON_NUMBER || value.len >= sizeof text)
        return false;
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    return parse_int(text, INT64_MIN, INT64_MAX, out);
}

void json_comma(struct buf *b)
{
    char last = b->len ? b->data[b->len - 1] : '[';
    if (last != '{' && last != '[')
        buf_putc(b, ',');
}

void json_key(struct buf *b, const char *name)
{
    json_comma(b);
    buf_putc(b, '"');
    buf_puts(b, name);
    buf_add(b, "\":", 2);
}

void json_put(struct buf *b, struct json_text value)
{
    if (value.at)
        buf_add(b, value.at, value.len);
    else
        buf_add(b, "null", 4);
}

/* The bytes of the UTF-8 character at `at`, or 0 where it is no valid one. */
static size_t utf8_len(const unsigned char *at, size_t left)
{
    size_t len = at[0] < 0x80                    ? 1
                 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
                 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
                 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
                                                 : 0;
    if (!len || len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool wrong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) ||
                 (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90);
    return wrong ? 0 : len;
}

static void put_escape(struct buf *b, unsigned char c)
{
    static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *letter = c ? memchr(letters, c, sizeof letters - 1) : NULL;
    if (letter)
        buf_printf(b, "\\%c", names[letter - letters]);
    else
        buf_printf(b, "\\u%04x", c);
}

void json_put_string(struct buf *b, const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t start = 0, i = 0;
    buf_putc(b, '"');
    while (i < len) {
        if (at[i] >= 0x20 && at[i] < 0x80 && at[i] != '"' && at[i] != '\\') {
            i++;
            continue;
        }
        size_t width = at[i] < 0x80 ? 1 : utf8_len(at + i, len - i);
        if (width > 1) {
            i += width;
            continue;
        }
        buf_add(b, text + start, i - start);
        if (width)
            put_escape(b, at[i]);
        else
            buf_puts(b, "\xef\xbf\xbd");
        start = ++i;
    }
    buf_add(b, text + start, len - start);
    buf_putc(b, '"');
}

void json_put_text(struct buf *b, const char *text)
{
    if (text)
        json_put_string(b, text, strlen(text));
    else
        buf_add(b, "null", 4);
}

void json_put_int(struct buf *b, int64_t value)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    buf_add(b, at, (size_t)(digits + sizeof digits - at));
}

void json_put_real(struct buf *b, double value)
{
    char text[40];
    if (!isfinite(value)) {
        buf_add(b, "null", 4);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_puts(b, text);
}

void json_put_member(struct buf *b, const struct json_object *o, size_t i)
{
    const struct json_member *m = &o->members[i];
    json_comma(b);
    buf_add(b, o->text.at + m->key - 1, m->key_len + 2);
    buf_putc(b, ':');
    json_put(b, json_member_value(o, i));
}

void json_put_merged(struct buf *b, const struct json_object *under, const struct json_object *over)
{
    struct json_names *names = json_names(over);
    buf_putc(b, '{');
    for (size_t i = 0; i < under->count; i++)
        if (!json_names_have(names, under, i))
            json_put_member(b, under, i);
    json_names_free(names);
    for (size_t i = 0; i < over->count; i++)
        json_put_member(b, over, i);
    buf_putc(b, '}');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

void json_put_compact(struct buf *b, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        const char *stop = lf ? lf : end;
        while (lf && stop > text && is_blank(stop[-1]))
            stop--;
        buf_add(b, text, (size_t)(stop - text));
        text = lf ? lf + 1 : end;
        while (text < end && is_blank(*text))
            text++;
    }
}

/* Where member i's text with the blanks around it begins and ends: what lies
 * between two of the commas and braces. */
static size_t segment_start(const struct json_object *o, size_t i)
{
    size_t at = i ? o->members[i - 1].value + o->members[i - 1].value_len : 0;
    const char *text = o->text.at;
    while (text[at] != ',' && text[at] != '{')
        at++;
    return at + 1;
}

static size_t segment_end(const struct json_object *o, size_t i)
{
    return i + 1 < o->count ? segment_start(o, i + 1) - 1 : o->text.len - 1;
}

static const struct json_edit *find_edit(const struct json_object *o, size_t i, const struct json_edit *edits)
{
    for (; edits->name; edits++)
        if (json_member_is(o, i, edits->name))
            return edits;
    return NULL;
}

void json_put_edited(struct buf *b, const struct json_object *o, const struct json_edit *edits)
{
    bool comma = false;
    buf_putc(b, '{');
    if (!o->count && o->text.at)
        buf_add(b, o->text.at + 1, o->text.len - 2);
    for (size_t i = 0; i < o->count; i++) {
        const struct json_edit *edit = find_edit(o, i, edits);
        if (edit && !edit->rename)
            continue;
        size_t start = segment_start(o, i), end = segment_end(o, i);
        const struct json_member *m = &o->members[i];
        if (comma)
            buf_putc(b, ',');
        comma = true;
        if (edit) {
            buf_add(b, o->text.at + start, m->key - start);
            buf_puts(b, edit->rename);
            start = m->key + m->key_len;
        }
        buf_add(b, o->text.at + start, end - start);
    }
    for (; edits->name; edits++) {
        if (!edits->value.at)
            continue;
        if (comma)
            buf_putc(b, ',');
        comma = true;
        buf_printf(b, "\"%s\":", edits->name); /* the names of edits are plain ASCII of ours */
        json_put(b, edits->value);
    }
    buf_putc(b, '}');
}
