/*
 * The page of a client without an account: /appointment/<ref>/<mac>. Whoever has the link, which stands in
 * the event, reads what was agreed and what cancelling costs now, cancels, and asks for another time
 * (doc/policy.md 4.5). Without a script: a form for each act, and what is shown is looked up again before it
 * is done.
 */
#include <string.h>

#include "base/util.h"
#include "policy/appointment.h"
#include "web/form.h"
#include "web/html.h"
#include "web/signed.h"

struct link { const char *ref, *mac; };

struct view {
	struct page_request *rq;
	const struct link *link;
	struct buf *out;
	bool french;
};

static const char *in(const struct view *v, const char *english, const char *french)
{
	return v->french ? french : english;
}

static void write_paragraph(const struct view *v, const char *english, const char *french)
{
	html_element(v->out, "p", in(v, english, french));
}

static void write_fact(const struct view *v, const char *english, const char *french, const char *text)
{
	if (!*text)
		return;
	html_element(v->out, "dt", in(v, english, french));
	html_element(v->out, "dd", text);
}

static const char *cost_text(const struct view *v, const struct appointment_date *d)
{
	struct arena *mem = v->rq->http->mem;

	if (d->cost)
		return arena_printf(mem, v->french ? "Annuler maintenant coûte %s." : "Cancelling now costs %s.", d->cost);
	if (d->free_until)
		return arena_printf(mem, v->french ? "Vous pouvez annuler sans frais jusqu'au %s." :
			"You can cancel free of charge until %s.", d->free_until);
	if (d->why_free)
		return arena_printf(mem, v->french ? "Annuler maintenant ne coûte rien. %s" :
			"Cancelling now costs nothing. %s", d->why_free);
	return in(v, "Cancelling costs nothing.", "Annuler ne coûte rien.");
}

static void write_hidden(const struct view *v, const char *name, const char *value)
{
	buf_printf(v->out, "<input type=\"hidden\" name=\"%s\" value=\"", name);
	html_text(v->out, value);
	buf_adds(v->out, "\">\n");
}

static void begin_form(const struct view *v, const char *act)
{
	/* To the page itself, whatever stands before its path. */
	buf_adds(v->out, "<form method=\"post\">\n");
	signed_write_token(v->rq, v->link->ref, v->link->mac);
	write_hidden(v, "act", act);
}

static void end_form(const struct view *v, const char *english, const char *french)
{
	buf_adds(v->out, "<button>");
	html_text(v->out, in(v, english, french));
	buf_adds(v->out, "</button>\n</form>\n");
}

static void write_date(const struct view *v, const struct appointment_date *d)
{
	html_element(v->out, "h2", d->when);
	html_element(v->out, "p", cost_text(v, d));
	begin_form(v, "cancel");
	write_hidden(v, "date", d->occurrence);
	write_hidden(v, "agreed", d->agreed);
	buf_adds(v->out, "<label><input type=\"checkbox\" name=\"sure\" value=\"yes\" required> ");
	html_text(v->out, d->cost ? in(v, "I cancel this appointment and have read what it costs.",
		"J'annule ce rendez-vous et j'ai lu ce que cela coûte.") :
		in(v, "I cancel this appointment.", "J'annule ce rendez-vous."));
	buf_adds(v->out, "</label>\n");
	end_form(v, "Cancel the appointment", "Annuler le rendez-vous");
}

static void write_dates(const struct view *v, const struct appointment *a)
{
	const char *base = v->rq->http->base ? v->rq->http->base : "";

	for (size_t n = 0; n < a->date_count; n++)
		write_date(v, &a->dates[n]);
	if (a->more)
		write_paragraph(v, "Later dates are not shown yet.", "Les dates suivantes ne sont pas encore affichées.");
	if (a->date_count > 0)
		return;
	write_paragraph(v, "This appointment can't be cancelled here any more: it was cancelled, or it is over.",
		"Ce rendez-vous ne peut plus être annulé ici : il a été annulé, ou il est passé.");
	if (a->note_path) {
		buf_adds(v->out, "<p>");
		html_link(v->out, arena_printf(v->rq->http->mem, "%s%s", base, a->note_path),
			in(v, "What became of it", "Ce qu'il en est advenu"));
		buf_adds(v->out, "</p>\n");
	}
}

static void write_asking(const struct view *v, const struct appointment *a)
{
	if (a->date_count == 0)
		return;
	html_element(v->out, "h2", in(v, "Another time", "Un autre horaire"));
	if (a->asked)
		html_element(v->out, "blockquote", a->asked + strspn(a->asked, "> "));
	write_paragraph(v, "Write which times would suit you. The appointment stays as it is until it is moved.",
		"Écrivez quels horaires vous conviendraient. Le rendez-vous reste tel quel tant qu'il n'est pas déplacé.");
	begin_form(v, "ask");
	buf_adds(v->out, "<label>");
	html_text(v->out, in(v, "Message", "Message"));
	buf_printf(v->out, "<textarea name=\"text\" rows=\"3\" maxlength=\"%d\" required></textarea></label>\n",
		APPOINTMENT_TEXT_MAX);
	end_form(v, "Send", "Envoyer");
}

