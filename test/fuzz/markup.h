/* markup: whether a document has the form that its readers rely on.  These share no
 * code with what writes them, and know of each format just what gl-render uses. */
#ifndef GL_MARKUP_H
#define GL_MARKUP_H

#include "fuzz.h"

enum { MARKUP_DEPTH = 32, MARKUP_NAME = 32 };

/* A document while it is read. */
struct markup {
    const char *at, *end;
};

static inline bool markup_takes(struct markup *m, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(m->end - m->at) < len || memcmp(m->at, text, len) != 0)
        return false;
    m->at += len;
    return true;
}

static inline bool markup_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == ':';
}

/* The name of an element or attribute. */
static inline void markup_name(struct markup *m, char name[MARKUP_NAME])
{
    size_t len = 0;
    while (m->at < m->end && markup_is_name(*m->at) && len < MARKUP_NAME - 1)
        name[len++] = *m->at++;
    name[len] = '\0';
    CHECK(len);
}

/* Text up to `until`, with no `<` in it and `&` only before what stands for a character. */
static inline void markup_text(struct markup *m, char until)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#"};
    for (; m->at < m->end && *m->at != until; m->at++) {
        bool known = *m->at != '&';
        struct markup here = *m;
        for (size_t i = 0; !known && i < sizeof entities / sizeof *entities; i++)
            known = markup_takes(&here, entities[i]);
        CHECK(known && *m->at != '<');
    }
}

/* The attributes; whether the element ends with its start tag. */
static inline bool markup_attributes(struct markup *m, bool html)
{
    char name[MARKUP_NAME];
    while (markup_takes(m, " ")) {
        markup_name(m, name);
        if (html && !markup_takes(m, "="))
            continue;
        CHECK(!html ? markup_takes(m, "=\"") : markup_takes(m, "\""));
        markup_text(m, '"');
        CHECK(markup_takes(m, "\""));
    }
    bool ends = markup_takes(m, "/");
    CHECK(markup_takes(m, ">"));
    return ends;
}

static inline bool markup_is_void(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "input") == 0 || strcmp(name, "br") == 0;
}

/* XML, or the HTML of gl-render: every element is closed, in order. */
static inline void markup_check(const char *text, size_t len, bool html)
{
    struct markup m = {text, text + len};
    char open[MARKUP_DEPTH][MARKUP_NAME], name[MARKUP_NAME];
    size_t depth = 0;
    CHECK(markup_takes(&m, html ? "<!DOCTYPE html>\n" : "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    while (m.at < m.end) {
        bool styles = depth && html && strcmp(open[depth - 1], "style") == 0;
        while (styles && m.end - m.at > 8 && memcmp(m.at, "</style>", 8) != 0)
            m.at++;
        const char *start = m.at;
        markup_text(&m, '<');
        CHECK(depth || m.at - start <= 1); /* nothing but the last line feed is outside */
        if (markup_takes(&m, "</")) {
            markup_name(&m, name);
            CHECK(depth && strcmp(open[--depth], name) == 0 && markup_takes(&m, ">"));
        } else if (markup_takes(&m, "<")) {
            markup_name(&m, name);
            if (markup_attributes(&m, html) || (html && markup_is_void(name)))
                continue;
            CHECK(depth < MARKUP_DEPTH);
            memcpy(open[depth++], name, sizeof name);
        }
    }
    CHECK(depth == 0);
}

/* One line of TAP after its indent; `yaml`: it stands in a block.  Counts points. */
static inline bool tap_line(struct markup m, bool yaml, size_t *points)
{
    char number[MARKUP_NAME];
    if (yaml) {
        while (m.at < m.end && ((*m.at >= 'a' && *m.at <= 'z') || *m.at == '_'))
            m.at++;
        if (!markup_takes(&m, ": \""))
            return markup_takes(&m, ": "); /* a number, or a word of ours */
        for (; m.at < m.end && *m.at != '"'; m.at++)
            m.at += *m.at == '\\';
        return m.end - m.at == 1;
    }
    if (m.at == m.end || *m.at == '#')
        return true;
    snprintf(number, sizeof number, "%zu - ", *points + 1);
    (void)markup_takes(&m, "not ");
    if (!markup_takes(&m, "ok ") || !markup_takes(&m, number))
        return false;
    *points += 1;
    return true;
}

/* TAP: each line is one that a parser knows, points count up, blocks close, and the plans
 * are right. */
static inline void tap_check(const char *text, size_t len)
{
    struct markup m = {text, text + len};
    size_t points[2] = {0};
    bool yaml = false;
    char plan[MARKUP_NAME];
    CHECK(markup_takes(&m, "TAP version 13\n"));
    while (m.at < m.end) {
        const char *lf = memchr(m.at, '\n', (size_t)(m.end - m.at));
        CHECK(lf);
        struct markup line = {m.at, lf};
        m.at = lf + 1;
        bool sub = markup_takes(&line, "    ");
        (void)(yaml && markup_takes(&line, "  "));
        snprintf(plan, sizeof plan, "1..%zu", points[sub]);
        if (line.end - line.at == (ptrdiff_t)strlen(plan) && memcmp(line.at, plan, strlen(plan)) == 0) {
            CHECK(!yaml && (sub || m.at == m.end));
            points[sub] = 0;
        } else if (markup_takes(&line, yaml ? "..." : "  ---")) {
            CHECK(line.at == line.end);
            yaml = !yaml;
        } else {
            CHECK(tap_line(line, yaml, &points[sub]));
        }
    }
    CHECK(!yaml && !points[0] && !points[1]);
}

/* The log of a GitHub workflow: whatever it could take for a command is one of ours. */
static inline void github_check(const char *text, size_t len)
{
    static const char *const commands[] = {
        "::group::", "::endgroup::", "::error title=", "::warning title=", "::notice title="};
    struct markup m = {text, text + len};
    while (m.at < m.end) {
        const char *lf = memchr(m.at, '\n', (size_t)(m.end - m.at));
        CHECK(lf);
        bool ours = *m.at != ':' && *m.at != '#';
        for (size_t i = 0; !ours && i < sizeof commands / sizeof *commands; i++) {
            struct markup here = m;
            ours = markup_takes(&here, commands[i]);
        }
        CHECK(ours);
        for (const char *c = m.at; c < lf && *c == ' '; c++)
            CHECK(c[1] != ':' || c[2] != ':');
        m.at = lf + 1;
    }
}

#endif
