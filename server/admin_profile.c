/* `dedit mobileconfig`: a configuration profile with an application password of its own. */
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "http/token.h"
#include "server/admin.h"
#include "web/profile.h"

/* The first certificate of a PEM text, as the one line of base64 it holds. */
static int read_certificate(struct admin *a, const char *pem, const char **out)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	const char *from = strstr(pem, begin), *to = from != NULL ? strstr(from, end) : NULL;
	cleanup_buf struct buf text, bytes;

	buf_init(&text, strlen(pem) + 1);
	buf_init(&bytes, strlen(pem) + 1);
	for (const char *p = to != NULL ? from + strlen(begin) : NULL; p != NULL && p < to; p++) {
		if (strchr(" \t\r\n", *p) == NULL)
			buf_addc(&text, *p);
	}
	if (text.len == 0 || base64_decode(text.data, text.len, &bytes) != 0)
		return admin_fail(a, "--ca: no certificate in PEM");
	*out = arena_strndup(a->mem, text.data, text.len);
	return ADMIN_OK;
}

static int write_profile(struct admin *a, const struct profile *p)
{
	struct err e;

	buf_reset(&a->out);
	return profile_write(p, a->mem, &a->out, &e) == 0 ? ADMIN_OK : admin_fail(a, "%s", e.text);
}

int admin_mobileconfig(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct profile p = { .url = a->site->settings->public_base };
	char token[TOKEN_SIZE];
	struct account ac = { 0 };
	const char *pem = NULL;
	int code;

	admin_option(args, "--ca", &pem);
	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	code = admin_find_user(a, args[0], &ac);
	p.user = ac.name;
	p.displayname = ac.displayname != NULL ? ac.displayname : ac.name;
	if (code == ADMIN_OK && pem != NULL)
		code = read_certificate(a, pem, &p.ca);
	if (code == ADMIN_OK)
		code = write_profile(a, &p); /* no password is made for one that can't be written */
	if (code == ADMIN_OK)
		code = admin_make_token(a, &ac, "configuration profile", TOKEN_CALENDAR, token);
	if (code != ADMIN_OK)
		return code;
	p.password = token;
	code = write_profile(a, &p);
	secret_zero(token, sizeof(token));
	return code;
}
