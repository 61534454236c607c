#include "policy/sign.h"

#include <errno.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h> /* before cms.h, which looks for it */

#include <openssl/cms.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define DEFINE_CLEANUP(type, function, release) \
	static void function(type **p) { release(*p); }

DEFINE_CLEANUP(BIO, bio_cleanup, BIO_free_all)
DEFINE_CLEANUP(CMS_ContentInfo, cms_cleanup, CMS_ContentInfo_free)
DEFINE_CLEANUP(X509_STORE, trust_cleanup, X509_STORE_free)
DEFINE_CLEANUP(STACK_OF(X509), signers_cleanup, sk_X509_free)

/* expected: what the file should hold, where the library's reason alone doesn't say so. */
static int fail(struct err *e, const char *file, const char *expected)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	err_set(e, ERR_DENIED, "%s: %s%s", file, expected, reason ? reason : "failed");
	ERR_clear_error();
	return -1;
}

/* A certificate for mail or TLS of the same authority doesn't do. */
static int check_signers(CMS_ContentInfo *cms, struct err *e)
{
	STACK_OF(X509) *signers __attribute__((cleanup(signers_cleanup))) = CMS_get0_signers(cms);

	if (!signers || sk_X509_num(signers) != 1)
		return err_set(e, ERR_DENIED, "expected exactly one signature");
	X509 *signer = sk_X509_value(signers, 0);
	if (!(X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) ||
		!(X509_get_extended_key_usage(signer) & XKU_CODE_SIGN)) {
		return err_set(
			e, ERR_DENIED, "the signer's certificate is not meant for code signing");
	}
	return 0;
}

static X509_STORE *trust_make(const char *ca)
{
	X509_STORE *trust = X509_STORE_new();

	if (trust && X509_STORE_load_file(trust, ca) == 1 &&
		X509_STORE_set_purpose(trust, X509_PURPOSE_ANY) == 1) {
		return trust;
	}
	X509_STORE_free(trust);
	return NULL;
}

int sign_check_authority(const char *ca, struct err *e)
{
	X509_STORE *trust __attribute__((cleanup(trust_cleanup))) = trust_make(ca);

	return trust ? 0 : fail(e, ca, "expected certificates in PEM: ");
}

int sign_verify(int fd, const char *signature, const char *ca, struct err *e)
{
	X509_STORE *trust __attribute__((cleanup(trust_cleanup))) = trust_make(ca);
	BIO *in __attribute__((cleanup(bio_cleanup))) = BIO_new_file(signature, "r");
	BIO *content __attribute__((cleanup(bio_cleanup))) = BIO_new_fd(fd, BIO_NOCLOSE);

	if (!trust)
		return fail(e, ca, "");
	if (!in)
		return fail(e, signature, "");
	if (!content || lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, ERR_IO, "read the module");
	CMS_ContentInfo *cms
		__attribute__((cleanup(cms_cleanup))) = PEM_read_bio_CMS(in, NULL, NULL, NULL);
	if (!cms)
		return fail(e, signature, "");
	if (CMS_verify(cms, NULL, trust, content, NULL, CMS_BINARY | CMS_DETACHED) != 1)
		return fail(e, signature, "");
	return check_signers(cms, e);
}
