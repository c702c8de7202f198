/* files: few enough that a list is searched from end to end. */
#define _POSIX_C_SOURCE 200809L
#include "files.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* Takes empty and "." parts out of a relative path, in place; false where a
 * part is "..". */
static bool tidy(char *path)
{
    char *to = path, *part = path;
    while (part) {
        char *next = strchr(part, '/');
        size_t len = next ? (size_t)(next - part) : strlen(part);
        if (len == 2 && memcmp(part, "..", 2) == 0)
            return false;
        if (len && !(len == 1 && *part == '.')) {
            if (to > path)
                *to++ = '/';
            memmove(to, part, len);
            to += len;
        }
        part = next ? next + 1 : NULL;
    }
    *to = '\0';
    return true;
}

/* Checks and tidies a path of its own, or NULL; frees it where it cannot be used. */
static char *check_path(char *copy, const char *what, struct err *e)
{
    const char *why = NULL;
    if (!copy)
        why = "is no text, or holds a NUL";
    else if (*copy == '/')
        why = "is an absolute path";
    else if (strlen(copy) > FILES_PATH_MAX)
        why = "is too long";
    else if (has_control(copy))
        why = "holds control characters";
    else if (!tidy(copy))
        why = "leaves the folder of the exercise";
    else if (!*copy)
        why = "is empty";
    if (!why)
        return copy;
    err_set(e, EXIT_DATA, "the path of %s %s", what, why);
    free(copy);
    return NULL;
}

char *files_path(struct json_text path, const char *what, struct err *e)
{
    return check_path(json_strdup(path), what, e);
}

const struct jail_file *files_find(const struct files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->file[i].path, path) == 0)
            return &files->file[i];
    return NULL;
}

static void free_file(struct jail_file *file)
{
    free((char *)file->path);
    free((char *)file->bytes);
}

/* Takes over the file's path and bytes. */
static bool add_file(struct files *files, struct jail_file file, bool replace, struct err *e)
{
    struct jail_file *old = (struct jail_file *)files_find(files, file.path);
    size_t bytes = files->bytes + file.len;
    if ((old && !replace) || bytes > FILES_BYTES_MAX || (!old && files->count == FILES_MAX)) {
        bool left_out = old && !replace;
        if (!left_out)
            err_set(e, EXIT_DATA, "more than %d files, or %d bytes of them", FILES_MAX, FILES_BYTES_MAX);
        free_file(&file);
        return left_out;
    }
    if (old)
        free_file(old);
    else
        xgrow(&files->file, &files->cap, files->count + 1, sizeof *files->file);
    files->bytes = bytes;
    *(old ? old : &files->file[files->count++]) = file;
    return true;
}

/* Reads one {"path", "content"}; false where it is none. */
static bool read_file(const struct json_object *entry, struct jail_file *file, struct err *e)
{
    struct buf text;
    char *path = files_path(json_get(entry, "path"), "a file", e);
    if (!path)
        return false;
    buf_init(&text, FILES_BYTES_MAX);
    if (!json_string(json_get(entry, "content"), &text)) {
        err_set(e, EXIT_DATA, "the content of \"%s\" is %s", path, text.overflowed ? "too large" : "no text");
        buf_free(&text);
        free(path);
        return false;
    }
    size_t len = text.len;
    *file = (struct jail_file){.path = path, .bytes = buf_detach(&text), .len = len};
    return true;
}

bool files_add_list(struct files *files, struct json_text list, bool replace, struct err *e)
{
    struct json_object entry = {0};
    struct json_text element;
    struct jail_file file;
    struct files given = {0};
    size_t at = 0, moved = 0;
    bool ok = json_kind(list) == JSON_ARRAY || err_set(e, EXIT_DATA, "\"files\" is no list");
    while (ok && json_next(list, &at, &element)) {
        json_get_object(element, &entry);
        ok = read_file(&entry, &file, e);
        if (ok && files_find(&given, file.path)) {
            ok = err_set(e, EXIT_DATA, "\"%s\" is given twice", file.path);
            free_file(&file);
        } else if (ok) {
            ok = add_file(&given, file, false, e);
        }
    }
    while (ok && moved < given.count)
        ok = add_file(files, given.file[moved++], replace, e);
    for (size_t i = moved; i < given.count; i++)
        free_file(&given.file[i]);
    free(given.file);
    json_object_free(&entry);
    return ok;
}

bool files_copy(struct files *files, const struct jail_file *file, bool replace, struct err *e)
{
    struct jail_file copy = *file;
    copy.path = xstrdup(file->path);
    copy.bytes = xmemdup(file->bytes, file->len);
    return add_file(files, copy, replace, e);
}

bool files_add(struct files *files, const struct files *from, bool replace, struct err *e)
{
    bool ok = true;
    for (size_t i = 0; ok && i < from->count; i++)
        ok = files_copy(files, &from->file[i], replace, e);
    return ok;
}

bool files_put(struct files *files, const char *path, struct buf *content, struct err *e)
{
    size_t len = content->len;
    char *own = check_path(xstrdup(path), "a file", e);
    if (own && content->overflowed)
        err_set(e, EXIT_DATA, "the content of \"%s\" is too large", path);
    if (own && !content->overflowed)
        return add_file(files, (struct jail_file){.path = own, .bytes = buf_detach(content), .len = len},
                        true, e);
    free(own);
    return false;
}

void files_remove(struct files *files, const struct jail_file *file)
{
    struct jail_file *at = (struct jail_file *)file;
    files->bytes -= at->len;
    free_file(at);
    *at = files->file[--files->count];
}

bool files_collide(const struct files *files, struct err *e)
{
    for (size_t i = 0; i < files->count; i++)
        for (size_t k = 0; k < files->count; k++) {
            const char *a = files->file[i].path, *b = files->file[k].path;
            size_t len = strlen(a);
            if (strncmp(a, b, len) == 0 && b[len] == '/')
                return !err_set(e, EXIT_DATA, "\"%s\" is a file and a folder", a);
        }
    return false;
}

void files_free(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free_file(&files->file[i]);
    free(files->file);
    *files = (struct files){0};
}

void files_print(struct buf *out, const struct files *files, const char *name, const char *path,
                 const char *content)
{
    json_key(out, name);
    buf_putc(out, '[');
    for (size_t i = 0; i < files->count; i++) {
        json_comma(out);
        buf_putc(out, '{');
        json_key(out, path);
        json_put_text(out, files->file[i].path);
        json_key(out, content);
        json_put_string(out, files->file[i].bytes, files->file[i].len);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}
