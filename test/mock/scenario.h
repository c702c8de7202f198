/* scenario: the rules of --scenario, and how often each was taken.
 *
 * The file is JSON Lines, a rule a line:
 *
 *   {"match": {"method", "path", "atom_id"}, "answers": SCRIPT, "count": "atom"|"rule"}
 *
 * All of match is optional; a path may end in `*`; of the execution endpoint,
 * atom_id is the atom that the execution runs.  The first rule that matches
 * answers: the k-th time with its k-th answer, counted for each atom apart
 * (where there is none, for each execution or path), or with "count":"rule"
 * over all of them.  Counts of the oldest 262,144 subjects are forgotten.
 * Not thread-safe. */
#ifndef MOCK_SCENARIO_H
#define MOCK_SCENARIO_H

#include "script.h"

struct scenario;

/* What rules look at; subject is what counting goes by. */
struct asked {
    const char *method, *path; /* the path without its query */
    struct json_text atom_id;  /* or absent */
    const char *subject;
    size_t subject_len;
};

/* Reads the file; NULL: no rules. */
struct scenario *scenario_load(const char *file, struct err *e);
void scenario_free(struct scenario *s);

/* The answer of the first rule that matches, or NULL; *script is what it is
 * part of, held for the caller. */
const struct answer *scenario_answer(struct scenario *s, const struct asked *asked, struct script **script);

/* Counts one more of `what` for the subject; returns which it is, from 1. */
enum { COUNT_REQUESTS = -2, COUNT_INLINE = -1 };
uint64_t scenario_count(struct scenario *s, int what, const struct asked *asked);

#endif
