/*
 * The note on a fee: /fee/<ref>/<mac>. Whoever has the link, which stands in the event and in Fees, reads
 * what the ledger knows of that one incident, and where `client-pages` is on disputes it (architecture.md
 * 15.33, 15.34; doc/policy.md 4.5).
 */
#include <string.h>

#include "policy/appointment.h"
#include "policy/note.h"
#include "web/form.h"
#include "web/html.h"
#include "web/signed.h"

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

static void write_dispute(struct page_request *rq, const char *ref, const char *mac, bool french)
{
	struct buf *out = &rq->http->res->body;

	html_element(out, "h2", french ? "Contester" : "Dispute");
	html_element(out, "p", french ?
		"Si ce n'est pas exact, écrivez pourquoi. Rien n'est à payer jusqu'à la réponse." :
		"If this is not right, write why. Nothing has to be paid until you get an answer.");
	buf_adds(out, "<form method=\"post\">\n");
	signed_write_token(rq, ref, mac);
	buf_printf(out, "<label>%s<textarea name=\"text\" rows=\"3\" maxlength=\"%d\" required>"
		"</textarea></label>\n<button>%s</button>\n</form>\n", french ? "Motif" : "Reason", APPOINTMENT_REASON_MAX,
		french ? "Contester l'indemnité" : "Dispute the fee");
}

static int write_page(struct page_request *rq, const char *ref, const char *mac, const struct note *n)
{
	const char *base = rq->http->base ? rq->http->base : "";
	bool dispute = rq->web->client_pages && n->disputable;
	struct buf *out = &rq->http->res->body;

	rq->forms = dispute;
	html_begin(rq, n->language, n->title);
	html_element(out, "p", n->happened);
	if (*n->notice)
		html_element(out, "p", n->notice);
	write_facts(out, n);
	write_history(out, n);
	if (dispute)
		write_dispute(rq, ref, mac, strcmp(n->language, "fr") == 0);
	buf_adds(out, "<p>");
	html_link(out, arena_printf(rq->http->mem, "%s%s", base, n->terms_path), n->terms);
	buf_adds(out, "</p>\n");
	return html_end(rq);
}

static int dispute(struct page_request *rq, const char *ref, const char *mac)
{
	const struct event_request event = signed_request(rq);
	bool changed;
	struct err e;

	if (signed_check_form(rq, ref, mac))
		return rq->http->res->status;
	const char *text = form_value(rq, "text");

	if (appointment_dispute(&event, ref, mac, text ? text : "", &changed, &e))
		return e.code == ERR_INVALID ? page_text(rq, 400, arena_strdup(rq->http->mem, e.text)) :
			signed_refuse(rq, &e);
	return changed ? signed_see(rq) : page_text(rq, 409, "this fee can't be disputed");
}

int page_fee_note(struct page_request *rq)
{
	bool form = strcmp(rq->http->method, "POST") == 0;
	const char *ref, *mac;
	struct note note;
	struct err e;

	signed_begin(rq, &ref, &mac);
	if (form)
		return dispute(rq, ref, mac);
	/* Always one look into the index, so that a path of the wrong form takes as long as a wrong one. */
	if (note_read(rq->web->store, rq->web->policies, ref, mac, rq->http->mem, &note, &e) < 0)
		return signed_refuse(rq, &e);
	return write_page(rq, ref, mac, &note);
}
