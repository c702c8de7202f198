/* worker: host and process are for people, chance makes it unique. */
#define _GNU_SOURCE /* gethostname */
#include "worker.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chance.h"
#include "xalloc.h"

enum { HOST_MAX = 256, NAME_MAX_LEN = HOST_MAX + 64 };

char *worker_name(void)
{
    char host[HOST_MAX] = "", *name = xcalloc(1, NAME_MAX_LEN);
    uint64_t number;
    if (gethostname(host, sizeof host - 1) != 0 || !*host)
        snprintf(host, sizeof host, "localhost");
    chance_bytes(&number, sizeof number);
    snprintf(name, NAME_MAX_LEN, "%s:%ld:%016llx", host, (long)getpid(), (unsigned long long)number);
    return name;
}
