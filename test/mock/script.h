/* script: what the mock is told to answer, read from JSON.
 *
 * A script is a list of answers; the k-th request takes the k-th, the last
 * one repeats.  In JSON it is a list, or one answer alone:
 *
 *   503                   one status, with a body that fits it
 *   "503,503,200"         several statuses
 *   {"status": 503, ...}  an object, all members optional:
 *
 *   status        the HTTP status; default 200, for queue-atom 202
 *   body, text    the body: any JSON, sent byte for byte; or a raw text
 *   headers       {name: value}, added or in place of the usual ones
 *   retry_after   sent verbatim ("7"), or {"date_in": 2}: the HTTP date in 2 s
 *   delay_ms      wait before answering
 *   fault         drop, reset: close without an answer, politely or by RST;
 *                 truncate_length, truncate_chunked, truncate_close: send half
 *                 of the body, framed as the name says, and close
 *   raw           these bytes and nothing else, see raw.h
 *   pad           bytes of padding in a further string member "pad", streamed
 *   shape         which default body, see shape.h
 *   correct, score, passed, total, atom_id      fill the default body
 *   execution_id, estimated_wait_seconds        in the answer of queue-atom
 *   polls, poll_status       how many polls find the execution unfinished, and
 *                            the words for it, the last one repeated
 *   result, fail  how run-atom or the execution ends: with this result, verbatim,
 *                 or failed with this message; fail also in an error's body
 *
 * Values that only fill a body are not checked: "correct":"yes" sends that. */
#ifndef MOCK_SCRIPT_H
#define MOCK_SCRIPT_H

#include <stdbool.h>

#include "json.h"

enum cut { CUT_NONE, CUT_DROP, CUT_RESET, CUT_LENGTH, CUT_CHUNKED, CUT_CLOSE };

enum shape {
    SHAPE_FLAT,
    SHAPE_NESTED,
    SHAPE_SCORE,
    SHAPE_TESTS_FAILED,
    SHAPE_COUNTS,
    SHAPE_LISTS,
    SHAPE_TESTS,
    SHAPE_RESULTS,
    SHAPE_ERRORS,
    SHAPE_DETAILS,
    SHAPE_META_COGNITIVE,
    SHAPE_CORRECT_ONLY,
    SHAPE_DETAIL, /* from here on: errors */
    SHAPE_ERROR,
    SHAPE_ERROR_MESSAGE,
    SHAPE_PROBLEM,
};

enum { UNSET = -1 };

struct answer {
    int64_t status, delay_ms, pad, passed, total, polls, date_in; /* or UNSET */
    int cut, shape;                                               /* enum cut; enum shape or UNSET */
    struct json_text body, text, raw, headers, retry_after, correct, score, atom_id;
    struct json_text execution_id, estimated_wait, poll_status, result, fail;
};

/* The answer that nothing was said about. */
extern const struct answer answer_default;

/* Shared by the requests and executions that follow it. */
struct script;

/* Copies `value` and reads it; NULL where it is no script. */
struct script *script_read(struct json_text value, struct err *e);
struct script *script_hold(struct script *s); /* NULL is held as NULL */
void script_drop(struct script *s);

/* The k-th answer, from 1; it lives as long as the script. */
const struct answer *script_answer(const struct script *s, uint64_t k);

/* Whether the answer says how an execution goes on. */
bool answer_tells_execution(const struct answer *a);

/* The fault's name; "" for none. */
const char *cut_name(enum cut cut);

/* A word's value as characters: strings decoded, anything else as it stands. */
void answer_put_word(struct buf *out, struct json_text word);

#endif
