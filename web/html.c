#include "web/html.h"

#include <string.h>

#include "base/digest.h"
#include "base/util.h"

static const char style[] =
	"body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#222;background:#fff}"
	"main{max-width:40rem;margin:0 auto;padding:1.5rem 1rem}"
	"h1{font-size:1.5rem;margin:0 0 1rem}"
	"h2{font-size:1.1rem;margin:1.5rem 0 .5rem}"
	"dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.25rem 1rem;margin:1rem 0}"
	"dt{color:#555}"
	"dd{margin:0;overflow-wrap:anywhere}"
	"td{padding:0 1rem .25rem 0;text-align:start;vertical-align:top}"
	"a{color:inherit}"
	"label{display:block;margin:.5rem 0}"
	"textarea{display:block;box-sizing:border-box;width:100%;font:inherit}"
	"button{font:inherit;padding:.5rem 1rem;cursor:pointer}"
	"blockquote{margin:1rem 0;padding-inline-start:1rem;border-inline-start:.2rem solid #999}"
	".alert{padding:.75rem 1rem;border:.1rem solid #a33;color:#a33}"
	"@media print{main{max-width:none;padding:0}}";

/* The style sheet by its digest, and nothing else (CSP 3, 2.3.1: base64 with padding). */
static const char *policy_of_content(bool forms, struct arena *mem)
{
	char text[base64url_size(SHA256_SIZE)];
	uint8_t digest[SHA256_SIZE];

	sha256(style, strlen(style), digest);
	base64url(digest, sizeof(digest), text);
	for (char *p = text; *p; p++)
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	return arena_printf(mem, "default-src 'none'; style-src 'sha256-%s='; base-uri 'none'; form-action %s; "
		"frame-ancestors 'none'", text, forms ? "'self'" : "'none'");
}

void html_begin(struct page_request *rq, const char *language, const char *title)
{
	struct response *res = rq->http->res;

	response_header(res, "Content-Type", "text/html; charset=utf-8");
	response_header(res, "Content-Language", language);
	response_header(res, "Content-Security-Policy", policy_of_content(rq->forms, rq->http->mem));
	buf_printf(&res->body, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n<title>", language);
	html_text(&res->body, title);
	buf_printf(&res->body, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", style);
	html_element(&res->body, "h1", title);
}

int html_end(struct page_request *rq)
{
	buf_adds(&rq->http->res->body, "</main>\n</body>\n</html>\n");
	return rq->http->res->status = 200;
}

/* Means itself, in an element and in a quoted attribute. */
static void add_text(struct buf *out, const char *text, size_t len)
{
	static const struct { char c; const char *means; } special[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" },
	};

	for (const char *end = text + len; text < end; text++) {
		size_t n = 0;

		while (n < ARRAY_SIZE(special) && special[n].c != *text)
			n++;
		if (n < ARRAY_SIZE(special))
			buf_adds(out, special[n].means);
		else
			buf_addc(out, *text);
	}
}

void html_text(struct buf *out, const char *text)
{
	add_text(out, text, strlen(text));
}

static void element(struct buf *out, const char *name, const char *text, size_t len)
{
	buf_printf(out, "<%s dir=\"auto\">", name);
	add_text(out, text, len);
	buf_printf(out, "</%s>\n", name);
}

void html_element(struct buf *out, const char *name, const char *text)
{
	element(out, name, text, strlen(text));
}

void html_paragraphs(struct buf *out, const char *text)
{
	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (len > 0)
			element(out, "p", text, len);
	}
}

/* A path: not "//host", nor "/\host", which browsers read as another server's. */
static bool may_link(const char *href)
{
	static const char *const schemes[] = { "http://", "https://", "mailto:" };

	for (size_t n = 0; n < ARRAY_SIZE(schemes); n++) {
		if (ascii_ncasecmp(href, schemes[n], strlen(schemes[n])) == 0)
			return true;
	}
	return href[0] == '/' && href[1] != '/' && href[1] != '\\';
}

void html_link(struct buf *out, const char *href, const char *text)
{
	bool link = may_link(href);

	if (link) {
		buf_adds(out, "<a href=\"");
		html_text(out, href);
		buf_adds(out, "\">");
	}
	html_text(out, text);
	buf_adds(out, link ? "</a>" : "");
}
