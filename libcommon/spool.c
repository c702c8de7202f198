/* spool: one JSON Lines file a batch.
 *
 *     {"greenlight_spool":1,"call":"enqueue","rows":2}
 *     {"request":"{\"atom_id\":…}","learner_id":"ada","row_id":"0190…"}
 *     …
 *
 * The members of a row are the parameters of its function; what is absent is
 * null.  Names begin with the time, so that their order is that of writing. */
#define _GNU_SOURCE /* scandir, flock */
#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "json.h"
#include "jsonl.h"
#include "msg.h"
#include "uuid.h"
#include "xalloc.h"

enum { PATH_MAX_BYTES = 64 * 1024, FILE_MAX = 1 << 30, UNFINISHED_MAX_AGE_S = 24 * 60 * 60 };
enum { SEND_ROWS = 1000, SEND_BYTES = 1 << 20 };

static const char ending[] = ".jsonl", unfinished[] = ".new", set_aside[] = ".bad";

static const struct batch_call *const calls[] = {&batch_enqueue, &batch_settle};

/* ---- where ---- */

char *spool_folder(const char *option)
{
    const char *named = option ? option : getenv("GREENLIGHT_SPOOL_DIR");
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    struct buf path;
    if (named && *named)
        return xstrdup(named);
    buf_init(&path, PATH_MAX_BYTES);
    if (state && *state == '/')
        buf_printf(&path, "%s/greenlight/spool", state);
    else if (home && *home == '/')
        buf_printf(&path, "%s/.local/state/greenlight/spool", home);
    else
        return NULL;
    return buf_detach(&path);
}

static int open_folder(const char *folder)
{
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Makes one folder, for this user alone since the files hold learners' work, and
 * syncs the one that it is in. */
static bool make_one(char *path)
{
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST;
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    int fd = open_folder(!slash ? "." : *path ? path : "/");
    if (slash)
        *slash = '/';
    bool good = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return good;
}

/* The folder with those above it, as `mkdir -p` does. */
static bool make_folder(const char *folder, struct err *e)
{
    char *path = xstrdup(folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)make_one(path); /* where one is missing the last one fails too */
        *slash = '/';
    }
    bool good = make_one(path);
    if (!good)
        err_errno(e, EXIT_IO, "cannot make the folder \"%s\"", folder);
    free(path);
    return good;
}

/* ---- writing ---- */

static void put_head(struct buf *out, const struct batch_call *call, size_t rows)
{
    buf_putc(out, '{');
    json_key(out, "greenlight_spool");
    json_put_int(out, 1);
    json_key(out, "call");
    json_put_text(out, call->name);
    json_key(out, "rows");
    json_put_int(out, (int64_t)rows);
    buf_puts(out, "}\n");
}

static void put_row(struct buf *out, const struct batch_call *call, const struct batch_value *values)
{
    buf_putc(out, '{');
    for (size_t i = 0; call->columns[i].name; i++) {
        if (!values[i].at)
            continue;
        json_key(out, call->columns[i].name);
        json_put_string(out, values[i].at, values[i].len);
    }
    buf_puts(out, "}\n");
}

static bool put_file(FILE *file, const struct batch *b, const bool *skip, size_t rows)
{
    struct batch_cursor c = {0};
    struct batch_value values[BATCH_COLUMNS_MAX];
    struct buf line;
    bool good = true;
    buf_init(&line, FILE_MAX);
    put_head(&line, b->call, rows);
    do {
        good = fwrite(line.data, 1, line.len, file) == line.len;
        line.len = 0;
        while (batch_next(b, &c, values))
            if (!skip || !skip[c.row - 1]) {
                put_row(&line, b->call, values);
                break;
            }
    } while (good && line.len);
    buf_free(&line);
    return good;
}

/* Writes under a name that replays pass over, then gives it its own.  Returns the
 * file, locked, or NULL. */
