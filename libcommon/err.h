/* err: what went wrong, as an exit code and one line of text.
 *
 * Functions of libcommon that can fail return bool and fill a struct err of
 * the caller's.  The text is a fragment for "program: TEXT": lower case, no
 * full stop, cut at ERR_TEXT_MAX bytes.  Needs nothing; owns nothing. */
#ifndef GL_ERR_H
#define GL_ERR_H

#include <stdbool.h>

/* Exit codes, the same in every program (sysexits.h where it has a name). */
enum exit_code {
    EXIT_OK = 0,
    EXIT_NOTHING = 1,   /* only under --exit-status: there was nothing */
    EXIT_USAGE = 64,    /* the command line is wrong */
    EXIT_DATA = 65,     /* a record is at fault */
    EXIT_FAILED = 69,   /* Greenlight tried and could not, or refused */
    EXIT_BUG = 70,      /* a program of ours is wrong */
    EXIT_OS = 71,       /* the operating system refused */
    EXIT_IO = 74,       /* reading or writing failed */
    EXIT_AGAIN = 75,    /* come back later */
    EXIT_PROTOCOL = 76, /* the server broke the contract */
    EXIT_AUTH = 77,     /* not authorised */
    EXIT_CONFIG = 78,   /* the configuration is wrong */
};

enum { ERR_TEXT_MAX = 512 };

struct err {
    enum exit_code code;
    char text[ERR_TEXT_MAX];
};

/* Fills *e (which may be NULL) and returns false, so that a function can end
 * with `return err_set(e, EXIT_IO, "…")`.  A text that does not fit is cut. */
bool err_set(struct err *e, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_set, and appends ": " and the text of errno. */
bool err_errno(struct err *e, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
