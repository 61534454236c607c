/*
 * The note on a fee: /fee/<ref>/<mac>. Whoever has the link, which stands in the event and in Fees, reads
 * what the ledger knows of that one incident; it does nothing (architecture.md 15.33, 15.34).
 */
#include <string.h>

#include "base/util.h"
#include "policy/ledger.h"
#include "policy/note.h"
#include "web/html.h"

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

size_t page_fee_note_shown(const char *rest)
{
	return ref_looks_right(rest) && rest[REF_SIZE - 1] == '/' ? REF_SIZE : 0;
}

static void write_facts(struct buf *out, const struct note *n)
{
	buf_adds(out, "<dl>\n");
	for (size_t k = 0; k < n->fact_count; k++) {
		html_element(out, "dt", n->facts[k].label);
		html_element(out, "dd", n->facts[k].text);
	}
	buf_adds(out, "</dl>\n");
}

static void write_history(struct buf *out, const struct note *n)
{
	html_element(out, "h2", n->history_title);
	buf_adds(out, "<table>\n");
	for (size_t k = 0; k < n->history_count; k++) {
		buf_adds(out, "<tr>\n");
		html_element(out, "td", n->history[k].label);
		html_element(out, "td", n->history[k].text);
		buf_adds(out, "</tr>\n");
	}
	buf_adds(out, "</table>\n");
}

static int write_page(struct page_request *rq, const struct note *n)
{
	const char *base = rq->http->base ? rq->http->base : "";
	struct buf *out = &rq->http->res->body;

	html_begin(rq, n->language, n->title);
	html_element(out, "p", n->happened);
	if (*n->notice)
		html_element(out, "p", n->notice);
	write_facts(out, n);
	write_history(out, n);
	buf_adds(out, "<p>");
	html_link(out, arena_printf(rq->http->mem, "%s%s", base, n->terms_path), n->terms);
	buf_adds(out, "</p>\n");
	return html_end(rq);
}

/* Unknown and wrong are one answer. */
static int refuse(struct page_request *rq, const struct err *e)
{
	if (e->code != ERR_NOT_FOUND)
		return page_text(rq, 503, "the store can't be read");
	rq->http->res->wrong_link = true;
	return page_text(rq, 404, "nothing here");
}

int page_fee_note(struct page_request *rq)
{
	struct response *res = rq->http->res;
	const char *ref = "", *mac = "";
	bool formed = split_path(rq, &ref, &mac);
	struct note note;
	struct err e;

	response_header(res, "Cache-Control", "private, no-store");
	response_header(res, "Referrer-Policy", "no-referrer");
	response_header(res, "X-Robots-Tag", "noindex");
	/* Always one look into the index, so that a path of the wrong form takes as long as a wrong one. */
	if (note_read(rq->web->store, rq->web->policies, formed ? ref : "none", mac, rq->http->mem, &note, &e) < 0)
		return refuse(rq, &e);
	return write_page(rq, &note);
}
