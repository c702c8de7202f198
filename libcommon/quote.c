/* quote: what each format replaces, character by character. */
#include "quote.h"

#include <stddef.h>

static const char *for_xml(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static const char *for_yaml(char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* A `#` becomes an escape for people: not every parser knows that a backslash takes
 * its meaning away, and with one in the name tappy misses the directive after it. */
static const char *for_tap(char c)
{
    return c == '\\' ? "\\\\" : c == '#' ? "\\\\x23" : NULL;
}

static const char *for_github(char c, bool property)
{
    switch (c) {
    case '%':
        return "%25";
    case '\n':
        return "%0A";
    case ':':
        return property ? "%3A" : NULL;
    case ',':
        return property ? "%2C" : NULL;
    default:
        return NULL;
    }
}

void quote_put(struct buf *out, enum quote how, const char *text, size_t len)
{
    size_t done = 0;
    for (size_t i = 0; i < len; i++) {
        const char *instead = how == QUOTE_XML    ? for_xml(text[i])
                              : how == QUOTE_YAML ? for_yaml(text[i])
                              : how == QUOTE_TAP  ? for_tap(text[i])
                              : how == QUOTE_NONE ? NULL
                                                  : for_github(text[i], how == QUOTE_PROPERTY);
        if (!instead)
            continue;
        buf_add(out, text + done, i - done);
        buf_puts(out, instead);
        done = i + 1;
    }
    buf_add(out, text + done, len - done);
}
