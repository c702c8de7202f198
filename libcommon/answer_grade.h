/* answer_grade: the grade of an answer. */
#ifndef GL_ANSWER_GRADE_H
#define GL_ANSWER_GRADE_H

#include "answer_base.h"

/* Reads correct, score and tests into a->result.  FAULT_MALFORMED where a score
 * is no number, or where a grade is required and there is none: a->why. */
enum fault answer_read_grade(struct answer *a, bool required);

#endif
