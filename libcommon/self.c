/* self: /proc knows, whatever argv and PATH say. */
#define _POSIX_C_SOURCE 200809L /* readlink */
#include "self.h"

#include <stdlib.h>
#include <unistd.h>

#include "xalloc.h"

enum { PATH_BYTES_MAX = 64 * 1024 };

char *self_path(int levels)
{
    char *path = xcalloc(1, PATH_BYTES_MAX);
    ssize_t len = readlink("/proc/self/exe", path, PATH_BYTES_MAX - 1);
    if (len <= 0) {
        free(path);
        return NULL;
    }
    while (levels-- > 0)
        while (len && path[--len] != '/')
            ;
    path[len] = '\0';
    return path;
}
