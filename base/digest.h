/* SHA-256, HMAC, random bytes and the base64 alphabets, over OpenSSL. Thread-safe. */
#ifndef DEDIT_BASE_DIGEST_H
#define DEDIT_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	SHA256_SIZE = 32,
	DIGEST_SIZE = 24, /* 22 characters: the first 16 bytes of SHA-256 in base64url, NUL */
	CHAIN_SIZE = 44,  /* 43 characters: the whole SHA-256 in base64url, NUL */
};

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);
void hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	uint8_t out[SHA256_SIZE]);
/* The names that stored bodies and ledger entries go by. */
void digest_short(const void *data, size_t len, char out[DIGEST_SIZE]);
void digest_chain(const void *data, size_t len, char out[CHAIN_SIZE]);

/* From the kernel; ends the process if there are none. */
void random_bytes(void *out, size_t len);

/* len characters (at most RANDOM_WORD_MAX) of five random bits each, that are hard to mistake for each
 * other, and a NUL: ids and tokens that people may have to type. */
enum { RANDOM_WORD_MAX = 32 };
void random_word(char *out, size_t len);

/* base64url without padding. out needs base64url_size(len) bytes, NUL included. */
#define base64url_size(len) (((len) * 4 + 2) / 3 + 1)
void base64url(const void *data, size_t len, char *out);
/* The text of exactly len bytes, into out; -1 if it is another one. */
int base64url_decode(const char *text, void *out, size_t len);
/* RFC 4648 4 with padding, as in Basic credentials: appends to out; -1 if malformed. */
int base64_decode(const char *text, size_t len, struct buf *out);

/* Takes time that depends on len only. */
bool equal_const_time(const void *a, const void *b, size_t len);
/* Overwrites in a way the compiler keeps. */
void secret_zero(void *p, size_t len);

#endif
