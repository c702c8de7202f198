/* shape: the default bodies, in all the shapes that servers give results and
 * errors (design.md §3).
 *
 *   flat            atom_id, status, correct, partial_score, tests_passed,
 *                   tests_total, test_results as a list, feedback, meta ...
 *   nested          the grade in `result`, beside meta
 *   score           score for partial_score
 *   tests_failed    tests_failed for tests_total
 *   counts          no test_results
 *   lists           test_results {passed[], failed[], stdout, stderr, logs}
 *   tests, results  test_results {tests[]} or {results[]}
 *   errors          errors [{test, expected, got, message}] for test_results
 *   details         details {stdout, stderr, diff} for test_results
 *   meta_cognitive  meta_cognitive for meta
 *   correct_only    nothing but correct
 *   detail, error, error_message, problem      errors: {detail, error_code},
 *                   {error}, {error_message}, RFC 9457 */
#ifndef MOCK_SHAPE_H
#define MOCK_SHAPE_H

#include "script.h"

/* Appends a result, the script's own or in its shape; atom_id (JSON) is what
 * was asked for, or absent. */
void shape_result(struct buf *out, const struct answer *a, struct json_text atom_id);

/* Appends the answer to a poll of an execution that has ended: {"status":
 * "completed", "result"} or {"status": "failed", ...}. */
void shape_ended(struct buf *out, const struct answer *a, struct json_text atom_id);

/* Appends an error body for an HTTP status. */
void shape_error(struct buf *out, const struct answer *a, unsigned status, const char *message);

/* The media type of the default body for this status. */
const char *shape_type(const struct answer *a, unsigned status);

#endif
