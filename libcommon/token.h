/* token: the bearer token of a file, which may be renewed under a running program
 * and must go nowhere but into a request (design.md §4, §7). */
#ifndef GL_TOKEN_H
#define GL_TOKEN_H

#include <time.h>

#include "buf.h"
#include "err.h"

enum { TOKEN_MAX = 16 * 1024 };

struct token {
    const char *file;     /* NULL: there is none */
    struct buf text;      /* empty: there is none */
    struct timespec read; /* the file's time of change when it was read */
};

/* Reads the token of `file` (borrowed; NULL: none), and lets the process dump no core
 * from then on.  False (EXIT_CONFIG): it cannot be read, or holds no token. */
bool token_open(struct token *t, const char *file, struct err *e);

/* Reads it again where the file has changed; as token_open. */
bool token_refresh(struct token *t, struct err *e);

/* Overwrites every occurrence of the token in the text, escaped as JSON or not, so
 * that an echo of it goes nowhere. */
void token_redact(const struct token *t, char *text, size_t len);

/* Wipes it; a zero-initialised one is fine. */
void token_close(struct token *t);

#endif
