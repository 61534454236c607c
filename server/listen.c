#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/util.h"

enum { BACKLOG = 511, HOST_MAX = 256 };

struct spec {
	const char *unix_path;  /* or: */
	char host[HOST_MAX], port[8];
	bool any;               /* "*" */
};

static int spec_parse(const char *text, struct spec *out, struct err *e)
{
	const char *host = text, *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	uint64_t port;

	memset(out, 0, sizeof(*out));
	if (str_starts(text, "unix:")) {
		out->unix_path = text + strlen("unix:");
		if (out->unix_path[0] != '/' ||
			strlen(out->unix_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return err_set(e, ERR_INVALID, "unix:/path, at most 107 bytes");
		return 0;
	}
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (strcspn(host, ":[]") < len) {
		len = 0;
	}
	if (len == 0 || len >= HOST_MAX || parse_u64(colon + 1, 1, 65535, &port) != 0)
		return err_set(e, ERR_INVALID, "host:port, [v6]:port, *:port or unix:/path");
	memcpy(out->host, host, len);
	out->any = strcmp(out->host, "*") == 0;
	snprintf(out->port, sizeof(out->port), "%u", (unsigned)port);
	return 0;
}

int listen_check(const char *spec, struct err *e)
{
	struct spec s;

	return spec_parse(spec, &s, e);
}

static int resolve(const struct spec *s, struct addrinfo **out, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	int rc = getaddrinfo(s->host, s->port, &hints, out);

	if (rc != 0)
		return err_set(e, ERR_INVALID, "%s: %s", s->host, gai_strerror(rc));
	return 0;
}

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	return sa->sa_family == AF_INET6 &&
		IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)sa)->sin6_addr);
}

bool listen_is_local(const char *spec)
{
	struct addrinfo *all;
	struct spec s;
	bool local = true;

	if (spec_parse(spec, &s, NULL) != 0 || s.any)
		return false;
	if (s.unix_path != NULL)
		return true;
	if (resolve(&s, &all, NULL) != 0)
		return false;
	for (const struct addrinfo *a = all; a != NULL; a = a->ai_next)
		local = local && is_loopback(a->ai_addr);
	freeaddrinfo(all);
	return local;
}

/* mapped: an IPv6 socket that takes IPv4 peers as well. */
static int open_socket(const struct sockaddr *sa, socklen_t len, bool mapped, const char *name,
	int *out, struct err *e)
{
	cleanup_fd int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, v6only = !mapped;

	if (fd < 0)
		return err_errno(e, ERR_IO, "%s: socket", name);
	if (sa->sa_family != AF_UNIX && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return err_errno(e, ERR_IO, "%s: SO_REUSEADDR", name);
	if (sa->sa_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) != 0)
		return err_errno(e, ERR_IO, "%s: IPV6_V6ONLY", name);
	if (bind(fd, sa, len) != 0)
		return err_errno(e, ERR_IO, "%s: bind", name);
	if (listen(fd, BACKLOG) != 0)
		return err_errno(e, ERR_IO, "%s: listen", name);
	*out = fd;
	fd = -1;
	return 0;
}

/* A socket left by a server that was killed; anything else is not ours to remove. */
static int remove_stale(const char *path, const struct sockaddr_un *sa, struct err *e)
{
	cleanup_fd int fd = -1;
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno == EAGAIN))
		return err_set(e, ERR_BUSY, "%s: another process listens there", path);
	return unlink(path) == 0 ? 0 : err_errno(e, ERR_IO, "%s: unlink", path);
}

static int open_unix(const char *path, int *out, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (remove_stale(path, &sa, e) != 0)
		return -1;
	if (open_socket((struct sockaddr *)&sa, sizeof(sa), false, path, out, e) != 0)
		return -1;
	if (chmod(path, 0660) != 0) {
		err_errno(e, ERR_IO, "%s: chmod", path);
		close(*out);
		return -1;
	}
	return 0;
}

/* One socket for both families; IPv4 alone where the kernel has no IPv6. */
static int open_any(const struct spec *s, const char *name, int *out, struct err *e)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET };
	uint64_t port = 0;

	if (parse_u64(s->port, 1, 65535, &port) != 0)
		return err_set(e, ERR_INVALID, "%s: port", name);
	six.sin6_port = four.sin_port = htons((uint16_t)port);
	if (open_socket((struct sockaddr *)&six, sizeof(six), true, name, out, e) == 0)
		return 0;
	return open_socket((struct sockaddr *)&four, sizeof(four), false, name, out, e);
}

static int open_all(const struct addrinfo *all, const char *name, int out[LISTEN_PER_NAME],
	size_t *count, struct err *e)
{
	size_t n = 0;

	for (const struct addrinfo *a = all; a != NULL && n < LISTEN_PER_NAME; a = a->ai_next) {
		if (open_socket(a->ai_addr, a->ai_addrlen, false, name, &out[n], e) != 0) {
			while (n > 0)
				close(out[--n]);
			return -1;
		}
		n++;
	}
	*count = n;
	return 0;
}

int listen_open(const char *spec, int out[LISTEN_PER_NAME], size_t *count, struct err *e)
{
	struct addrinfo *all;
	struct spec s;
	int rc;

	if (spec_parse(spec, &s, e) != 0)
		return -1;
	if (s.unix_path != NULL || s.any) {
		*count = 1;
		return s.any ? open_any(&s, spec, out, e) : open_unix(s.unix_path, out, e);
	}
	if (resolve(&s, &all, e) != 0)
		return -1;
	rc = open_all(all, spec, out, count, e);
	freeaddrinfo(all);
	return rc;
}

void address_text(const struct sockaddr *sa, char out[ADDRESS_TEXT_SIZE])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)sa;

	snprintf(out, ADDRESS_TEXT_SIZE, "unix");
	if (sa == NULL)
		return;
	if (sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)sa)->sin_addr, out, ADDRESS_TEXT_SIZE);
	else if (sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], out, ADDRESS_TEXT_SIZE);
	else if (sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, out, ADDRESS_TEXT_SIZE);
}
