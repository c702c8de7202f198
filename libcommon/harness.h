/* harness: the C that calls a learner's function, or runs tests written in C.
 *
 * What a call passes is written as C: how, the function's parameters say, as they
 * stand in the exercise's signature or the learner's file.  An array is a list, so
 * that a length is an argument of its own; a function that returns nothing gives what
 * it made of its first array. */
#ifndef GL_HARNESS_H
#define GL_HARNESS_H

#include "exercise.h"
#include "tests.h"

/* Whether all calls can be written in C: neither lists in lists nor objects are passed, or
 * expected.  False: *r says which test does not fit. */
bool harness_fits(const struct exercise *x, const struct tests *t, struct refusal *r);

/* Appends a source that includes the learner's entry and makes the calls of all tests. */
void harness_put_calls(struct buf *out, const struct exercise *x, const struct tests *t);

/* Appends a source that includes the script, whose main gets another name; and the one
 * that runs it and says with `key` how it ended. */
void harness_put_script(struct buf *out, const struct jail_file *script);
void harness_put_verdict(struct buf *out, int64_t key);

#endif
