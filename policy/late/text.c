#include "policy/late/text.h"

#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/late/booking.h"
#include "policy/late/fold.h"
#include "policy/late/offer.h"
#include "policy/late/phrase.h"
#include "policy/late/tell.h"

enum { NOTE_MAX = 4096 };

/* ---- 4.3 a) a booked appointment, c) one that was moved late ---- */

static bool is_late_move(const struct deal *d, const struct policy_incident *i)
{
	return entry_is_of(i, d->c->uid, d->c->occurrence) && entry_is(i, "late-move") &&
		i->state != POLICY_VOID && (i->hold > 0 || i->charge > 0);
}

/* The youngest late move of this appointment that means money; NULL: none. lost: all of them. */
static const struct policy_incident *late_moves(struct rendering *r, const char **lost)
{
	const struct deal *d = r->d;
	const struct policy_incident *last = NULL;
	char utc[ICAL_UTC_SIZE];

	*lost = "";
	for (size_t n = d->chain.first; n < d->entries.count; n++) {
		const struct policy_incident *i = &d->entries.at[n];

		if (!is_late_move(d, i))
			continue;
		last = i;
		ical_utc(i->slot, utc);
		*lost = arena_printf(d->mem, "%s%s%s", *lost, **lost ? "," : "", utc);
		buf_printf(&r->note, render_in(d, "Moved late from %s (%s notice). ", "Reporté tard du %s (préavis %s). "),
			render_time(d, i->slot, false), phrase_seconds(i->notice, d->mem));
	}
	return last;
}

static const struct money *shown_hold(const struct deal *d, const struct slot *s, const struct terms *terms,
	struct money *out)
{
	int64_t cap;

	*out = d->chain.hold;
	if (out->minor > 0 && fee_cap(&terms->rules.cap, &s->price, out->currency, &cap)) {
		cap -= chain_charged(&d->chain, &d->entries, d->c->uid, d->c->occurrence, out->currency);
		if (out->minor > cap)
			out->minor = cap > 0 ? cap : 0;
	}
	return out;
}

/* 4.3 c). What is dearer than the hold is said after it. */
static void render_moved(struct rendering *r, const struct slot *s, const struct terms *terms,
	struct offers *all, const struct policy_incident *last, const char *lost)
{
	const struct deal *d = r->d;
	const struct teller t = render_teller(d);
	char number[MONEY_SIZE];
	struct money hold;

	shown_hold(d, s, terms, &hold);
	render_put(r, POLICY_PROPERTY, "X-DEDIT-CLASS", "LATE-MOVE");
	render_fee(r, last);
	render_facts(r, last);
	if (hold.minor > 0 && money_format(hold.minor, hold.currency, number, sizeof(number)) == 0)
		render_put(r, POLICY_PROPERTY, arena_printf(d->mem, "X-DEDIT-HELD;CURRENCY=%s", hold.currency), number);
	render_put(r, POLICY_PROPERTY, "X-DEDIT-LOST;VALUE=DATE-TIME", lost);
	render_prefix(r, &terms->rules, "⚠", last->charge == 0 ? "" : arena_printf(d->mem,
		render_in(d, "Late move %s", "Reporté tard %s"), render_money(d, last->charge, last->currency)));
	if (last->charge > 0)
		render_say_fee(r, last);
	if (hold.minor > 0)
		buf_printf(&r->note, "%s\n", tell_hold(&t, hold.minor, hold.currency));
	for (size_t i = 0; i < all->count; i++) {
		if (all->list[i].minor <= hold.minor)
			all->list[i].amount = NULL;
	}
	if (hold.minor > 0) {
		for (size_t i = 0; i < all->count; i++) {
			if (all->list[i].amount)
				buf_printf(&r->note, render_in(d, "From %s: %s. ", "À partir du %s : %s. "),
					offer_start(d, &all->list[i], true), all->list[i].amount);
		}
	}
}

/* The checklist of a first appointment (S30). */
static void say_intake(struct rendering *r, const struct slot *s, const struct rules *rules)
{
	const struct deal *d = r->d;
	const struct policy_query q = { .size = sizeof(q), .client = s->client };
	struct entries list;

	if (!rules->intake || entries_load(d->host, d->sink, &q, d->mem, &list))
		return;
	for (size_t n = 0; n < list.count; n++) {
		if (entry_is(&list.at[n], "slot")) {
			if (strcmp(list.at[n].uid, d->c->uid) == 0)
				buf_printf(&r->note, "%s\n", rules->intake);
			return;
		}
	}
}

