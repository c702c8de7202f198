/* report: lines of checks, and the record that they make. */
#define _POSIX_C_SOURCE 200809L
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"

enum { LINE_MAX_BYTES = 64 * 1024, FOUND_MAX = 1024 };

static const char *const words[] = {
    [REPORT_OK] = "ok",
    [REPORT_WARNING] = "warning",
    [REPORT_FAILURE] = "failure",
    [REPORT_NOT_CHECKED] = "not checked",
};

static const char *const sources[] = {
    [CLI_FROM_DEFAULT] = "default",
    [CLI_FROM_ENVIRONMENT] = "environment",
    [CLI_FROM_FLAG] = "flag",
    [CLI_WRONG] = "default",
};

void report_put(int fd, const struct report_check *check, const char *found, ...)
{
    char text[FOUND_MAX];
    struct buf line;
    va_list args;
    va_start(args, found);
    vsnprintf(text, sizeof text, found, args);
    va_end(args);
    buf_init(&line, LINE_MAX_BYTES);
    buf_putc(&line, '{');
    json_key(&line, "name");
    json_put_text(&line, check->name);
    json_key(&line, "status");
    json_put_text(&line, words[check->status]);
    json_key(&line, "found");
    json_put_text(&line, text);
    if (check->unit) {
        json_key(&line, "value");
        json_put_real(&line, check->value);
        json_key(&line, "unit");
        json_put_text(&line, check->unit);
    }
    if (check->status == REPORT_FAILURE) {
        json_key(&line, "exit_code");
        json_put_int(&line, (int64_t)check->code);
    }
    json_key(&line, "next");
    bool needs = check->status == REPORT_WARNING || check->status == REPORT_FAILURE;
    json_put_text(&line, needs ? check->next : NULL);
    buf_puts(&line, "}\n");
    for (size_t done = 0; done < line.len;) {
        ssize_t written = write(fd, line.data + done, line.len - done);
        if (written <= 0)
            break; /* nobody reads any more */
        done += (size_t)written;
    }
    buf_free(&line);
}

void report_put_setting(struct buf *settings, const char *name, const char *variable, const char *value,
                        enum cli_source source)
{
    json_comma(settings);
    buf_putc(settings, '{');
    json_key(settings, "name");
    json_put_text(settings, name);
    json_key(settings, "variable");
    json_put_text(settings, variable);
    json_key(settings, "value");
    json_put_text(settings, value);
    json_key(settings, "source");
    json_put_text(settings, sources[source]);
    buf_putc(settings, '}');
}

/* What a line makes of the whole: the first failure that somebody has to act on
 * decides, else the first that may pass. */
static void weigh(const struct json_object *check, int64_t *code, struct buf *next)
{
    int64_t its = EXIT_OK;
    if (!json_int(json_get(check, "exit_code"), &its) || its <= *code)
        return;
    *code = its;
    buf_clear(next);
    json_put(next, json_get(check, "next"));
}

static void put_list(struct buf *out, const char *name, const struct buf *elements)
{
    json_key(out, name);
    buf_putc(out, '[');
    buf_add(out, elements->data, elements->len);
    buf_putc(out, ']');
}

enum exit_code report_make(struct buf *out, const struct buf *settings, const struct buf *lines)
{
    char now[CLOCK_TEXT];
    struct buf checks, next;
    struct json_object check = {0};
    int64_t code = EXIT_OK;
    buf_init(&checks, lines->max);
    buf_init(&next, LINE_MAX_BYTES);
    for (const char *at = lines->data, *lf; (lf = strchr(at, '\n')); at = lf + 1) {
        if (!json_index(&check, at, (size_t)(lf - at), NULL))
            continue;
        json_comma(&checks);
        json_put(&checks, check.text);
        weigh(&check, &code, &next);
    }
    clock_format(clock_wall(), now);
    buf_putc(out, '{');
    json_key(out, "ready");
    buf_puts(out, code ? "false" : "true");
    json_key(out, "exit_code");
    json_put_int(out, code);
    json_key(out, "next");
    json_put(out, (struct json_text){code ? next.data : NULL, next.len});
    json_key(out, "at");
    json_put_text(out, now);
    json_key(out, "version");
    json_put_text(out, GL_VERSION);
    put_list(out, "settings", settings);
    put_list(out, "checks", &checks);
    json_key(out, "_gl");
    buf_puts(out, "{\"type\":\"report\"}}");
    json_object_free(&check);
    buf_free(&checks);
    buf_free(&next);
    return (enum exit_code)code;
}
