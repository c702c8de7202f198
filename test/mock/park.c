/* park: a heap of deadlines under a lock. */
#define _POSIX_C_SOURCE 200809L
#include "park.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "clock.h"
#include "xalloc.h"

struct park {
    pthread_mutex_t lock;
    struct heap heap;
    int wake;
    bool stopped;
};

struct park *park_new(int wake)
{
    struct park *p = xcalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    p->wake = wake;
    return p;
}

void park_free(struct park *p)
{
    heap_free(&p->heap);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* Puts the place in, and wakes the main thread where it is the first now. */
static void put(struct park *p, struct parked *place, int64_t due)
{
    heap_put(&p->heap, &place->node, due);
    if (heap_first(&p->heap) == &place->node && due != CLOCK_NEVER)
        eventfd_write(p->wake, 1);
}

bool park_add(struct park *p, struct parked *place, struct MHD_Connection *connection, int64_t due)
{
    pthread_mutex_lock(&p->lock);
    bool taken = !p->stopped;
    if (taken) {
        place->connection = connection;
        MHD_suspend_connection(connection);
        put(p, place, due);
    }
    pthread_mutex_unlock(&p->lock);
    return taken;
}

void park_move(struct park *p, struct parked *place, int64_t due)
{
    pthread_mutex_lock(&p->lock);
    if (place->node.place) {
        heap_remove(&p->heap, &place->node);
        put(p, place, due);
    }
    pthread_mutex_unlock(&p->lock);
}

/* Resumes what is due by `now`; returns the first that is not, or NULL.  A
 * connection may be gone as soon as it is resumed, its place with it. */
static struct heap_node *resume_until(struct park *p, int64_t now)
{
    struct heap_node *first;
    while ((first = heap_first(&p->heap)) && first->due <= now) {
        struct parked *place = (struct parked *)first;
        heap_remove(&p->heap, first);
        MHD_resume_connection(place->connection);
    }
    return first;
}

int64_t park_resume_due(struct park *p, int64_t now)
{
    pthread_mutex_lock(&p->lock);
    struct heap_node *next = resume_until(p, now);
    int64_t due = next ? next->due : CLOCK_NEVER;
    pthread_mutex_unlock(&p->lock);
    return due;
}

void park_stop(struct park *p)
{
    pthread_mutex_lock(&p->lock);
    resume_until(p, CLOCK_NEVER);
    p->stopped = true;
    pthread_mutex_unlock(&p->lock);
}
