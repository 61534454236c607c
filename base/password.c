#include "base/password.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

/* libcrypt refuses what is longer, NUL included. */
_Static_assert(PASSWORD_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "what may be a password can be hashed");

/* libcrypt's work space is 32 KiB and holds the password. */
struct hasher { struct crypt_data data; };

static void hasher_cleanup(struct hasher **h)
{
	if (*h != NULL)
		secret_zero(*h, sizeof(**h));
	free(*h);
}

#define cleanup_hasher __attribute__((cleanup(hasher_cleanup)))

int password_check(const char *password, struct err *e)
{
	size_t len = password != NULL ? strlen(password) : 0;

	if (len > 0 && len <= PASSWORD_MAX && utf8_valid(password, len))
		return 0;
	return err_set(e, ERR_LIMIT, "the password needs 1 to %d bytes of UTF-8", PASSWORD_MAX);
}

void password_make(char out[PASSWORD_MADE_SIZE])
{
	enum { GROUP = 5 }; /* with what stands behind it */

	for (size_t at = 0; at < PASSWORD_MADE_SIZE; at += GROUP) {
		random_word(out + at, GROUP - 1);
		out[at + GROUP - 1] = '-';
	}
	out[PASSWORD_MADE_SIZE - 1] = '\0';
}

int password_hash(const char *password, struct arena *mem, char **out, struct err *e)
{
	cleanup_hasher struct hasher *h = xcalloc(1, sizeof(*h));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;

	/* NULL: libcrypt's strongest default, which is yescrypt, with salt from the kernel. */
	if (crypt_gensalt_rn(NULL, 0, NULL, 0, setting, sizeof(setting)) == NULL)
		return err_errno(e, ERR_INTERNAL, "crypt_gensalt");
	hash = crypt_r(password, setting, &h->data);
	if (hash == NULL || hash[0] == '*')
		return err_errno(e, ERR_INTERNAL, "crypt");
	*out = arena_strdup(mem, hash);
	return 0;
}

bool password_matches(const char *hash, const char *password)
{
	cleanup_hasher struct hasher *h = xcalloc(1, sizeof(*h));
	const char *made = crypt_r(password, hash, &h->data);
	size_t len = strlen(hash);

	return made != NULL && made[0] != '*' && strlen(made) == len &&
		equal_const_time(made, hash, len);
}
