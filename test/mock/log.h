/* log: the requests as JSON Lines, for tests to look at.
 *
 * A line: {"time_ms","n","method","path","headers":{name: value},"body",
 * "status","in_flight","replayed"}.  time_ms is the monotonic clock's at the
 * request's arrival; n counts the requests of its atom (or execution, or
 * path); path is as sent, with its query; names of headers are in lower case,
 * values of one name joined by ", "; body is the bytes as a string, those that
 * are no UTF-8 replaced by U+FFFD.  Where the answer is broken on purpose,
 * "fault" says how; where nothing was sent, status is 0.  A line is appended
 * in one write, before the answer is sent: what a client has had an answer to
 * is in the log. */
#ifndef MOCK_LOG_H
#define MOCK_LOG_H

#include "err.h"
#include "handler.h"

struct log;

/* Opens the file to append to. */
struct log *log_open(const char *file, struct err *e);
void log_close(struct log *log);

/* Appends the request, whose reply is decided.  Thread-safe; a log that cannot
 * be written ends the program. */
void log_write(struct log *log, const struct request *r);

#endif
