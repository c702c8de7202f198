/* execution: what queue-atom started, until nobody asks for it any more.
 *
 * An execution follows the answer that started it: so many polls find it
 * unfinished, then it has a result or has failed, for every poll from then on.
 * Where --exec runs a command for it, that decides instead.  The oldest are
 * forgotten past 262,144 executions or 256 MiB.  Not thread-safe. */
#ifndef MOCK_EXECUTION_H
#define MOCK_EXECUTION_H

#include "script.h"

struct executions;

struct executions *executions_new(void);
void executions_free(struct executions *x);

/* Starts the execution `id` (or starts it again), following the answer of a
 * script that it holds as long as it needs; atom_id is JSON, or absent. */
void executions_start(struct executions *x, struct json_text id, struct script *script,
                      const struct answer *answer, struct json_text atom_id);

/* Has the execution stay unfinished until its command's output comes: the
 * result, or NULL where it failed, with the reason. */
void executions_wait(struct executions *x, struct json_text id);
void executions_finish(struct executions *x, struct json_text id, const char *result, size_t len,
                       const char *reason);

/* Its atom; absent where there is no such execution, or it has none. */
struct json_text executions_atom(struct executions *x, struct json_text id);

/* Appends the answer to one more poll; false where there is no such execution. */
bool executions_poll(struct executions *x, struct json_text id, struct buf *out);

#endif
