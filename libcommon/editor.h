/* editor: the learner's editor on the learner's terminal, whatever our own stdin
 * and stdout are.
 *
 * It runs in a process group of its own that has the terminal, so that Ctrl-C and
 * its kind are the editor's alone; Ctrl-Z stops us with it.  Where there is no
 * terminal it runs without one, with our stderr as its output: it may be a script. */
#ifndef GL_EDITOR_H
#define GL_EDITOR_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

enum editor_end {
    EDITOR_DONE,
    EDITOR_FAILED,      /* it ended with another exit code than 0 */
    EDITOR_DIED,        /* a signal ended it */
    EDITOR_MISSING,     /* it could not be run */
    EDITOR_INTERRUPTED, /* we got a signal, or lost our parent, and ended it */
    EDITOR_LATE,        /* it was ended at the deadline */
};

/* Runs $VISUAL (not on a dumb terminal), else $EDITOR, else editor(1), else vi, by
 * sh -c, in `folder` and on the files (ends with NULL; the first alone where the variable
 * has arguments), until `deadline` (CLOCK_NEVER: as
 * long as it takes), and only while `parent` is ours (0: whoever is): without the program
 * that waits for us, the shell has the terminal.  But for EDITOR_DONE *e says what happened. */
enum editor_end editor_run(int folder, const char *const *files, int64_t deadline, pid_t parent,
                           struct err *e);

#endif
