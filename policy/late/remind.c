/* What the owner is to be told or to be asked for: remind, link-check, review-terms, keep-incidents
 * (doc/policy.md 5.1). These are no terms of the client's, so the present text says them; deadlines are the
 * slot's own. */
#include "policy/late/late.h"

#include <string.h>

#include "base/util.h"
#include "policy/late/directive.h"
#include "policy/late/fold.h"
#include "policy/late/tell.h"
#include "policy/late/words.h"

/* What holds now for whom that slot is. */
static void present_rules(const struct policy_text *text, const struct policy_incident *slot, int64_t start,
	int64_t now, struct arena *mem, struct rules *out)
{
	const struct rules_key key = { slot->client, text_folded(slot->title, mem), slot->service };

	rules_for(text, now, &key, start, out);
}

static struct teller teller_of(const struct policy_text *text, struct arena *mem)
{
	const struct policy_options_late *o = rules_options(text);

	return (struct teller){ .language = o->language, .zone = o->zone, .event_zone = "", .mem = mem };
}

/* Until when it is free, by the text under which it was acquired; INT64_MAX: there are no tiers. */
static int64_t free_until(const struct policy_text *text, const struct policy_incident *slot, int64_t start,
	struct arena *mem)
{
	const struct policy_text *own = rules_text(text, slot->basis);
	int64_t anchor = start == slot->slot ? slot->anchor : start, first = INT64_MAX;
	struct calendar_days days;
	struct rules r;

	present_rules(own, slot, start, slot->acquired, mem, &r);
	days = rules_days(own, &r);
	for (size_t n = 0; n < r.tier_count; n++) {
		int64_t deadline = notice_deadline(&days, anchor, &r.tiers[n].within);

		first = deadline < first ? deadline : first;
	}
	return first;
}

bool late_reminder(void *self, const struct policy_incident *slot, int64_t start, int64_t now,
	struct arena *mem, struct late_notice *out)
{
	const struct policy_text *text = late_text(self);
	const struct teller t = teller_of(text, mem);
	struct calendar_days days;
	struct rules r;

	present_rules(text, slot, start, now, mem, &r);
	if (!rules_has(&r, DIRECTIVE_remind) || strcmp(slot->outcome, "imposed") == 0)
		return false;
	out->until = free_until(text, slot, start, mem);
	if (out->until == INT64_MAX || out->until <= now)
		return false;
	days = rules_days(text, &r);
	out->at = notice_deadline(&days, out->until, &r.remind);
	out->title = arena_printf(mem, tell_in(&t, "Reminder: free to cancel or move until %s · %s",
		"Rappel : annulation ou report sans frais jusqu'au %s · %s"), tell_time(&t, out->until, false),
		slot->title);
	return true;
}

static bool is_typed(const struct words *w, const char *word, struct arena *mem)
{
	for (size_t n = 0; n < w->typed_count; n++) {
		if (strcmp(text_folded(w->typed[n].text, mem), word) == 0)
			return true;
	}
	return false;
}

bool late_link_wanted(const char *title, const char *note, const char *link, struct arena *mem)
{
	static const char *const words[] = { "#video", "#visio" };
	struct words in_title, in_note;

	if (*link)
		return false;
	words_in_title(title, "", mem, &in_title);
	words_in_note(note, "", mem, &in_note);
	for (size_t n = 0; n < ARRAY_SIZE(words); n++) {
		if (is_typed(&in_title, words[n], mem) || is_typed(&in_note, words[n], mem))
			return true;
	}
	return false;
}

bool late_link_check(void *self, const struct policy_incident *slot, int64_t start, int64_t now,
	struct arena *mem, struct late_notice *out)
{
	const struct policy_text *text = late_text(self);
	const struct teller t = teller_of(text, mem);
	struct calendar_days days;
	struct rules r;

	present_rules(text, slot, start, now, mem, &r);
	if (!rules_has(&r, DIRECTIVE_link_check) || start <= now)
		return false;
	days = rules_days(text, &r);
	out->at = notice_deadline(&days, start, &r.link_check);
	out->until = start;
	out->title = arena_printf(mem, tell_in(&t, "No link yet: %s, %s", "Lien manquant : %s, %s"), slot->title,
		tell_time(&t, start, false));
	return true;
}

bool late_asks_notices(void *self)
{
	return rules_say(late_text(self), DIRECTIVE_remind) || rules_say(late_text(self), DIRECTIVE_link_check);
}

bool late_asks_daily(void *self)
{
	return rules_say(late_text(self), DIRECTIVE_review_terms) ||
		rules_say(late_text(self), DIRECTIVE_keep_incidents);
}

int64_t late_review_months(void *self, const struct policy_incident *slot, int64_t now, struct arena *mem)
{
	struct rules r;

	present_rules(late_text(self), slot, now, now, mem, &r);
	return rules_has(&r, DIRECTIVE_review_terms) ? r.review_terms : 0;
}

int64_t late_keep_months(void *self, const struct policy_incident *i, int64_t now, struct arena *mem)
{
	struct rules r;

	present_rules(late_text(self), i, now, now, mem, &r);
	return rules_has(&r, DIRECTIVE_keep_incidents) ? r.keep_incidents : 0;
}

static const char *add_amount(const struct policy_text *text, const char *so_far, const struct late_review *r,
	size_t n, struct arena *mem)
{
	const struct teller t = teller_of(text, mem);

	return arena_printf(mem, tell_in(&t, "%sFees: %s, of which %s are open.\n",
		"%sIndemnités : %s, dont %s en attente.\n"), so_far,
		tell_money(&t, r->money[n].assessed, r->money[n].currency),
		tell_money(&t, r->money[n].open, r->money[n].currency));
}

void late_review_texts(void *self, const struct policy_incident *slot, struct late_review *r,
	struct arena *mem)
{
	const struct policy_text *text = late_text(self);
	const struct teller t = teller_of(text, mem);

	r->title = arena_printf(mem, tell_in(&t, "Review terms: %s", "Revoir les conditions : %s"), slot->title);
	r->note = arena_printf(mem, tell_in(&t,
		"Since %s: kept %u, cancelled or moved in time %u, late %u, absent %u, by us %u.\n",
		"Depuis le %s : tenus %u, annulés ou reportés à temps %u, tard %u, absences %u, par nous %u.\n"),
		tell_time(&t, r->since, true), r->kept, r->in_time, r->late, r->absent, r->ours);
	for (size_t n = 0; n < r->currencies; n++)
		r->note = add_amount(text, r->note, r, n, mem);
}
