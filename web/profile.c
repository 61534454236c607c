#include "web/profile.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/uri.h"
#include "base/util.h"
#include "xml/xml.h"

enum { UUID_SIZE = 37 };

struct made {
	const struct profile *profile;
	struct arena *mem;
	const char *host, *base, *identifier;
	unsigned port;
	bool tls;
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
static void make_uuid(const struct made *p, const char *what, char out[UUID_SIZE])
{
	const char *seed = arena_printf(p->mem, "dedit profile\n%s\n%u\n%s\n%s", p->host, p->port,
		p->profile->user, what);
	uint8_t h[SHA256_SIZE];

	sha256(seed, strlen(seed), h);
	h[6] = (uint8_t)((h[6] & 0x0f) | 0x80);
	h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
	snprintf(out, UUID_SIZE, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", h[0], h[1],
		h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
}

/* What every payload has. */
static void add_payload(struct buf *out, const struct made *p, const char *type, const char *what,
	const char *name)
{
	char uuid[UUID_SIZE];

	make_uuid(p, what, uuid);
	add_string(out, "PayloadType", type);
	add_number(out, "PayloadVersion", 1);
	add_string(out, "PayloadIdentifier", *what ? arena_printf(p->mem, "%s.%s", p->identifier, what)
						    : p->identifier);
	add_string(out, "PayloadUUID", uuid);
	add_string(out, "PayloadDisplayName", name);
}

/* ---- the profile ---- */

static void add_account(struct buf *out, const struct made *p)
{
	buf_adds(out, "<dict>\n");
	add_payload(out, p, "com.apple.caldav.account", "caldav", p->host);
	add_string(out, "CalDAVAccountDescription",
		arena_printf(p->mem, "%s (%s)", p->profile->displayname, p->host));
	add_string(out, "CalDAVHostName", p->host);
	add_number(out, "CalDAVPort", p->port);
	add_bool(out, "CalDAVUseSSL", p->tls);
	add_string(out, "CalDAVPrincipalURL", arena_printf(p->mem, "%s/principals/%s/", p->base,
		path_encode_segment(p->profile->user, p->mem)));
	add_string(out, "CalDAVUsername", p->profile->user);
	if (p->profile->password)
		add_string(out, "CalDAVPassword", p->profile->password);
	buf_adds(out, "</dict>\n");
}

static void add_authority(struct buf *out, const struct made *p)
{
	buf_adds(out, "<dict>\n");
	add_payload(out, p, "com.apple.security.root", "ca", arena_printf(p->mem, "CA of %s", p->host));
	add_string(out, "PayloadCertificateFileName", "ca.cer");
	buf_printf(out, "<key>PayloadContent</key>\n<data>%s</data>\n</dict>\n", p->profile->ca);
}

static void write_profile(struct buf *out, const struct made *p)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n");
	add_payload(out, p, "Configuration", "", arena_printf(p->mem, "Calendars of %s", p->profile->displayname));
	add_string(out, "PayloadOrganization", p->host);
	add_bool(out, "PayloadRemovalDisallowed", false);
	buf_adds(out, "<key>PayloadContent</key>\n<array>\n");
	if (p->profile->ca)
		add_authority(out, p);
	add_account(out, p);
	buf_adds(out, "</array>\n</dict>\n</plist>\n");
}

/* ---- where the server is ---- */

/* "https://cal.example.org:8443/dedit" */
static int read_url(struct made *p, const char *url, struct err *e)
{
	if (!url)
		return err_set(e, ERR_INVALID,
			"public-url is needed in section server: where phones reach the server");
	p->tls = str_starts(url, "https://");
	const char *authority = strstr(url, "://") + 3;
	size_t len = strcspn(authority, "/");
	const char *colon = memrchr(authority, ':', len);
	uint64_t port = p->tls ? 443 : 80;
	if (colon && memchr(colon, ']', len - (size_t)(colon - authority)))
		colon = NULL;
	if (colon && parse_u64n(colon + 1, len - (size_t)(colon + 1 - authority), 1, 65535, &port) != 0)
		return err_set(e, ERR_INVALID, "public-url: no port behind the colon");
	p->host = arena_strndup(p->mem, authority, colon ? (size_t)(colon - authority) : len);
	p->port = (unsigned)port;
	p->base = authority + len;
	p->identifier = arena_printf(p->mem, "dedit.%s.%s", p->host, p->profile->user);
	return 0;
}

int profile_write(const struct profile *profile, struct arena *mem, struct buf *out, struct err *e)
{
	struct made p = { .profile = profile, .mem = mem };

	if (read_url(&p, profile->url, e) < 0)
		return -1;
	write_profile(out, &p);
	return 0;
}
