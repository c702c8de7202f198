/* hiding: the loader is the one that started this program.  gcc links with it by the
 * path in libc.so, a text, and cannot read it there; so that text names a copy that may
 * be read. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "hiding.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

enum { LOADER_BYTES = 8 << 20, LIBRARY_BYTES = 64 << 10, EXECUTE_ONLY = 0111, READ_ONLY = 0444 };

static const char readable[] = "greenlight/loader";

/* The first object is the program itself. */
static int find_loader(struct dl_phdr_info *object, size_t size, void *path)
{
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_INTERP)
            *(const char **)path = (const char *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
    return 1;
}

static bool read_file(struct buf *to, const char *path)
{
    FILE *f = fopen(path, "re");
    char *room = f ? buf_reserve(to, to->max) : NULL;
    if (room) {
        to->len += fread(room, 1, to->max, f);
        to->data[to->len] = '\0';
    }
    if (f)
        fclose(f);
    return to->len > 0;
}

static void add_file(struct hiding *h, const char *path, const struct buf *bytes, unsigned mode)
{
    h->file[h->count++] = (struct jail_file){xstrdup(path), bytes->data, bytes->len, mode, true};
}

/* The text of libc.so beside the loader, with the other name for `loader`. */
static void add_library(struct hiding *h, const char *loader, const char *real)
{
    struct buf path, text;
    buf_init(&path, LIBRARY_BYTES);
    buf_init(&text, LIBRARY_BYTES - 1);
    buf_printf(&path, "%.*slibc.so", (int)(strrchr(real, '/') + 1 - real), real);
    const char *at = read_file(&text, path.data) ? strstr(text.data, loader) : NULL;
    if (at) {
        buf_printf(&h->library, "%.*s/%s%s", (int)(at - text.data), text.data, readable, at + strlen(loader));
        add_file(h, path.data + 1, &h->library, READ_ONLY);
    }
    buf_free(&path);
    buf_free(&text);
}

bool hiding_open(struct hiding *h, struct err *e)
{
    const char *loader = NULL;
    buf_init(&h->loader, LOADER_BYTES);
    buf_init(&h->library, LIBRARY_BYTES);
    dl_iterate_phdr(find_loader, &loader);
    char *real = loader ? realpath(loader, NULL) : NULL;
    bool ok = real && strncmp(real, "/usr/", 5) == 0 && read_file(&h->loader, real);
    if (ok) {
        add_file(h, real + 1, &h->loader, EXECUTE_ONLY);
        add_file(h, readable, &h->loader, READ_ONLY);
        add_library(h, loader, real);
    }
    free(real);
    return ok || err_set(e, EXIT_OS, "the dynamic loader is not below /usr, or cannot be read");
}

void hiding_free(struct hiding *h)
{
    for (size_t i = 0; i < h->count; i++)
        free((char *)h->file[i].path);
    buf_free(&h->loader);
    buf_free(&h->library);
    *h = (struct hiding){.count = 0};
}
