#include "web/form.h"

#include <string.h>

#include "base/util.h"
#include "http/form.h"

int form_check(struct page_request *rq)
{
	const char *type = request_header(rq->http, "Content-Type");
	static const char form[] = "application/x-www-form-urlencoded";
	size_t len = type ? strcspn(type, "; \t") : 0;

	if (len != strlen(form) || ascii_ncasecmp(type, form, len) != 0)
		return page_text(rq, 415, "a form is expected: application/x-www-form-urlencoded");
	return 0;
}

const char *form_value(const struct page_request *rq, const char *name)
{
	size_t at = 0;

	return form_next(rq->http->body, rq->http->body_len, name, &at, rq->http->mem);
}
