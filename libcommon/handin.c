/* handin: every entry is opened without following links, and looked at through the
 * descriptor that it is read from. */
#define _GNU_SOURCE /* scandirat */
#include "handin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "record.h"
#include "xalloc.h"

enum { PATH_BYTES = 64 * 1024, DEPTH_MAX = 32 };

struct collection {
    const struct starter *starter;
    struct files *files;
    size_t refused;
    struct err *e;
};

static void refuse(struct collection *c, const char *path, const char *why)
{
    if (c->refused++ == 0)
        err_set(c->e, EXIT_DATA, "\"%s\" %s", path, why);
    msg_error("\"%s\" cannot be handed in: it %s", path, why);
}

/* Whether the text would come out of JSON as it went in. */
static bool travels(const char *bytes, size_t len)
{
    struct buf json, back;
    buf_init(&json, SIZE_MAX / 2);
    buf_init(&back, SIZE_MAX / 2);
    json_put_string(&json, bytes, len);
    json_string((struct json_text){json.data, json.len}, &back);
    bool same = back.len == len && memcmp(back.data, bytes, len) == 0;
    buf_free(&json);
    buf_free(&back);
    return same;
}

/* Why a name cannot be that of a file handed in, or NULL. */
static const char *wrong_path(const char *path)
{
    struct buf json;
    struct err unused;
    buf_init(&json, SIZE_MAX / 2);
    json_put_text(&json, path);
    char *good =
        travels(path, strlen(path)) ? files_path((struct json_text){json.data, json.len}, "", &unused) : NULL;
    buf_free(&json);
    free(good);
    return good ? NULL : "has a name that cannot be sent";
}

/* Why what is open cannot be handed in, or NULL. */
static const char *wrong_kind(int fd, const struct stat *st)
{
    if (fd < 0)
        return errno == ELOOP ? "is a link" : "cannot be read";
    if (!S_ISREG(st->st_mode))
        return "is no regular file";
    if (st->st_nlink > 1)
        return "is a hard link";
    return st->st_size > FILES_BYTES_MAX ? "is larger than 8 MiB" : NULL;
}

/* Reads a file that has been found fit, as long as it was then. */
static void read_file(struct collection *c, int fd, const char *path, size_t len)
{
    struct files *to = c->files;
    struct buf text;
    ssize_t got = 1;
    buf_init(&text, FILES_BYTES_MAX);
    char *bytes = buf_reserve(&text, len);
    fsync(fd); /* editors do not all do it, and the work is kept until it is graded */
    while (bytes && text.len < len && (got = read(fd, bytes + text.len, len - text.len)) > 0)
        text.len += (size_t)got;
    if (got < 0)
        refuse(c, path, "cannot be read");
    else if (to->bytes + text.len > FILES_BYTES_MAX)
        refuse(c, path, "is too large: all files together are more than 8 MiB");
    else if (to->count == FILES_MAX)
        refuse(c, path, "is one too many");
    else if (!travels(text.data, text.len))
        refuse(c, path, "is no UTF-8 text");
    else {
        xgrow(&to->file, &to->cap, to->count + 1, sizeof *to->file);
        to->bytes += text.len;
        to->file[to->count] = (struct jail_file){.path = xstrdup(path), .len = text.len};
        to->file[to->count++].bytes = buf_detach(&text);
    }
    buf_free(&text);
}

/* What editors and tools make for themselves, unless the exercise has it. */
static bool is_by_product(const struct starter *s, const char *name, const char *path)
{
    size_t len = strlen(name);
    bool odd = *name == '.' || name[len - 1] == '~' || (*name == '#' && name[len - 1] == '#') ||
               strcmp(name, "__pycache__") == 0;
    bool named = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    return named || (odd && !files_find(&s->work, path) && !files_find(&s->given, path));
}

static void walk(struct collection *c, int folder, const char *path, int depth);

/* One entry: a folder is gone through, anything else read or refused. */
static void visit(struct collection *c, int folder, const char *name, const char *path, int depth)
{
    struct stat st = {0};
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool known = fd >= 0 && fstat(fd, &st) == 0;
    const char *why = wrong_path(path);
    if (known && S_ISDIR(st.st_mode) && depth < DEPTH_MAX && !why) {
        walk(c, fd, path, depth + 1);
        return;
    }
    if (!why)
        why = S_ISDIR(st.st_mode) ? "lies too deep" : wrong_kind(fd, &st);
    if (why)
        refuse(c, path, why);
    else
        read_file(c, fd, path, (size_t)st.st_size);
    if (fd >= 0)
        close(fd);
}

