/* jsonl: a window over the input that holds the record being read.
 *
 * Lines are fed to the validating scanner one by one, so a joined record is
 * scanned once.  When a record goes wrong it is told at once and the reader
 * changes its mode: what follows is passed over without being stored. */
#define _POSIX_C_SOURCE 200809L
#include "jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "msg.h"
#include "signals.h"
#include "xalloc.h"

enum { CHUNK = 64 * 1024 };

/* How much may be scanned again for records that do not close: so many bytes, and
 * so many times the input.  Real input needs next to nothing of it. */
enum { AGAIN_BYTES = 16 << 20, AGAIN_TIMES = 16 };

enum mode {
    READING,
    SKIP_LINE,     /* drop up to the end of this line */
    SKIP_TO_BRACE, /* drop lines up to one that starts with '{' */
    SINKING,       /* too large: drop lines until the text closes */
};

struct jsonl {
    char **operands;
    size_t max_record;
    const char *name; /* of the open input; NULL: none is open */
    int fd;
    bool eof, failed, ended;
    bool fresh; /* a BOM may come */
    enum mode mode;
    char *data; /* the window is data[start … end) */
    size_t start, end, cap;
    size_t taken;     /* bytes of the window that the scanner has, whole lines */
    size_t searched;  /* bytes of the window known to hold no LF after taken */
    size_t line;      /* lines before the window */
    uint64_t before;  /* bytes before the window, of all inputs */
    uint64_t again;   /* bytes that were scanned again */
    size_t joined;    /* lines that the scanner has */
    size_t give_back; /* bytes of the record returned last */
    struct json_scan scan;
    struct json_object object, gl;
    struct buf compact;
};

static char *const stdin_only[] = {(char *)"-", NULL};

struct jsonl *jsonl_open(char **operands, size_t max_record)
{
    struct jsonl *r = xcalloc(1, sizeof *r);
    r->operands = operands && *operands ? operands : (char **)stdin_only;
    r->max_record = max_record;
    r->fd = -1;
    buf_init(&r->compact, max_record);
    return r;
}

/* Whether the regular file `path` is one of the inputs. */
static bool is_input(const struct jsonl *r, const char *path)
{
    struct stat file, input;
    if (stat(path, &file) != 0 || !S_ISREG(file.st_mode))
        return false;
    for (char *const *name = r->operands; *name; name++) {
        int failed = strcmp(*name, "-") == 0 ? fstat(STDIN_FILENO, &input) : stat(*name, &input);
        if (failed == 0 && input.st_dev == file.st_dev && input.st_ino == file.st_ino)
            return true;
    }
    return false;
}

FILE *jsonl_create(const struct jsonl *r, const char *path, struct err *e)
{
    if (is_input(r, path)) {
        err_set(e, EXIT_USAGE, "\"%s\" is read as input and cannot be written to as well", path);
        return NULL;
    }
    FILE *file = fopen(path, "we");
    if (!file)
        err_errno(e, EXIT_IO, "cannot open \"%s\"", path);
    return file;
}

static void close_input(struct jsonl *r)
{
    if (r->fd > STDIN_FILENO)
        close(r->fd);
    r->fd = -1;
    r->name = NULL;
}

void jsonl_close(struct jsonl *r)
{
    if (!r)
        return;
    close_input(r);
    json_object_free(&r->object);
    json_object_free(&r->gl);
    buf_free(&r->compact);
    free(r->data);
    free(r);
}

int jsonl_fd(const struct jsonl *r)
{
    return r->fd;
}

bool jsonl_failed(const struct jsonl *r)
{
    return r->failed;
}

double jsonl_fraction(const struct jsonl *r)
{
    struct stat st;
    off_t at = r->fd >= 0 ? lseek(r->fd, 0, SEEK_CUR) : -1;
    if (*r->operands || at < 0 || fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return -1;
    return (double)(at - (off_t)(r->end - r->start)) / (double)st.st_size;
}

/* Starts a record at the front of the window. */
static void start_record(struct jsonl *r)
{
    r->taken = r->searched = r->joined = 0;
    json_scan_init(&r->scan, &r->object);
}

/* Drops `bytes` at the front of the window, which are `lines` lines. */
static void drop(struct jsonl *r, size_t bytes, size_t lines)
{
    r->start += bytes;
    r->before += bytes;
    r->line += lines;
    start_record(r);
}

/* Opens the next operand; false where there is none. */
static bool open_next(struct jsonl *r)
{
    while (*r->operands) {
        const char *name = *r->operands++;
        bool standard = strcmp(name, "-") == 0;
        int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            msg_error("cannot open \"%s\": %s", name, strerror(errno));
            r->failed = true;
            continue;
        }
        r->fd = fd;
        r->name = standard ? "stdin" : name;
        r->eof = false;
        r->fresh = true;
        r->mode = READING;
        r->start = r->end = r->line = 0;
        start_record(r);
        return true;
    }
    return false;
}

