/* jsonl: records in, one JSON object each, from FILE operands or stdin.
 *
 * Framing is design.md §3's: a line that is a whole text is a record, otherwise
 * lines join until the text closes.  A line that cannot begin an object is one
 * bad record; where joining fails, the lines up to the next one that starts
 * with `{` are one bad record and reading resumes there.  A joined record comes
 * out as one line (its line breaks and indentation taken out, nothing else).
 * (So that hostile input costs no more than a few times its length to read, lines
 * that were joined in vain again and again are one bad record together.)
 * A record whose `_gl` is no object, or has a `type` that is no string, is bad too.
 * Blank lines are passed over.  Memory is bounded by the largest record
 * allowed, whatever the length of the input. */
#ifndef GL_JSONL_H
#define GL_JSONL_H

#include <stdio.h>

#include "cli.h"
#include "err.h"
#include "json.h"

struct jsonl;

/* One record, borrowed until the next call on the same reader. */
struct jsonl_record {
    const char *file;                 /* the operand, or "stdin" */
    size_t line;                      /* where it began, from 1 */
    const struct json_object *object; /* NULL for a bad record */
};

enum jsonl_got {
    JSONL_RECORD,
    JSONL_BAD,  /* one bad record; the error says "FILE:LINE: what is wrong" */
    JSONL_WAIT, /* nothing whole is here: poll jsonl_fd, then jsonl_fill */
    JSONL_EOF,
};

/* --max-record, as a row of a program's table of options. */
/* clang-format off */
#define JSONL_OPTION(T, m)                                                                           \
    {.name = "max-record", .arg = "SIZE", .type = CLI_SIZE, .member = offsetof(T, m), .min = 1,      \
     .max = INT64_C(1) << 30, .preset = "8MiB", .help = "reject larger records"}
/* clang-format on */

/* Reads the operands in order ("-" is stdin; none at all: stdin), records of at
 * most max_record bytes.  operands is borrowed. */
struct jsonl *jsonl_open(char **operands, size_t max_record);
void jsonl_close(struct jsonl *r);

/* Opens a second file for output (--rest), empty; before anything is read.  NULL:
 * it cannot be opened (EXIT_IO), or it is one of the inputs (EXIT_USAGE). */
FILE *jsonl_create(const struct jsonl *r, const char *path, struct err *e);

/* The next record.  jsonl_read waits for it, flushing stdout first where it
 * would block, and ends at signals_deadline(); jsonl_next never waits. */
enum jsonl_got jsonl_read(struct jsonl *r, struct jsonl_record *record, struct err *e);
enum jsonl_got jsonl_next(struct jsonl *r, struct jsonl_record *record, struct err *e);

/* As jsonl_read, for a program that hands records over one by one: after a signal
 * what is here already is taken, and nothing more is waited for. */
enum jsonl_got jsonl_await(struct jsonl *r, struct jsonl_record *record, struct err *e);

/* What to poll for reading after JSONL_WAIT, and one read from it (which may
 * block where poll did not say that it will not). */
int jsonl_fd(const struct jsonl *r);
void jsonl_fill(struct jsonl *r);

/* How much of the input has been read, from 0 to 1; -1 where its length is not
 * known (a pipe, a terminal, several files). */
double jsonl_fraction(const struct jsonl *r);

/* Whether an operand could not be opened or read: said on stderr when it
 * happened, the others were read; the program ends with EXIT_IO. */
bool jsonl_failed(const struct jsonl *r);

#endif
