/* log: a line is built whole and written with O_APPEND. */
#define _POSIX_C_SOURCE 200809L
#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "msg.h"
#include "xalloc.h"

enum { HEADERS_MAX = 64 };

struct log {
    int fd;
};

struct log *log_open(const char *file, struct err *e)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd == -1) {
        err_errno(e, EXIT_IO, "cannot open \"%s\"", file);
        return NULL;
    }
    struct log *log = xcalloc(1, sizeof *log);
    log->fd = fd;
    return log;
}

void log_close(struct log *log)
{
    close(log->fd);
    free(log);
}

struct headers {
    const char *names[HEADERS_MAX], *values[HEADERS_MAX];
    size_t count;
};

static enum MHD_Result note_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct headers *h = cls;
    (void)kind;
    if (h->count < HEADERS_MAX) {
        h->names[h->count] = name;
        h->values[h->count++] = value ? value : "";
    }
    return MHD_YES;
}

/* Whether an earlier header has the i-th one's name. */
static bool is_repeated(const struct headers *h, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcasecmp(h->names[k], h->names[i]) == 0)
            return true;
    return false;
}

static void put_header(struct buf *line, const struct headers *h, size_t i, struct buf *text)
{
    buf_clear(text);
    for (const char *c = h->names[i]; *c; c++)
        buf_putc(text, (char)tolower((unsigned char)*c));
    json_key(line, text->data);
    buf_clear(text);
    buf_puts(text, h->values[i]);
    for (size_t k = i + 1; k < h->count; k++)
        if (strcasecmp(h->names[k], h->names[i]) == 0) {
            buf_puts(text, ", ");
            buf_puts(text, h->values[k]);
        }
    json_put_string(line, text->data, text->len);
}

static void put_headers(struct buf *line, const struct request *r)
{
    struct headers h = {.count = 0};
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, note_header, &h);
    json_key(line, "headers");
    buf_putc(line, '{');
    for (size_t i = 0; i < h.count; i++)
        if (!is_repeated(&h, i))
            put_header(line, &h, i, &text);
    buf_putc(line, '}');
    buf_free(&text);
}

static void put_number(struct buf *line, const char *name, int64_t value)
{
    json_key(line, name);
    json_put_int(line, value);
}

static void put_text(struct buf *line, const char *name, const char *text)
{
    json_key(line, name);
    json_put_text(line, text);
}

static void put_line(struct buf *line, const struct request *r)
{
    enum cut cut = reply_cut(&r->reply);
    bool nothing_sent = cut == CUT_DROP || cut == CUT_RESET;
    buf_putc(line, '{');
    put_number(line, "time_ms", r->arrived);
    put_number(line, "n", (int64_t)r->count);
    put_text(line, "method", r->method);
    put_text(line, "path", r->target);
    put_headers(line, r);
    json_key(line, "body");
    json_put_string(line, r->body.data, r->body.len);
    put_number(line, "status", nothing_sent ? 0 : r->reply.status);
    put_number(line, "in_flight", r->in_flight);
    json_key(line, "replayed");
    buf_puts(line, r->reply.whole ? "true" : "false");
    if (cut != CUT_NONE)
        put_text(line, "fault", cut_name(cut));
    buf_puts(line, "}\n");
}

void log_write(struct log *log, const struct request *r)
{
    struct buf line;
    buf_init(&line, SIZE_MAX / 2);
    put_line(&line, r);
    size_t done = 0;
    while (done < line.len) {
        ssize_t wrote = write(log->fd, line.data + done, line.len - done);
        if (wrote < 0 && errno != EINTR)
            die(EXIT_IO, "cannot write the log: %s", strerror(errno));
        if (wrote > 0)
            done += (size_t)wrote;
    }
    buf_free(&line);
}
