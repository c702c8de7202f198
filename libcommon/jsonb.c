/* jsonb: one pass over the text with the names of the objects that are open. */
#include "jsonb.h"

#include <string.h>

enum { LEVELS_MAX = 256, NAMES_MAX = 1024, MEMBERS_MAX = 256, DIGITS_MAX = 1000 };

struct walk {
    const char *at, *end;
    struct json_text names[NAMES_MAX];
    size_t count;
    struct {
        size_t first; /* of its names */
        bool object;
    } levels[LEVELS_MAX];
    size_t depth;
    bool name_next;
};

/* Passes a string; false where it has escapes that jsonb cannot hold. */
static bool pass_string(struct walk *w, struct json_text *inside, bool *escaped)
{
    const char *start = ++w->at;
    *escaped = false;
    for (; *w->at != '"'; w->at++) {
        if (*w->at != '\\')
            continue;
        *escaped = true;
        w->at++;
        if (*w->at == 'u' && (memcmp(w->at + 1, "0000", 4) == 0 ||
                              ((w->at[1] == 'd' || w->at[1] == 'D') && !strchr("01234567", w->at[2]))))
            return false;
    }
    *inside = (struct json_text){start, (size_t)(w->at++ - start)};
    return true;
}

static bool pass_number(struct walk *w)
{
    const char *start = w->at;
    while (w->at < w->end && strchr("+-.0123456789eE", *w->at) && *w->at)
        w->at++;
    size_t len = (size_t)(w->at - start);
    if (len > DIGITS_MAX || memchr(start, 'e', len) || memchr(start, 'E', len))
        return false;
    for (const char *c = start + 1; *start == '-' && c < w->at; c++)
        if (*c != '0' && *c != '.')
            return true;
    return *start != '-';
}

/* A name of the object that is open; false where it has that name already. */
static bool add_name(struct walk *w, struct json_text name)
{
    size_t first = w->levels[w->depth - 1].first;
    if (w->count == NAMES_MAX || w->count - first == MEMBERS_MAX)
        return false;
    for (size_t i = first; i < w->count; i++)
        if (w->names[i].len == name.len && memcmp(w->names[i].at, name.at, name.len) == 0)
            return false;
    w->names[w->count++] = name;
    return true;
}

static bool open_level(struct walk *w)
{
    if (w->depth == LEVELS_MAX)
        return false;
    w->name_next = *w->at++ == '{';
    w->levels[w->depth].first = w->count;
    w->levels[w->depth++].object = w->name_next;
    return true;
}

static void close_level(struct walk *w)
{
    w->at++;
    w->name_next = false;
    if (w->depth)
        w->count = w->levels[--w->depth].first;
}

static bool pass_token(struct walk *w)
{
    struct json_text inside;
    bool escaped;
    switch (*w->at) {
    case '"':
        if (!pass_string(w, &inside, &escaped))
            return false;
        return !w->name_next || (!escaped && add_name(w, inside));
    case '{':
    case '[':
        return open_level(w);
    case '}':
    case ']':
        close_level(w);
        return true;
    case ':':
    case ',':
        w->name_next = *w->at == ',' && w->levels[w->depth - 1].object;
        w->at++;
        return true;
    default:
        if (*w->at == '-' || (*w->at >= '0' && *w->at <= '9'))
            return pass_number(w);
        w->at++; /* a blank, or a letter of a word */
        return true;
    }
}

bool jsonb_keeps(struct json_text text)
{
    struct walk w;
    w.at = text.at;
    w.end = text.at + text.len;
    w.count = w.depth = 0;
    w.name_next = false;
    while (w.at < w.end)
        if (!pass_token(&w))
            return false;
    return true;
}
