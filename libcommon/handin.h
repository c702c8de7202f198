/* handin: what a learner made of a starter's files. */
#ifndef GL_HANDIN_H
#define GL_HANDIN_H

#include "starter.h"

/* What is handed in of the files that are in the folder now; *changed says whether it is
 * another work than the starter's.  Names that editors and tools make for
 * themselves are passed over (".x", "x~", "#x#", "__pycache__").  False: links, special
 * files, what is no text, is too large or has a name that cannot travel; the error
 * names the first of them, and each has been said. */
bool handin_collect(int folder, const struct starter *s, struct files *handed_in, bool *changed,
                    struct err *e);

/* Appends the request with the files in its submission, or with `words` (NULL: it is
 * none of these) as the answer there and beside it; and with `folder` as
 * _gl.folder, unless that is NULL. */
void handin_put(struct buf *out, const struct json_object *request, const struct jail_file *words,
                const struct files *files, const char *folder);

#endif
