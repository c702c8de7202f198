/* jsonl: the reader of records against a model that has the whole input at
 * hand and says in a page what design.md §3 says of framing.
 *
 * Whether the input comes from a file or in pieces through a pipe, the same
 * records and bad records must come out, each with the line it began in. */
#define _GNU_SOURCE /* memfd_create */
#include "jsonl.h"

#include <fcntl.h>
#include <sanitizer/allocator_interface.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

enum { LARGE = 1 << 20, REPEATED = 512 * 1024, MEMORY = 320 * 1024 };

/* ---- the model ---- */

struct model {
    const char *text;
    size_t len, max_record;
    struct json_object index;
    struct buf *out;
};

/* The end of the line at `at`, with its LF. */
static size_t line_end(const struct model *m, size_t at)
{
    const char *lf = memchr(m->text + at, '\n', m->len - at);
    return lf ? (size_t)(lf - m->text) + 1 : m->len;
}

/* The line's length without its LF. */
static size_t line_len(const struct model *m, size_t at)
{
    size_t end = line_end(m, at);
    return end - at - (m->text[end - 1] == '\n');
}

static size_t skip_blanks(const struct model *m, size_t at, size_t end)
{
    static const char blanks[] = " \t\r\n";
    while (at < end && memchr(blanks, m->text[at], sizeof blanks - 1))
        at++;
    return at;
}

/* The next line after the one at `at` that starts with '{'. */
static size_t next_brace(const struct model *m, size_t at)
{
    do
        at = line_end(m, at);
    while (at < m->len && m->text[at] != '{');
    return at;
}

/* Where reading resumes after a record that is too large by its line at `at`,
 * `joined` lines after its first: at the end of the text, if it is one. */
static size_t after_large(const struct model *m, struct json_scan *s, size_t at, bool joined)
{
    size_t used;
    if (!joined)
        return next_brace(m, at);
    for (size_t end; at < m->len; at = end) {
        end = line_end(m, at);
        if (line_len(m, at) > m->max_record)
            return next_brace(m, at);
        enum json_end got = json_scan_feed(s, m->text + at, end - at, &used);
        if (got == JSON_BAD)
            return m->text[at] == '{' ? at : next_brace(m, at);
        if (got == JSON_DONE)
            return end;
    }
    return at;
}

/* Whether the object has a `_gl` that is none, or whose type is no string. */
static bool has_odd_gl(const char *text, size_t len)
{
    struct json_object object = {0}, gl = {0};
    CHECK(json_index(&object, text, len, NULL));
    struct json_text member = json_get(&object, "_gl");
    bool odd = json_get_object(member, &gl) ? json_kind(json_get(&gl, "type")) > JSON_NULL &&
                                                  json_kind(json_get(&gl, "type")) != JSON_STRING
                                            : json_kind(member) > JSON_NULL;
    json_object_free(&object);
    json_object_free(&gl);
    return odd;
}

/* The record that starts with the line at `start`; returns where the next one
 * can begin. */
static size_t model_record(struct model *m, size_t start, size_t line)
{
    struct json_scan s;
    size_t used;
    json_scan_init(&s, NULL);
    for (size_t at = start, end; at < m->len; at = end) {
        end = line_end(m, at);
        bool fits = at + line_len(m, at) - start <= m->max_record;
        enum json_end got = fits ? json_scan_feed(&s, m->text + at, end - at, &used) : JSON_MORE;
        if (got == JSON_MORE && end - start > m->max_record) {
            buf_printf(m->out, "%zu large\n", line);
            return after_large(m, &s, fits ? end : at, fits || at > start);
        }
        if (got == JSON_MORE)
            continue;
        if (got == JSON_BAD || skip_blanks(m, at + used, end) != end)
            break;
        start = skip_blanks(m, start, end);
        if (has_odd_gl(m->text + start, at + used - start)) {
            buf_printf(m->out, "%zu bad\n", line);
            return end;
        }
        buf_printf(m->out, "%zu record ", line);
        json_put_compact(m->out, m->text + start, at + used - start);
        buf_putc(m->out, '\n');
        return end;
    }
    buf_printf(m->out, "%zu bad\n", line);
    return next_brace(m, start);
}

/* Writes what the input is to *out, a line a record. */
static void run_model(const char *text, size_t len, size_t max_record, struct buf *out)
{
    struct model m = {.text = text, .len = len, .max_record = max_record, .out = out};
    size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, line = 1, next;
    for (; at < len; at = next) {
        size_t end = line_end(&m, at), first = skip_blanks(&m, at, end);
        next = end;
        if (line_len(&m, at) > max_record || (first < end && text[first] == '{'))
            next = model_record(&m, at, line);
        else if (first < end)
            buf_printf(out, "%zu bad\n", line);
        for (; at < next; at++)
            line += text[at] == '\n';
    }
}

/* ---- the reader ---- */

