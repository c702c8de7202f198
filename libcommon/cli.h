/* cli: the command line, from one table a program.
 *
 * The table gives parsing, the environment, defaults, --help and, by
 * --help=completion, what shells complete, so that they cannot drift apart; man
 * pages are held to it by tests.
 * -h --help, -V --version, -q --quiet and --verbose belong to every program
 * and are not in its table.  Everything here may exit: 64 for a wrong flag,
 * 78 for a wrong value in the environment, 0 after --help and --version. */
#ifndef GL_CLI_H
#define GL_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define GL_VERSION "0.1.0"

/* What an option's value is, and so the type of the member it fills. */
enum cli_type {
    CLI_FLAG,     /* no value; bool */
    CLI_TEXT,     /* const char *, borrowed from argv or the environment */
    CLI_INT,      /* int64_t, from min to max */
    CLI_REAL,     /* double, from min to max */
    CLI_DURATION, /* int64_t milliseconds, from min to max */
    CLI_SIZE,     /* int64_t bytes, from min to max */
    CLI_CHOICE,   /* int, an index into choices */
    CLI_URL,      /* const char *, a base URL */
};

struct cli_option {
    char letter;      /* 0: only the long name */
    const char *name; /* the long name, without the dashes */
    const char *arg;  /* its value's name in the help; NULL for a flag */
    const char *help; /* one line, lower case, without the default */
    enum cli_type type;
    size_t member;       /* offsetof the member in the program's options */
    const char *preset;  /* the default as a person would type it, or NULL */
    const char *env;     /* its environment variable; a duration there is in ms */
    const char *choices; /* CLI_CHOICE: "queue|skip|manual"; CLI_TEXT: "a,b", words of a list, to complete */
    int64_t min, max;    /* both 0: from 0 to a very large number */
};

/* --exit-status, as a row of a program's table: `help` says when it is 1. */
/* clang-format off */
#define CLI_EXIT_STATUS(T, m, text)                                                                  \
    {.letter = 'e', .name = "exit-status", .member = offsetof(T, m), .help = "exit 1 when " text}
/* clang-format on */

struct cli {
    const char *name;                 /* "gl-submit" */
    const char *operands;             /* "[FILE ...]", or "" for none allowed */
    const char *summary;              /* one sentence for --help */
    const struct cli_option *options; /* ends with a NULL name */
};

/* Reads defaults, then the environment, then the command line into *options
 * (the program's own struct).  Returns the operands, NULL-terminated (argv's
 * own memory); it prints and exits where the user asked for help or erred. */
char **cli_parse(const struct cli *c, void *options, int argc, char **argv);

/* Where an option's value came from. */
enum cli_source {
    CLI_FROM_DEFAULT, /* its preset, or none */
    CLI_FROM_ENVIRONMENT,
    CLI_FROM_FLAG,
    CLI_WRONG, /* the environment's value cannot be used, so it is the default */
};

/* cli_parse for a program that tells where its options came from: sources has an
 * element for each row of the table.  A wrong value in the environment does not end
 * the program. */
char **cli_parse_sources(const struct cli *c, void *options, int argc, char **argv, enum cli_source *sources);

/* Reads a table of options that this program does not take itself: defaults, then
 * the environment. */
void cli_read_sources(const struct cli_option *table, void *options, enum cli_source *sources);

/* Appends an option's value as a person would type it; nothing where it has none. */
void cli_put_value(struct buf *out, const struct cli_option *o, const void *options);

/* What an option takes in the environment, "a whole number", into text; returns it. */
const char *cli_expected(const struct cli_option *o, char *text, size_t room);

/* Ends a program: flushes and closes stdout.  Returns `code`, or EXIT_IO after
 * a message where writing failed; a closed pipe ends the process quietly, and
 * a signal that was caught (signals.h) ends it by that signal. */
int cli_finish(int code);

/* For who writes to stdout by other means: says why that failed (an errno value)
 * and returns EXIT_IO; a closed pipe ends the process here, as above. */
int cli_stdout_failed(int error);

/* stdout where that is a pipe or socket, whose reader may go away, else -1: for
 * who waits long before it writes.  Polled for nothing it tells of that, and
 * cli_check_reader (-1 is fine) then ends the program quietly, as a write would. */
int cli_reader_fd(void);
void cli_check_reader(int fd);

/* Writes to stdout, and flushes it.  Where that fails they end the program as
 * cli_finish does, at once: nobody can read what would come. */
void cli_write(const void *bytes, size_t len);
void cli_flush(void);

#endif
