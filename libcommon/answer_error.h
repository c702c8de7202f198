/* answer_error: the server's words for what went wrong. */
#ifndef GL_ANSWER_ERROR_H
#define GL_ANSWER_ERROR_H

#include "answer_base.h"

/* Fills message, code, http_status and retryable of *error from whatever shape
 * the answer has; the class is the caller's. */
void answer_read_error(struct answer *a, struct result_error *error);

/* The class in the server's own error where it is a word, else ours.  It lives
 * until the next answer is read. */
const char *answer_error_class(struct answer *a, enum fault fault);

#endif
