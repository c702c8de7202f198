/* memory: chained buckets of a fixed number, and one list of all entries by
 * age to forget from. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

enum { BUCKETS = 1 << 16 };

struct memory {
    struct entry *buckets[BUCKETS];
    struct entry *oldest, *newest;
    size_t count, bytes, max_count, max_bytes;
    void (*release)(void *value);
};

struct memory *memory_new(size_t max_entries, size_t max_bytes, void (*release)(void *value))
{
    struct memory *t = xcalloc(1, sizeof *t);
    t->max_count = max_entries;
    t->max_bytes = max_bytes;
    t->release = release;
    return t;
}

/* FNV-1a. */
static size_t bucket_of(const char *key, size_t len)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32) % BUCKETS;
}

static void forget_oldest(struct memory *t)
{
    struct entry *e = t->oldest, **at = &t->buckets[bucket_of(e->key, e->len)];
    while (*at && *at != e)
        at = &(*at)->next;
    if (*at)
        *at = e->next;
    t->oldest = e->newer;
    if (!t->oldest)
        t->newest = NULL;
    t->count--;
    t->bytes -= e->bytes;
    if (e->value)
        t->release(e->value);
    free(e);
}

void memory_free(struct memory *t)
{
    while (t->oldest)
        forget_oldest(t);
    free(t);
}

static struct entry *find_in(struct entry *e, const char *key, size_t len)
{
    while (e && (e->len != len || memcmp(e->key, key, len) != 0))
        e = e->next;
    return e;
}

struct entry *memory_find(struct memory *t, const char *key, size_t len)
{
    return find_in(t->buckets[bucket_of(key, len)], key, len);
}

struct entry *memory_get(struct memory *t, const char *key, size_t len)
{
    struct entry **bucket = &t->buckets[bucket_of(key, len)];
    struct entry *e = find_in(*bucket, key, len);
    if (e)
        return e;
    if (t->count == t->max_count)
        forget_oldest(t);
    e = xcalloc(1, sizeof *e + len);
    memcpy(e->key, key, len);
    e->len = len;
    e->next = *bucket;
    *bucket = e;
    if (t->newest)
        t->newest->newer = e;
    else
        t->oldest = e;
    t->newest = e;
    t->count++;
    memory_charge(t, e, sizeof *e + len);
    return e;
}

void memory_charge(struct memory *t, struct entry *e, size_t bytes)
{
    e->bytes += bytes;
    t->bytes += bytes;
    while (t->bytes > t->max_bytes && t->oldest != e)
        forget_oldest(t);
}
