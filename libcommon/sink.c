/* sink: write(2) without stdio, so that it is known how much has left. */
#include "sink.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli.h"

void sink_init(struct sink *s)
{
    s->error = 0;
    signal(SIGPIPE, SIG_IGN);
}

size_t sink_write(struct sink *s, const void *bytes, size_t len)
{
    size_t done = 0;
    while (!s->error && done < len) {
        ssize_t wrote = write(STDOUT_FILENO, (const char *)bytes + done, len - done);
        if (wrote >= 0)
            done += (size_t)wrote;
        else if (errno != EINTR)
            s->error = errno;
    }
    return done;
}

int sink_finish(const struct sink *s, int code)
{
    if (!s->error)
        return cli_finish(code);
    return cli_stdout_failed(s->error);
}
