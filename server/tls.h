/*
 * The server's certificate for libmicrohttpd's GnuTLS: loaded and checked at start,
 * exchanged on SIGHUP without touching connections that are open.
 */
#ifndef DEDIT_SERVER_TLS_H
#define DEDIT_SERVER_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/err.h"

/* TLS 1.2 and 1.3 only: the default would take 1.0 as well (doc/libraries.md A3). */
#define TLS_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls_pair;

/* PEM files, the certificate followed by its chain. The key must belong to it and be closed
 * to others than owner and group. A date out of range is only warned about. */
int tls_pair_load(const char *certificate, const char *key, struct tls_pair **out, struct err *e);
void tls_pair_destroy(struct tls_pair *p); /* accepts NULL */

/* From now on new connections get this one; takes it over. Any thread. */
void tls_use(struct tls_pair *pair);
/* Frees what was used; no handshake may be under way. */
void tls_finish(void);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK. */
int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *issuers, int issuer_count,
	const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **pcert,
	unsigned int *pcert_count, gnutls_privkey_t *key);

#endif
