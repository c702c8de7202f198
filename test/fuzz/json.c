/* json: the scanner against libjq's parser, and edits against a second look.
 *
 * What one takes for one object the other must, and its values must be the
 * same.  libjq 1.6 is laxer than RFC 8259 in its tokens (nan, 01, 1., a NUL), in raw
 * controls and invalid UTF-8 within strings and in a BOM, and stricter
 * in two things: 256 levels, where an object counts as two, and escapes of high
 * surrogates that stand alone.  look_at() finds such texts by itself; the first
 * the scanner must refuse, of the second libjq's no does not count. */
#include <jv.h>
#include <math.h>

#include "fuzz.h"
#include "parse.h"

enum { JQ_DEPTH = 127, TEXT_MAX = 1 << 20 };

static jv parse(const char *text, size_t len)
{
    return jv_parse_sized(text, (int)len);
}

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const char *digits(const char *at, const char *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

/* Whether libjq's token is a number of the RFC. */
static bool is_number(const char *at, const char *end)
{
    at += at < end && *at == '-';
    if (!is_digit(at, end) || (*at == '0' && is_digit(at + 1, end)))
        return false;
    at = digits(at, end);
    if (at < end && *at == '.') {
        if (!is_digit(at + 1, end))
            return false;
        at = digits(at + 1, end);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at += at + 1 < end && (at[1] == '+' || at[1] == '-') ? 2 : 1;
        if (!is_digit(at, end))
            return false;
        at = digits(at, end);
    }
    return at == end;
}

/* What keeps libjq from being the judge. */
struct look {
    bool lax;      /* libjq takes it, the RFC does not */
    bool picky;    /* the RFC takes it, libjq may not */
    bool adjacent; /* two values stand side by side, where libjq leaks */
    size_t depth;
};

/* Whether the escape at `at` is \u with one of the 2,048 surrogates from `first`. */
static bool is_surrogate(const char *at, const char *end, int first)
{
    int value = end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? parse_hex4(at + 2) : -1;
    return value >= first && value < first + 0x400;
}

/* The inside of a string; returns where it ends. */
FUZZ_BLIND static const char *look_at_string(struct look *l, const char *at, const char *end)
{
    uint32_t point;
    while (at < end && *at != '"') {
        size_t used = fuzz_utf8((const uint8_t *)at, (size_t)(end - at), &point);
        l->lax = l->lax || !used || (uint8_t)*at < 0x20;
        if (is_surrogate(at, end, 0xd800)) {
            l->picky = l->picky || !is_surrogate(at + 6, end, 0xdc00);
            used = is_surrogate(at + 6, end, 0xdc00) ? 12 : 6;
        } else if (*at == '\\' && end - at >= 2 && (at[1] == '"' || at[1] == '\\')) {
            used = 2;
        }
        at += used ? used : 1;
    }
    return at < end ? at + 1 : at;
}

static bool is_structure(char c)
{
    static const char marks[] = "{}[],: \t\r\n";
    return memchr(marks, c, sizeof marks - 1);
}

/* A run of bytes that libjq takes for one token. */
FUZZ_BLIND static const char *look_at_token(struct look *l, const char *at, const char *end)
{
    static const char *const words[] = {"true", "false", "null"};
    const char *start = at;
    while (at < end && *at != '"' && !is_structure(*at))
        at++;
    bool known = is_number(start, at);
    for (size_t i = 0; i < 3; i++)
        known = known || fuzz_same(words[i], strlen(words[i]), start, (size_t)(at - start));
    l->lax = l->lax || !known;
    return at;
}

FUZZ_BLIND static struct look look_at(const char *text, size_t len)
{
    struct look l = {.lax = len && (uint8_t)text[0] == 0xef};
    const char *at = text, *end = text + len;
    bool value = false; /* the last token was one, or the end of one */
    while (at < end) {
        if (is_structure(*at)) {
            l.depth += *at == '{' || *at == '[';
            l.picky = l.picky || l.depth > JQ_DEPTH;
            l.depth -= l.depth && (*at == '}' || *at == ']');
            value = *at == '}' || *at == ']' || (value && (*at == ' ' || (*at >= '\t' && *at <= '\r')));
            at++;
        } else {
            l.adjacent = l.adjacent || value;
            at = *at == '"' ? look_at_string(&l, at + 1, end) : look_at_token(&l, at, end);
            value = true;
        }
    }
    return l;
}

/* Replaces runs of U+FFFD by one: libjq makes another number of them out of
 * lone surrogates and bytes that are no UTF-8. */
FUZZ_BLIND static size_t collapse(char *text, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        bool mark = len - i >= 3 && memcmp(text + i, "\xef\xbf\xbd", 3) == 0;
        if (mark && out >= 3 && memcmp(text + out - 3, "\xef\xbf\xbd", 3) == 0) {
            i += 3;
            continue;
        }
        size_t used = mark ? 3 : 1;
        memmove(text + out, text + i, used);
        out += used;
        i += used;
    }
    return out;
}

