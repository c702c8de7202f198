/* listener: addresses by getaddrinfo, without asking anybody for names. */
#define _GNU_SOURCE /* SOCK_CLOEXEC, SOCK_NONBLOCK */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "parse.h"
#include "xalloc.h"

enum { BACKLOG = 1024 };

static bool fail(struct listener *l, struct err *e, const char *where)
{
    err_errno(e, EXIT_OS, "cannot listen on \"%s\"", where);
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    return false;
}

static bool is_local(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

/* Splits ADDRESS:PORT in place. */
static void split(char *text, const char **host, const char **port)
{
    char *colon = strrchr(text, ':');
    *host = colon ? text : "127.0.0.1";
    *port = colon ? colon + 1 : text;
    if (!colon)
        return;
    *colon = '\0';
    if (*text == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        *host = text + 1;
    }
}

static void put_url(struct buf *url, const struct sockaddr_storage *a)
{
    char text[INET6_ADDRSTRLEN];
    const struct sockaddr_in *four = (const struct sockaddr_in *)a;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;
    if (a->ss_family == AF_INET)
        buf_printf(url, "http://%s:%d", inet_ntop(AF_INET, &four->sin_addr, text, sizeof text),
                   ntohs(four->sin_port));
    else
        buf_printf(url, "http://[%s]:%d", inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text),
                   ntohs(six->sin6_port));
}

bool listener_tcp(struct listener *l, const char *address, struct buf *url, struct err *e)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    const char *host, *port;
    int yes = 1;
    *l = (struct listener){.fd = -1};
    memset(&bound, 0, sizeof bound);
    char *text = xstrdup(address);
    split(text, &host, &port);
    int64_t number; /* getaddrinfo takes any, modulo 65536 */
    int failed = parse_int(port, 0, 65535, &number) ? getaddrinfo(host, port, &hints, &found) : EAI_NONAME;
    free(text);
    if (failed)
        return err_set(e, EXIT_USAGE, "\"%s\" is no address and port", address);
    l->local = is_local(found->ai_addr);
    l->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = l->fd >= 0 && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                bind(l->fd, found->ai_addr, found->ai_addrlen) == 0 && listen(l->fd, BACKLOG) == 0 &&
                getsockname(l->fd, (struct sockaddr *)&bound, &len) == 0;
    freeaddrinfo(found);
    if (!good)
        return fail(l, e, address);
    put_url(url, &bound);
    return true;
}

/* Whether the socket there is one that nobody listens on any more. */
static bool is_left_behind(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused =
        connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

bool listener_unix(struct listener *l, const char *path, struct buf *url, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *l = (struct listener){.fd = -1, .local = true};
    if (!*path || strlen(path) >= sizeof address.sun_path)
        return err_set(e, EXIT_USAGE, "\"%s\" cannot be the path of a socket, which has up to 107 bytes",
                       path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (is_left_behind(&address))
        unlink(path);
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool good = l->fd >= 0 && bind(l->fd, (struct sockaddr *)&address, sizeof address) == 0;
    umask(mask);
    if (good)
        l->path = path;
    if (!good || listen(l->fd, BACKLOG) != 0)
        return fail(l, e, path);
    buf_printf(url, "unix:%s", path);
    return true;
}

void listener_close(struct listener *l)
{
    if (l->path)
        unlink(l->path);
    if (l->fd >= 0)
        close(l->fd);
    *l = (struct listener){.fd = -1};
}
