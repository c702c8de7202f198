/* json_scan: the validating scanner, a state machine over tokens with one bit
 * a level of nesting.  Strings go eight bytes at a time; nothing is copied. */
#include <stdint.h>
#include <string.h>

#include "json.h"
#include "parse.h"
#include "xalloc.h"

enum state { WANT_VALUE, WANT_ITEM_OR_END, WANT_KEY, WANT_KEY_OR_END, WANT_COLON, WANT_COMMA_OR_END, ENDED };

/* How a token ended. */
enum token { TOKEN_OK, TOKEN_CUT, TOKEN_BAD };

void json_scan_init(struct json_scan *s, struct json_object *index)
{
    s->index = index;
    if (index)
        index->count = 0;
    s->fed = s->depth = 0;
    s->state = WANT_VALUE;
    s->torn = false;
    s->why = NULL;
}

static enum token bad(struct json_scan *s, const char *why)
{
    s->why = why;
    return TOKEN_BAD;
}

/* How many of eight bytes are plain string characters of ASCII up to the first that is
 * not; it may say 0 where that is not the first. */
static size_t plain_of_eight(const char *at)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t w;
    memcpy(&w, at, sizeof w);
    uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
    uint64_t control = (w - ones * 0x20) & ~w;
    uint64_t odd = (w | control | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high;
    if (odd == 0)
        return 8;
    /* A borrow marks bytes above one that is odd itself, so the lowest mark is right. */
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (size_t)__builtin_ctzll(odd) / 8 : 0;
}

/* A multi-byte character at **at, by the table of RFC 3629. */
static enum token scan_utf8(struct json_scan *s, const char **at, const char *end)
{
    const unsigned char *p = (const unsigned char *)*at;
    unsigned low = 0x80, high = 0xbf;
    size_t len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return bad(s, "invalid UTF-8");
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < len; i++) {
        if (*at + i >= end)
            return TOKEN_CUT;
        if (p[i] < low || p[i] > high)
            return bad(s, "invalid UTF-8");
        low = 0x80, high = 0xbf;
    }
    *at += len;
    return TOKEN_OK;
}

static enum token scan_escape(struct json_scan *s, const char **at, const char *end)
{
    const char *p = *at + 1;
    if (p >= end)
        return TOKEN_CUT;
    if (*p != 'u') {
        if (!*p || !strchr("\"\\/bfnrt", *p))
            return bad(s, "unknown escape in a string");
        *at = p + 1;
        return TOKEN_OK;
    }
    for (int i = 1; i <= 4; i++) {
        if (p + i >= end)
            return TOKEN_CUT;
        char c = p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return bad(s, "\\u without four hexadecimal digits");
    }
    *at = p + 5;
    return TOKEN_OK;
}

