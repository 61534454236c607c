/* `dedit dns`: the records by which programs find the server from a mail address (RFC 6764, RFC 7808). */
#include <string.h>

#include "base/util.h"
#include "server/admin.h"
#include "server/listen.h"

enum { TTL = 86400, DOMAIN_MAX = 253 };

/* Where the world reaches the server, out of public-url and the listeners. */
struct reach {
	const char *host;       /* as public-url has it, without port */
	const char *tls, *plain; /* ports; NULL: not offered */
	const char *base;       /* base-path, or "" */
};

/* The port behind the last colon; NULL for a unix socket. */
static const char *port_of(const char *spec)
{
	const char *colon = strrchr(spec, ':');

	return colon != NULL && !str_starts(spec, "unix:") ? colon + 1 : NULL;
}

static bool read_reach(struct admin *a, struct reach *out)
{
	const struct settings *s = a->site->settings;
	const char *url = s->dav.public_url;
	bool tls = url != NULL && str_starts(url, "https://");
	const char *authority = url != NULL ? strstr(url, "://") + 3 : NULL;

	*out = (struct reach){ 0 };
	if (authority == NULL)
		return false;
	size_t len = strcspn(authority, "/");
	const char *port = memchr(authority, ':', len);
	if (*authority == '[') /* an address, which no SRV record can name */
		return false;
	out->base = s->base_path != NULL ? s->base_path : "";
	out->host = arena_strndup(a->mem, authority, port != NULL ? (size_t)(port - authority) : len);
	port = port != NULL ? arena_strndup(a->mem, port + 1, len - (size_t)(port + 1 - authority))
			    : tls ? "443" : "80";
	*(tls ? &out->tls : &out->plain) = port;
	/* the other scheme, if the server itself offers it to others */
	if (!tls && s->tls_listen->count > 0)
		out->tls = port_of(s->tls_listen->text[0]);
	for (size_t i = 0; tls && i < s->listen->count && out->plain == NULL; i++) {
		if (!listen_is_local(s->listen->text[i]))
			out->plain = port_of(s->listen->text[i]);
	}
	return true;
}

/* RFC 6764 3: a target of "." says that there is no such service. */
static void write_service(struct admin *a, const char *service, const char *domain, const char *host,
	const char *port, const char *path)
{
	if (port == NULL) {
		buf_printf(&a->out, "%s._tcp.%s. %d IN SRV 0 0 0 .\n", service, domain, TTL);
		return;
	}
	buf_printf(&a->out, "%s._tcp.%s. %d IN SRV 0 1 %s %s.\n", service, domain, TTL, port, host);
	buf_printf(&a->out, "%s._tcp.%s. %d IN TXT \"path=%s\"\n", service, domain, TTL, path);
}

static void write_domain(struct admin *a, const struct reach *r, const char *domain)
{
	const char *root = arena_printf(a->mem, "%s/", r->base);
	const char *zones = arena_printf(a->mem, "%s/timezones", r->base);

	buf_printf(&a->out, "; calendars of %s (RFC 6764)\n", domain);
	write_service(a, "_caldavs", domain, r->host, r->tls, root);
	write_service(a, "_caldav", domain, r->host, r->plain, root);
	buf_printf(&a->out, "; time zones (RFC 7808)\n");
	write_service(a, "_timezones", domain, r->host, r->tls, zones);
	write_service(a, "_timezone", domain, r->host, r->plain, zones);
}

/* Letters, digits, hyphens and dots: what may stand in a zone file as it is. */
static bool domain_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > DOMAIN_MAX || name[0] == '.' || name[0] == '-' || name[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!ascii_isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '.')
			return false;
	}
	return strstr(name, "..") == NULL;
}

int admin_dns(struct admin *a, char *const *args)
{
	struct reach r;

	if (admin_expect(a, args, 0, 1) < 0)
		return ADMIN_USAGE;
	if (!read_reach(a, &r) || !domain_valid(r.host))
		return admin_fail(a, "public-url, with a host's name, is needed in section server");
	const char *domain = args[0] != NULL ? args[0] : r.host;
	if (!domain_valid(domain))
		return admin_misuse(a, "'%s' is no domain", domain);
	write_domain(a, &r, domain);
	return ADMIN_OK;
}