/* 4.2: the note asks. */
static void say_unclear_price(struct rendering *r, const struct rules *rules, int64_t price)
{
	if (rules->price_from_title && r->d->words.price_unclear && price < 0)
		buf_adds(&r->note, render_in(r->d,
			"The price in the title can be read in two ways: please write one amount, like 80.50 EUR.\n",
			"Le prix dans le titre peut se lire de deux façons : merci d'écrire un seul montant, comme 80,50 EUR.\n"));
}

static void render_booked(struct rendering *r, const struct slot *s)
{
	const struct deal *d = r->d;
	const struct policy_incident *last;
	struct offers all;
	struct terms terms;
	const char *lost;
	size_t applies;

	slot_terms(d, s, s->acquired, &terms);
	offers_make(d, s, &terms, &all);
	applies = offers_at(&all, s->acquired);
	last = late_moves(r, &lost);
	if (!last && (slot_is_past(s) || !offers_worth_saying(s, &terms, &all)))
		return;
	render_ref(r, s->ref);
	if (last)
		render_moved(r, s, &terms, &all, last, lost);
	if (d->chain.hold.minor == 0 && !slot_is_past(s) && offers_worth_saying(s, &terms, &all)) {
		if (applies < all.count)
			offers_say_too_late(r, s, &terms, &all, applies);
		else
			offers_say_free(r, &all, &terms);
	}
	say_unclear_price(r, &terms.rules, s->price.minor);
	if (all.count > 0 && !slot_is_past(s))
		render_utc(r, "X-DEDIT-FREE-UNTIL", all.list[0].deadline);
	render_policy(r, s->version, s->digest ? s->digest : "");
	render_extras(r, &terms.rules, s->ref, s->version, last);
	if (!slot_is_past(s))
		render_client_link(r, s->ref);
	say_intake(r, s, &terms.rules);
	render_done(r, s->version, last && last->charge > 0 ? last : NULL);
}

/* A series' master carries the rule and no instants (architecture.md 15, 10). */
static void render_series(struct rendering *r, const struct policy_incident *series)
{
	const struct deal *d = r->d;
	const struct slot s = {
		.start = series->slot, .end = series->slot_end, .acquired = series->acquired, .anchor = series->slot,
		.price = { .minor = series->price }, .client = series->client, .title = series->title,
		.service = series->service, .version = series->version, .digest = series->basis,
	};
	struct slot priced = s;
	const struct offer *first;
	struct offers all;
	struct terms terms;

	memcpy(priced.price.currency, series->currency, strnlen(series->currency, CURRENCY_SIZE - 1));
	slot_terms(d, &priced, s.acquired, &terms);
	offers_make(d, &priced, &terms, &all);
	if (!offers_worth_saying(&priced, &terms, &all))
		return;
	render_ref(r, series->ref);
	first = &all.list[0];
	if (terms.rules.record || !all.nameable)
		buf_printf(&r->note, render_in(d, "Please cancel or move until %s each date.\n%s",
			"Merci d'annuler ou de reporter jusqu'à %s chaque date.\n%s"),
			phrase_before(render_language(d), &first->tier->within, d->mem),
			terms.rules.record ? render_in(d, "Nothing is charged after that. ", "Rien n'est facturé ensuite. ") : "");
	else
		buf_printf(&r->note, render_in(d, "Free to cancel or move until %s each date.\n",
			"Annulation ou report sans frais jusqu'à %s chaque date.\n"),
			phrase_before(render_language(d), &first->tier->within, d->mem));
	if (!terms.rules.record)
		offers_say_amounts(r, &all, 0, false);
	say_unclear_price(r, &terms.rules, series->price);
	render_policy(r, series->version, series->basis);
	render_extras(r, &terms.rules, series->ref, series->version, NULL);
	render_client_link(r, series->ref);
	render_done(r, series->version, NULL);
}

/* ---- 4.3 b) and d) to g): what was lost ---- */

static void say_deposit(struct rendering *r, const struct policy_incident *i)
{
	const struct deal *d = r->d;

	if (i->deposit > 0)
		buf_printf(&r->note, render_in(d, "Deposit used: %s.\n", "Acompte utilisé : %s.\n"),
			render_money(d, i->deposit, i->currency));
	if (i->refund > 0)
		buf_printf(&r->note, render_in(d, "Deposit that goes back: %s.\n", "Acompte à rendre : %s.\n"),
			render_money(d, i->refund, i->currency));
	if (i->credit > 0)
		buf_printf(&r->note, render_in(d, "Owed to the client: %s.\n", "Dû au client : %s.\n"),
			render_money(d, i->credit, i->currency));
}

