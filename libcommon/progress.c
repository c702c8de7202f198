/* progress: drawn over itself with a carriage return, and gone at the end. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"

enum { FIRST_MS = 1000, EVERY_MS = 200 };

void progress_start(struct progress *p, bool always)
{
    bool watched = tcgetpgrp(STDERR_FILENO) == getpgrp() && !isatty(STDOUT_FILENO);
    *p = (struct progress){.shown = (always || watched) && msg_level() != MSG_QUIET, .started = clock_now()};
    p->next = p->started + FIRST_MS;
}

/* The columns that a line may fill without wrapping; a wrapped one could not
 * be drawn over. */
static size_t columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79;
}

static void draw(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* there is nobody left to tell */
}

void progress_update(struct progress *p, size_t done, size_t failed, size_t open, double fraction)
{
    char line[160], flight[40] = "", left[40] = "";
    int64_t now = p->shown ? clock_now() : 0;
    if (!p->shown || now < p->next)
        return;
    double seconds = (double)(now - p->started) / 1000;
    if (fraction > 0 && fraction < 1)
        snprintf(left, sizeof left, ", %.0f s left", seconds * (1 - fraction) / fraction);
    if (open != PROGRESS_UNKNOWN)
        snprintf(flight, sizeof flight, ", %zu in flight", open);
    snprintf(line, sizeof line, "%zu done, %zu failed%s, %.0f/s%s", done, failed, flight,
             (double)done / seconds, left);
    if (columns() < strlen(line))
        line[columns()] = '\0';
    draw("\r");
    draw(line);
    draw("\033[K");
    p->drawn = true;
    p->next = now + EVERY_MS;
}

void progress_end(struct progress *p)
{
    if (p->drawn)
        draw("\r\033[K");
    p->drawn = false;
}
