/* jsonl_test: framing.  Each case is an input and what comes out of it: a
 * record's text, or `!LINE` for a bad record.  Every input is read through a
 * file and, byte by byte, through a pipe. */
#define _POSIX_C_SOURCE 200809L
#include "jsonl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

enum { MAX_RECORD = 64 };

struct row {
    const char *input, *want;
};

static const struct row rows[] = {
    {"{\"a\":1}\n{\"b\":2}\n", "{\"a\":1} {\"b\":2}"},
    {"{\"a\":1}\n\n  \n{\"b\":2}", "{\"a\":1} {\"b\":2}"},
    {"  {\"a\":1}  \r\n", "{\"a\":1}"},
    {"\xef\xbb\xbf{\"a\":1}\n", "{\"a\":1}"},
    {"{\n  \"a\": [\n    1.10\n  ]\n}\n{\"b\":2}\n", "{\"a\": [1.10]} {\"b\":2}"},
    {"x\n{\"a\":1}\n", "!1 {\"a\":1}"},
    {"x\ny\n{\"a\":1}\n", "!1 !2 {\"a\":1}"},
    {"[{\"a\":1}]\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":1,,}\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":1,,}\njunk\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":1} x\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":1}{\"b\":2}\n{\"c\":3}\n", "!1 {\"c\":3}"},
    {"{\"a\":\"cut\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":[1,\n{\"b\":2}\n{\"c\":3}\n", "!1 {\"b\":2} {\"c\":3}"},
    {"{\"a\":\n  oops\n}\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":1}\n{\"b\":", "{\"a\":1} !2"},
    {"{\"a\":[\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":\"\xff\"}\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":\"0123456789012345678901234567890123456789012345678901234567\"}\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"{\"a\":\"012345678901234567890123456789012345678901234567890123\"}\n",
     "{\"a\":\"012345678901234567890123456789012345678901234567890123\"}"},
    {"{\"a\":[\n 1111111111,\n 1111111111,\n 1111111111,\n 1111111111,\n 1111111111\n]}\n{\"b\":2}\n",
     "!1 {\"b\":2}"},
    {"{\"a\":[\n 1111111111,\n 1111111111,\n 1111111111,\n 1111111111,\n 1111111111\n{\"b\":2}\n",
     "!1 {\"b\":2}"},
    {"{\"a\":[1111111111111111111111111111111111111111111111111111111111111111,\n{\"b\":2}\n]}\n{\"c\":3}\n",
     "!1 {\"b\":2} !3 {\"c\":3}"},
    {"{\"a\":1}                                                          \n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"                                                                 \n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"\xef\xbb\xbf\xef\xbb\xbf{\"a\":1}\n{\"b\":2}\n", "!1 {\"b\":2}"},
    {"", ""},
    {"\n\n", ""},
    {"{}", "{}"},
    {"]\n}\n{}\n", "!1 !2 {}"},
    {"{\"_gl\":1}\n{\"_gl\":[]}\n{\"_gl\":null}\n{}\n", "!1 !2 {\"_gl\":null} {}"},
    {"{\"_gl\":{\"type\":1}}\n{\n\"_gl\":{\"type\":{}}}\n{\"b\":2}\n", "!1 !2 {\"b\":2}"},
    {"{\"_gl\":{\"type\":null}}\n{\"_gl\":{\"type\":\"new\"}}\n",
     "{\"_gl\":{\"type\":null}} {\"_gl\":{\"type\":\"new\"}}"},
};

static void describe(struct jsonl *r, struct buf *out, bool bytewise)
{
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    while ((got = bytewise ? jsonl_next(r, &record, &e) : jsonl_read(r, &record, &e)) != JSONL_EOF) {
        if (got == JSONL_WAIT) {
            jsonl_fill(r);
            continue;
        }
        if (out->len)
            buf_putc(out, ' ');
        if (got == JSONL_BAD)
            buf_printf(out, "!%zu", record.line);
        else
            buf_add(out, record.object->text.at, record.object->text.len);
    }
}

static void check_file(const struct row *row, const char *path)
{
    char *operands[] = {(char *)path, NULL};
    struct buf out;
    FILE *file = fopen(path, "w");
    fputs(row->input, file);
    fclose(file);
    buf_init(&out, 10000);
    struct jsonl *r = jsonl_open(operands, MAX_RECORD);
    describe(r, &out, false);
    is_text(out.data, row->want, "from a file: %s", row->input);
    jsonl_close(r);
    buf_free(&out);
}

/* A child writes the input one byte at a time. */
static void check_pipe(const struct row *row)
{
    int ends[2];
    struct buf out;
    if (pipe(ends) != 0)
        exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (const char *at = row->input; *at; at++)
            if (write(ends[1], at, 1) != 1)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    buf_init(&out, 10000);
    struct jsonl *r = jsonl_open(NULL, MAX_RECORD);
    describe(r, &out, true);
    is_text(out.data, row->want, "from a slow pipe: %s", row->input);
    jsonl_close(r);
    buf_free(&out);
}

static void check_errors(const char *path)
{
    char *operands[] = {(char *)path, NULL};
    struct jsonl_record record;
    struct err e;
    FILE *file = fopen(path, "w");
    fputs("{\"a\":1}\n{\"secret\":tru}\n", file);
    fclose(file);
    struct jsonl *r = jsonl_open(operands, MAX_RECORD);
    jsonl_read(r, &record, &e);
    is_int((int64_t)jsonl_read(r, &record, &e), JSONL_BAD, "the second line is bad");
    ok(strstr(e.text, ":2: not JSON: unknown word at byte 14") != NULL, "the error says where: %s", e.text);
    ok(!strstr(e.text, "secret"), "and never quotes the text");
    jsonl_close(r);
}

int main(void)
{
    char path[] = "/tmp/jsonl_test.XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_file(&rows[i], path);
        check_pipe(&rows[i]);
    }
    check_errors(path);
    unlink(path);
    return tap_done();
}
