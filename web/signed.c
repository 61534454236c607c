#include "web/signed.h"

#include <string.h>

#include "base/util.h"
#include "policy/ledger.h"
#include "policy/link.h"
#include "web/form.h"

enum { PART_BYTES = 64 };

/* "<ref>/<mac>": false if it is nothing like that. */
static bool split_path(struct page_request *rq, const char **ref, const char **mac)
{
	const char *slash = strchr(rq->rest, '/');

	if (!slash || slash - rq->rest > PART_BYTES || strlen(slash) > PART_BYTES)
		return false;
	*ref = arena_strndup(rq->http->mem, rq->rest, (size_t)(slash - rq->rest));
	*mac = slash + 1;
	return strlen(*ref) == REF_SIZE - 1 && ref_looks_right(*ref);
}

size_t page_signed_shown(const char *rest)
{
	return ref_looks_right(rest) && rest[REF_SIZE - 1] == '/' ? REF_SIZE : 0;
}

static int precheck(struct page_request *rq, uint64_t content_length, bool length_known, size_t *body_max)
{
	const char *method = rq->http->method;

	if (!rq->web->client_pages || strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return page_precheck(rq, content_length, length_known, body_max);
	*body_max = FORM_MAX;
	if (strcmp(method, "POST") != 0)
		return page_refuse_method(rq, "GET, HEAD, POST");
	return length_known && content_length > FORM_MAX ? page_text(rq, 413, "the form is too long") : 0;
}

const struct page_kind signed_kind = { .precheck = precheck };

void signed_begin(struct page_request *rq, const char **ref, const char **mac)
{
	struct response *res = rq->http->res;

	*ref = *mac = "";
	if (!split_path(rq, ref, mac))
		*ref = "none";
	response_header(res, "Cache-Control", "private, no-store");
	response_header(res, "Referrer-Policy", "no-referrer");
	response_header(res, "X-Robots-Tag", "noindex");
}

int signed_refuse(struct page_request *rq, const struct err *e)
{
	if (e->code != ERR_NOT_FOUND)
		return page_text(rq, 503, "the store can't be read");
	rq->http->res->wrong_link = true;
	return page_text(rq, 404, "nothing here");
}

void signed_write_token(const struct page_request *rq, const char *ref, const char *mac)
{
	char token[LINK_MAC_SIZE];
	struct store_info info;

	store_info(rq->web->store, &info);
	link_mac(&info, LINK_FORM, ref, mac, token);
	secret_zero(&info, sizeof(info));
	buf_printf(&rq->http->res->body, "<input type=\"hidden\" name=\"token\" value=\"%s\">\n", token);
}

int signed_check_form(struct page_request *rq, const char *ref, const char *mac)
{
	const char *token;

	if (form_check(rq))
		return rq->http->res->status;
	token = form_value(rq, "token");
	return token && link_is_right(rq->web->store, LINK_FORM, ref, mac, token) ? 0 :
		page_text(rq, 403, "the form is not this page's");
}

int signed_see(struct page_request *rq)
{
	response_header(rq->http->res, "Location", rq->http->path);
	return rq->http->res->status = 303;
}

struct event_request signed_request(const struct page_request *rq)
{
	static const char *const none[] = { NULL };

	return (struct event_request){ .store = rq->web->store, .policies = rq->web->policies,
		.limits = &rq->web->ical, .mem = rq->http->mem, .now = rq->http->now,
		.actor = { .name = "", .displayname = "", .addresses = none } };
}
