/* journal: each line is one write(2). */
#define _GNU_SOURCE /* O_CLOEXEC, F_DUPFD_CLOEXEC */
#include "journal.h"

#include <fcntl.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"

enum { LINE_BYTES_MAX = 64 * 1024, LOG_FD_MIN = 10 };

static int log_fd = -1;

bool journal_open(bool terminal, struct err *e)
{
    const char *instead = terminal ? "/dev/tty" : "/dev/null";
    int fd = open(instead, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, EXIT_OS, "cannot open \"%s\"", instead);
    bool silent = terminal && isatty(STDERR_FILENO);
    log_fd = silent ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, LOG_FD_MIN);
    bool good = (silent || log_fd >= 0) && dup2(fd, STDERR_FILENO) >= 0;
    close(fd);
    return good || err_errno(e, EXIT_OS, "cannot turn stderr away");
}

void journal_begin(struct buf *line, const char *event)
{
    char now[CLOCK_TEXT];
    buf_init(line, LINE_BYTES_MAX);
    clock_format(clock_wall(), now);
    buf_putc(line, '{');
    journal_text(line, "time", now);
    journal_text(line, "event", event);
}

void journal_text(struct buf *line, const char *name, const char *value)
{
    json_key(line, name);
    json_put_text(line, value);
}

void journal_int(struct buf *line, const char *name, int64_t value)
{
    json_key(line, name);
    json_put_int(line, value);
}

void journal_end(struct buf *line)
{
    buf_puts(line, "}\n");
    bool said = !line->overflowed && log_fd >= 0 && msg_level() != MSG_QUIET;
    ssize_t written = said ? write(log_fd, line->data, line->len) : 0;
    (void)written; /* serving goes on without a log */
    buf_free(line);
}
