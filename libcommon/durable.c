/* durable: fsync before rename, and after it of the folder, without which a crash
 * may leave an empty file, or none. */
#define _GNU_SOURCE /* mkostemp */
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xalloc.h"

/* Where the file's name begins in its path. */
static size_t name_at(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static bool sync_folder(const char *path, struct err *e)
{
    size_t at = name_at(path);
    char *folder = at ? xmemdup(path, at) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good)
        err_errno(e, EXIT_IO, "cannot sync the folder \"%s\"", folder);
    if (fd >= 0)
        close(fd);
    free(folder);
    return good;
}

bool durable_write(int fd, const void *bytes, size_t len)
{
    for (const char *at = bytes; len;) {
        ssize_t wrote = write(fd, at, len);
        if (wrote < 0 && errno != EINTR)
            return false;
        at += wrote > 0 ? wrote : 0;
        len -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

bool durable_replace(const char *path, const char *text, size_t len, mode_t mode, struct err *e)
{
    size_t at = name_at(path), room = strlen(path) + sizeof "..XXXXXX";
    char *temporary = xcalloc(room, 1);
    snprintf(temporary, room, "%.*s.%s.XXXXXX", (int)at, path, path + at);
    int fd = mkostemp(temporary, O_CLOEXEC);
    bool good = fd >= 0 && durable_write(fd, text, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        good = false;
    good = good && rename(temporary, path) == 0;
    if (!good)
        err_errno(e, EXIT_IO, "cannot write \"%s\"", path);
    if (!good && fd >= 0)
        unlink(temporary);
    free(temporary);
    return good && sync_folder(path, e);
}

bool durable_open(struct durable_log *log, const char *path, struct err *e)
{
    struct stat st;
    char last;
    *log = (struct durable_log){.path = path};
    log->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (log->fd < 0)
        return err_errno(e, EXIT_IO, "cannot open \"%s\"", path);
    if (fstat(log->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        durable_close(log);
        return err_set(e, EXIT_USAGE, "\"%s\" is no regular file, so nothing in it would be safe", path);
    }
    if (flock(log->fd, LOCK_EX | LOCK_NB) != 0) {
        durable_close(log);
        return err_set(e, EXIT_AGAIN, "another process writes to \"%s\"", path);
    }
    fstat(log->fd, &st); /* once more, for nobody else writes now */
    log->good = st.st_size;
    if (st.st_size && pread(log->fd, &last, 1, st.st_size - 1) == 1 && last != '\n' &&
        !durable_append(log, "\n", 1, e)) {
        durable_close(log);
        return false;
    }
    return sync_folder(path, e);
}

bool durable_append(struct durable_log *log, const char *text, size_t len, struct err *e)
{
    return durable_write(log->fd, text, len) || err_errno(e, EXIT_IO, "cannot write to \"%s\"", log->path);
}

bool durable_sync(struct durable_log *log, struct err *e)
{
    struct stat st;
    if (fsync(log->fd) != 0 || fstat(log->fd, &st) != 0)
        return err_errno(e, EXIT_IO, "cannot sync \"%s\"", log->path);
    log->good = st.st_size;
    return true;
}

void durable_undo(struct durable_log *log)
{
    int unused = ftruncate(log->fd, log->good);
    (void)unused; /* what is left is a part of a line, which the next opening ends */
}

void durable_close(struct durable_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}
