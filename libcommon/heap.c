/* heap: a binary heap in an array from 1; each node knows its place, so that
 * it can be taken out from the middle. */
#include "heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "xalloc.h"

static bool before(const struct heap_node *a, const struct heap_node *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void set(struct heap *h, size_t place, struct heap_node *node)
{
    h->nodes[place] = node;
    node->place = place;
}

static void sift_up(struct heap *h, size_t place, struct heap_node *node)
{
    for (; place > 1 && before(node, h->nodes[place / 2]); place /= 2)
        set(h, place, h->nodes[place / 2]);
    set(h, place, node);
}

static void sift_down(struct heap *h, size_t place, struct heap_node *node)
{
    for (size_t child; (child = 2 * place) <= h->count; place = child) {
        if (child < h->count && before(h->nodes[child + 1], h->nodes[child]))
            child++;
        if (!before(h->nodes[child], node))
            break;
        set(h, place, h->nodes[child]);
    }
    set(h, place, node);
}

void heap_put(struct heap *h, struct heap_node *node, int64_t due)
{
    xgrow(&h->nodes, &h->cap, h->count + 2, sizeof(struct heap_node *));
    node->due = due;
    node->order = h->order++;
    sift_up(h, ++h->count, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    size_t place = node->place;
    struct heap_node *last = h->nodes[h->count--];
    node->place = 0;
    if (last == node)
        return;
    if (place > 1 && before(last, h->nodes[place / 2]))
        sift_up(h, place, last);
    else
        sift_down(h, place, last);
}

struct heap_node *heap_first(const struct heap *h)
{
    return h->count ? h->nodes[1] : NULL;
}

void heap_free(struct heap *h)
{
    free(h->nodes);
    *h = (struct heap){0};
}