void jsonl_fill(struct jsonl *r)
{
    if (r->start) {
        memmove(r->data, r->data + r->start, r->end - r->start);
        r->end -= r->start;
        r->start = 0;
    }
    if (r->end == 0 && r->cap > 16 * CHUNK) { /* what one large record left behind */
        free(r->data);
        r->data = NULL;
        r->cap = 0;
    }
    if (r->cap - r->end < CHUNK) {
        r->cap = r->cap * 2 > r->end + CHUNK ? r->cap * 2 : r->end + CHUNK;
        r->data = xrealloc(r->data, r->cap);
    }
    ssize_t got = read(r->fd, r->data + r->end, r->cap - r->end);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got < 0) {
        msg_error("cannot read \"%s\": %s", r->name, strerror(errno));
        r->failed = true;
    }
    if (got > 0)
        r->end += (size_t)got;
    else
        r->eof = true;
}

/* The next line after what the scanner has: its length with its LF in *len.
 * False: it is not all here yet.  At the end of the input what is left is a
 * line; *len is 0 where nothing is left. */
static bool next_line(struct jsonl *r, size_t *len)
{
    size_t from = r->start + (r->searched > r->taken ? r->searched : r->taken);
    const char *lf = from < r->end ? memchr(r->data + from, '\n', r->end - from) : NULL;
    if (lf) {
        *len = (size_t)(lf - (r->data + r->start)) + 1 - r->taken;
        return true;
    }
    r->searched = r->end - r->start;
    *len = r->end - r->start - r->taken;
    return r->eof;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
            return false;
    return true;
}

static enum jsonl_got report(struct jsonl *r, struct jsonl_record *record, struct err *e, const char *why)
{
    *record = (struct jsonl_record){.file = r->name, .line = r->line + 1};
    err_set(e, EXIT_DATA, "%s:%zu: %s", r->name, r->line + 1, why);
    return JSONL_BAD;
}

/* Whether `bytes` may be scanned again, after `all` of the window. */
static bool may_scan_again(struct jsonl *r, size_t bytes, size_t all)
{
    if (r->again + bytes > AGAIN_BYTES + AGAIN_TIMES * (r->before + all))
        return false;
    r->again += bytes;
    return true;
}

/* The scanner refused the line of `len` bytes after what it had: the record
 * is bad.  Reading resumes at the next line that starts with '{', which may
 * be one of those that were joined: but where many were, again and again, all
 * of them are the bad record. */
static void resume_after_failure(struct jsonl *r, size_t len)
{
    const char *text = r->data + r->start;
    size_t all = r->taken + len, at = 0, lines = 0;
    do {
        const char *lf = memchr(text + at, '\n', all - at);
        at = lf ? (size_t)(lf - text) + 1 : all;
        lines++;
    } while (at < all && (text[at] != '{' || !may_scan_again(r, all - at, all)));
    drop(r, at, lines);
    r->mode = at < all ? READING : SKIP_TO_BRACE;
}

static enum jsonl_got fail_joining(struct jsonl *r, struct jsonl_record *record, struct err *e, size_t len,
                                   const char *why, size_t column)
{
    char text[160];
    if (column && r->joined)
        snprintf(text, sizeof text, "not JSON: %s at byte %zu of line %zu", why, column,
                 r->line + r->joined + 1);
    else if (column)
        snprintf(text, sizeof text, "not JSON: %s at byte %zu", why, column);
    else
        snprintf(text, sizeof text, "%s", why);
    enum jsonl_got got = report(r, record, e, text);
    resume_after_failure(r, len);
    return got;
}

/* Drops `bytes` at the front of the window, whole lines, and goes on scanning
 * the same record. */
