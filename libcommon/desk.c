/* desk: BASE/NAME/work, where NAME is made of the atom's id and the time, and
 * BASE/NAME/lock.  It is filled under another name, so that what is found later is
 * whole.  Everything is reached through descriptors, and no link is followed. */
#define _GNU_SOURCE /* nftw, scandirat */
#include "desk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "durable.h"
#include "uuid.h"
#include "xalloc.h"

enum { PATH_BYTES = 64 * 1024, SLUG_BYTES = 40, UNFINISHED_AGE_S = 24 * 60 * 60 };

static const char unfinished[] = ".new";

/* ---- where ---- */

static bool put_base(struct buf *path, const char *variable, const char *below)
{
    const char *folder = getenv(variable);
    if (folder && *folder == '/')
        buf_printf(path, "%s/%s", folder, below);
    return path->len > 0;
}

char *desk_base(const char *option)
{
    char passing[64];
    struct buf path;
    if (option)
        return xstrdup(option);
    buf_init(&path, PATH_BYTES);
    snprintf(passing, sizeof passing, "greenlight-edit-%lld", (long long)geteuid());
    if (!put_base(&path, "XDG_STATE_HOME", "greenlight/edit") &&
        !put_base(&path, "HOME", ".local/state/greenlight/edit") &&
        !put_base(&path, "XDG_RUNTIME_DIR", passing) && !put_base(&path, "TMPDIR", passing))
        buf_printf(&path, "/tmp/%s", passing);
    return buf_detach(&path);
}

/* Makes the folder and those above it; what is made is for its owner alone. */
static bool make_base(const char *base, struct err *e)
{
    char *path = xstrdup(base);
    bool good = true;
    for (char *slash = strchr(path + 1, '/'); good && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        good = mkdir(path, 0700) == 0 || errno == EEXIST || errno == EROFS;
        *slash = '/';
    }
    good = good && (mkdir(path, 0700) == 0 || errno == EEXIST);
    free(path);
    return good || err_errno(e, EXIT_IO, "cannot make the folder \"%s\"", base);
}

/* What the names of an atom's desks begin with: of its id what can stand in a name,
 * and a hash of all of it (FNV-1a). */
static void put_prefix(struct buf *name, struct json_text atom_id)
{
    struct buf id;
    uint64_t hash = UINT64_C(14695981039346656037);
    buf_init(&id, PATH_BYTES);
    json_string(atom_id, &id);
    for (size_t i = 0; i < id.len; i++) {
        unsigned char c = (unsigned char)id.data[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_';
        hash = (hash ^ c) * UINT64_C(1099511628211);
        if (i < SLUG_BYTES)
            buf_putc(name, plain ? (char)c : '_');
    }
    buf_printf(name, ".%016llx.", (unsigned long long)hash);
    buf_free(&id);
}

/* ---- files ---- */

/* Opens the folder of a file below `root`, made where it is not there. */
static int open_parent(int root, const char *path, const char **name)
{
    int at = dup(root);
    const char *slash;
    while (at >= 0 && (slash = strchr(path, '/'))) {
        char *part = xmemdup(path, (size_t)(slash - path));
        int made = mkdirat(at, part, 0700);
        int next = made == 0 || errno == EEXIST
                       ? openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                       : -1;
        int why = errno;
        free(part);
        close(at);
        errno = why;
        at = next;
        path = slash + 1;
    }
    *name = path;
    return at;
}

static bool write_file(int root, const struct jail_file *file)
{
    const char *name;
    int folder = open_parent(root, file->path, &name);
    int fd =
        folder < 0 ? -1 : openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && durable_write(fd, file->bytes, file->len) && fsync(fd) == 0 && fsync(folder) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    errno = why;
    return good;
}

/* Those that are in `but` already are left out. */
static bool write_files(int root, const struct files *files, const struct files *but, struct err *e)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct jail_file *file = &files->file[i];
        if (!(but && files_find(but, file->path)) && !write_file(root, file))
            return err_errno(e, errno == ENOTDIR || errno == EEXIST || errno == EISDIR ? EXIT_DATA : EXIT_IO,
                             "cannot write \"%s\"", file->path);
    }
    return true;
}

/* ---- desks ---- */

/* Opens what is below `folder`; false where that is no desk of ours, or in use. */
static bool take(struct desk *d, int folder)
{
    struct stat st;
    d->work = openat(folder, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    d->lock = openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600); /* editors inherit it */
    return d->work >= 0 && d->lock >= 0 && fstat(folder, &st) == 0 && st.st_uid == geteuid() &&
           flock(d->lock, LOCK_EX | LOCK_NB) == 0;
}