static void compare_text(struct json_text value, jv theirs)
{
    struct buf ours, other;
    buf_init(&ours, TEXT_MAX);
    buf_init(&other, TEXT_MAX);
    CHECK(json_string(value, &ours));
    buf_add(&other, jv_string_value(theirs), (size_t)jv_string_length_bytes(jv_copy(theirs)));
    ours.len = collapse(ours.data, ours.len);
    other.len = collapse(other.data, other.len);
    CHECK(fuzz_same(ours.data, ours.len, other.data, other.len));
    buf_free(&ours);
    buf_free(&other);
    jv_free(theirs);
}

static void compare(struct json_text value, jv theirs);

static void compare_objects(struct json_text value, jv theirs)
{
    struct json_object o = {0};
    size_t distinct = 0;
    CHECK(json_get_object(value, &o));
    for (size_t i = 0; i < o.count; i++) {
        const struct json_member *m = &o.members[i];
        struct json_text name = {o.text.at + m->key - 1, m->key_len + 2};
        jv key = parse(name.at, name.len);
        compare_text(name, jv_copy(key));
        bool last = true;
        for (size_t k = i + 1; k < o.count && last; k++) {
            const struct json_member *other = &o.members[k];
            last = !jv_equal(jv_copy(key), parse(o.text.at + other->key - 1, other->key_len + 2));
        }
        distinct += last;
        if (last)
            compare(json_member_value(&o, i), jv_object_get(jv_copy(theirs), key));
        else
            jv_free(key);
    }
    CHECK((int)distinct == jv_object_length(theirs));
    json_object_free(&o);
}

static void compare_arrays(struct json_text value, jv theirs)
{
    struct json_text element;
    int count = 0;
    for (size_t at = 0; json_next(value, &at, &element); count++)
        compare(element, jv_array_get(jv_copy(theirs), count));
    CHECK((size_t)count == json_count(value));
    CHECK(count == jv_array_length(theirs));
}

static void compare_numbers(struct json_text value, jv theirs)
{
    double ours, other = jv_number_value(theirs);
    int64_t whole;
    CHECK(json_real(value, &ours));
    CHECK(ours == other || (isinf(ours) && fabs(other) > 1e308));
    if (json_int(value, &whole))
        CHECK((double)whole == ours);
    jv_free(theirs);
}

/* Consumes theirs. */
static void compare(struct json_text value, jv theirs)
{
    static const jv_kind kinds[] = {
        [JSON_ABSENT] = JV_KIND_INVALID, [JSON_NULL] = JV_KIND_NULL,     [JSON_FALSE] = JV_KIND_FALSE,
        [JSON_TRUE] = JV_KIND_TRUE,      [JSON_NUMBER] = JV_KIND_NUMBER, [JSON_STRING] = JV_KIND_STRING,
        [JSON_ARRAY] = JV_KIND_ARRAY,    [JSON_OBJECT] = JV_KIND_OBJECT,
    };
    CHECK(kinds[json_kind(value)] == jv_get_kind(theirs));
    switch (json_kind(value)) {
    case JSON_NUMBER:
        compare_numbers(value, theirs);
        break;
    case JSON_STRING:
        compare_text(value, theirs);
        break;
    case JSON_ARRAY:
        compare_arrays(value, theirs);
        break;
    case JSON_OBJECT:
        compare_objects(value, theirs);
        break;
    default:
        jv_free(theirs);
    }
}

