/* patch: applies a unified diff to files, as a learner hands one in.
 *
 * Strict: every line of a hunk's context has to be there, though perhaps at
 * another place than the hunk says; nothing is guessed.  A path is taken with or
 * without a leading "a/" and "b/"; one that no file has is the one file's, where
 * there is just one.  "/dev/null" makes and removes files. */
#ifndef GL_PATCH_H
#define GL_PATCH_H

#include "files.h"

/* Changes *files.  False, and an error that names the file and the hunk: it does
 * not apply, and *files may have been changed in part. */
bool patch_apply(struct files *files, const char *diff, size_t len, struct err *e);

#endif
