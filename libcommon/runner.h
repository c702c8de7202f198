/* runner: runs one request's tests in the sandbox and makes the result record. */
#ifndef GL_RUNNER_H
#define GL_RUNNER_H

#include "exercise.h"

struct runner {
    struct exercise_maxima maxima;
    int64_t output_bytes; /* kept of stdout and of stderr, each */
    bool open;            /* without a sandbox */
};

/* Appends the record for a request (an atom; its `_gl` is carried on), without
 * its LF, and returns its status.  Where no sandbox can be had the record is
 * `unavailable`, class no_sandbox, and *no_sandbox says why; else its text is
 * empty.  After a signal (signals.h) it is `unavailable`, class interrupted. */
enum status runner_run(const struct runner *r, const struct json_object *request, struct buf *out,
                       struct err *no_sandbox);

#endif
