/* memory: what the mock remembers by name – counters, executions, keys.
 *
 * A hash table that forgets: past its most entries or bytes the oldest ones
 * go, so that a server under load for days keeps within its memory.  Not
 * thread-safe; entries stay where they are until they are forgotten. */
#ifndef MOCK_MEMORY_H
#define MOCK_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct entry {
    struct entry *next, *newer; /* in its bucket, by age */
    void *value;                /* NULL at first */
    uint64_t count;             /* 0 at first */
    size_t bytes;               /* what it was charged for */
    size_t len;
    char key[];
};

struct memory;

/* release frees an entry's value (never NULL) when it is forgotten; NULL where
 * values are not used. */
struct memory *memory_new(size_t max_entries, size_t max_bytes, void (*release)(void *value));
void memory_free(struct memory *t);

/* The entry, or NULL. */
struct entry *memory_find(struct memory *t, const char *key, size_t len);

/* The entry, new where there was none; it may push out older ones. */
struct entry *memory_get(struct memory *t, const char *key, size_t len);

/* Charges `bytes` more for the entry's value; older entries may go for it. */
void memory_charge(struct memory *t, struct entry *e, size_t bytes);

#endif
