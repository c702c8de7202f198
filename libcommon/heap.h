/* heap: moments in order, the earliest first; of equal ones the first put in.
 *
 * Intrusive: a node is a member of the caller's struct, which outlives its
 * stay on the heap. */
#ifndef GL_HEAP_H
#define GL_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t due;
    uint64_t order;
    size_t place; /* 0: on no heap */
};

/* Zero-initialise. */
struct heap {
    struct heap_node **nodes; /* from 1 */
    size_t count, cap;
    uint64_t order;
};

void heap_put(struct heap *h, struct heap_node *node, int64_t due);
void heap_remove(struct heap *h, struct heap_node *node);

/* The earliest node, or NULL. */
struct heap_node *heap_first(const struct heap *h);

/* Frees the heap's own memory, not the nodes. */
void heap_free(struct heap *h);

#endif
