/* judge: whether a test passed, from how its step ended and what it wrote. */
#ifndef GL_JUDGE_H
#define GL_JUDGE_H

#include "sandbox.h"
#include "tests.h"

enum { JUDGE_DISK_BYTES = 16 << 20 }; /* of each file system a step writes to, and of a file */

/* Whether the time was up. */
bool judge_ran_out(const struct sandbox_outcome *o);

/* The limit that ended a step: TEST_OK where none did, else what a test comes to that
 * was running, with *why (an empty buffer) naming it. */
enum test_class judge_limit(const struct exercise *x, const struct sandbox_outcome *o, struct buf *why);

/* Appends how a step ended, and ": " with the last line of what it wrote, if any. */
void judge_put_end(struct buf *to, const struct sandbox_outcome *o);
void judge_put_last_line(struct buf *to, const struct sandbox_stream *stream);

/* What a script comes to that did not say its end, with *why (an empty buffer). */
enum test_class judge_cut_off(const struct sandbox_outcome *o, struct buf *why);

/* Whether it ended with the status that the test expects, `by_default` where it says
 * none (negative: any); else ends the test. */
bool judge_status(struct test *test, const struct sandbox_outcome *o, int64_t by_default);

/* Each ends the test by comparing what is expected: with text, blanks at the ends of
 * lines ignored; with a value, as JSON, where what was printed is; with those members
 * of the session's state that are expected. */
void judge_text(struct test *test, const struct sandbox_stream *output);
void judge_value(const struct exercise *x, struct test *test, const struct sandbox_stream *output);
void judge_state(struct tests *t, struct test *test);

#endif
