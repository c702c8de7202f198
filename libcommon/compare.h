/* compare: whether two JSON values are the same answer.
 *
 * Objects compare without order (of equal names the last counts), arrays in
 * order, strings by their characters, integers by their digits whatever their
 * size.  Where a fraction or an exponent is involved, numbers are equal within
 * COMPARE_TOLERANCE of the larger one (next to 0: within COMPARE_NEAR_ZERO),
 * but a rounded float is never an integer that a double cannot hold. */
#ifndef GL_COMPARE_H
#define GL_COMPARE_H

#include <stdbool.h>

#include "json.h"

#define COMPARE_TOLERANCE 1e-9
#define COMPARE_NEAR_ZERO 1e-12

/* Deeper values are never equal: comparing costs their size at every level. */
enum { COMPARE_DEPTH_MAX = 500 };

/* Compares spans of validated text.  Where they differ, *where (an empty
 * buffer, or NULL) gets the path to the first difference, such as `[2].name`;
 * it stays empty where the values differ as a whole. */
bool compare_json(struct json_text expected, struct json_text actual, struct buf *where);

/* The same, where strings are also equal but for blanks at the ends of their lines
 * and empty lines at their end if `trim`; *lenient (or NULL) tells whether the values
 * are equal only so, or only within a tolerance. */
bool compare_values(struct json_text expected, struct json_text actual, bool trim, struct buf *where,
                    bool *lenient);

/* Compares texts line by line, without the blanks at the ends of lines and the empty
 * lines at the end.  Where they differ, *line is the first line that does, from 1;
 * *lenient (or NULL) tells whether they are equal only so; a last line feed that one of
 * them lacks does not count. */
bool compare_text(const char *expected, size_t expected_len, const char *actual, size_t actual_len,
                  size_t *line, bool *lenient);

#endif