static void say_lost(struct rendering *r, const struct policy_incident *i)
{
	const struct teller t = render_teller(r->d);
	const char *notice = tell_notice(&t, i);

	buf_printf(&r->note, "%s\n", tell_happened(&t, i));
	if (notice)
		buf_printf(&r->note, "%s\n", notice);
	if (i->charge > 0 && i->state != POLICY_WAIVED)
		render_say_fee(r, i);
	else if (i->hold == 0 || i->state == POLICY_WAIVED)
		buf_printf(&r->note, "%s.\n", tell_no_fee(&t, i));
	if (i->hold > 0 && i->state != POLICY_WAIVED)
		buf_printf(&r->note, "%s\n", tell_hold(&t, i->hold, i->currency));
	say_deposit(r, i);
}

static const char *prefix_words(const struct deal *d, const struct policy_incident *i,
	const struct tell_words *w)
{
	const char *words = w->prefix[render_language(d)];

	if (i->state == POLICY_WAIVED)
		return arena_printf(d->mem, render_in(d, "%s (waived)", "%s (offert)"), words);
	if (i->charge > 0)
		return arena_printf(d->mem, "%s %s", words, render_money(d, i->charge, i->currency));
	if (strcmp(i->outcome, "forgiven") == 0)
		return arena_printf(d->mem, render_in(d, "%s (free, %s)", "%s (sans frais, %s)"), words, i->basis);
	return words;
}

static void put_comment(struct rendering *r, const struct policy_incident *i, const struct tell_words *w)
{
	const struct deal *d = r->d;
	const char *text = w->name[render_language(d)];

	if (i->required >= 0)
		text = arena_printf(d->mem, render_in(d, "%s: %s notice, %s agreed.", "%s : préavis %s, convenu %s."), text,
			phrase_seconds(i->notice, d->mem), phrase_seconds(i->required, d->mem));
	else
		text = arena_printf(d->mem, "%s.", text);
	if (i->charge > 0)
		text = arena_printf(d->mem, render_in(d, "%s Fee %s.", "%s Indemnité %s."), text,
			render_money(d, i->charge, i->currency));
	render_put(r, POLICY_COMMENT, render_in(d, "COMMENT;LANGUAGE=en", "COMMENT;LANGUAGE=fr"), text);
}

static void put_look(struct rendering *r, const struct policy_incident *i, const struct tell_words *w,
	const struct rules *rules)
{
	const struct deal *d = r->d;

	render_prefix(r, rules, "✗", prefix_words(d, i, w));
	put_comment(r, i, w);
	render_put(r, POLICY_CATEGORY, NULL, w->name[render_language(d)]);
	render_put(r, POLICY_COLOR, NULL, "tomato");
}

static void render_lost(struct rendering *r, const struct policy_incident *i, const char *digest)
{
	const struct deal *d = r->d;
	const struct tell_words *w = tell_words(i);
	/* However the client said so. After the start it may stand there again without being held. */
	bool cancelled = d->t < i->slot || !booking_is_appointment(d) || d->c->kind == POLICY_CANCELLED;
	struct rules rules;

	if (!w)
		return;
	deal_rules(d, i, &rules);
	render_ref(r, i->ref);
	render_put(r, POLICY_PROPERTY, "X-DEDIT-CLASS", render_upper(d, i->class_));
	render_fee(r, i);
	render_amount(r, "X-DEDIT-HELD", i->hold, i->currency);
	render_amount(r, "X-DEDIT-DEPOSIT", i->deposit, i->currency);
	render_amount(r, "X-DEDIT-REFUND", i->refund, i->currency);
	render_amount(r, "X-DEDIT-CREDIT", i->credit, i->currency);
	render_facts(r, i);
	if (i->free_until)
		render_utc(r, "X-DEDIT-FREE-UNTIL", i->free_until);
	render_policy(r, i->version, digest);
	render_extras(r, &rules, i->ref, i->version, i);
	render_put(r, POLICY_FEE_TITLE, NULL, i->title);
	if (*w->prefix[0])
		put_look(r, i, w, &rules);
	/* It was held open where the client didn't come. */
	if (cancelled && !entry_is(i, "no-show")) {
		if (!rules.keep_status)
			render_put(r, POLICY_STATUS, NULL, "CANCELLED");
		render_put(r, POLICY_TRANSP, NULL, "TRANSPARENT");
	}
	say_lost(r, i);
	render_done(r, i->version, i);
}

/* The last one, if possible of the slot in question: the same event may stand in two calendars. */
static const struct policy_incident *last_loss(const struct deal *d)
{
	const struct policy_incident *last = NULL;
	int64_t start = d->c->after.start ? d->c->after.start : d->c->before.start;

	for (size_t n = d->entries.count; n-- > 0;) {
		const struct policy_incident *i = &d->entries.at[n];

		if (!entry_is_of(i, d->c->uid, d->c->occurrence) || !entry_ends(i))
			continue;
		if (i->slot == start)
			return i;
		last = last ? last : i;
	}
	return last;
}