static void advance(struct jsonl *r, size_t bytes, size_t lines)
{
    r->start += bytes;
    r->before += bytes;
    r->line += lines;
    r->taken = r->searched = r->joined = 0;
}

/* The record at the front of the window is over the limit: what the scanner
 * has of it is dropped, and what comes will be. */
static enum jsonl_got fail_size(struct jsonl *r, struct jsonl_record *record, struct err *e)
{
    char text[80];
    snprintf(text, sizeof text, "record larger than %zu bytes (--max-record)", r->max_record);
    enum jsonl_got got = report(r, record, e, text);
    r->mode = r->joined ? SINKING : SKIP_LINE;
    r->scan.index = NULL;
    advance(r, r->taken, r->joined);
    return got;
}

/* What is wrong with the tools' own member, or NULL: a record of a kind that no tool can
 * tell would pass through all of them and never be looked at. */
static const char *fault_of_gl(struct jsonl *r)
{
    struct json_text gl = json_get(&r->object, "_gl");
    if (json_kind(gl) <= JSON_NULL)
        return NULL;
    if (!json_get_object(gl, &r->gl))
        return "_gl is not an object";
    enum json_kind type = json_kind(json_get(&r->gl, "type"));
    return type <= JSON_NULL || type == JSON_STRING ? NULL : "_gl.type is not a string";
}

/* The scanner closed the text `used` bytes into a line of `len` bytes. */
static enum jsonl_got finish_record(struct jsonl *r, struct jsonl_record *record, struct err *e, size_t len,
                                    size_t used)
{
    size_t text_len = r->taken + used;
    if (!is_blank(r->data + r->start + text_len, len - used))
        return fail_joining(r, record, e, len, "more text after the object", used + 1);
    if (r->joined) {
        buf_clear(&r->compact);
        json_put_compact(&r->compact, r->data + r->start, text_len);
        json_index(&r->object, r->compact.data, r->compact.len, NULL);
    } else {
        const char *text = r->data + r->start;
        size_t blanks = 0;
        while (text[blanks] != '{')
            blanks++;
        for (size_t i = 0; blanks && i < r->object.count; i++) {
            r->object.members[i].key -= blanks;
            r->object.members[i].value -= blanks;
        }
        r->object.text = (struct json_text){text + blanks, text_len - blanks};
    }
    r->give_back = r->taken + len;
    r->joined++;
    const char *why = fault_of_gl(r);
    if (why)
        return report(r, record, e, why);
    *record = (struct jsonl_record){.file = r->name, .line = r->line + 1, .object = &r->object};
    return JSONL_RECORD;
}

static const char *why_no_object(const char *text)
{
    text += strspn(text, " \t\r");
    return *text == '[' ? "not a JSON object but an array (jq -c '.[]' makes records of it)"
                        : "not a JSON object";
}

/* Whether the line of `len` bytes is over the limit, together with what the
 * scanner has.  This is asked before anything else, as it is of a line that is
 * not all here, so that it does not matter in what pieces the input comes. */
static bool is_large(const struct jsonl *r, size_t len)
{
    size_t all = r->taken + len;
    return all - (r->data[r->start + all - 1] == '\n') > r->max_record;
}

/* One line of input in the mode READING. */
static enum jsonl_got read_line(struct jsonl *r, struct jsonl_record *record, struct err *e, size_t len)
{
    const char *line = r->data + r->start + r->taken;
    size_t used;
    if (is_large(r, len))
        return fail_size(r, record, e);
    if (r->taken == 0) {
        size_t at = 0;
        while (at < len && is_blank(line + at, 1))
            at++;
        if (at == len || line[at] != '{') {
            enum jsonl_got got = at == len ? JSONL_WAIT : report(r, record, e, why_no_object(line));
            drop(r, len, 1);
            return got;
        }
    }
    switch (json_scan_feed(&r->scan, line, len, &used)) {
    case JSON_DONE:
        return finish_record(r, record, e, len, used);
    case JSON_BAD:
        return fail_joining(r, record, e, len, r->scan.why, used + 1);
    case JSON_MORE:
        break;
    }
    r->taken += len;
    r->joined++;
    return JSONL_WAIT;
}

