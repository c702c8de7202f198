/* gate: a relay that holds lines back. */
#include "gate.h"

#include <unistd.h>

#include "clock.h"
#include "msg.h"

enum { VERDICT_MS = 5000 };

static bool look(const char *line, size_t len, void *context)
{
    struct gate *g = context;
    if (g->url != TALLY_URL_UNKNOWN)
        return g->url == TALLY_URL_RIGHT;
    switch (tally_url(&g->scratch, line, len)) {
    case TALLY_URL_RIGHT:
        g->url = TALLY_URL_RIGHT;
        g->due = CLOCK_NEVER;
        relay_add(&g->relay, g->held.data, g->held.len);
        buf_free(&g->held);
        return true;
    case TALLY_URL_WRONG:
        if (g->held_count++ == 0)
            g->due = clock_after(clock_now(), VERDICT_MS);
        if (!buf_add(&g->held, line, len))
            die(EXIT_BUG, "records are longer than any can be");
        return false;
    default:
        return true;
    }
}

void gate_init_closed(struct gate *g)
{
    *g = (struct gate){.to = -1, .due = CLOCK_NEVER};
}

void gate_open(struct gate *g, int from, int to, size_t max_line, int64_t held_max)
{
    gate_init_closed(g);
    g->to = to;
    g->held_max = held_max;
    buf_init(&g->held, max_line);
    relay_init(&g->relay, from, to, max_line, look, g);
}

void gate_close(struct gate *g)
{
    if (g->to == -1)
        return;
    close(g->to);
    g->to = -1;
    relay_free(&g->relay);
    buf_free(&g->held);
    tally_free(&g->scratch);
}

void gate_prepare(const struct gate *g, struct pollfd fds[RELAY_FDS])
{
    fds[0] = fds[1] = (struct pollfd){.fd = -1};
    if (g->to != -1)
        relay_prepare(&g->relay, fds);
}

void gate_serve(struct gate *g, const struct pollfd fds[RELAY_FDS])
{
    if (g->to == -1)
        return;
    relay_serve(&g->relay, fds);
    if (g->url == TALLY_URL_UNKNOWN && g->held_count &&
        (g->held_count >= g->held_max || clock_now() >= g->due || relay_at_end(&g->relay))) {
        g->url = TALLY_URL_WRONG;
        g->due = CLOCK_NEVER;
    }
    if (relay_done(&g->relay) || g->relay.failed)
        gate_close(g);
}

bool gate_says_wrong(const struct gate *g)
{
    return g->url == TALLY_URL_WRONG;
}
