/* files: a learner's or an exercise's files as they travel in records, as
 * {"path", "content"}.
 *
 * Paths come from others and are used to write files, so they are strict:
 * relative, without "..", control characters or anything that could mean two
 * files at once; "./a.py" and "a.py" are the same file. */
#ifndef GL_FILES_H
#define GL_FILES_H

#include "jail.h"
#include "json.h"

enum {
    FILES_MAX = JAIL_FILES_MAX - 8,
    FILES_BYTES_MAX = 8 << 20,
    FILES_PATH_MAX = 512,
};

/* Zero-initialise; free with files_free. */
struct files {
    struct jail_file *file;
    size_t count, cap, bytes;
};

/* The path as it is used, as a new string to be freed; NULL and an error that
 * says why it cannot be used.  `what` names it there ("the entrypoint"). */
char *files_path(struct json_text path, const char *what, struct err *e);

/* Adds the files of an array of {"path", "content"}.  A path that is there
 * already is replaced where `replace`, else left as it was; twice in one list
 * is an error. */
bool files_add_list(struct files *files, struct json_text list, bool replace, struct err *e);

/* Adds a copy of one file, or of all, in the same way. */
bool files_copy(struct files *files, const struct jail_file *file, bool replace, struct err *e);
bool files_add(struct files *files, const struct files *from, bool replace, struct err *e);

/* Sets a file's content, a new one's too; takes the buffer's bytes over.  The path is
 * checked as one from outside. */
bool files_put(struct files *files, const char *path, struct buf *content, struct err *e);
void files_remove(struct files *files, const struct jail_file *file);

/* Whether one file's path is a folder of another: those cannot be written. */
bool files_collide(const struct files *files, struct err *e);

const struct jail_file *files_find(const struct files *files, const char *path);
void files_free(struct files *files);

/* Appends the member `name`: an array of objects, each with a file's path and its bytes
 * under those names. */
void files_print(struct buf *out, const struct files *files, const char *name, const char *path,
                 const char *content);

#endif