/* One whole line in a mode that drops lines. */
static void drop_line(struct jsonl *r, size_t len)
{
    bool brace = r->data[r->start] == '{';
    size_t used;
    enum json_end end = JSON_BAD;
    if (r->mode == SKIP_LINE || (r->mode == SINKING && is_large(r, len))) {
        drop(r, len, 1);
        r->mode = SKIP_TO_BRACE;
        return;
    }
    if (r->mode == SINKING)
        end = json_scan_feed(&r->scan, r->data + r->start, len, &used);
    if (end == JSON_MORE) {
        advance(r, len, 1);
    } else if (end == JSON_BAD && brace) {
        r->mode = READING;
        start_record(r);
    } else {
        r->mode = end == JSON_DONE ? READING : SKIP_TO_BRACE;
        drop(r, len, 1);
    }
}

/* A line that goes on beyond the window: wait for more, unless it is too large
 * or dropped anyway. */
static enum jsonl_got long_line(struct jsonl *r, struct jsonl_record *record, struct err *e)
{
    size_t held = r->end - r->start;
    bool wanted = r->mode == READING || (r->mode == SKIP_TO_BRACE && held && r->data[r->start] == '{');
    if (held > r->max_record && wanted)
        return fail_size(r, record, e);
    if (held > r->max_record || r->mode == SKIP_LINE) {
        advance(r, held, 0);
        r->mode = SKIP_LINE;
    }
    return JSONL_WAIT;
}

/* The end of one input: a text that is still open is a bad record. */
static enum jsonl_got end_input(struct jsonl *r, struct jsonl_record *record, struct err *e)
{
    if (r->mode == READING && r->taken)
        return fail_joining(r, record, e, 0, "not JSON: the input ends within the object", 0);
    close_input(r);
    return JSONL_EOF;
}

static void skip_bom(struct jsonl *r)
{
    if (!r->fresh || r->end < 3)
        return;
    r->fresh = false;
    if (r->line == 0 && r->start == 0 && memcmp(r->data, "\xef\xbb\xbf", 3) == 0)
        drop(r, 3, 0);
}

enum jsonl_got jsonl_next(struct jsonl *r, struct jsonl_record *record, struct err *e)
{
    if (r->give_back)
        drop(r, r->give_back, r->joined);
    r->give_back = 0;
    for (;;) {
        size_t len;
        enum jsonl_got got = JSONL_WAIT;
        if (r->ended || (!r->name && !open_next(r)))
            return JSONL_EOF;
        skip_bom(r);
        bool whole = next_line(r, &len);
        if (!whole)
            return long_line(r, record, e);
        if (len == 0)
            got = end_input(r, record, e);
        else if (r->mode != READING)
            drop_line(r, len);
        else
            got = read_line(r, record, e, len);
        if (got == JSONL_RECORD || got == JSONL_BAD)
            return got;
    }
}

/* Waits until the input is readable; false where it is time to stop. */
static bool wait_readable(struct jsonl *r)
{
    struct pollfd fds[2] = {{.fd = r->fd, .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
    if (poll(fds, 1, 0) == 0)
        cli_flush();
    for (;;) {
        int64_t now = clock_now(), deadline = signals_deadline();
        if (now >= deadline)
            return false;
        fds[0].revents = 0;
        int ready =
            poll(fds, deadline == CLOCK_NEVER && fds[1].fd >= 0 ? 2 : 1, clock_poll_ms(now, deadline));
        if (ready > 0 && fds[0].revents)
            return true;
    }
}

enum jsonl_got jsonl_read(struct jsonl *r, struct jsonl_record *record, struct err *e)
{
    enum jsonl_got got;
    while ((got = jsonl_next(r, record, e)) == JSONL_WAIT) {
        if (!wait_readable(r)) {
            r->ended = true;
            return JSONL_EOF;
        }
        jsonl_fill(r);
    }
    return got;
}

enum jsonl_got jsonl_await(struct jsonl *r, struct jsonl_record *record, struct err *e)
{
    enum jsonl_got got;
    while ((got = jsonl_next(r, record, e)) == JSONL_WAIT) {
        struct pollfd fds[] = {{.fd = jsonl_fd(r), .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
        cli_flush();
        poll(fds, 2, signals_caught() ? 0 : -1);
        if (fds[0].revents)
            jsonl_fill(r);
        else if (signals_caught())
            return JSONL_EOF;
    }
    return got;
}