/* A cancelled event holds nothing, whatever its twin in another calendar does. */
static const struct slot *held_slot(const struct deal *d)
{
	return d->c->kind == POLICY_CANCELLED ? NULL : d->chain.current;
}

/* ---- groups, entries of Fees ---- */

/* What all attendees may read: the rule, no amounts, nobody's incident (architecture.md 15, 5). */
static void render_group(struct rendering *r, const struct slot *held)
{
	const struct deal *d = r->d;
	struct slot s = *held;
	struct offers all;
	struct terms terms;

	s.client = s.title = "";
	slot_terms(d, &s, s.acquired, &terms);
	offers_make(d, &s, &terms, &all);
	if (all.count == 0 || slot_is_past(&s))
		return;
	all.nameable = false;
	offers_say_free(r, &all, &terms);
	render_utc(r, "X-DEDIT-FREE-UNTIL", all.list[0].deadline);
	render_policy(r, s.version, s.digest ? s.digest : "");
	render_extras(r, &terms.rules, "", s.version, NULL);
	render_done(r, s.version, NULL);
}

static const struct policy_incident *incident_of(const struct deal *d, const char *ref)
{
	for (size_t n = d->entries.count; n-- > 0;) {
		if (*ref && strcmp(d->entries.at[n].ref, ref) == 0 && tell_words(&d->entries.at[n]))
			return &d->entries.at[n];
	}
	return NULL;
}

static void render_entry(struct rendering *r, const struct policy_incident *i)
{
	const struct slot *lost = chain_find((struct chain *)(uintptr_t)&r->d->chain, i->slot);

	render_lost(r, i, lost && lost->digest ? lost->digest : "");
}

static int render_finish(struct rendering *r)
{
	buf_finish(&r->note);
	return r->failed ? -1 : 0;
}

static int render_fee_entry(struct deal *d, const struct policy_incident *i, uint32_t where)
{
	struct rendering r = { .d = d, .where = where };

	buf_init(&r.note, NOTE_MAX);
	if (i)
		render_entry(&r, i);
	return render_finish(&r);
}

/* Told in this call, of an appointment that goes on: the event shows the appointment, Fees the incident. */
static const struct policy_incident *aside_fee(const struct deal *d)
{
	const struct policy_incident *i = d->has_told ? &d->told : NULL;

	return i && entry_is_of(i, d->c->uid, d->c->occurrence) && !entry_ends(i) && render_has_note(i) ? i : NULL;
}

/* The option on-delete: what was deleted stays, if it was lost just now. */
static int ask_to_keep(struct deal *d, const struct policy_incident *loss)
{
	struct rules rules;

	if (!(d->c->flags & POLICY_DELETE) || !loss || loss->at != d->t || d->t >= loss->slot)
		return 0;
	deal_rules(d, loss, &rules);
	return rules.keep_deleted ? d->host->annotate(d->sink, POLICY_KEEP, NULL, "yes") : 0;
}

int text_render(struct deal *d)
{
	struct rendering r = { .d = d };
	const struct policy_incident *series = entries_series(&d->entries, d->c->uid), *loss = last_loss(d);
	const struct slot *held = held_slot(d);
	bool master = (d->c->flags & POLICY_SERIES) && !*d->c->occurrence, gone = d->c->flags & POLICY_GONE;
	bool passed_on;

	if (gone && (d->c->kind == POLICY_TICK || d->c->kind == POLICY_CHANGED))
		return render_fee_entry(d, incident_of(d, d->c->ref), 0);
	if (!(d->c->flags & POLICY_GROUP) && aside_fee(d) && render_fee_entry(d, aside_fee(d), POLICY_IN_FEES))
		return -1;
	/* Somebody else is invited and hasn't accepted yet: the event is no longer about what was lost. */
	passed_on = !held && !gone && loss && deal_is_other_client(d, loss->client);
	if (ask_to_keep(d, loss) || (((d->c->flags & POLICY_GROUP) || passed_on) &&
			render_fee_entry(d, loss, POLICY_IN_FEES)))
		return -1;
	buf_init(&r.note, NOTE_MAX);
	if (master && series)
		render_series(&r, series);
	else if (!master && held && !gone && (d->c->flags & POLICY_GROUP))
		render_group(&r, held);
	else if (!master && held && !gone)
		render_booked(&r, held);
	else if (!master && !held && loss && !(d->c->flags & POLICY_GROUP) && !passed_on)
		render_entry(&r, loss);
	return render_finish(&r);
}