static void check_against_libjq(const char *text, size_t len, const struct json_object *o)
{
    struct look look = look_at(text, len);
    bool valid = o->text.at != NULL;
    if (look.adjacent) {
        CHECK(!valid);
        return;
    }
    jv theirs = parse(text, len);
    bool object = jv_get_kind(theirs) == JV_KIND_OBJECT;
    if (look.lax)
        CHECK(!valid);
    else
        CHECK(valid == object || (valid && look.picky));
    if (valid && object)
        compare(o->text, theirs);
    else
        jv_free(theirs);
}

/* Fed line by line the scanner says what it says of the whole, at the same
 * byte, and finds the same members. */
static void check_pieces(const char *text, size_t len)
{
    struct json_object whole = {0}, pieces = {0};
    struct json_scan s, t;
    size_t used, at = 0, piece = 0;
    json_scan_init(&s, &whole);
    json_scan_init(&t, &pieces);
    enum json_end end = json_scan_feed(&s, text, len, &used), got = JSON_MORE;
    while (got == JSON_MORE && at < len) {
        const char *lf = memchr(text + at, '\n', len - at);
        size_t line = lf ? (size_t)(lf - text) + 1 - at : len - at;
        got = json_scan_feed(&t, text + at, line, &piece);
        at += piece;
    }
    CHECK(got == end && at == used);
    CHECK(!s.why == !t.why && (!s.why || strcmp(s.why, t.why) == 0));
    CHECK(whole.count == pieces.count);
    for (size_t i = 0; end == JSON_DONE && i < whole.count; i++) {
        const struct json_member *a = &whole.members[i], *b = &pieces.members[i];
        CHECK(a->key == b->key && a->key_len == b->key_len && a->value == b->value &&
              a->value_len == b->value_len && a->escaped == b->escaped);
    }
    json_object_free(&whole);
    json_object_free(&pieces);
}

/* Every proper prefix is cut off; of a long text some are tried. */
static void check_prefixes(const struct json_object *o)
{
    size_t stride = o->text.len / 128 + 1;
    CHECK(!json_is_cut(o->text.at, o->text.len));
    for (size_t len = 0; len < o->text.len; len += stride)
        CHECK(json_is_cut(o->text.at, len));
    CHECK(json_is_cut(o->text.at, o->text.len - 1));
}

/* Member i of o and member k of p are the same bytes, their names left out
 * where `value_only`. */
static bool same_member(const struct json_object *o, size_t i, const struct json_object *p, size_t k,
                        bool value_only)
{
    const struct json_member *a = &o->members[i], *b = &p->members[k];
    return fuzz_same_text(json_member_value(o, i), json_member_value(p, k)) &&
           (value_only || fuzz_same(o->text.at + a->key, a->key_len, p->text.at + b->key, b->key_len));
}

/* A member's name that an edit may have: plain ASCII without escapes. */
static bool copy_name(const struct json_object *o, size_t i, char *name, size_t room)
{
    const struct json_member *m = &o->members[i];
    const char *key = o->text.at + m->key;
    for (size_t k = 0; k < m->key_len; k++)
        if ((signed char)key[k] < 0x20 || key[k] == '\\')
            return false;
    if (m->key_len >= room)
        return false;
    memcpy(name, key, m->key_len);
    name[m->key_len] = '\0';
    return true;
}

/* Makes the edit of one name and looks at every member of what comes out. */
static void check_edit(const struct json_object *o, const struct json_edit *edit)
{
    struct json_object made = {0};
    struct buf out;
    size_t k = 0;
    buf_init(&out, TEXT_MAX);
    json_put_edited(&out, o, edit);
    CHECK(json_index(&made, out.data, out.len, NULL));
    for (size_t i = 0; i < o->count; i++) {
        bool meant = edit->name && json_member_is(o, i, edit->name);
        if (meant && !edit->rename)
            continue;
        CHECK(k < made.count && same_member(o, i, &made, k, meant));
        CHECK(!meant || json_member_is(&made, k, edit->rename));
        k++;
    }
    if (edit->value.at) {
        CHECK(k < made.count && json_member_is(&made, k, edit->name));
        CHECK(fuzz_same_text(json_member_value(&made, k), edit->value));
        k++;
    }
    CHECK(k == made.count);
    if (!edit->name)
        CHECK(fuzz_same_text((struct json_text){out.data, out.len}, o->text));
    buf_free(&out);
    json_object_free(&made);
}

