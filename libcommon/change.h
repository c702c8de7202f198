/* change: what gl-retry and gl-cancel share: rows that people name are given to
 * one of the queue's functions, and each leaves as it is then. */
#ifndef GL_CHANGE_H
#define GL_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli.h"
#include "db.h"
#include "jsonl.h"

struct change_options {
    struct db_options db;
    bool exit_status;
    int64_t max_record;
};

/* The options of both programs; `text` ends "exit 1 when …". */
/* clang-format off */
#define CHANGE_OPTIONS(text)                                                                         \
    DB_OPTIONS(struct change_options, db),                                                           \
    DB_RETRY_OPTIONS(struct change_options, db.policy),                                              \
    JSONL_OPTION(struct change_options, max_record),                                                 \
    CLI_EXIT_STATUS(struct change_options, exit_status, text)
/* clang-format on */

/* A function of sql/033 that takes ids and answers each with `done`, "unchanged",
 * "duplicate" or "gone". */
struct change {
    const char *function, *done;
};

/* Runs the program, with its command line read, up to its exit code.  Rows come out
 * without their payloads; one that was left as it was has `"unchanged":true`. */
int change_run(const struct change *change, const struct change_options *o, char **operands);

#endif
