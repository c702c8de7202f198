/* cgroup: small files, read and written whole. */
#define _GNU_SOURCE /* asprintf */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chance.h"
#include "msg.h"
#include "xalloc.h"

enum { MAKE_TRIES = 10, REMOVE_TRIES = 100, REMOVE_WAIT_NS = 2000000, FILE_MAX = 8192 };

static const char prefix[] = "gl-run.";

/* ---- files ---- */

static char *join(const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        die(EXIT_OS, "out of memory");
    return path;
}

/* The file's text, to be freed, or NULL. */
static char *read_file(const char *folder, const char *name)
{
    char *path = join(folder, name), *text = NULL;
    FILE *f = fopen(path, "re");
    if (f) {
        text = xcalloc(FILE_MAX, 1);
        text[fread(text, 1, FILE_MAX - 1, f)] = '\0';
        fclose(f);
    }
    free(path);
    return text;
}

static bool write_file(const char *folder, const char *name, const char *text)
{
    char *path = join(folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    free(path);
    return ok;
}

/* ---- finding a place ---- */

/* The folder of this process's group in the hierarchy that a line of
 * /proc/self/cgroup, "4:memory:/user", tells of, or NULL: it has no memory control. */
static char *folder_of(const char *line, bool *v2)
{
    const char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    size_t len = path ? (size_t)(path - controllers - 1) : 0;
    bool memory = path && len == 6 && memcmp(controllers + 1, "memory", 6) == 0;
    *v2 = path && len == 0 && strncmp(line, "0:", 2) == 0;
    if (!memory && !*v2)
        return NULL;
    char *root = xstrdup(memory ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");
    char *folder = join(root, path[1] == '/' ? path + 2 : path + 1);
    for (size_t end = strlen(folder); end && folder[end - 1] == '/'; end--)
        folder[end - 1] = '\0';
    free(root);
    return folder;
}

/* The group's folder with its lock, or -1: another process has it, or it is gone. */
static int lock_group(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Takes away what processes that are gone have left in `folder`. */
static void sweep(const char *folder)
{
    DIR *all = opendir(folder);
    struct dirent *entry;
    /* cppcheck-suppress readdirCalled; there is one thread */
    while (all && (entry = readdir(all)) != NULL) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        char *path = join(folder, entry->d_name);
        int lock = lock_group(path);
        if (lock >= 0) {
            rmdir(path);
            close(lock);
        }
        free(path);
    }
    if (all)
        closedir(all);
}

/* A new group in `folder`, and its lock; NULL where none can be made. */
static char *make_folder(const char *folder, int *lock)
{
    for (int i = 0; i < MAKE_TRIES; i++) {
        char name[64];
        unsigned number;
        chance_bytes(&number, sizeof number);
        snprintf(name, sizeof name, "%s%08x.%ld.%ld", prefix, number, (long)getpid(), (long)getppid());
        char *path = join(folder, name);
        bool made = mkdir(path, 0755) == 0;
        *lock = made ? lock_group(path) : -1;
        if (*lock >= 0 && access(path, F_OK) == 0) /* another's sweep may have come between */
            return path;
        if (*lock >= 0)
            close(*lock);
        free(path);
        if (!made)
            break;
    }
    return NULL;
}

/* Makes the group in `folder`; false where it gets no memory control there. */
static bool make(struct cgroup *g, const char *folder, bool v2, int64_t memory_bytes)
{
    char limit[32];
    int lock;
    snprintf(limit, sizeof limit, "%lld", (long long)memory_bytes);
    sweep(folder);
    char *path = make_folder(folder, &lock);
    if (!path)
        return false;
    if (write_file(path, v2 ? "memory.max" : "memory.limit_in_bytes", limit)) {
        write_file(path, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes", v2 ? "0" : limit);
        *g = (struct cgroup){path, v2, lock};
        return true;
    }
    rmdir(path);
    close(lock);
    free(path);
    return false;
}

void cgroup_open(struct cgroup *g, int64_t memory_bytes)
{
    char *all = read_file("/proc/self", "cgroup"), *rest = NULL;
    *g = (struct cgroup){NULL, false, -1};
    for (char *line = all ? strtok_r(all, "\n", &rest) : NULL; line && !g->path;
         line = strtok_r(NULL, "\n", &rest)) {
        bool v2;
        char *folder = folder_of(line, &v2), *slash = folder ? strrchr(folder, '/') : NULL;
        if (folder && !make(g, folder, v2, memory_bytes) && v2 &&
            slash > folder + strlen("/sys/fs/cgroup") - 1) {
            *slash = '\0'; /* a group with processes has no groups with control below it */
            make(g, folder, v2, memory_bytes);
        }
        free(folder);
    }
    free(all);
}

bool cgroup_enter(const struct cgroup *g)
{
    return !g->path || write_file(g->path, "cgroup.procs", "0");
}

bool cgroup_ran_out(const struct cgroup *g)
{
    char *text = g->path ? read_file(g->path, g->v2 ? "memory.events" : "memory.oom_control") : NULL;
    const char *count = text ? strstr(text, "oom_kill ") : NULL;
    bool ran_out = count && strtol(count + strlen("oom_kill "), NULL, 10) > 0;
    free(text);
    return ran_out;
}

void cgroup_close(struct cgroup *g)
{
    for (int i = 0; g->path && i < REMOVE_TRIES && rmdir(g->path) != 0 && errno == EBUSY; i++)
        nanosleep(&(struct timespec){.tv_nsec = REMOVE_WAIT_NS}, NULL);
    if (g->path)
        close(g->lock);
    free(g->path);
    g->path = NULL;
}
