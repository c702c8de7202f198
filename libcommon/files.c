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

char *files_path(struct json_text path, const char *what, struct err *e)
{
    char *copy = json_strdup(path);
    const char *why = NULL;
    if (!copy)
        why = "is no text, or holds a NUL";
    else if (*copy == '/')
        why = "is an absolute path";
    else if (strlen(copy) > FILES_PATH_MAX)
        why = "is too long";
    else if (has_control(copy))
        why = "holds control characters";
    else if (copy[strcspn(copy, "\\")] || !tidy(copy))
        why = "leaves the folder of the exercise";
    else if (!*copy)
        why = "is empty";
    if (!why)
        return copy;
    err_set(e, EXIT_DATA, "the path of %s %s", what, why);
    free(copy);
    return NULL;
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

/* Takes over path; copies the content. */
static bool add_file(struct files *files, char *path, struct json_text content, bool replace, struct err *e)
{
    struct jail_file *old = (struct jail_file *)files_find(files, path);
    struct buf text;
    if (old && !replace) {
        free(path);
        return true;
    }
    if (!old && files->count == FILES_MAX) {
        free(path);
        return err_set(e, EXIT_DATA, "more than %d files", FILES_MAX);
    }
    buf_init(&text, FILES_BYTES_MAX);
    if (!json_string(content, &text) || files->bytes + text.len > FILES_BYTES_MAX) {
        err_set(e, EXIT_DATA, "the content of \"%s\" %s", path,
                json_kind(content) == JSON_STRING ? "makes the files too large" : "is no text");
        buf_free(&text);
        free(path);
        return false;
    }
    if (old)
        free_file(old);
    else
        xgrow(&files->file, &files->cap, files->count + 1, sizeof *files->file);
    files->bytes += text.len;
    struct jail_file *to = old ? old : &files->file[files->count++];
    to->path = path;
    to->len = text.len;
    to->bytes = buf_detach(&text);
    return true;
}

bool files_add_list(struct files *files, struct json_text list, bool replace, struct err *e)
{
    struct json_object entry = {0};
    struct json_text element;
    struct files own = {0};
    size_t at = 0;
    bool ok = json_kind(list) == JSON_ARRAY || err_set(e, EXIT_DATA, "files is no list");
    while (ok && json_next(list, &at, &element)) {
        json_get_object(element, &entry);
        char *path = files_path(json_get(&entry, "path"), "a file", e);
        ok = path != NULL;
        if (ok && files_find(&own, path)) {
            ok = err_set(e, EXIT_DATA, "\"%s\" is given twice", path);
            free(path);
        } else if (ok) {
            ok = add_file(&own, xstrdup(path), json_get(&entry, "content"), false, e) &&
                 add_file(files, path, json_get(&entry, "content"), replace, e);
        }
    }
    files_free(&own);
    json_object_free(&entry);
    return ok;
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
