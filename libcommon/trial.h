/* trial: runs an exercise's tests to their end, step by step.
 *
 * A driver, or a program that was compiled with all calls, runs tests in a row; where
 * the learner's code ends it in the middle of one, that test failed and another process
 * goes on with the next.  Programs, sessions and scripts get a sandbox a test.  The
 * time limit is for all tests together; compiling has the operator's. */
#ifndef GL_TRIAL_H
#define GL_TRIAL_H

#include "hiding.h"
#include "sandbox.h"
#include "steps.h"

struct trial_options {
    int64_t build_ms;
    int64_t output_bytes; /* kept of stdout and of stderr, each */
    bool open;            /* without a sandbox */
};

/* Zero-initialise with trial_init; free with trial_free. */
struct trial {
    const struct trial_options *options;
    struct exercise *exercise;
    struct tests tests;
    struct refusal refusal; /* class NULL: none */
    int64_t started, deadline;
    struct sandbox_stream output, errors; /* of all steps, the compiler's too */
    struct buf program;                   /* what the compiler made */
    struct hiding hiding;                 /* opened where a step needs it */
    bool out_of_time;
    bool whole; /* the memory limit held for all processes together */
};

void trial_init(struct trial *t, const struct trial_options *options, struct exercise *x);

/* Runs the tests.  False: there is no grade, t->refusal says why; where no sandbox
 * could be had *no_sandbox does too, and is left alone otherwise. */
bool trial_run(struct trial *t, struct err *no_sandbox);
void trial_free(struct trial *t);

#endif
