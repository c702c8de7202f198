/* execution: a table of them by id.  Ids are bytes, not JSON: what a path
 * says once it is decoded. */
#include "execution.h"

#include <stdlib.h>

#include "memory.h"
#include "shape.h"
#include "xalloc.h"

enum { EXECUTIONS_MAX = 1 << 18, BYTES_MAX = 256 << 20 };

struct execution {
    struct script *script;
    const struct answer *answer;
    struct json_text atom_id; /* owned */
    uint64_t polls;
    bool waits;          /* for its command */
    struct buf finished; /* what the command left: the whole answer to a poll */
};

struct executions {
    struct memory *table;
};

static void release(void *value)
{
    struct execution *x = value;
    script_drop(x->script);
    free((char *)x->atom_id.at);
    buf_free(&x->finished);
    free(x);
}

struct executions *executions_new(void)
{
    struct executions *x = xcalloc(1, sizeof *x);
    x->table = memory_new(EXECUTIONS_MAX, BYTES_MAX, release);
    return x;
}

void executions_free(struct executions *x)
{
    memory_free(x->table);
    free(x);
}

static struct execution *find(struct executions *x, struct json_text id)
{
    struct entry *e = memory_find(x->table, id.at, id.len);
    return e ? e->value : NULL;
}

void executions_start(struct executions *x, struct json_text id, struct script *script,
                      const struct answer *answer, struct json_text atom_id)
{
    struct entry *e = memory_get(x->table, id.at, id.len);
    struct execution *new = xcalloc(1, sizeof *new);
    if (e->value)
        release(e->value);
    e->value = new;
    new->script = script_hold(script);
    new->answer = answer;
    if (atom_id.at)
        new->atom_id = (struct json_text){xmemdup(atom_id.at, atom_id.len), atom_id.len};
    buf_init(&new->finished, SIZE_MAX / 2);
    memory_charge(x->table, e, sizeof *new + atom_id.len);
}

void executions_wait(struct executions *x, struct json_text id)
{
    struct execution *ex = find(x, id);
    if (ex)
        ex->waits = true;
}

void executions_finish(struct executions *x, struct json_text id, const char *result, size_t len,
                       const char *reason)
{
    struct entry *e = memory_find(x->table, id.at, id.len);
    if (!e)
        return;
    struct execution *ex = e->value;
    ex->waits = false;
    buf_clear(&ex->finished);
    buf_puts(&ex->finished,
             result ? "{\"status\":\"completed\",\"result\":" : "{\"status\":\"failed\",\"error\":");
    if (result)
        buf_add(&ex->finished, result, len);
    else
        json_put_text(&ex->finished, reason);
    buf_putc(&ex->finished, '}');
    memory_charge(x->table, e, ex->finished.len);
}

struct json_text executions_atom(struct executions *x, struct json_text id)
{
    struct execution *ex = find(x, id);
    return ex ? ex->atom_id : (struct json_text){NULL, 0};
}

/* How many polls find it unfinished. */
static uint64_t unfinished_polls(const struct answer *a)
{
    if (a->polls != UNSET)
        return (uint64_t)a->polls;
    return a->poll_status.at ? json_count(a->poll_status) : 1;
}

static void put_unfinished(struct buf *out, const struct answer *a, uint64_t poll)
{
    struct json_text word = {NULL, 0};
    size_t at = 0;
    while (poll > 0 && json_next(a->poll_status, &at, &word))
        poll--;
    buf_puts(out, "{\"status\":");
    if (word.at)
        json_put(out, word);
    else
        buf_puts(out, "\"pending\"");
    if (a->estimated_wait.at) {
        json_key(out, "estimated_wait_seconds");
        json_put(out, a->estimated_wait);
    }
    buf_putc(out, '}');
}

bool executions_poll(struct executions *x, struct json_text id, struct buf *out)
{
    struct execution *ex = find(x, id);
    if (!ex)
        return false;
    ex->polls++;
    if (ex->finished.len)
        buf_add(out, ex->finished.data, ex->finished.len);
    else if (ex->waits)
        buf_puts(out, "{\"status\":\"running\"}");
    else if (ex->polls <= unfinished_polls(ex->answer))
        put_unfinished(out, ex->answer, ex->polls);
    else
        shape_ended(out, ex->answer, ex->atom_id);
    return true;
}
