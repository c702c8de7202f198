/* spool: batches that the database was not there for, as files in a folder.
 *
 * A file is JSON Lines: a line that says what the rows are for and how many there
 * are, then a row a line.  It is written under another name, synced and renamed,
 * so a file is whole or not there; and it may be replayed twice, for the rows have
 * their ids and tokens with them.  Files are replayed in the order in which they
 * were written, each under a lock, by whichever program comes first. */
#ifndef GL_SPOOL_H
#define GL_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "batch.h"
#include "db.h"
#include "err.h"

/* The folder, to be freed: `option` where it is not NULL, else
 * GREENLIGHT_SPOOL_DIR, else greenlight/spool below XDG_STATE_HOME or
 * ~/.local/state; NULL where none of them is set. */
char *spool_folder(const char *option);

/* Writes the rows of which skip[row] is false (NULL: all) to a new file in
 * the folder, which is made where it is missing, and syncs both.  False (EXIT_IO):
 * nothing is kept.  No row to write: true, and no file. */
bool spool_write(const char *folder, const struct batch *b, const bool *skip, struct err *e);

/* The same for what may yet come to an end: the file is locked, so that it is
 * replayed only once this process is gone.  spool_drop takes it away; NULL is fine. */
struct spool_held;
bool spool_hold(struct spool_held **held, const char *folder, const struct batch *b, struct err *e);
void spool_drop(struct spool_held *held);

/* What a replay came to. */
struct spool_count {
    size_t files; /* stored and removed */
    size_t rows;  /* in them */
    size_t bad;   /* rows or whole files that can never be stored, moved aside */
};

/* Sends what is in the folder to the database; a file goes once its rows are
 * committed.  Files that another program has locked are left to it.  What can
 * never be stored is said on stderr and moved aside, as FILE.bad.  No folder, or
 * NULL, is an empty one.  False: the database is away or cannot be used
 * (EXIT_AGAIN, EXIT_AUTH, EXIT_CONFIG), or the folder cannot be (EXIT_IO); what
 * was not stored stays. */
bool spool_replay(const char *folder, struct db *db, struct spool_count *count, struct err *e);

/* What is in the folder, without touching it. */
struct spool_look {
    size_t waiting; /* files that a replay would send */
    size_t bad;     /* that were moved aside */
};

/* Looks; NULL, or a folder that is not there but could be made, has nothing in it.
 * False (EXIT_IO): it cannot be read, or not be written to. */
bool spool_look(const char *folder, struct spool_look *look, struct err *e);

#endif
