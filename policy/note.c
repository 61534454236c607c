#include "policy/note.h"

#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "policy/fees.h"
#include "policy/host.h"
#include "policy/ledger.h"
#include "policy/link.h"
#include "policy/late/phrase.h"
#include "policy/late/tell.h"

/* ---- which one ---- */

/* An appointment may have been lost and taken back more than once: the last loss. What only takes another
 * one back is told as that one's state. */
static const struct fee *choose(const struct fee_list *list, const char *ref)
{
	for (size_t n = list->count; n-- > 0;) {
		const struct policy_incident *i = &list->fees[n].incident;

		if (i->state != POLICY_VOID || strcmp(i->supersedes, ref))
			return &list->fees[n];
	}
	return list->count ? &list->fees[0] : NULL;
}

/* ---- words ---- */

struct writer {
	struct teller t;
	const struct fee *fee;
	struct note *note;
};

static void add_fact(struct writer *w, const char *english, const char *french, const char *text)
{
	struct note *n = w->note;

	if (text && *text && n->fact_count < ARRAY_SIZE(n->facts))
		n->facts[n->fact_count++] = (struct note_line){ w->t.language == LANGUAGE_FR ? french : english, text };
}

static void add_money(struct writer *w, const char *english, const char *french, int64_t minor)
{
	const char *currency = w->fee->incident.currency;

	if (minor > 0 && *currency)
		add_fact(w, english, french, tell_money(&w->t, minor, currency));
}

static void add_appointment(struct writer *w)
{
	const struct policy_incident *i = &w->fee->incident;
	const struct teller *t = &w->t;

	add_fact(w, "Appointment", "Rendez-vous", phrase_span(t->language, t->zone, i->slot, i->slot_end, t->mem));
	add_fact(w, "Time zone", "Fuseau horaire", zone_name(t->zone));
	add_fact(w, "Service", "Prestation", i->service);
	if (i->free_until)
		add_fact(w, "Free of charge until", "Sans frais jusqu'au", tell_time(t, i->free_until, true));
}

static void add_amounts(struct writer *w)
{
	const struct policy_incident *i = &w->fee->incident;
	const struct teller *t = &w->t;
	bool charged = i->charge > 0;

	add_money(w, "Price", "Prix", i->price);
	if (charged || i->hold == 0)
		add_fact(w, "Fee", "Indemnité", charged ? tell_fee(t, i) : tell_no_fee(t, i));
	if (i->tax > 0) {
		add_money(w, "Without tax", "Hors taxe", i->charge - i->tax);
		add_money(w, "Tax", "Taxe", i->tax);
	}
	add_money(w, "Due if the appointment is cancelled or missed",
		"Dû si le rendez-vous est annulé ou manqué", i->hold);
	add_money(w, "Deposit used", "Acompte utilisé", i->deposit);
	add_money(w, "Deposit that goes back", "Acompte à rendre", i->refund);
	add_money(w, "Owed to the client", "Dû au client", i->credit);
	if (w->fee->state == POLICY_DUE)
		add_money(w, "To pay", "À payer", i->charge - i->deposit);
}

/* "waived (emergency)" */
static const char *state_text(const struct teller *t, uint32_t state, const char *reason)
{
	const char *word = tell_state(t, state);

	return *reason ? arena_printf(t->mem, "%s (%s)", word, tell_reason(t, reason)) : word;
}

static const char *title_of(const struct policy_incident *i, enum language l)
{
	const struct tell_words *words = tell_words(i);

	return words ? words->name[l] : i->class_;
}

static void write_facts(struct writer *w, struct store *s)
{
	const struct policy_incident *i = &w->fee->incident;
	const char *notice = tell_notice(&w->t, i);
	struct note *n = w->note;

	n->title = title_of(i, w->t.language);
	n->happened = tell_words(i) ? tell_happened(&w->t, i) : tell_time(&w->t, i->at, true);
	n->notice = notice ? notice : "";
	add_fact(w, "Reference", "Référence", i->ref);
	add_fact(w, "Professional", "Professionnel", fee_professional(s, w->fee->owner, w->t.mem));
	add_fact(w, "Client", "Client", fee_client(w->fee));
	add_appointment(w);
	add_amounts(w);
	add_fact(w, "State", "État", state_text(&w->t, w->fee->state, i->reason));
}

