/*
 * Ed25519 (RFC 8032) over OpenSSL: a key signs statements that anybody who has its public half can
 * check. Keys stand in files as PEM (PKCS #8, and SubjectPublicKeyInfo), signatures are base64url.
 */
#ifndef DEDIT_BASE_SIGNATURE_H
#define DEDIT_BASE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

enum {
	SIGNATURE_RAW = 64,
	SIGNATURE_SIZE = base64url_size(SIGNATURE_RAW), /* NUL included */
	SIGNATURE_PEM_MAX = 4096,
};

struct signature_key;

/* A new one. All that return int: 0, or -1 with e. */
int signature_key_make(struct signature_key **out, struct err *e);
/* ERR_INVALID if it is no Ed25519 key that can sign. */
int signature_key_read(const char *pem, size_t len, struct signature_key **out, struct err *e);
/* Appends the key, or its public half. The caller wipes the secret one. */
int signature_key_write(const struct signature_key *k, bool secret, struct buf *out, struct err *e);
/* A name for it: digest of the public half. */
void signature_key_name(const struct signature_key *k, char out[DIGEST_SIZE]);
void signature_key_destroy(struct signature_key *k); /* accepts NULL */

int signature_make(const struct signature_key *k, const void *data, size_t len,
	char out[SIGNATURE_SIZE], struct err *e);
bool signature_holds(const struct signature_key *k, const void *data, size_t len, const char *signature);

void signature_key_cleanup(struct signature_key **k);
#define cleanup_signature_key __attribute__((cleanup(signature_key_cleanup)))

#endif