static void leave(struct desk *d)
{
    if (d->work >= 0)
        close(d->work);
    if (d->lock >= 0)
        close(d->lock);
    d->work = d->lock = -1;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    remove(path);
    return 0;
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Looks at one entry of the base: an unfinished desk that is a day old goes.
 * Whether it is a desk of the atom. */
static bool is_desk(int base, const char *path, const char *name, const struct buf *prefix)
{
    struct stat st;
    size_t len = strlen(name), end = sizeof unfinished - 1;
    if (strncmp(name, prefix->data, prefix->len) != 0)
        return false;
    if (len < end || strcmp(name + len - end, unfinished) != 0)
        return true;
    if (fstatat(base, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - st.st_mtime > UNFINISHED_AGE_S) {
        struct buf old;
        buf_init(&old, PATH_BYTES);
        buf_printf(&old, "%s/%s", path, name);
        remove_tree(old.data);
        buf_free(&old);
    }
    return false;
}

static void put_name(struct buf *name, const struct buf *prefix)
{
    char id[UUID_TEXT];
    uuid7(id);
    buf_printf(name, "%s%s", prefix->data, id);
}

static void set_path(struct desk *d, const char *base, const char *name)
{
    struct buf path;
    buf_init(&path, PATH_BYTES);
    buf_printf(&path, "%s/%s/work", base, name);
    d->path = buf_detach(&path);
}

/* A desk that is taken gets a new name: who has the old one cannot take it away. */
static void resume_desk(struct desk *d, int base, const char *path, const char *name,
                        const struct buf *prefix)
{
    struct buf fresh;
    buf_init(&fresh, PATH_BYTES);
    put_name(&fresh, prefix);
    set_path(d, path, renameat(base, name, base, fresh.data) == 0 ? fresh.data : name);
    buf_free(&fresh);
}

/* Goes through the atom's desks that are not in use, the latest first; takes it
 * where `resume`.  Returns how many there are. */
static size_t find_left(struct desk *d, int base, const char *path, const struct buf *prefix, bool resume)
{
    struct dirent **names = NULL;
    size_t found = 0;
    int count = scandirat(base, ".", &names, NULL, alphasort);
    for (int i = count - 1; i >= 0; i--) {
        const char *name = names[i]->d_name;
        if (!d->path && is_desk(base, path, name, prefix)) {
            int folder = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            bool free_one = folder >= 0 && take(d, folder);
            found += free_one;
            if (free_one && resume)
                resume_desk(d, base, path, name, prefix);
            else
                leave(d);
            if (folder >= 0)
                close(folder);
        }
        free(names[i]);
    }
    free(names);
    return found;
}

static bool fill(struct desk *d, int folder, const struct starter *s, struct err *e)
{
    if (mkdirat(folder, "work", 0700) != 0 || !take(d, folder))
        return err_errno(e, EXIT_IO, "cannot make a folder for the work");
    return write_files(d->work, &s->work, NULL, e) && write_files(d->work, &s->given, &s->work, e) &&
           write_files(d->work, &s->shown, NULL, e) &&
           (fsync(d->work) == 0 || err_errno(e, EXIT_IO, "cannot sync the work"));
}

static bool make_desk(struct desk *d, int base, const char *path, const struct buf *prefix,
                      const struct starter *s, struct err *e)
{
    struct buf name, making;
    buf_init(&name, PATH_BYTES);
    buf_init(&making, PATH_BYTES);
    put_name(&name, prefix);
    buf_printf(&making, "%s%s", name.data, unfinished);
    int folder = mkdirat(base, making.data, 0700) == 0
                     ? openat(base, making.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                     : -1;
    bool good = folder >= 0 || err_errno(e, EXIT_IO, "cannot make a folder in \"%s\"", path);
    good = good && fill(d, folder, s, e);
    if (good && (fsync(folder) != 0 || renameat(base, making.data, base, name.data) != 0 || fsync(base) != 0))
        good = err_errno(e, EXIT_IO, "cannot make a folder in \"%s\"", path);
    if (good) {
        set_path(d, path, name.data);
    } else if (folder >= 0) {
        leave(d);
        buf_clear(&name);
        buf_printf(&name, "%s/%s", path, making.data);
        remove_tree(name.data);
    }
    if (folder >= 0)
        close(folder);
    buf_free(&name);
    buf_free(&making);
    return good;
}

bool desk_open(struct desk *d, const char *path, struct json_text atom_id, const struct starter *s,
               bool resume, bool *left, struct err *e)
{
    struct buf prefix;
    *d = (struct desk){.work = -1, .lock = -1};
    *left = false;
    if (!make_base(path, e))
        return false;
    int base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (base < 0)
        return err_errno(e, EXIT_IO, "cannot open the folder \"%s\"", path);
    buf_init(&prefix, PATH_BYTES);
    put_prefix(&prefix, atom_id);
    size_t found = find_left(d, base, path, &prefix, resume);
    d->resumed = d->path;
    *left = found && !d->resumed;
    bool good = d->resumed || make_desk(d, base, path, &prefix, s, e);
    buf_free(&prefix);
    close(base);
    return good;
}

bool desk_is_in_use(struct desk *d)
{
    close(d->lock);
    d->lock = openat(d->work, "../lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    return d->lock >= 0 && flock(d->lock, LOCK_EX | LOCK_NB) != 0;
}

/* Takes away the folder above that of the files, whose path is cut off there. */
static void remove_above(char *path)
{
    *strrchr(path, '/') = '\0';
    remove_tree(path);
}

void desk_remove(const char *path)
{
    struct desk d = {.path = xstrdup(path), .work = -1, .lock = -1};
    struct buf above;
    buf_init(&above, PATH_BYTES);
    buf_printf(&above, "%s/..", path);
    int folder = open(above.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && take(&d, folder))
        remove_above(d.path);
    if (folder >= 0)
        close(folder);
    leave(&d);
    free(d.path);
    buf_free(&above);
}

void desk_close(struct desk *d, bool clear)
{
    if (d->path && clear)
        remove_above(d->path);
    if (d->path)
        leave(d);
    free(d->path);
    *d = (struct desk){.work = -1, .lock = -1};
}