static void check_edits(const struct json_object *o, uint64_t chance)
{
    char name[64] = "absent";
    static const struct json_text value = {"[1.10,\"}\"]", 10};
    if (o->count)
        copy_name(o, fuzz_next(&chance, o->count), name, sizeof name);
    check_edit(o, (struct json_edit[]){{0}});
    check_edit(o, (struct json_edit[]){{.name = name}, {0}});
    check_edit(o, (struct json_edit[]){{.name = name, .value = value}, {0}});
    check_edit(o, (struct json_edit[]){{.name = name, .rename = "renamed"}, {0}});
}

/* One line, and the same members with the same values. */
static void check_compact(const struct json_object *o)
{
    struct json_object made = {0};
    struct buf out;
    buf_init(&out, TEXT_MAX);
    json_put_compact(&out, o->text.at, o->text.len);
    CHECK(!memchr(out.data, '\n', out.len) && out.len <= o->text.len);
    CHECK(json_index(&made, out.data, out.len, NULL) && made.count == o->count);
    if (!look_at(o->text.at, o->text.len).picky)
        compare(made.text, parse(o->text.at, o->text.len));
    if (!memchr(o->text.at, '\n', o->text.len))
        CHECK(fuzz_same(out.data, out.len, o->text.at, o->text.len));
    buf_free(&out);
    json_object_free(&made);
}

/* json_duplicate says what comparing each with each says. */
static void check_duplicate(const struct json_object *o)
{
    struct buf name, a;
    bool twice = false;
    buf_init(&name, TEXT_MAX);
    buf_init(&a, TEXT_MAX);
    bool found = json_duplicate(o, &name);
    for (size_t i = 0; i < o->count; i++) {
        buf_clear(&a);
        json_string((struct json_text){o->text.at + o->members[i].key - 1, o->members[i].key_len + 2}, &a);
        if (memchr(a.data, '\0', a.len))
            continue;
        for (size_t k = 0; k < i; k++)
            twice = twice || json_member_is(o, k, a.data);
    }
    CHECK(found || !twice);
    if (found && !memchr(name.data, '\0', name.len)) {
        size_t count = 0;
        for (size_t i = 0; i < o->count; i++)
            count += json_member_is(o, i, name.data);
        CHECK(count >= 2 && json_get(o, name.data).at);
    }
    buf_free(&name);
    buf_free(&a);
}

/* Any bytes as a string: JSON that both read as those bytes, with U+FFFD for
 * each that is no UTF-8. */
static void check_string(const char *bytes, size_t len)
{
    struct buf quoted, back, want;
    uint32_t point;
    buf_init(&quoted, 6 * len + 2);
    buf_init(&back, 3 * len + 1);
    buf_init(&want, 3 * len + 1);
    for (size_t at = 0, used; at < len; at += used ? used : 1) {
        used = fuzz_utf8((const uint8_t *)bytes + at, len - at, &point);
        buf_add(&want, used ? bytes + at : "\xef\xbf\xbd", used ? used : 3);
    }
    json_put_string(&quoted, bytes, len);
    CHECK(!quoted.overflowed);
    struct json_text value = {quoted.data, quoted.len};
    CHECK(json_string(value, &back) && fuzz_same(back.data, back.len, want.data, want.len));
    jv theirs = parse(quoted.data, quoted.len);
    CHECK(jv_get_kind(theirs) == JV_KIND_STRING);
    compare_text(value, theirs);
    for (size_t i = 0; i < quoted.len; i++)
        CHECK((uint8_t)quoted.data[i] >= 0x20);
    char *copy = json_strdup(value);
    CHECK(!copy == (memchr(bytes, '\0', len) != NULL));
    CHECK(!copy || strcmp(copy, back.data) == 0);
    free(copy);
    buf_free(&quoted);
    buf_free(&back);
    buf_free(&want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct json_object o = {0};
    struct err e = {0};
    bool valid = json_index(&o, text, size, &e);
    CHECK(valid == (o.text.at != NULL) && (valid || (!o.count && e.code == EXIT_DATA && *e.text)));
    check_against_libjq(text, size, &o);
    check_pieces(text, size);
    check_string(text, size);
    if (valid) {
        check_prefixes(&o);
        check_edits(&o, fuzz_hash(data, size));
        check_compact(&o);
        check_duplicate(&o);
    }
    json_object_free(&o);
    return 0;
}
