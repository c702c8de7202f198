/* replay: a table of copies.  An entry's count is 1 while a command works for
 * its key. */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "xalloc.h"

enum { REPLAYS_MAX = 1 << 18, BYTES_MAX = 256 << 20 };

struct replays {
    struct memory *table;
    struct buf key;
};

static void release(void *value)
{
    reply_free(value);
    free(value);
}

struct replays *replays_new(void)
{
    struct replays *r = xcalloc(1, sizeof *r);
    r->table = memory_new(REPLAYS_MAX, BYTES_MAX, release);
    buf_init(&r->key, SIZE_MAX / 2);
    return r;
}

void replays_free(struct replays *r)
{
    memory_free(r->table);
    buf_free(&r->key);
    free(r);
}

/* The key as the table has it: for each endpoint apart. */
static const struct buf *full_key(struct replays *r, const char *path, const char *key)
{
    buf_clear(&r->key);
    buf_puts(&r->key, path);
    buf_putc(&r->key, ' ');
    buf_puts(&r->key, key);
    return &r->key;
}

enum replay replays_find(struct replays *r, const char *path, const char *key, struct reply *reply)
{
    const struct buf *full = full_key(r, path, key);
    struct entry *e = memory_find(r->table, full->data, full->len);
    if (!e)
        return REPLAY_NONE;
    if (!e->value)
        return e->count ? REPLAY_WORKING : REPLAY_NONE;
    reply_free(reply);
    reply_copy(reply, e->value);
    reply->whole = true;
    return REPLAY_DONE;
}

void replays_begin(struct replays *r, const char *path, const char *key)
{
    const struct buf *full = full_key(r, path, key);
    memory_get(r->table, full->data, full->len)->count = 1;
}

void replays_end(struct replays *r, const char *path, const char *key, const struct reply *reply)
{
    const struct buf *full = full_key(r, path, key);
    struct entry *e = memory_get(r->table, full->data, full->len);
    e->count = 0;
    if (reply->status < 200 || reply->status >= 300 || e->value)
        return;
    e->value = xcalloc(1, sizeof *reply);
    reply_copy(e->value, reply);
    memory_charge(r->table, e, sizeof *reply + reply->body.len);
}
