/* tls: libmicrohttpd asks clients for a certificate but looks at none; GnuTLS
 * is told to verify it within the handshake, which fails then without one too. */
#include "tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"

enum { PEM_MAX = 1 << 20 };

/* Reads a file whole; NULL, with the reason, where that fails. */
static char *read_file(const char *file, struct err *e)
{
    struct buf text;
    buf_init(&text, PEM_MAX);
    FILE *in = fopen(file, "re");
    size_t got = 1;
    while (in && got > 0) {
        char *to = buf_reserve(&text, BUFSIZ);
        got = to ? fread(to, 1, BUFSIZ, in) : 0;
        text.len += got;
    }
    bool fine = in && !ferror(in) && !text.overflowed;
    if (!fine)
        err_errno(e, EXIT_IO, "cannot read \"%s\"", file);
    if (in)
        fclose(in);
    buf_putc(&text, '\0');
    if (fine)
        return buf_detach(&text);
    buf_free(&text);
    return NULL;
}

bool tls_load(struct tls *t, const char *cert, const char *key, const char *client_ca, struct err *e)
{
    if (!cert != !key || (client_ca && !cert))
        return err_set(e, EXIT_USAGE, "--tls-cert and --tls-key go together, and --client-ca with both");
    return (!cert || (t->cert = read_file(cert, e))) && (!key || (t->key = read_file(key, e))) &&
           (!client_ca || (t->client_ca = read_file(client_ca, e)));
}

void tls_free(struct tls *t)
{
    free(t->cert);
    free(t->key);
    free(t->client_ca);
}

void tls_connection(void *cls, struct MHD_Connection *connection, void **context,
                    enum MHD_ConnectionNotificationCode code)
{
    const struct tls *t = cls;
    (void)context;
    if (!t->client_ca || code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info)
        gnutls_session_set_verify_cert(info->tls_session, NULL, 0);
}