static FILE *put_whole_file(int folder, const char *name, const struct batch *b, const bool *skip,
                            size_t rows)
{
    char making[128];
    snprintf(making, sizeof making, "%s%s", name, unfinished);
    int fd = openat(folder, making, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return NULL;
    if (flock(fd, LOCK_EX) == 0 && put_file(file, b, skip, rows) && fflush(file) == 0 && fsync(fd) == 0 &&
        renameat(folder, making, folder, name) == 0 && fsync(folder) == 0)
        return file;
    int why = errno;
    (void)unlinkat(folder, making, 0);
    (void)unlinkat(folder, name, 0);
    fclose(file);
    errno = why;
    return NULL;
}

enum { NAME_BYTES = 100 };

/* As put_whole_file; `name` gets that of the file. */
static FILE *put_new_file(const char *folder, char name[NAME_BYTES], const struct batch *b, const bool *skip,
                          size_t rows, struct err *e)
{
    char id[UUID_TEXT];
    if (!make_folder(folder, e))
        return NULL;
    int fd = open_folder(folder);
    if (fd < 0) {
        err_errno(e, EXIT_IO, "cannot open the folder \"%s\"", folder);
        return NULL;
    }
    uuid7(id);
    snprintf(name, NAME_BYTES, "%s-%s%s", id, b->call->name, ending);
    FILE *file = put_whole_file(fd, name, b, skip, rows);
    if (!file)
        err_errno(e, EXIT_IO, "cannot write to \"%s/%s\"", folder, name);
    close(fd);
    return file;
}

bool spool_write(const char *folder, const struct batch *b, const bool *skip, struct err *e)
{
    char name[NAME_BYTES];
    size_t rows = 0;
    for (size_t i = 0; i < b->rows; i++)
        rows += !skip || !skip[i];
    FILE *file = rows ? put_new_file(folder, name, b, skip, rows, e) : NULL;
    if (file)
        fclose(file); /* all of it is on the disk */
    return !rows || file;
}

struct spool_held {
    FILE *file;
    struct buf path;
};

bool spool_hold(struct spool_held **held, const char *folder, const struct batch *b, struct err *e)
{
    char name[NAME_BYTES];
    FILE *file = put_new_file(folder, name, b, NULL, b->rows, e);
    if (!file)
        return false;
    *held = xcalloc(1, sizeof **held);
    (*held)->file = file;
    buf_init(&(*held)->path, PATH_MAX_BYTES);
    buf_printf(&(*held)->path, "%s/%s", folder, name);
    return true;
}

void spool_drop(struct spool_held *held)
{
    if (!held)
        return;
    (void)unlink(held->path.data);
    fclose(held->file);
    buf_free(&held->path);
    free(held);
}

/* ---- replaying ---- */

struct replay {
    const char *folder;
    const char *path; /* of the file */
    struct db *db;
    struct spool_count *count;
    const struct batch_call *call;
    struct batch rows;
    int64_t expected;
    size_t read, bad, sent; /* rows of the file */
};

static void answered(size_t row, const char *const *values, void *context)
{
    (void)row;
    (void)values;
    (void)context;
}

static void refused(size_t row, const struct err *why, void *context)
{
    struct replay *r = context;
    msg_error("%s: row %zu: %s", r->path, r->sent + row + 1, why->text);
    r->bad++;
}

static bool send_rows(struct replay *r, struct err *e)
{
    const struct batch_hooks hooks = {answered, refused, r};
    if (r->rows.rows && !batch_send(&r->rows, r->db, &hooks, e))
        return false;
    r->sent += r->rows.rows;
    batch_clear(&r->rows);
    return true;
}

/* The first line: what the rows are for. */
static bool read_head(struct replay *r, const struct json_object *head)
{
    int64_t version;
    if (!json_int(json_get(head, "greenlight_spool"), &version) || version != 1 ||
        !json_int(json_get(head, "rows"), &r->expected))
        return false;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (json_is(json_get(head, "call"), calls[i]->name))
            r->call = calls[i];
    if (r->call)
        batch_init(&r->rows, r->call);
    return r->call;
}

static bool read_row(struct replay *r, const struct json_object *row)
{
    struct batch_value values[BATCH_COLUMNS_MAX] = {{NULL, 0}};
    struct buf texts[BATCH_COLUMNS_MAX];
    size_t known = 0, count = 0;
    for (; r->call->columns[count].name; count++) {
        struct json_text value = json_get(row, r->call->columns[count].name);
        buf_init(&texts[count], FILE_MAX);
        if (!json_string(value, &texts[count]))
            continue;
        values[count] = (struct batch_value){texts[count].data, texts[count].len};
        known++;
    }
    bool good = known == row->count;
    if (good)
        batch_add(&r->rows, values);
    for (size_t i = 0; i < count; i++)
        buf_free(&texts[i]);
    return good;
}

/* Reads and sends one file.  False: the database will not have it now. */
static bool read_file(struct replay *r, struct jsonl *in, struct err *e)
{
    struct jsonl_record record;
    struct err bad;
    enum jsonl_got got;
    while ((got = jsonl_next(in, &record, &bad)) != JSONL_EOF) {
        if (got == JSONL_WAIT) {
            jsonl_fill(in);
            continue;
        }
        if (!r->call) {
            if (got == JSONL_RECORD && read_head(r, record.object))
                continue;
            msg_error("%s: not a spool file of this version", r->path);
            r->bad++;
            return true;
        }
        r->read++;
        if (got == JSONL_BAD || !read_row(r, record.object)) {
            msg_error("%s: row %zu cannot be read", r->path, r->read);
            r->bad++;
            if (!send_rows(r, e)) /* now, so that later rows keep their numbers */
                return false;
            r->sent++;
        }
        if ((r->rows.rows >= SEND_ROWS || r->rows.bytes >= SEND_BYTES) && !send_rows(r, e))
            return false;
    }
    return !r->call || send_rows(r, e);
}

static bool replay_open_file(struct replay *r, int folder, const char *name, struct err *e)
{
    struct jsonl *in = jsonl_open((char *[]){(char *)r->path, NULL}, FILE_MAX);
    bool good = read_file(r, in, e);
    if (jsonl_failed(in))
        good = err_set(e, EXIT_IO, "cannot read \"%s\"", r->path);
    jsonl_close(in);
    if (!good)
        return false;
    if (!r->bad && (!r->call || r->read != (size_t)r->expected)) {
        msg_error("%s: %zu rows where there should be %lld", r->path, r->read, (long long)r->expected);
        r->bad++;
    }
    char aside[NAME_MAX + sizeof set_aside];
    snprintf(aside, sizeof aside, "%s%s", name, set_aside);
    if (r->bad)
        msg_error("%s: moved aside, as %s", r->path, aside);
    if ((r->bad ? renameat(folder, name, folder, aside) : unlinkat(folder, name, 0)) != 0)
        return err_errno(e, EXIT_IO, "cannot remove \"%s\"", r->path);
    r->count->files += !r->bad;
    r->count->rows += r->sent - r->bad;
    r->count->bad += r->bad;
    return true;
}

/* A file that another program has locked, or that is gone, is done by it. */
static bool replay_file(const struct replay *run, int folder, const char *name, struct err *e)
{
    struct replay r = *run;
    struct stat st;
    struct buf path;
    bool good = true;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || err_errno(e, EXIT_IO, "cannot open \"%s/%s\"", run->folder, name);
    buf_init(&path, PATH_MAX_BYTES);
    buf_printf(&path, "%s/%s", run->folder, name);
    r.path = path.data;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
        good = replay_open_file(&r, folder, name, e);
    if (r.call)
        batch_free(&r.rows);
    buf_free(&path);
    close(fd);
    return good;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), tail = strlen(end);
    return len > tail && strcmp(name + len - tail, end) == 0;
}

