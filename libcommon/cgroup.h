/* cgroup: a memory control group for one run, where one can be had.
 *
 * It is made beside or below the group of this process, in either hierarchy, and locked
 * for as long as that lives, so that what a killed one left behind is taken away by the
 * next.  Pids would not do: containers share the hierarchy and count each for itself. */
#ifndef GL_CGROUP_H
#define GL_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup {
    char *path; /* NULL: there is none */
    bool v2;
    int lock; /* its folder */
};

/* Makes a group whose processes may use so much memory together; *g is empty where
 * none can be made. */
void cgroup_open(struct cgroup *g, int64_t memory_bytes);

/* Puts the calling process into the group: for a child, before it starts anything. */
bool cgroup_enter(const struct cgroup *g);

/* Whether a process in it was ended for want of memory. */
bool cgroup_ran_out(const struct cgroup *g);

/* Takes the group away, once its processes are gone. */
void cgroup_close(struct cgroup *g);

#endif
