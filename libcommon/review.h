/* review: what a result says to a person, whatever the format it is shown in.
 *
 * A result's members become a verdict, a score that is shown as it is, and for
 * what was not graded the sentences that say what happened and what happens
 * next.  Members of the wrong kind are taken as not known, never as 0. */
#ifndef GL_REVIEW_H
#define GL_REVIEW_H

#include "json.h"
#include "status.h"

/* How a result looks: by its score, or not like a score at all. */
enum tone { TONE_GOOD, TONE_FAIR, TONE_BAD, TONE_NONE };

enum { REVIEW_UNKNOWN = -1 };

/* Zero-initialise once, fill with review_read_as, end with review_free.  Spans
 * borrow from the record. */
struct review {
    enum status status; /* STATUS_UNKNOWN: the word is in status_text */
    struct json_text status_text;
    bool graded;
    bool scored; /* score is there, from 0 to 1, and percent is it rounded down */
    double score;
    int percent;
    struct json_text score_text; /* what stood there */
    enum tone tone;
    const char *verdict;               /* PASS, PARTIAL, FAIL, GRADED, NOT GRADED, SKIPPED, CANCELLED */
    int64_t tests_passed, tests_total; /* REVIEW_UNKNOWN */
    double time_ms;                    /* negative: unknown */
    struct json_text atom_id, execution_id, tests, feedback, error_class, suggestions, diff, output, errors,
        logs, warnings;
    struct json_text error_message, error_code; /* absent where there is none */
    int64_t http_status, attempts;              /* 0: unknown */
    bool queued;                                /* it came from the queue and goes back there */
    const char *happened, *next;                /* sentences, where it was not graded; else NULL */
    struct json_object error, gl;               /* indexes */
};

/* Reads a result whatever its own status says: for one that was stored as such by
 * somebody who knows. */
void review_read_as(struct review *r, const struct json_object *record, enum status status);
void review_free(struct review *r);

/* Facts in a few words, of at most REVIEW_FACT bytes; empty where nothing is known:
 * "2/4 tests passed", never 0/0, and "1.50 s" (of a number of milliseconds). */
enum { REVIEW_FACT = 80 };
void review_tests(const struct review *r, char out[REVIEW_FACT]);
void review_time(double ms, char out[REVIEW_FACT]);

/* One element of `tests`. */
struct review_test {
    enum tone tone;   /* TONE_GOOD, TONE_BAD; TONE_NONE: it is not known whether it passed */
    const char *word; /* PASS, FAIL, unknown */
    struct json_text name, message, expected, actual;
    bool compared; /* expected and actual, where they are there, are worth showing: */
    bool as_text;  /* as the characters of strings, else as JSON text, so that "1" and 1 differ */
};

/* Reads an element; *index is the caller's, zero-initialised, to be freed with
 * json_object_free after the last one.  What is no object is a test's name. */
void review_read_test(struct review_test *t, struct json_object *index, struct json_text element);

#endif
