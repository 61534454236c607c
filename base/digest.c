#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"

static const char alphabet_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Looking an algorithm up costs as much as a short digest: OpenSSL is asked once. What is copied for each
 * HMAC has to have some key. */
static EVP_MD *digest;
static EVP_MAC_CTX *mac;

static void fetch(void)
{
	char name[] = "SHA256";
	OSSL_PARAM with[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	digest = EVP_MD_fetch(NULL, name, NULL);
	mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (digest == NULL || mac == NULL || !EVP_MAC_init(mac, (const unsigned char *)name, sizeof(name), with)) {
		log_error("OpenSSL has no SHA-256");
		abort();
	}
}

static void fetch_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch);
}

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	fetch_once();
	if (!EVP_Digest(data, len, out, NULL, digest, NULL)) {
		log_error("SHA-256 failed");
		abort();
	}
}

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	uint8_t out[SHA256_SIZE])
{
	size_t out_len;

	assert(key != NULL); /* or the template's would be taken */
	fetch_once();
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(mac);
	if (ctx == NULL || !EVP_MAC_init(ctx, key, key_len, NULL) || !EVP_MAC_update(ctx, data, len)
		|| !EVP_MAC_final(ctx, out, &out_len, SHA256_SIZE)) {
		log_error("HMAC-SHA-256 failed");
		abort();
	}
	EVP_MAC_CTX_free(ctx);
}

void digest_short(const void *data, size_t len, char out[DIGEST_SIZE])
{
	uint8_t sum[SHA256_SIZE];

	sha256(data, len, sum);
	base64url(sum, 16, out);
}

void digest_chain(const void *data, size_t len, char out[CHAIN_SIZE])
{
	uint8_t sum[SHA256_SIZE];

	sha256(data, len, sum);
	base64url(sum, sizeof(sum), out);
}

void random_bytes(void *out, size_t len)
{
	unsigned char *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			log_error_errno("no random numbers from the kernel");
			abort();
		}
		p += n;
		len -= (size_t)n;
	}
}

void random_word(char *out, size_t len)
{
	/* without the letters and digits that people confuse when they type from paper */
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t bytes[RANDOM_WORD_MAX];

	_Static_assert(sizeof(alphabet) - 1 == 32, "five bits a character");
	assert(len <= sizeof(bytes));
	random_bytes(bytes, len);
	for (size_t i = 0; i < len; i++)
		out[i] = alphabet[bytes[i] % 32];
	out[len] = '\0';
	secret_zero(bytes, sizeof(bytes));
}

void base64url(const void *data, size_t len, char *out)
{
	const unsigned char *p = data;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | p[i]) & 0xffff;
		held += 8;
		while (held >= 6) {
			held -= 6;
			*out++ = alphabet_url[bits >> held & 63];
		}
	}
	if (held > 0) {
		*out++ = alphabet_url[bits << (6 - held) & 63];
	}
	*out = '\0';
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four characters. Bits that padding leaves over must be zero (RFC 4648 §3.5). */
static int decode_group(const char *text, size_t chars, struct buf *out)
{
	unsigned bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < chars ? base64_value(text[i]) : 0;
		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
	}
	char bytes[] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
	if ((chars == 2 && (bits & 0xffff) != 0) || (chars == 3 && (bits & 0xff) != 0))
		return -1;
	return buf_add(out, bytes, chars - 1);
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
	struct buf decoded cleanup_buf;
	int status = len % 4 == 0 ? 0 : -1;

	buf_init(&decoded, len);
	for (size_t i = 0; i < len && status == 0; i += 4) {
		size_t chars = 4;
		if (i + 4 == len && text[i + 3] == '=') {
			chars = text[i + 2] == '=' ? 2 : 3;
		}
		status = decode_group(text + i, chars, &decoded);
	}
	if (status == 0) {
		status = buf_add(out, decoded.data, decoded.len);
	}
	secret_zero(decoded.data, decoded.size);
	return status;
}

int base64url_decode(const char *text, void *out, size_t len)
{
	struct buf padded cleanup_buf, bytes cleanup_buf;
	size_t chars = strlen(text);

	buf_init(&padded, chars + 3);
	buf_init(&bytes, len + 2);
	if (chars != base64url_size(len) - 1)
		return -1;
	for (size_t i = 0; i < chars; i++) {
		if (text[i] == '+' || text[i] == '/')
			return -1;
		buf_addc(&padded, text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	}
	while (padded.len % 4 != 0)
		buf_addc(&padded, '=');
	if (base64_decode(padded.data, padded.len, &bytes) < 0 || bytes.len != len)
		return -1;
	memcpy(out, bytes.data, len);
	return 0;
}

bool equal_const_time(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void secret_zero(void *p, size_t len)
{
	if (len > 0) {
		explicit_bzero(p, len);
	}
}