/* The string at **at (its opening quote); *at ends after the closing one. */
static enum token scan_string(struct json_scan *s, const char **at, const char *end)
{
    enum token t = TOKEN_OK;
    (*at)++;
    while (t == TOKEN_OK) {
        for (size_t plain = 8; plain == 8 && end - *at >= 8; *at += plain)
            plain = plain_of_eight(*at);
        while (*at < end && (unsigned char)**at >= 0x20 && (unsigned char)**at < 0x80 && **at != '"' &&
               **at != '\\')
            (*at)++;
        if (*at >= end)
            return TOKEN_CUT;
        unsigned char c = (unsigned char)**at;
        if (c == '"') {
            (*at)++;
            return TOKEN_OK;
        }
        if (c < 0x20)
            return bad(s, c == '\n' ? "unterminated string" : "control character in a string");
        t = c == '\\' ? scan_escape(s, at, end) : scan_utf8(s, at, end);
    }
    return t;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* At least one digit from *at on. */
static enum token scan_digits(struct json_scan *s, const char **at, const char *end)
{
    const char *start = *at;
    *at = skip_digits(*at, end);
    if (*at > start)
        return TOKEN_OK;
    return start >= end ? TOKEN_CUT : bad(s, "malformed number");
}

static enum token scan_number(struct json_scan *s, const char **at, const char *end)
{
    enum token t;
    if (**at == '-')
        (*at)++;
    if (*at < end && **at == '0') {
        (*at)++;
        if (*at < end && **at >= '0' && **at <= '9')
            return bad(s, "number with a leading zero");
    } else if ((t = scan_digits(s, at, end)) != TOKEN_OK) {
        return t;
    }
    if (*at < end && **at == '.') {
        (*at)++;
        if ((t = scan_digits(s, at, end)) != TOKEN_OK)
            return t;
    }
    if (*at < end && (**at == 'e' || **at == 'E')) {
        (*at)++;
        if (*at < end && (**at == '+' || **at == '-'))
            (*at)++;
        return scan_digits(s, at, end);
    }
    return TOKEN_OK;
}

static enum token scan_word(struct json_scan *s, const char **at, const char *end, const char *word)
{
    for (; *word; word++, (*at)++) {
        if (*at >= end)
            return TOKEN_CUT;
        if (**at != *word)
            return bad(s, "unknown word");
    }
    return TOKEN_OK;
}

static enum token scan_scalar(struct json_scan *s, const char **at, const char *end)
{
    switch (**at) {
    case '"':
        return scan_string(s, at, end);
    case 't':
        return scan_word(s, at, end, "true");
    case 'f':
        return scan_word(s, at, end, "false");
    case 'n':
        return scan_word(s, at, end, "null");
    default:
        if (**at != '-' && (**at < '0' || **at > '9'))
            return bad(s, "unexpected character");
        return scan_number(s, at, end);
    }
}

static bool in_object(const struct json_scan *s)
{
    size_t level = s->depth - 1;
    return s->stack[level / 8] >> (level % 8) & 1;
}

static enum token open_level(struct json_scan *s, bool object)
{
    if (s->depth >= JSON_DEPTH_MAX)
        return bad(s, "nested too deeply");
    unsigned char *levels = &s->stack[s->depth / 8];
    unsigned bit = 1u << (s->depth % 8);
    unsigned below = s->depth % 8 ? *levels & (bit - 1) : 0; /* the levels that share the byte */
    *levels = (unsigned char)(object ? below | bit : below);
    s->depth++;
    s->state = object ? WANT_KEY_OR_END : WANT_ITEM_OR_END;
    return TOKEN_OK;
}

/* A value ended at offset `end`: note it where it is a member's, and say what
 * may follow. */
static void value_ended(struct json_scan *s, size_t end)
{
    if (s->depth == 1 && s->index && s->index->count && in_object(s)) {
        struct json_member *m = &s->index->members[s->index->count - 1];
        m->value_len = end - m->value;
    }
    s->state = s->depth ? WANT_COMMA_OR_END : ENDED;
}

static enum token step_value(struct json_scan *s, const char **at, const char *end, size_t offset)
{
    const char *start = *at;
    if (s->depth == 1 && s->index && s->index->count && in_object(s))
        s->index->members[s->index->count - 1].value = offset;
    if (*start == '{' || *start == '[') {
        (*at)++;
        return open_level(s, *start == '{');
    }
    enum token t = scan_scalar(s, at, end);
    if (t == TOKEN_OK)
        value_ended(s, offset + (size_t)(*at - start));
    return t;
}

static enum token step_key(struct json_scan *s, const char **at, const char *end, size_t offset)
{
    const char *start = *at;
    if (*start != '"')
        return bad(s, "a member's name was expected");
    enum token t = scan_string(s, at, end);
    if (t != TOKEN_OK)
        return t;
    s->state = WANT_COLON;
    if (s->depth == 1 && s->index) {
        struct json_object *o = s->index;
        xgrow(&o->members, &o->cap, o->count + 1, sizeof *o->members);
        size_t len = (size_t)(*at - start) - 2;
        o->members[o->count++] = (struct json_member){
            .key = offset + 1, .key_len = len, .escaped = memchr(start + 1, '\\', len) != NULL};
    }
    return TOKEN_OK;
}

static enum token step_close(struct json_scan *s, const char **at, size_t offset)
{
    if (**at != (in_object(s) ? '}' : ']'))
        return bad(s, s->state == WANT_COMMA_OR_END ? "a comma or the end was expected"
                                                    : "unexpected character");
    (*at)++;
    s->depth--;
    value_ended(s, offset + 1);
    return TOKEN_OK;
}

/* Takes one token at **at, which is no blank. */
static enum token step(struct json_scan *s, const char **at, const char *end, size_t offset)
{
    switch ((enum state)s->state) {
    case WANT_ITEM_OR_END:
        return **at == ']' ? step_close(s, at, offset) : step_value(s, at, end, offset);
    case WANT_VALUE:
        return step_value(s, at, end, offset);
    case WANT_KEY_OR_END:
        return **at == '}' ? step_close(s, at, offset) : step_key(s, at, end, offset);
    case WANT_KEY:
        return step_key(s, at, end, offset);
    case WANT_COLON:
        if (**at != ':')
            return bad(s, "a colon was expected");
        (*at)++;
        s->state = WANT_VALUE;
        return TOKEN_OK;
    case WANT_COMMA_OR_END:
        if (**at != ',')
            return step_close(s, at, offset);
        (*at)++;
        s->state = in_object(s) ? WANT_KEY : WANT_VALUE;
        return TOKEN_OK;
    case ENDED:
        break;
    }
    return bad(s, "unexpected character");
}

enum json_end json_scan_feed(struct json_scan *s, const char *text, size_t len, size_t *used)
{
    const char *at = text, *end = text + len;
    enum token t = s->torn && len ? bad(s, "text goes on within a token") : TOKEN_OK;
    while (t == TOKEN_OK && at < end && s->state != ENDED) {
        if (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
            at++;
        else
            t = step(s, &at, end, s->fed + (size_t)(at - text));
    }
    s->torn = t == TOKEN_CUT;
    *used = s->torn ? len : (size_t)(at - text);
    s->fed += len;
    if (t == TOKEN_BAD)
        return JSON_BAD;
    return s->state == ENDED && !s->torn ? JSON_DONE : JSON_MORE;
}

static size_t skip_blanks(const char *text, size_t at, size_t len)
{
    while (at < len && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
        at++;
    return at;
}

/* The text of one object and what stands around it; *used is its length. */
static bool index_object(struct json_object *o, const char *text, size_t len, size_t start, size_t *used,
                         struct err *e)
{
    struct json_scan s;
    if (start == len)
        return err_set(e, EXIT_DATA, "empty, not a JSON object");
    if (text[start] != '{')
        return err_set(e, EXIT_DATA, "not a JSON object");
    json_scan_init(&s, o);
    enum json_end end = json_scan_feed(&s, text + start, len - start, used);
    if (end == JSON_BAD)
        return err_set(e, EXIT_DATA, "not JSON: %s at byte %zu", s.why, start + *used + 1);
    if (end == JSON_MORE)
        return err_set(e, EXIT_DATA, "not JSON: cut off at byte %zu", len);
    if (skip_blanks(text, start + *used, len) != len)
        return err_set(e, EXIT_DATA, "more text after the JSON object at byte %zu", start + *used + 1);
    return true;
}

bool json_index(struct json_object *o, const char *text, size_t len, struct err *e)
{
    size_t start = skip_blanks(text, 0, len), used = 0;
    if (!index_object(o, text, len, start, &used, e)) {
        o->count = 0;
        o->text = (struct json_text){NULL, 0};
        return false;
    }
    o->text = (struct json_text){text + start, used};
    return true;
}

bool json_is_cut(const char *text, size_t len)
{
    struct json_scan s;
    size_t used;
    json_scan_init(&s, NULL);
    return json_scan_feed(&s, text, len, &used) == JSON_MORE;
}
