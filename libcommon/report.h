/* report: what was looked at and how it is, as a record (greenlight-records(5)).
 *
 * A check is told as a line of JSON to a descriptor, so that several processes can
 * look at things at once; report_make puts the lines together. */
#ifndef GL_REPORT_H
#define GL_REPORT_H

#include "buf.h"
#include "cli.h"

enum report_status { REPORT_OK, REPORT_WARNING, REPORT_FAILURE, REPORT_NOT_CHECKED };

struct report_check {
    const char *name; /* "schema" */
    enum report_status status;
    enum exit_code code; /* of a failure: EXIT_AGAIN (it may pass) or EXIT_CONFIG (somebody has to act) */
    const char *unit;    /* of `value`; NULL: there is none */
    double value;
    const char *next; /* what to do, told of warnings and failures */
};

/* Writes one check's line, with what was found. */
void report_put(int fd, const struct report_check *check, const char *found, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends a value of the configuration: NULL where there is none, and `variable`
 * where it has one. */
void report_put_setting(struct buf *settings, const char *name, const char *variable, const char *value,
                        enum cli_source source);

/* Appends the record, made of settings and of the lines of all checks, and returns
 * the exit code that it counts for: that of a failure, EXIT_CONFIG before
 * EXIT_AGAIN. */
enum exit_code report_make(struct buf *out, const struct buf *settings, const struct buf *lines);

#endif