/* Describes one record as the model does. */
static void describe(const struct jsonl_record *record, enum jsonl_got got, const struct err *e,
                     struct buf *out)
{
    struct json_object again = {0};
    if (got == JSONL_BAD) {
        CHECK(!record->object && e->code == EXIT_DATA);
        buf_printf(out, "%zu %s\n", record->line, strstr(e->text, "--max-record") ? "large" : "bad");
        return;
    }
    const struct json_object *o = record->object;
    CHECK(json_index(&again, o->text.at, o->text.len, NULL) && again.count == o->count);
    CHECK(fuzz_same_text(again.text, o->text));
    for (size_t i = 0; i < o->count; i++)
        CHECK(fuzz_same_text(json_member_value(o, i), json_member_value(&again, i)) &&
              o->members[i].key == again.members[i].key);
    CHECK(!memchr(o->text.at, '\n', o->text.len));
    buf_printf(out, "%zu record ", record->line);
    buf_add(out, o->text.at, o->text.len);
    buf_putc(out, '\n');
    json_object_free(&again);
}

static struct jsonl *open_fd(int fd, size_t max_record, char *path, size_t room)
{
    static char *operands[2];
    snprintf(path, room, "/dev/fd/%d", fd);
    operands[0] = path;
    return jsonl_open(operands, max_record);
}

/* Reads the text from a file in memory. */
static void read_file(const char *text, size_t len, size_t max_record, struct buf *out)
{
    char path[32];
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    int fd = memfd_create("input", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    struct jsonl *r = open_fd(fd, max_record, path, sizeof path);
    while ((got = jsonl_read(r, &record, &e)) != JSONL_EOF) {
        double part = jsonl_fraction(r);
        CHECK(part == -1 || (part >= 0 && part <= 1));
        describe(&record, got, &e, out);
    }
    CHECK(!jsonl_failed(r) && jsonl_read(r, &record, &e) == JSONL_EOF);
    jsonl_close(r);
    close(fd);
}

/* Reads the text through a pipe, `most` bytes at most at once. */
static void read_pipe(const char *text, size_t len, size_t max_record, size_t most, uint64_t chance,
                      struct buf *out)
{
    char path[32];
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    struct jsonl *r = open_fd(ends[0], max_record, path, sizeof path);
    while ((got = jsonl_next(r, &record, &e)) != JSONL_EOF) {
        if (got == JSONL_WAIT) {
            size_t piece = fuzz_next(&chance, most) + 1;
            piece = piece < len ? piece : len;
            if (piece)
                CHECK(write(ends[1], text, piece) == (ssize_t)piece);
            else if (ends[1] >= 0)
                CHECK(close(ends[1]) == 0 && (ends[1] = -1));
            text += piece;
            len -= piece;
            jsonl_fill(r);
        } else {
            describe(&record, got, &e, out);
        }
    }
    CHECK(len == 0 && !jsonl_failed(r));
    jsonl_close(r);
    close(ends[0]);
}

static void check_framing(const char *text, size_t len, size_t max_record, uint64_t chance)
{
    static const size_t pieces[] = {1, 7, 300};
    struct buf want, got;
    buf_init(&want, SIZE_MAX / 2);
    buf_init(&got, SIZE_MAX / 2);
    run_model(text, len, max_record, &want);
    read_file(text, len, max_record, &got);
    for (size_t i = 0;; i++) {
        if (!fuzz_same(want.data, want.len, got.data, got.len)) {
            fprintf(stderr, "of at most %zu bytes, way %zu, want:\n%sgot:\n%s", max_record, i, want.data,
                    got.data);
            abort();
        }
        if (i == sizeof pieces / sizeof *pieces)
            break;
        buf_clear(&got);
        read_pipe(text, len, max_record, pieces[i], chance, &got);
    }
    buf_free(&want);
    buf_free(&got);
}

/* However long the input, memory is bounded by the largest record. */
static void check_memory(const char *text, size_t len)
{
    char path[32];
    struct jsonl_record record;
    struct err e;
    int fd = memfd_create("input", MFD_CLOEXEC);
    size_t before = __sanitizer_get_current_allocated_bytes(), most = before;
    for (size_t done = 0; len && done < REPEATED; done += len)
        CHECK(write(fd, text, len) == (ssize_t)len);
    struct jsonl *r = open_fd(fd, 256, path, sizeof path);
    while (jsonl_read(r, &record, &e) != JSONL_EOF) {
        size_t now = __sanitizer_get_current_allocated_bytes();
        most = now > most ? now : most;
    }
    CHECK(most - before < MEMORY);
    jsonl_close(r);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    uint64_t hash = fuzz_hash(data, size);
    check_framing(text, size, LARGE, hash);
    check_framing(text, size, 64, hash);
    check_framing(text, size, 12, hash);
    if (hash % 64 == 0 && size >= 64)
        check_memory(text, size);
    return 0;
}
