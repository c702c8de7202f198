/* msg: one-line messages to people, on stderr.
 *
 * Every message is "program: text\n" in a single write, with control
 * characters and bytes that are not UTF-8 text of one line made visible, so
 * that no message can forge another one or drive a terminal.  The program's
 * name is libc's program_invocation_short_name. */
#ifndef GL_MSG_H
#define GL_MSG_H

#include "err.h"

/* How much is said: errors always; warnings unless --quiet; information only
 * with --verbose. */
enum msg_level { MSG_QUIET, MSG_NORMAL, MSG_VERBOSE };

/* Sets the level for the whole process; called once, by cli. */
void msg_set_level(enum msg_level level);
enum msg_level msg_level(void);

void msg_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void msg_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void msg_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says the error and exits with its code. */
void die_err(const struct err *e) __attribute__((noreturn));
void die(enum exit_code code, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

#endif
