/* desk: the private folder in which a learner works on one atom.
 *
 * It lies where it outlives a crash of ours and of the machine, and is taken away
 * only by desk_close and desk_remove.  A lock says that it is in use; an editor started meanwhile
 * inherits it, so that a desk is in use for as long as its editor is.
 * Whoever resumes one gives it a new name: the path is that of who had it last. */
#ifndef GL_DESK_H
#define GL_DESK_H

#include "starter.h"

struct desk {
    char *path; /* of the folder with the files; NULL: there is none */
    int work;   /* that folder */
    int lock;
    bool resumed; /* the files are those of an earlier time */
};

/* Where desks are: `option`, else $XDG_STATE_HOME/greenlight/edit, else
 * ~/.local/state/greenlight/edit, else greenlight-edit-UID in $XDG_RUNTIME_DIR,
 * $TMPDIR or /tmp.  To be freed. */
char *desk_base(const char *option);

/* Opens a new desk for the atom and puts the starter's files there, or with
 * `resume` the latest one of that atom that was left behind; *left says whether there is
 * such a one that was not taken.  False: EXIT_IO, or EXIT_DATA where files are in
 * each other's way. */
bool desk_open(struct desk *d, const char *base, struct json_text atom_id, const struct starter *s,
               bool resume, bool *left, struct err *e);

/* Whether a program that the editor left behind still has the desk: one that went into
 * the background, where the learner may be at work.  It is not locked any more then. */
bool desk_is_in_use(struct desk *d);

/* Ends it; `clear` takes the folder away. */
void desk_close(struct desk *d, bool clear);

/* Takes away the desk that was left at `path` (as in struct desk), unless somebody has
 * resumed it since. */
void desk_remove(const char *path);

#endif