static void write_terms(const struct view *v, const struct appointment *a)
{
	const char *base = v->rq->http->base ? v->rq->http->base : "";

	html_element(v->out, "h2", in(v, "What was agreed", "Ce qui est convenu"));
	html_paragraphs(v->out, a->terms_text);
	buf_adds(v->out, "<p>");
	html_link(v->out, arena_printf(v->rq->http->mem, "%s%s", base, a->terms_path), a->terms);
	buf_adds(v->out, "</p>\n");
}

/* english, french: why an act wasn't done; NULL: none was asked for. */
static int write_page(struct page_request *rq, const struct link *l, const struct appointment *a, int status,
	const char *english, const char *french)
{
	struct view v = { rq, l, &rq->http->res->body, strcmp(a->language, "fr") == 0 };

	rq->forms = true;
	html_begin(rq, a->language, in(&v, "Your appointment", "Votre rendez-vous"));
	if (english) {
		buf_adds(v.out, "<p role=\"alert\" class=\"alert\">");
		html_text(v.out, in(&v, english, french));
		buf_adds(v.out, "</p>\n");
	}
	buf_adds(v.out, "<dl>\n");
	write_fact(&v, "With", "Avec", a->professional);
	write_fact(&v, "Client", "Client", a->client);
	write_fact(&v, "Service", "Prestation", a->service);
	write_fact(&v, "Time zone", "Fuseau horaire", a->zone);
	buf_adds(v.out, "</dl>\n");
	write_dates(&v, a);
	write_asking(&v, a);
	write_terms(&v, a);
	html_end(rq);
	return rq->http->res->status = status;
}

/* ---- acts ---- */

static int act(const struct event_request *event, const struct page_request *rq, const struct link *l,
	struct event_result *out, struct err *e)
{
	const char *what = form_value(rq, "act"), *date = form_value(rq, "date"), *agreed = form_value(rq, "agreed"),
		*sure = form_value(rq, "sure"), *text = form_value(rq, "text");
	bool asks = what && strcmp(what, "ask") == 0;

	if (asks)
		return appointment_ask(event, l->ref, l->mac, text ? text : "", out, e);
	if (!what || strcmp(what, "cancel") != 0 || !date || !agreed || !sure || strcmp(sure, "yes") != 0)
		return err_set(e, ERR_INVALID, "the form is incomplete");
	return appointment_cancel(event, l->ref, l->mac, date, agreed, out, e);
}

/* The page once more, with why nothing was done. */
static int write_refusal(struct page_request *rq, const struct event_request *event, const struct link *l,
	const struct err *why)
{
	struct appointment a;
	struct err e;

	if (why->code == ERR_NOT_FOUND || appointment_read(event, l->ref, l->mac, &a, &e))
		return signed_refuse(rq, why);
	rq->http->res->reason = arena_strdup(rq->http->mem, why->text);
	if (why->code == ERR_CHANGED)
		return write_page(rq, l, &a, 409, "Something has changed since you opened this page. Please look again.",
			"Quelque chose a changé depuis l'ouverture de cette page. Merci de la relire.");
	if (why->code == ERR_INVALID)
		return write_page(rq, l, &a, 400, "The message is empty or too long. Nothing was sent.",
			"Le message est vide ou trop long. Rien n'a été envoyé.");
	return write_page(rq, l, &a, why->code == ERR_DENIED ? 403 : 503,
		"That could not be done. Please get in touch.", "Cela n'a pas pu être fait. Merci de nous contacter.");
}

static int do_act(struct page_request *rq, const struct event_request *event, const struct link *l)
{
	struct event_result out = { 0 };
	struct err e;

	if (signed_check_form(rq, l->ref, l->mac))
		return rq->http->res->status;
	if (act(event, rq, l, &out, &e))
		return write_refusal(rq, event, l, &e);
	if (out.denied) {
		err_set(&e, ERR_DENIED, "%s", out.reason);
		return write_refusal(rq, event, l, &e);
	}
	return signed_see(rq); /* so that loading it anew doesn't send the form again */
}

int page_appointment(struct page_request *rq)
{
	struct event_request event = signed_request(rq);
	struct appointment a;
	struct link l;
	struct err e;

	if (!rq->web->client_pages)
		return page_text(rq, 404, "nothing here");
	signed_begin(rq, &l.ref, &l.mac);
	if (strcmp(rq->http->method, "POST") == 0)
		return do_act(rq, &event, &l);
	return appointment_read(&event, l.ref, l.mac, &a, &e) ? signed_refuse(rq, &e) :
		write_page(rq, &l, &a, 200, NULL, NULL);
}