/* ---- history ---- */

static const char *event_text(const struct teller *t, const struct policy_incident *i)
{
	const char *text = state_text(t, i->state, i->reason);

	if (i->charge > 0 && i->state != POLICY_VOID)
		text = arena_printf(t->mem, "%s, %s", text, tell_money(t, i->charge, i->currency));
	return text;
}

static void write_history(struct writer *w, const struct entry_list *entries)
{
	struct note_line *lines = arena_array(w->t.mem, entries->count, sizeof(*lines));
	struct note *n = w->note;

	n->history = lines;
	n->history_title = tell_in(&w->t, "History", "Historique");
	for (size_t k = 0; k < entries->count; k++) {
		const struct entry *entry = &entries->entries[k];

		if (entry->incident)
			lines[n->history_count++] = (struct note_line){ tell_time(&w->t, entry->when, true),
				event_text(&w->t, &entry->i) };
	}
}

/* ---- terms ---- */

/* The text that the slot was acquired under: entries about slots keep its digest (15.21). */
static const char *text_of_slot(const struct entry_list *entries)
{
	const char *digest = "";

	for (size_t n = 0; n < entries->count; n++) {
		if (strcmp(entries->entries[n].kind, KIND_SLOT) == 0)
			digest = entries->entries[n].i.basis;
	}
	return digest;
}

/* A date says enough as long as its text is in force. */
static const char *terms_path(const struct writer *w, const struct policy *policy,
	const struct entry_list *entries)
{
	const struct policy_incident *i = &w->fee->incident;
	const char *digest = text_of_slot(entries), *version = i->version;

	if (tell_is_date(version) && *digest && !(policy && strcmp(policy->digest, digest) == 0))
		version = arena_printf(w->t.mem, "%s.%s", version, digest);
	return link_policy(i->policy, version, w->t.mem);
}

/* ---- all of it ---- */

static void write_note(struct writer *w, struct store *s, const struct policy_set *policies,
	const struct entry_list *entries)
{
	const struct policy_incident *i = &w->fee->incident;
	const struct policy *policy = policy_find(policies, i->policy);
	struct note *n = w->note;

	n->language = policy ? policy->language : "en";
	w->t.language = tell_language(n->language);
	w->t.zone = fee_zone(policies, w->fee);
	w->t.event_zone = "";
	write_facts(w, s);
	write_history(w, entries);
	n->disputable = w->fee->state == POLICY_PENDING || w->fee->state == POLICY_DUE;
	n->terms = tell_policy(&w->t, i->policy, i->version);
	n->terms_path = terms_path(w, policy, entries);
}

int note_read(struct store *s, const struct policy_set *policies, const char *ref, const char *mac,
	struct arena *mem, struct note *out, struct err *e)
{
	struct entry_list entries = { 0 };
	const struct policy_incident *last;
	struct fee_list list;
	struct note note = { 0 };
	struct writer w = { .t.mem = mem, .note = &note };

	if (ledger_read(s, &(struct ledger_query){ .ref = ref }, mem, &entries, e))
		return -1;
	last = entry_incident(&entries, ref);
	if (!link_is_right(s, LINK_FEE, ref, last ? last->client : NULL, mac))
		return err_set(e, ERR_NOT_FOUND, "no such note, or another's");
	const struct fee_filter filter = { .owner = entries.entries[0].owner, .uid = last->uid, .ref = ref };
	if (fees_list(s, &filter, mem, &list, e))
		return -1;
	w.fee = choose(&list, ref);
	if (!w.fee)
		return err_set(e, ERR_NOT_FOUND, "reference %s stands for no incident", ref);
	write_note(&w, s, policies, &entries);
	*out = note;
	return 0;
}
