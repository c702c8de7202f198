/* tap_read: what a test script says in TAP, the Test Anything Protocol, as tests.
 *
 * Lines may have been printed by the learner's code too, so whatever does not fit
 * together fails: a number that comes twice is passed only if it is so both times, and
 * points that are not there, or beyond the plan, are failures of their own. */
#ifndef GL_TAP_READ_H
#define GL_TAP_READ_H

#include "tests.h"

/* Adds the points in `text` as tests, their names behind `prefix`.  False, and nothing
 * was added: it is no TAP. */
bool tap_read(struct tests *t, const char *prefix, const char *text, size_t len);

#endif
