/* xalloc: allocation that ends the program (exit 71) instead of failing. */
#ifndef GL_XALLOC_H
#define GL_XALLOC_H

#include <stddef.h>

/* Each returns memory that the caller frees with free(). */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);

/* len bytes of text and a closing NUL; text may hold NULs itself. */
char *xmemdup(const void *text, size_t len);

/* Grows *array (of elements of `size` bytes) so that index `need - 1` exists;
 * *cap counts elements.  New room is not zeroed. */
void xgrow(void *array_address, size_t *cap, size_t need, size_t size);

#endif
