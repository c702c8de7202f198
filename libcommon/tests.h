/* tests: how each test of an exercise ended.
 *
 * What ran inside the sandbox reports in JSON Lines.  A language's driver runs inside the sandbox, beside the
 * learner's code, and writes JSON Lines (described in its own file).  What they say is believed as far as it
 * must be: a value returned is compared here with what was expected, which the driver never saw.  Lines that
 * make no sense are passed over; a test that has ended does not change any more. */
#ifndef GL_TESTS_H
#define GL_TESTS_H

#include "exercise.h"

/* In the order of precedence, for a result as a whole. */
enum test_class { TEST_OK, TEST_LOGIC, TEST_RUNTIME, TEST_DISK, TEST_MEMORY, TEST_TIMEOUT, TEST_SYNTAX };

struct test {
    char *name;              /* NULL: made from the call */
    struct json_text object; /* as the exercise lists it; absent in scripts */
    struct json_text input;  /* absent: called with nothing */
    bool one_value;          /* the input was passed as one value, whatever it is */
    bool started, ended;
    enum test_class class;   /* TEST_OK once it ended: passed */
    char *message;           /* or NULL */
    char *expected, *actual; /* JSON texts, or NULL */
};

/* Zero-initialise with tests_open; free with tests_free. */
struct tests {
    const struct exercise *exercise;
    struct test *test;
    size_t count, cap;
    bool known;                /* whether the tests are: those of scripts are told by the driver */
    bool exited;               /* a script told its end */
    int64_t exit_code;         /* of it */
    int64_t key;               /* that it has to name with its end; 0: none */
    char *state;               /* of a session, as JSON */
    char *function;            /* that was called */
    char *fault;               /* the learner's file could not be loaded: why */
    char *version;             /* of the language's runtime */
    char *unfit_class, *unfit; /* the exercise cannot be run: class and why */
};

const char *test_class_name(enum test_class class); /* NULL for TEST_OK */

void tests_open(struct tests *t, const struct exercise *x);
void tests_free(struct tests *t);

/* Takes in what a driver wrote: whole lines only. */
void tests_take(struct tests *t, const char *report, size_t len);

/* Takes each script for one test, where its driver did not get to tell them. */
void tests_assume(struct tests *t);

/* The first test that has not ended, or count. */
size_t tests_next(const struct tests *t);

/* Adds a test that ended, with a name and message to be copied (or NULL). */
void tests_add(struct tests *t, const char *name, enum test_class class, const char *message);

/* Ends a test by comparing the JSON text `actual` with what it expects; strings with
 * `trim` as compare_values does. */
void test_compare(struct test *test, struct json_text actual, bool trim);

/* Ends every test that has not ended: it failed so. */
void tests_end_all(struct tests *t, enum test_class class, const char *message);
void test_end(struct test *test, enum test_class class, const char *message);

/* Takes back that tests passed, from the one of number `from` on. */
void tests_doubt(struct tests *t, size_t from, enum test_class class, const char *message);

size_t tests_passed(const struct tests *t);
enum test_class tests_class(const struct tests *t); /* the worst of all */

/* Appends the member test_results.  A test that returned nothing, because it
 * raised or was not run, has no `actual`.  Once `room` bytes are used up values
 * are null; returns whether that happened. */
bool tests_put(const struct tests *t, struct buf *out, size_t room);

#endif
