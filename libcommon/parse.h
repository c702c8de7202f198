/* parse: strict readers of what people type: whole text or nothing.
 *
 * Each returns true and fills *out, or returns false and leaves it alone.  No
 * blanks, signs where there can be none, trailing letters or overflow pass. */
#ifndef GL_PARSE_H
#define GL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal integer from min to max. */
bool parse_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* A finite decimal number from min to max: digits, one point, no exponent. */
bool parse_real(const char *text, double min, double max, double *out);

/* A duration in milliseconds: `500ms`, `30s`, `5m`, `2h`, `7d`, each with
 * decimals (`1.5s`); a bare number is seconds (design.md §2). */
bool parse_duration(const char *text, int64_t *out_ms);

/* A moment as RFC 3339 has it, `2026-11-22T18:30:00Z`, with decimals and another
 * offset where one likes, as milliseconds since 1970; a leap second is the one
 * after it. */
bool parse_moment(const char *text, int64_t *out_ms);

/* A size in bytes: a bare number, or K, M, G (also KiB, MiB, GiB) of 1024. */
bool parse_size(const char *text, int64_t *out);

/* true, 1, yes, on or false, 0, no, off, in any case. */
bool parse_bool(const char *text, bool *out);

/* The index of text in `choices`, which are separated by '|'. */
bool parse_choice(const char *text, const char *choices, int *out);

/* An http:// or https:// URL with a host and neither user, password, query
 * nor fragment: what a base URL of an API can be. */
bool parse_base_url(const char *text);

/* The value of four hexadecimal digits at `at`, or -1. */
int parse_hex4(const char *at);

#endif
