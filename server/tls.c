#include "server/tls.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/util.h"

enum { CHAIN_MAX = 8, RETIRED_MS = 60 * 60 * 1000 };

struct tls_pair {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned int chain_count;
	gnutls_privkey_t key;
	int64_t retired;        /* monotonic, when another one took its place */
	struct tls_pair *next;  /* of those retired */
};

/*
 * GnuTLS's callback has no argument for its user, so what is in use has to be found from
 * here. A handshake reads its pair after the callback has returned: pairs that were replaced
 * are kept for an hour, far longer than the reaper lets a handshake take.
 */
static struct {
	pthread_mutex_t lock;
	struct tls_pair *current, *retired;
} in_use = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int tls_error(struct err *e, const char *what, int rc)
{
	return err_set(e, ERR_INVALID, "%s: %s", what, gnutls_strerror(rc));
}

static void datum_cleanup(gnutls_datum_t *d)
{
	if (d->data != NULL)
		secret_zero(d->data, d->size);
	gnutls_free(d->data);
}

#define cleanup_datum __attribute__((cleanup(datum_cleanup)))

static int file_error(struct err *e, const char *path, const char *expected, int rc)
{
	return err_set(e, ERR_INVALID, "%s: expected %s: %s", path, expected, gnutls_strerror(rc));
}

static int load_chain(struct tls_pair *p, const char *path, struct err *e)
{
	cleanup_datum gnutls_datum_t pem = { 0 };
	unsigned int count = CHAIN_MAX;
	int rc = gnutls_load_file(path, &pem);

	if (rc == 0)
		rc = gnutls_pcert_list_import_x509_raw(p->chain, &count, &pem, GNUTLS_X509_FMT_PEM,
			GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	if (rc != 0)
		return file_error(e, path, "a certificate in PEM, its chain behind it", rc);
	p->chain_count = count;
	return 0;
}

static int load_key(struct tls_pair *p, const char *path, struct err *e)
{
	cleanup_datum gnutls_datum_t pem = { 0 };
	struct stat st;
	int rc;

	if (stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0)
		return err_set(e, ERR_DENIED, "%s: the key is open to everybody (chmod 600)", path);
	rc = gnutls_load_file(path, &pem);
	if (rc == 0)
		rc = gnutls_privkey_init(&p->key);
	if (rc == 0)
		rc = gnutls_privkey_import_x509_raw(p->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	return rc == 0 ? 0 : file_error(e, path, "a private key in PEM", rc);
}

struct key_id { unsigned char bytes[64]; size_t size; };

static int public_id(gnutls_pubkey_t key, struct key_id *out)
{
	out->size = sizeof(out->bytes);
	return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, out->bytes, &out->size);
}

static int check_match(const struct tls_pair *p, const char *certificate, const char *key,
	struct err *e)
{
	struct key_id one, two;
	gnutls_pubkey_t derived;
	int rc = gnutls_pubkey_init(&derived);

	if (rc != 0)
		return tls_error(e, key, rc);
	rc = gnutls_pubkey_import_privkey(derived, p->key, 0, 0);
	if (rc == 0)
		rc = public_id(derived, &one);
	if (rc == 0)
		rc = public_id(p->chain[0].pubkey, &two);
	gnutls_pubkey_deinit(derived);
	if (rc != 0)
		return tls_error(e, key, rc);
	if (one.size != two.size || memcmp(one.bytes, two.bytes, one.size) != 0)
		return err_set(e, ERR_INVALID, "%s: not the key of %s", key, certificate);
	return 0;
}

static void warn_of_dates(const struct tls_pair *p, const char *path)
{
	gnutls_x509_crt_t crt;
	int64_t now = clock_now();

	if (gnutls_x509_crt_init(&crt) != 0)
		return;
	if (gnutls_x509_crt_import(crt, &p->chain[0].cert, GNUTLS_X509_FMT_DER) == 0 &&
		(gnutls_x509_crt_get_expiration_time(crt) < now ||
			gnutls_x509_crt_get_activation_time(crt) > now))
		log_warn("%s: the certificate is not valid today", path);
	gnutls_x509_crt_deinit(crt);
}

int tls_pair_load(const char *certificate, const char *key, struct tls_pair **out, struct err *e)
{
	struct tls_pair *p = xcalloc(1, sizeof(*p));

	if (load_chain(p, certificate, e) != 0 || load_key(p, key, e) != 0 ||
		check_match(p, certificate, key, e) != 0) {
		tls_pair_destroy(p);
		return -1;
	}
	warn_of_dates(p, certificate);
	*out = p;
	return 0;
}

void tls_pair_destroy(struct tls_pair *p)
{
	if (p == NULL)
		return;
	for (unsigned int i = 0; i < p->chain_count; i++)
		gnutls_pcert_deinit(&p->chain[i]);
	if (p->key != NULL)
		gnutls_privkey_deinit(p->key);
	free(p);
}

/* Pairs retired before `limit`; the list has the newest first. */
static void free_retired(int64_t limit)
{
	struct tls_pair **at = &in_use.retired, *old;

	while (*at != NULL && (*at)->retired >= limit)
		at = &(*at)->next;
	old = *at;
	*at = NULL;
	while (old != NULL) {
		struct tls_pair *next = old->next;

		tls_pair_destroy(old);
		old = next;
	}
}

void tls_use(struct tls_pair *pair)
{
	int64_t now = clock_monotonic_ms();

	pthread_mutex_lock(&in_use.lock);
	if (in_use.current != NULL) {
		in_use.current->retired = now;
		in_use.current->next = in_use.retired;
		in_use.retired = in_use.current;
	}
	in_use.current = pair;
	free_retired(now - RETIRED_MS);
	pthread_mutex_unlock(&in_use.lock);
}

void tls_finish(void)
{
	pthread_mutex_lock(&in_use.lock);
	free_retired(INT64_MAX);
	tls_pair_destroy(in_use.current);
	in_use.current = NULL;
	pthread_mutex_unlock(&in_use.lock);
}

int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *issuers, int issuer_count,
	const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **pcert,
	unsigned int *pcert_count, gnutls_privkey_t *key)
{
	struct tls_pair *p;

	(void)session, (void)issuers, (void)issuer_count, (void)algorithms, (void)algorithm_count;
	pthread_mutex_lock(&in_use.lock);
	p = in_use.current;
	pthread_mutex_unlock(&in_use.lock);
	if (p == NULL)
		return -1;
	*pcert = p->chain;
	*pcert_count = p->chain_count;
	*key = p->key;
	return 0;
}
