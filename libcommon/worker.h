/* worker: the name under which a process leases rows. */
#ifndef GL_WORKER_H
#define GL_WORKER_H

/* "host:pid:random", unlike any other name ever made; to be freed. */
char *worker_name(void);

#endif
