/*
 * `dedit mobileconfig`: a configuration profile for Apple's programs, so that nobody types addresses. Its
 * identifiers follow from host and user: a newer profile replaces the one before.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "http/token.h"
#include "server/admin.h"
#include "server/auth.h"
#include "xml/xml.h"

enum { UUID_SIZE = 37 };

struct profile {
	struct admin *a;
	const char *user, *displayname, *password;
	const char *host, *identifier;
	unsigned port;
	bool tls;
	const char *ca; /* base64 of the certificate, or NULL */
};

/* ---- property lists ---- */

static void add_text(struct buf *out, const char *element, const char *text)
{
	struct xmlw w;

	buf_printf(out, "<%s>", element);
	xmlw_init(&w, out);
	xmlw_text(&w, text);
	buf_printf(out, "</%s>\n", element);
}

static void add_string(struct buf *out, const char *key, const char *value)
{
	add_text(out, "key", key);
	add_text(out, "string", value);
}

static void add_number(struct buf *out, const char *key, unsigned value)
{
	add_text(out, "key", key);
	buf_printf(out, "<integer>%u</integer>\n", value);
}

static void add_bool(struct buf *out, const char *key, bool value)
{
	add_text(out, "key", key);
	buf_adds(out, value ? "<true/>\n" : "<false/>\n");
}

/* RFC 9562 5.8: of host, user and what it is for, hence the same each time. */
static void make_uuid(const struct profile *p, const char *what, char out[UUID_SIZE])
{
	const char *seed = arena_printf(p->a->mem, "dedit profile\n%s\n%u\n%s\n%s", p->host, p->port, p->user, what);
	uint8_t h[SHA256_SIZE];

	sha256(seed, strlen(seed), h);
	h[6] = (uint8_t)((h[6] & 0x0f) | 0x80);
	h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
	snprintf(out, UUID_SIZE, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", h[0], h[1],
		h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
}

/* What every payload has. */
static void add_payload(struct buf *out, const struct profile *p, const char *type, const char *what,
	const char *name)
{
	char uuid[UUID_SIZE];

	make_uuid(p, what, uuid);
	add_string(out, "PayloadType", type);
	add_number(out, "PayloadVersion", 1);
	add_string(out, "PayloadIdentifier", *what ? arena_printf(p->a->mem, "%s.%s", p->identifier, what)
						    : p->identifier);
	add_string(out, "PayloadUUID", uuid);
	add_string(out, "PayloadDisplayName", name);
}

/* ---- the profile ---- */

static void add_account(struct buf *out, const struct profile *p)
{
	const char *base = p->a->site->settings->base_path;

	buf_adds(out, "<dict>\n");
	add_payload(out, p, "com.apple.caldav.account", "caldav", p->host);
	add_string(out, "CalDAVAccountDescription", arena_printf(p->a->mem, "%s (%s)", p->displayname, p->host));
	add_string(out, "CalDAVHostName", p->host);
	add_number(out, "CalDAVPort", p->port);
	add_bool(out, "CalDAVUseSSL", p->tls);
	add_string(out, "CalDAVPrincipalURL", arena_printf(p->a->mem, "%s/principals/%s/", base ? base : "",
		path_encode_segment(p->user, p->a->mem)));
	add_string(out, "CalDAVUsername", p->user);
	add_string(out, "CalDAVPassword", p->password);
	buf_adds(out, "</dict>\n");
}

static void add_authority(struct buf *out, const struct profile *p)
{
	buf_adds(out, "<dict>\n");
	add_payload(out, p, "com.apple.security.root", "ca", arena_printf(p->a->mem, "CA of %s", p->host));
	add_string(out, "PayloadCertificateFileName", "ca.cer");
	buf_printf(out, "<key>PayloadContent</key>\n<data>%s</data>\n</dict>\n", p->ca);
}

static void write_profile(struct buf *out, const struct profile *p)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n");
	add_payload(out, p, "Configuration", "", arena_printf(p->a->mem, "Calendars of %s", p->displayname));
	add_string(out, "PayloadOrganization", p->host);
	add_bool(out, "PayloadRemovalDisallowed", false);
	buf_adds(out, "<key>PayloadContent</key>\n<array>\n");
	if (p->ca != NULL)
		add_authority(out, p);
	add_account(out, p);
	buf_adds(out, "</array>\n</dict>\n</plist>\n");
}

/* ---- what it is made of ---- */

/* "https://cal.example.org:8443" */
static int read_url(struct admin *a, struct profile *p)
{
	const char *url = a->site->settings->dav.public_url;
	uint64_t port;

	if (url == NULL)
		return admin_fail(a, "public-url is needed in section server: where phones reach the server");
	p->tls = str_starts(url, "https://");
	const char *authority = strstr(url, "://") + 3;
	size_t len = strcspn(authority, "/");
	const char *colon = memrchr(authority, ':', len);
	if (colon != NULL && memchr(colon, ']', len - (size_t)(colon - authority)) != NULL)
		colon = NULL;
	port = p->tls ? 443 : 80;
	if (colon != NULL && parse_u64n(colon + 1, len - (size_t)(colon + 1 - authority), 1, 65535, &port) != 0)
		return admin_fail(a, "public-url: no port behind the colon");
	p->host = arena_strndup(a->mem, authority, colon != NULL ? (size_t)(colon - authority) : len);
	p->port = (unsigned)port;
	p->identifier = arena_printf(a->mem, "dedit.%s.%s", p->host, p->user);
	return ADMIN_OK;
}

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

int admin_mobileconfig(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct profile p = { .a = a };
	char token[TOKEN_SIZE];
	struct account ac;
	const char *pem = NULL;
	int code;

	admin_option(args, "--ca", &pem);
	if (admin_expect(a, args, 1, 1) < 0)
		return ADMIN_USAGE;
	code = admin_find_user(a, args[0], &ac);
	p.user = ac.name;
	if (code == ADMIN_OK)
		code = read_url(a, &p);
	if (code == ADMIN_OK && pem != NULL)
		code = read_certificate(a, pem, &p.ca);
	if (code == ADMIN_OK)
		code = admin_make_token(a, &ac, "configuration profile", token);
	if (code != ADMIN_OK)
		return code;
	p.displayname = ac.displayname != NULL ? ac.displayname : ac.name;
	p.password = token;
	write_profile(&a->out, &p);
	secret_zero(token, sizeof(token));
	return ADMIN_OK;
}
