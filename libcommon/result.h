/* result: the one shape in which every result leaves every tool (design.md §3).
 *
 * A struct result is filled by whoever knows the outcome – gl-run from its
 * tests, result_from_answer from a server's words, result_from_fault from a
 * failure of ours – and written by result_put.  Values are spans of JSON text
 * that the caller keeps alive; absent ones come out as null, [] or {}. */
#ifndef GL_RESULT_H
#define GL_RESULT_H

#include "json.h"
#include "status.h"

enum { RESULT_TESTS_UNKNOWN = -1 };

/* What went wrong, in the member `error`. */
struct result_error {
    const char *class;        /* NULL: no error */
    struct json_text message; /* a JSON string */
    struct json_text code;    /* the server's own word, or absent */
    int http_status;          /* 0: none */
    bool retryable;
    int64_t retry_after_ms; /* how long the server asked to be left alone; 0: it did not, left out */
};

struct result {
    struct json_text atom_id, execution_id; /* execution_id absent: left out */
    enum status status;
    struct json_text correct, partial_score; /* written as null unless graded */
    const char *score_source;                /* "partial_score" | "score" | "tests" | "correct", or NULL */
    int64_t tests_passed, tests_total;       /* RESULT_TESTS_UNKNOWN: null */
    struct json_text test_results;           /* an array of {name, passed, message, expected, actual} */
    struct json_text feedback, error_class;
    struct result_error error;
    struct json_text git_suggestions, diff_suggestion, output, errors,
        logs; /* output: stdout; errors: stderr */
    struct json_text execution_time_ms, time_spent_ms, meta;
    struct json_text warnings; /* an array of strings */
    struct json_text others;   /* further members, as the inside of an object, verbatim; or absent */
    struct json_text raw;      /* absent: left out */
};

/* Zeroes *r but for what is unknown rather than 0. */
void result_init(struct result *r);

/* Appends the record as one line without its LF.  `gl` is the record's _gl
 * member, complete with "type" (see record_put_gl). */
void result_put(struct buf *out, const struct result *r, struct json_text gl);

/* Appends a `rejected` result for input that is no usable record: `class` and
 * why and where in `message` (for the member `error`), atom_id where known,
 * `before` the record's _gl where there was one, else NULL. */
void result_put_rejected(struct buf *out, struct json_text atom_id, const struct json_object *before,
                         const char *class, const char *message);

#endif
