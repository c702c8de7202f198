/* tap_read: what a test script says in TAP, the Test Anything Protocol, as tests.
 *
 * Lines may have been printed by the learner's code too, into the middle of the script's.
 * So where something does not fit together no point passes: without one plan, and only
 * one, around all points; with more points than planned; with a failure that begins
 * inside a line.  A number that comes twice is passed only if it is so both times. */
#ifndef GL_TAP_READ_H
#define GL_TAP_READ_H

#include "tests.h"

/* Adds the points in `text` as tests, their names behind `prefix`.  False, and nothing
 * was added: it is no TAP, for it has neither a plan nor a failure. */
bool tap_read(struct tests *t, const char *prefix, const char *text, size_t len);

#endif