static int is_ours(const struct dirent *entry)
{
    return ends_with(entry->d_name, ending) || ends_with(entry->d_name, unfinished);
}

/* What a program left that was killed while it wrote: nobody was told of it. */
static void remove_unfinished(int folder, const char *name)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_mtime < clock_wall() / 1000 - UNFINISHED_MAX_AGE_S)
        (void)unlinkat(folder, name, 0);
}

bool spool_replay(const char *folder, struct db *db, struct spool_count *count, struct err *e)
{
    struct dirent **names;
    struct replay run = {.folder = folder, .db = db, .count = count};
    bool good = true;
    *count = (struct spool_count){0};
    int fd = folder ? open_folder(folder) : -1;
    if (fd < 0)
        return !folder || errno == ENOENT || err_errno(e, EXIT_IO, "cannot open the folder \"%s\"", folder);
    int found = scandirat(fd, ".", &names, is_ours, alphasort);
    if (found < 0)
        good = err_errno(e, EXIT_IO, "cannot read the folder \"%s\"", folder);
    for (int i = 0; i < found; i++) {
        if (ends_with(names[i]->d_name, unfinished))
            remove_unfinished(fd, names[i]->d_name);
        else if (good)
            good = replay_file(&run, fd, names[i]->d_name, e);
        free(names[i]);
    }
    if (found >= 0)
        free(names);
    close(fd);
    return good;
}

/* Whether files could be made in the folder, or in the lowest one above it that is
 * there. */
static bool is_writable(const char *folder)
{
    char *path = xstrdup(folder);
    const char *at = path;
    while (at == path && access(path, F_OK) != 0 && errno == ENOENT) {
        char *slash = strrchr(path, '/');
        if (!slash || slash == path)
            at = slash ? "/" : ".";
        else
            *slash = '\0';
    }
    bool good = access(at, W_OK | X_OK) == 0;
    int why = errno;
    free(path);
    errno = why;
    return good;
}

static int is_kept(const struct dirent *entry)
{
    return ends_with(entry->d_name, ending) || ends_with(entry->d_name, set_aside);
}

bool spool_look(const char *folder, struct spool_look *look, struct err *e)
{
    struct dirent **names;
    *look = (struct spool_look){0};
    if (!folder)
        return true;
    int found = scandir(folder, &names, is_kept, alphasort);
    if (found < 0 && errno != ENOENT)
        return err_errno(e, EXIT_IO, "cannot read the folder \"%s\"", folder);
    for (int i = 0; i < found; i++) {
        look->waiting += ends_with(names[i]->d_name, ending);
        look->bad += ends_with(names[i]->d_name, set_aside);
        free(names[i]);
    }
    if (found >= 0)
        free(names);
    return is_writable(folder) || err_errno(e, EXIT_IO, "cannot write to the folder \"%s\"", folder);
}
