/* tls: the certificate that the mock shows, and whose clients it takes. */
#ifndef MOCK_TLS_H
#define MOCK_TLS_H

#include <microhttpd.h>
#include <stdbool.h>

#include "err.h"

/* PEM texts, NULL where there is none; owned. */
struct tls {
    char *cert, *key, *client_ca;
};

/* Reads the files; cert and key NULL: no TLS. */
bool tls_load(struct tls *t, const char *cert, const char *key, const char *client_ca, struct err *e);
void tls_free(struct tls *t);

/* For MHD_OPTION_NOTIFY_CONNECTION, cls a struct tls: with a client_ca, a
 * handshake without a certificate of that CA's fails. */
void tls_connection(void *cls, struct MHD_Connection *connection, void **context,
                    enum MHD_ConnectionNotificationCode code);

#endif
