#include "base/signature.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/util.h"

enum { PUBLIC_RAW = 32 };

struct signature_key {
	EVP_PKEY *pkey;
	char name[DIGEST_SIZE];
};

static void bio_cleanup(BIO **b)
{
	BIO_free_all(*b);
}

static void md_cleanup(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

/* Takes pkey over, also when it fails. */
static int key_wrap(EVP_PKEY *pkey, struct signature_key **out, struct err *e)
{
	uint8_t raw[PUBLIC_RAW];
	size_t len = sizeof(raw);

	if (pkey == NULL || EVP_PKEY_id(pkey) != EVP_PKEY_ED25519 ||
		EVP_PKEY_get_raw_public_key(pkey, raw, &len) != 1 || len != sizeof(raw)) {
		EVP_PKEY_free(pkey);
		return err_set(e, ERR_INVALID, "no Ed25519 key in PEM");
	}
	*out = xcalloc(1, sizeof(**out));
	(*out)->pkey = pkey;
	digest_short(raw, sizeof(raw), (*out)->name);
	return 0;
}

int signature_key_make(struct signature_key **out, struct err *e)
{
	return key_wrap(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), out, e);
}

/* Nobody is asked for a password on a terminal. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	return -1;
}

int signature_key_read(const char *pem, size_t len, struct signature_key **out, struct err *e)
{
	BIO *in __attribute__((cleanup(bio_cleanup))) = BIO_new_mem_buf(pem, (int)len);

	if (in == NULL || len > SIGNATURE_PEM_MAX)
		return err_set(e, ERR_INVALID, "no Ed25519 key in PEM");
	return key_wrap(PEM_read_bio_PrivateKey(in, NULL, no_password, NULL), out, e);
}

int signature_key_write(const struct signature_key *k, bool secret, struct buf *out, struct err *e)
{
	BIO *to __attribute__((cleanup(bio_cleanup))) = BIO_new(BIO_s_secmem());
	char *text;
	long len;

	if (to == NULL ||
		(secret ? PEM_write_bio_PrivateKey(to, k->pkey, NULL, NULL, 0, NULL, NULL)
			: PEM_write_bio_PUBKEY(to, k->pkey)) != 1)
		return err_set(e, ERR_INTERNAL, "OpenSSL can't write an Ed25519 key");
	len = BIO_get_mem_data(to, &text);
	return buf_add(out, text, (size_t)len) == 0 ? 0 : err_set(e, ERR_LARGE, "a key of %ld bytes", len);
}

void signature_key_name(const struct signature_key *k, char out[DIGEST_SIZE])
{
	memcpy(out, k->name, sizeof(k->name));
}

void signature_key_destroy(struct signature_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

void signature_key_cleanup(struct signature_key **k)
{
	signature_key_destroy(*k);
}

int signature_make(const struct signature_key *k, const void *data, size_t len,
	char out[SIGNATURE_SIZE], struct err *e)
{
	EVP_MD_CTX *md __attribute__((cleanup(md_cleanup))) = EVP_MD_CTX_new();
	uint8_t raw[SIGNATURE_RAW];
	size_t size = sizeof(raw);

	if (md == NULL || EVP_DigestSignInit(md, NULL, NULL, NULL, k->pkey) != 1 ||
		EVP_DigestSign(md, raw, &size, data, len) != 1 || size != sizeof(raw))
		return err_set(e, ERR_INTERNAL, "OpenSSL can't sign with Ed25519");
	base64url(raw, sizeof(raw), out);
	return 0;
}

bool signature_holds(const struct signature_key *k, const void *data, size_t len, const char *signature)
{
	EVP_MD_CTX *md __attribute__((cleanup(md_cleanup))) = EVP_MD_CTX_new();
	uint8_t raw[SIGNATURE_RAW];

	return md != NULL && base64url_decode(signature, raw, sizeof(raw)) == 0 &&
		EVP_DigestVerifyInit(md, NULL, NULL, NULL, k->pkey) == 1 &&
		EVP_DigestVerify(md, raw, sizeof(raw), data, len) == 1;
}
