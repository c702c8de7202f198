/* answer_tests: the shapes in which servers list their tests. */
#ifndef GL_ANSWER_TESTS_H
#define GL_ANSWER_TESTS_H

#include "answer_base.h"

/* Reads the tests and their counts into a->result (the list into a->tests where
 * it has to be rebuilt). */
void answer_read_tests(struct answer *a);

#endif
