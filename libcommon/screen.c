/* screen: lines by write(2), answers by the terminal's own line editing. */
#define _POSIX_C_SOURCE 200809L
#include "screen.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "signals.h"
#include "text.h"

enum { LINE_MAX_BYTES = 4096, ANSWER_BYTES = 256 };

void screen_open(struct screen *s, bool quiet)
{
    *s = (struct screen){.fd = isatty(STDERR_FILENO) && !quiet ? STDERR_FILENO : -1};
}

static void put(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t done = write(fd, bytes, len);
        if (done <= 0)
            return; /* there is nobody left to tell */
        bytes += done;
        len -= (size_t)done;
    }
}

static size_t width(const struct screen *s)
{
    struct winsize size;
    return ioctl(s->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79;
}

void screen_status(struct screen *s, const char *text)
{
    struct buf line;
    if (s->fd < 0)
        return;
    buf_init(&line, LINE_MAX_BYTES);
    buf_putc(&line, '\r');
    text_cut(&line, text, strlen(text), width(s), "");
    buf_puts(&line, "\033[K");
    put(s->fd, line.data, line.len);
    buf_free(&line);
    s->drawn = true;
}

void screen_clear(struct screen *s)
{
    if (s->drawn)
        put(s->fd, "\r\033[K", 4);
    s->drawn = false;
}

void screen_say(struct screen *s, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    struct buf line;
    va_list args;
    if (s->fd < 0)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    screen_clear(s);
    buf_init(&line, 8 * sizeof text);
    text_escape(&line, text, strlen(text), TEXT_LINE);
    buf_putc(&line, '\n');
    put(s->fd, line.data, line.len);
    buf_free(&line);
}

/* One line of the terminal's, its first character in lower case; '\0' where none
 * came. */
static char read_answer(int tty, int64_t until)
{
    char line[ANSWER_BYTES];
    struct pollfd fds[2] = {{.fd = tty, .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
    int before = signals_count();
    while (clock_now() < until && signals_count() == before) {
        fds[0].revents = 0;
        if (poll(fds, 2, clock_poll_ms(clock_now(), until)) <= 0 || !fds[0].revents)
            continue;
        ssize_t got = read(tty, line, sizeof line);
        return got > 0 ? (char)tolower((unsigned char)line[0]) : '\0';
    }
    return '\0';
}

char screen_ask(struct screen *s, const char *question, const char *answers, int64_t wait_ms)
{
    int64_t until = clock_after(clock_now(), wait_ms);
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    char answer = '\0';
    if (tty < 0)
        return answer;
    screen_clear(s);
    tcflush(tty, TCIFLUSH); /* what was typed before the question is no answer */
    do {
        put(tty, question, strlen(question));
        answer = read_answer(tty, until);
    } while (answer && !strchr(answers, answer));
    if (!answer)
        put(tty, "\n", 1);
    close(tty);
    return answer;
}
