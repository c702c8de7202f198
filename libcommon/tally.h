/* tally: what the records at the end of a drain come to. */
#ifndef GL_TALLY_H
#define GL_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "status.h"

/* Zero-initialise; tally_free gives its memory back. */
struct tally {
    size_t records;
    size_t ended;    /* rows that came to a grade, or were cancelled */
    size_t failed;   /* rows that ended failed */
    size_t again;    /* rows that went back, or whose outcome is not stored yet */
    size_t others;   /* records of rows that somebody else has taken, or removed */
    enum fault over; /* circuit or unauthorised, where a record says so */
    struct json_object record, gl;
};

void tally_add(struct tally *t, const char *line, size_t len);
void tally_free(struct tally *t);

/* 75: some have to come back; 69: some failed; else 0. */
enum exit_code tally_exit(const struct tally *t);

/* What gl-submit's record says about the URL: that a Greenlight is there, that
 * there is none (404 or 405 to a POST), or neither. */
enum tally_url { TALLY_URL_UNKNOWN, TALLY_URL_RIGHT, TALLY_URL_WRONG };
enum tally_url tally_url(struct tally *t, const char *line, size_t len);

#endif