/* Goes through a folder, whose descriptor it closes, in the order of names. */
static void walk(struct collection *c, int folder, const char *path, int depth)
{
    struct dirent **names = NULL;
    int count = scandirat(folder, ".", &names, NULL, alphasort);
    if (count < 0)
        refuse(c, path, "cannot be read");
    for (int i = 0; i < count; i++) {
        struct buf below;
        buf_init(&below, PATH_BYTES);
        buf_printf(&below, "%s%s%s", path, *path ? "/" : "", names[i]->d_name);
        if (!is_by_product(c->starter, names[i]->d_name, below.data))
            visit(c, folder, names[i]->d_name, below.data, depth);
        buf_free(&below);
        free(names[i]);
    }
    free(names);
    close(folder);
}

static bool is_as_in(const struct files *files, const struct jail_file *file)
{
    const struct jail_file *other = files_find(files, file->path);
    return other && other->len == file->len && memcmp(other->bytes, file->bytes, file->len) == 0;
}

/* Whether a file that is there is handed in. */
static bool is_handed_in(const struct starter *s, const struct jail_file *file)
{
    return !files_find(&s->shown, file->path) &&
           (files_find(&s->work, file->path) || !is_as_in(&s->given, file));
}

bool handin_collect(int folder, const struct starter *s, struct files *handed_in, bool *changed,
                    struct err *e)
{
    struct files all = {0};
    struct collection c = {s, &all, 0, e};
    int root = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        refuse(&c, ".", "cannot be read");
    else
        walk(&c, root, "", 0);
    size_t same = 0;
    for (size_t i = 0; i < all.count; i++) {
        if (!is_handed_in(s, &all.file[i]))
            continue;
        same += is_as_in(&s->work, &all.file[i]);
        xgrow(&handed_in->file, &handed_in->cap, handed_in->count + 1, sizeof *handed_in->file);
        handed_in->file[handed_in->count++] = all.file[i];
        all.file[i] = (struct jail_file){.path = NULL};
    }
    *changed = same != handed_in->count || same != s->work.count;
    files_free(&all);
    return c.refused == 0;
}

/* The text of an answer, without the end of its last line. */
static void put_answer(struct buf *to, const struct jail_file *file)
{
    size_t len = file->len;
    if (len && file->bytes[len - 1] == '\n')
        len--;
    json_put_string(to, file->bytes, len);
}

/* `_gl` with where the files are. */
static void put_gl(struct buf *gl, const struct json_object *request, const char *folder)
{
    struct buf text;
    struct json_object before = {0}, own = {0};
    buf_init(&text, gl->max);
    buf_putc(&text, '{');
    json_key(&text, "folder");
    json_put_text(&text, folder);
    buf_putc(&text, '}');
    json_index(&own, text.data, text.len, NULL);
    record_gl(request, &before);
    record_put_gl(gl, &before, NULL, &own);
    json_object_free(&before);
    json_object_free(&own);
    buf_free(&text);
}

void handin_put(struct buf *out, const struct json_object *request, const struct jail_file *words,
                const struct files *files, const char *folder)
{
    struct buf work, answer, submission, gl;
    struct json_object old = {0}, new = {0};
    buf_init(&work, out->max);
    buf_init(&answer, out->max);
    buf_init(&submission, out->max);
    buf_init(&gl, out->max);
    buf_putc(&work, '{');
    if (words) {
        put_answer(&answer, words);
        json_key(&work, "answer");
        json_put(&work, (struct json_text){answer.data, answer.len});
    } else {
        files_print(&work, files, "files", "path", "content");
    }
    buf_putc(&work, '}');
    json_index(&new, work.data, work.len, NULL);
    json_get_object(json_get(request, "submission"), &old);
    json_put_merged(&submission, &old, &new);
    struct json_edit edits[4] = {{.name = "submission", .value = {submission.data, submission.len}}};
    size_t count = 1;
    if (words)
        edits[count++] = (struct json_edit){.name = "answer", .value = {answer.data, answer.len}};
    if (folder) {
        put_gl(&gl, request, folder);
        edits[count] = (struct json_edit){.name = "_gl", .value = {gl.data, gl.len}};
    }
    json_put_edited(out, request, edits);
    json_object_free(&old);
    json_object_free(&new);
    buf_free(&work);
    buf_free(&answer);
    buf_free(&submission);
    buf_free(&gl);
}
