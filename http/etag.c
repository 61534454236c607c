#include "http/etag.h"

#include <string.h>

#include "base/util.h"

struct etag { const char *text; size_t len; bool weak, any; };

/* Takes the next one off a comma-separated list; one without quotes is tolerated. */
static bool etag_next(const char **list, struct etag *out)
{
	const char *s = *list + strspn(*list, " \t,");

	*out = (struct etag){ 0 };
	if (!*s)
		return false;
	if (str_starts(s, "W/")) {
		out->weak = true;
		s += 2;
	}
	bool quoted = *s == '"';
	s += quoted;
	out->text = s;
	out->len = strcspn(s, quoted ? "\"" : ", \t");
	out->any = !quoted && !out->weak && out->len == 1 && *s == '*';
	*list = s + out->len + (quoted && s[out->len] == '"');
	return true;
}

bool etag_listed(const char *list, const char *etag, bool weak_too)
{
	struct etag t;

	while (etag_next(&list, &t)) {
		if (t.any)
			return true;
		if ((!t.weak || weak_too) && t.len > 0 && t.len == strlen(etag)
			&& memcmp(t.text, etag, t.len) == 0)
			return true;
	}
	return false;
}

bool etag_not_modified(const struct request *rq, const char *etag)
{
	const char *list;
	size_t i = 0;

	while ((list = request_header_next(rq, "If-None-Match", &i)) != NULL)
		if (etag_listed(list, etag, true))
			return true;
	return false;
}
