/* signals: a self-pipe, so that a signal between a test of the flag and a
 * poll(2) wakes the poll. */
#define _GNU_SOURCE /* pipe2 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"

static volatile sig_atomic_t caught, came, allowed = 1;
static int wake[2] = {-1, -1};

static void on_signal(int number)
{
    int saved = errno;
    if (came >= allowed) {
        signal(number, SIG_DFL);
        raise(number);
    }
    if (came++ == 0)
        caught = number;
    ssize_t written = write(wake[1], "", 1);
    (void)written; /* a full pipe is readable already */
    errno = saved;
}

void signals_catch(void)
{
    /* Restarted: stdio would drop what it holds when a write is cut short. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;
    static const int numbers[] = {SIGINT, SIGTERM};
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        die(EXIT_OS, "cannot make a pipe");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

void signals_allow(int count)
{
    allowed = count;
}

int signals_count(void)
{
    char bytes[8];
    while (read(wake[0], bytes, sizeof bytes) > 0)
        ;
    return came;
}

void signals_forget(void)
{
    signals_count();
    came = 0;
    caught = 0;
}

int signals_caught(void)
{
    return caught;
}

int signals_fd(void)
{
    return wake[0];
}

int64_t signals_deadline(void)
{
    static int64_t deadline = CLOCK_NEVER;
    if (caught && deadline == CLOCK_NEVER)
        deadline = clock_after(clock_now(), SIGNALS_GRACE_MS);
    return deadline;
}

void signals_raise(void)
{
    sigset_t set;
    if (!caught)
        return;
    signal(caught, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, caught);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(caught);
}
