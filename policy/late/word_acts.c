#include "policy/late/word_acts.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "policy/late/booking.h"
#include "policy/late/directive.h"
#include "policy/late/assess.h"
#include "policy/late/basis.h"
#include "policy/late/fold.h"
#include "policy/late/slot.h"

/* Words that say what the event is, and stay in it. */
static const uint32_t lasting = WORD_PRIVATE | WORD_VIDEO;
/* Words of a client that mean something. */
static const uint32_t open_to_clients = WORD_DISPUTE | WORD_EMERGENCY;

enum { REASON_MAX = 200 };

/* ---- what is new ---- */

/*
 * Words seen are remembered as the outcome of an entry of class "words": "noshow fee:4000EUR ~waive
 * ?me". ~ before
 * what stands there by another hand than the owner's, ? before what was refused, so it may still
 * come into force.
 */
static const char *key_of(const struct words *w, const struct typed *t, struct arena *mem)
{
	const char *name = word_of(t->word);

	if (t->word == WORD_FEE)
		return arena_printf(mem, "%s:%lld%s", name, (long long)w->amount.minor, w->amount.currency);
	if (t->word == WORD_PRICE)
		return arena_printf(mem, "%s:%lld%s", name, (long long)w->price.minor, w->price.currency);
	if (t->word == WORD_LATE)
		return arena_printf(mem, "%s:%lld", name, (long long)w->minutes);
	return name;
}

/* How a key stands in a list: '\0': not at all, ' ': plain, '~', '?'. */
static char mark_in(const char *list, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t item = strcspn(at, " ");
		char mark = *at == '~' || *at == '?' ? *at : ' ';
		size_t skip = mark != ' ';

		if (item - skip == len && memcmp(at + skip, key, len) == 0)
			return mark;
		at += item;
	}
	return '\0';
}

static const char *seen_of(const struct deal *d, const char *occurrence)
{
	for (size_t n = d->entries.count; n-- > 0;) {
		if (entry_is(&d->entries.at[n], "words") && entry_is_of(&d->entries.at[n], d->c->uid, occurrence))
			return d->entries.at[n].outcome;
	}
	return NULL;
}

static const char *seen_last(const struct deal *d)
{
	const char *seen = seen_of(d, d->c->occurrence);

	if (!seen && *d->c->occurrence && !(d->c->flags & POLICY_OVERRIDE))
		seen = seen_of(d, "");
	return seen ? seen : "";
}

/* A line of a group's notes that names some attendees, not this one, is not about this one. */
static bool line_names(const struct deal *d, const char *line, size_t len, const char *address,
	const char *name)
{
	const char *text = text_folded(arena_strndup(d->mem, line, len), d->mem);
	const char *local = text_folded(arena_strndup(d->mem, address, strcspn(address, "@")), d->mem);
	const char *full = text_folded(name, d->mem);

	return strstr(text, address) || (*full && strstr(text, full)) || (strlen(local) > 1 && strstr(text, local));
}

static bool line_counts(const struct deal *d, const char *line, size_t len)
{
	bool others = false;
	const char *at = d->c->attendees;

	while (*at) {
		size_t item = strcspn(at, "\n"), address_len = strcspn(at, "\t\n");
		const char *address = arena_strndup(d->mem, at, address_len);
		const char *name = address_len < item ?
			arena_strndup(d->mem, at + address_len + 1, item - address_len - 1) : "";

		if (line_names(d, line, len, address, name)) {
			if (strcmp(address, d->c->attendee) == 0)
				return true;
			others = true;
		}
		at += item + (at[item] == '\n');
	}
	return !others;
}

static const char *note_about(const struct deal *d, const char *note)
{
	const char *about = "";

	if (!*d->c->attendee)
		return note;
	while (*note) {
		size_t len = strcspn(note, "\n");

		if (line_counts(d, note, len))
			about = arena_printf(d->mem, "%s%.*s\n", about, (int)len, note);
		note += len + (note[len] == '\n');
	}
	return about;
}

static void read_texts(const struct deal *d, const char *title, const char *note, struct words *out)
{
	const char *currency = rules_options(d->text)->currency;
	struct words of_title, of_note;

	words_in_title(title, currency, d->mem, &of_title);
	words_in_note(note_about(d, note), currency, d->mem, &of_note);
	words_join(&of_title, &of_note, out);
}

static const char *keys_of(const struct deal *d, const struct words *w)
{
	const char *keys = "";

	for (size_t n = 0; n < w->typed_count; n++)
		keys = arena_printf(d->mem, "%s%s%s", keys, *keys ? " " : "", key_of(w, &w->typed[n], d->mem));
	return keys;
}

/* Not in the text before, and not seen since; what was refused is new again once it is understood. */
static bool is_new(const char *seen, const char *before, const char *key)
{
	char mark = mark_in(seen, key);

	return mark == '?' || (mark == '\0' && !mark_in(before, key));
}

static bool of_master(const struct deal *d)
{
	return (d->c->flags & POLICY_SERIES) && !*d->c->occurrence;
}

/* Of what is gone only its entry in Fees is left to write in. */
static bool is_heard(const struct policy_change *c)
{
	return c->kind != POLICY_TICK && (!(c->flags & POLICY_GONE) || c->kind == POLICY_CHANGED);
}

/* Those that don't stand there by another hand. */
static uint32_t owners_words(const struct deal *d, const char *seen)
{
	uint32_t words = 0;

	for (size_t n = 0; n < d->said.typed_count; n++) {
		if (mark_in(seen, key_of(&d->said, &d->said.typed[n], d->mem)) != '~')
			words |= d->said.typed[n].word;
	}
	return words;
}

/* What stands in a whole series is not about each of its dates: only about what happens to them with this
 * change, and about the one under way. */
static uint32_t words_for(const struct policy_change *c)
{
	if (!(c->flags & POLICY_SERIES) || !*c->occurrence || (c->flags & (POLICY_OVERRIDE | POLICY_GONE)))
		return UINT32_MAX;
	if (c->kind == POLICY_CHANGED && c->before.start <= c->now)
		return UINT32_MAX;
	if (c->kind == POLICY_BOOKED || c->kind == POLICY_CHANGED)
		return WORD_PRICE;
	return WORD_ME | WORD_CLIENT | WORD_LATECANCEL | WORD_WAIVE | WORD_EMERGENCY | WORD_FEE;
}

void words_open(struct deal *d)
{
	const char *seen = seen_last(d), *before;
	struct words old;

	read_texts(d, d->c->summary, d->c->note, &d->said);
	read_texts(d, d->c->old_summary, d->c->old_note, &old);
	before = keys_of(d, &old);
	d->fresh = d->typed = 0;
	if (!is_heard(d->c))
		return;
	for (size_t n = 0; n < d->said.typed_count; n++) {
		if (is_new(seen, before, key_of(&d->said, &d->said.typed[n], d->mem)))
			d->typed |= d->said.typed[n].word;
	}
	if (d->said.error == WORDS_CONTRADICTORY && !words_contradict(owners_words(d, seen)))
		d->said.refused = false;
	if (deal_by_owner(d->c) && !d->said.refused)
		d->fresh = d->typed & owners_words(d, seen);
	else if (d->c->role == POLICY_CLIENT)
		d->fresh = d->typed & open_to_clients;
	d->fresh &= words_for(d->c);
}

bool words_private(const struct deal *d)
{
	const char *seen = seen_last(d);

	return (d->said.tags & WORD_PRIVATE) && mark_in(seen, "private") != '~' &&
		(mark_in(seen, "private") || deal_by_owner(d->c) || d->c->role == POLICY_ADMIN);
}

static const char *seen_now(const struct deal *d)
{
	const char *last = seen_last(d), *now = "";

	for (size_t n = 0; n < d->said.typed_count; n++) {
		const char *key = key_of(&d->said, &d->said.typed[n], d->mem), *sign = "";
		char mark = mark_in(last, key);

		if (mark_in(now, key))
			continue;
		if (d->typed & d->said.typed[n].word)
			sign = d->said.refused && deal_by_owner(d->c) ? "?" : deal_by_owner(d->c) ? "" : "~";
		else if (mark == '~' || mark == '?')
			sign = mark == '~' ? "~" : "?";
		now = arena_printf(d->mem, "%s%s%s%s", now, *now ? " " : "", sign, key);
	}
	return now;
}

int words_close(struct deal *d)
{
	const char *now = seen_now(d), *last = seen_last(d);
	struct policy_incident i = { .class_ = "words", .outcome = now, .at = d->t, .client = d->client,
		.title = "", .ref = "", .by = deal_by_owner(d->c) ? "owner" : "client", .currency = "", .price = -1,
		.required = -1, .version = "" };
	bool dated = *d->c->occurrence && !(d->c->flags & POLICY_OVERRIDE);

	if (!is_heard(d->c))
		return 0;
	for (size_t n = 0; n < d->said.typed_count; n++) {
		const struct typed *t = &d->said.typed[n];

		if (!(t->word & lasting) && mark_in(now, key_of(&d->said, t, d->mem)) == ' ' &&
				d->host->annotate(d->sink, POLICY_TAKE_OUT, NULL, t->text))
			return -1;
	}
	d->word = NULL;
	return dated || (d->c->flags & POLICY_GONE) || strcmp(now, last) == 0 ? 0 : deal_tell(d, &i);
}

/* ---- states of an entry ---- */

static void give_back_deposit(struct policy_incident *i)
{
	i->refund += i->deposit;
	i->deposit = 0;
}

static void waive(struct policy_incident *i, const char *reason)
{
	if (i->state == POLICY_PAID) { /* what was paid is owed back */
		i->state = POLICY_CREDITED;
		i->outcome = "credited";
		i->credit += i->charge - i->deposit;
	} else {
		i->state = POLICY_WAIVED;
		i->outcome = "waived";
	}
	i->reason = reason;
	give_back_deposit(i);
}

static void adjust(struct policy_incident *i, const struct money *amount)
{
	int64_t paid = i->deposit + i->refund, beside = i->charge - i->deposit;
	bool lowered = i->state == POLICY_PAID && amount->minor < i->charge;

	if (!lowered)
		i->state = POLICY_DUE;
	i->charge = amount->minor;
	i->hold = 0;
	i->currency = amount->currency;
	i->outcome = "adjusted";
	i->deposit = paid < i->charge ? paid : i->charge;
	i->refund = paid - i->deposit;
	if (lowered) /* what was paid beside the deposit and isn't needed any more */
		i->credit += beside - (i->charge - i->deposit);
}

/* Owed or paid already, that much and nothing else. */
static bool is_that(const struct policy_incident *i, const struct money *amount)
{
	return (i->state == POLICY_DUE || i->state == POLICY_PAID) && i->charge == amount->minor && i->hold == 0 &&
		strcmp(i->currency, amount->currency) == 0;
}

static bool confirm(struct policy_incident *i)
{
	if (i->state == POLICY_PROPOSED && i->charge == 0) {
		i->state = POLICY_NONE; /* a hold alone */
		i->outcome = "held";
		return true;
	}
	if (i->state != POLICY_PROPOSED && i->state != POLICY_PENDING && i->state != POLICY_DISPUTED)
		return false;
	i->state = POLICY_DUE;
	i->outcome = "charged";
	return true;
}

bool act_on(struct policy_incident *i, enum act act, const struct money *amount)
{
	bool open = i->state == POLICY_PROPOSED || i->state == POLICY_PENDING || i->state == POLICY_DUE ||
		i->state == POLICY_DISPUTED;

	switch (act) {
	case ACT_WAIVE:
	case ACT_EMERGENCY:
		if (i->state == POLICY_VOID || i->state == POLICY_WAIVED || i->state == POLICY_CREDITED)
			return false;
		/* An emergency is not counted, a session not used up, whether there is money in it or not. */
		if (!entry_has_money(i) && strcmp(i->outcome, "session") &&
				(act != ACT_EMERGENCY || strcmp(i->outcome, "none") == 0))
			return false;
		waive(i, act == ACT_EMERGENCY ? "emergency" : "goodwill");
		return true;
	case ACT_ADJUST:
		if (i->state == POLICY_VOID || (i->state == POLICY_PAID && amount->minor > i->charge) ||
				is_that(i, amount))
			return false;
		adjust(i, amount);
		return true;
	case ACT_PAY:
		if (!open || i->charge == 0)
			return false;
		i->state = POLICY_PAID;
		return true;
	case ACT_UNPAY:
		if (i->state != POLICY_PAID)
			return false;
		i->state = POLICY_DUE;
		return true;
	case ACT_DISPUTE:
		if (i->state != POLICY_DUE && i->state != POLICY_PENDING)
			return false;
		i->state = POLICY_DISPUTED;
		return true;
	case ACT_OK:
		return confirm(i);
	}
	return false;
}

/* ---- which entry a word is about ---- */

static bool can_be_about(const struct policy_incident *i)
{
	static const char *const classes[] = { "late-cancel", "late-move", "no-show", "over-limit-move",
		"on-time-cancel", "grace", "shortened" };

	for (size_t n = 0; n < ARRAY_SIZE(classes); n++) {
		if (entry_is(i, classes[n]))
			return i->state != POLICY_VOID;
	}
	return false;
}

/* Of a series' master, any of its dates. */
static const struct policy_incident *target(const struct deal *d)
{
	const struct entries *list = &d->entries;

	for (size_t n = list->count; n-- > (of_master(d) ? 0 : d->chain.first);) {
		const struct policy_incident *i = &list->at[n];

		if (d->c->flags & POLICY_GONE && *d->c->ref && strcmp(i->ref, d->c->ref))
			continue; /* the entry of one incident */
		if (strcmp(i->uid, d->c->uid) == 0 && (of_master(d) || strcmp(i->occurrence, d->c->occurrence) == 0) &&
				can_be_about(i))
			return i;
	}
	return NULL;
}

/* Length of the word that was typed there, with its argument; 0: none was. */
static size_t typed_at(const struct words *w, const char *at)
{
	for (size_t n = 0; n < w->typed_count; n++) {
		size_t len = strlen(w->typed[n].text);

		if (strncmp(at, w->typed[n].text, len) == 0 && !ascii_isalnum((unsigned char)at[len]))
			return len;
	}
	return 0;
}

/* What else was written into the notes of an entry in Fees is why: "#dispute says that she was ill".
 * In an event's notes anything may stand. */
static const char *said_reason(const struct deal *d)
{
	struct buf text cleanup_buf;
	size_t len;

	buf_init(&text, REASON_MAX);
	if (!(d->c->flags & POLICY_GONE) || d->c->kind != POLICY_CHANGED)
		return "";
	for (const char *at = d->c->note; *at; at += len) {
		bool blank = *at == ' ' || *at == '\n';

		len = typed_at(&d->said, at);
		if (len > 0 || (blank && (text.len == 0 || text.data[text.len - 1] == ' '))) {
			len = len > 0 ? len : 1;
			continue;
		}
		len = blank ? 1 : utf8_step(at, strlen(at));
		if (len == 0 || buf_add(&text, blank ? " " : at, len))
			break;
	}
	len = text.len > 0 && text.data[text.len - 1] == ' ' ? text.len - 1 : text.len;
	return arena_strndup(d->mem, text.data, len);
}

static int tell_next(struct deal *d, struct policy_incident i)
{
	i.supersedes = i.ref;
	i.word = NULL;
	return deal_tell(d, &i);
}

static bool rules_record(const struct deal *d, const struct policy_incident *i)
{
	struct rules r;

	deal_rules(d, i, &r);
	return r.record;
}

static int act(struct deal *d, enum act what, const struct policy_incident *about)
{
	const char *reason = said_reason(d);
	struct policy_incident i;

	if (!about)
		return 0;
	i = *about;
	i.reason = "";
	if (!act_on(&i, what, &d->said.amount))
		return 0;
	if (*reason && what != ACT_EMERGENCY) /* that word is the reason, and is counted by */
		i.reason = reason;
	if (what == ACT_ADJUST && rules_record(d, &i))
		return 0; /* where no fee may be asked for, none can be set */
	if (what == ACT_ADJUST)
		i.basis = basis_adjusted(d);
	return tell_next(d, i);
}

/* Dates of a series that went with one change go on together. */
static int act_all(struct deal *d, enum act what)
{
	const struct policy_incident *about = target(d);
	const struct entries all = deal_copy(d);
	int64_t at = about ? about->at : 0;

	if (!of_master(d) || !about)
		return act(d, what, about);
	if (at == d->t)
		return 0; /* the date in question was asked about already */
	for (size_t n = 0; n < all.count; n++) {
		if (strcmp(all.at[n].uid, d->c->uid) == 0 && all.at[n].at == at && can_be_about(&all.at[n]) &&
				act(d, what, &all.at[n]))
			return -1;
	}
	return 0;
}

/* ---- did the client come? ---- */

static int tell_aside(struct deal *d, const struct slot *s, const char *outcome)
{
	struct policy_incident i = deal_incident(d, s, "none", PARTY_OWNER);

	i.outcome = outcome;
	return deal_tell(d, &i);
}

/* The slot that may have been missed: the one held, or one that was taken for kept. */
static bool slot_to_miss(const struct deal *d, struct slot *out)
{
	int64_t start = d->c->before.start ? d->c->before.start : d->c->after.start;
	const struct slot *s = d->chain.current;

	for (size_t n = 0; !s && n < d->chain.count; n++) {
		const struct slot *lost = &d->chain.slots[n];

		if (lost->loss && lost->start == start && entry_is(lost->loss, "attended"))
			s = lost;
	}
	if (s)
		*out = *s;
	return s != NULL;
}

static int missed(struct deal *d)
{
	struct terms terms;
	int64_t from;
	struct slot s;

	if (!slot_to_miss(d, &s))
		return 0;
	slot_terms(d, &s, d->t, &terms);
	from = notice_after(&terms.days, s.start, &terms.rules.no_show.wait);
	if (terms.rules.no_show.has_until && d->t > notice_after(&terms.days, s.start, &terms.rules.no_show.until))
		return tell_aside(d, &s, "too-late");
	if (d->t < from)
		return tell_aside(d, &s, "deferred") || d->host->wake(d->sink, from) ? -1 : 0;
	chain_assume(&d->chain, &s);
	return slot_missed(d, "noshow");
}

int words_deferred(struct deal *d)
{
	const struct policy_incident *last = NULL;
	struct terms terms;
	int64_t from;

	if (!d->chain.current)
		return 0;
	last = entries_find(&d->entries, d->c->uid, d->c->occurrence, "none", d->chain.current->start);
	if (!last || strcmp(last->outcome, "deferred"))
		return 0;
	slot_terms(d, d->chain.current, d->t, &terms);
	from = notice_after(&terms.days, d->chain.current->start, &terms.rules.no_show.wait);
	return d->t < from ? d->host->wake(d->sink, from) : slot_missed(d, "noshow");
}

static int arrived_late(struct deal *d)
{
	struct terms terms;
	int64_t limit;
	struct slot s;

	if (!slot_to_miss(d, &s))
		return 0;
	slot_terms(d, &s, d->t, &terms);
	limit = notice_after(&terms.days, s.start, &terms.rules.late_arrival);
	if (rules_has(&terms.rules, DIRECTIVE_late_arrival) && d->said.minutes >= 0 &&
			s.start + d->said.minutes * 60 >= limit)
		return missed(d);
	return tell_aside(d, &s, "recorded");
}

static int came(struct deal *d)
{
	int64_t start = d->c->after.start ? d->c->after.start : d->c->before.start;
	const struct policy_incident *absence = entries_find(&d->entries, d->c->uid,
		d->c->occurrence, "no-show", start);
	struct policy_incident i;

	if (absence) {
		i = *absence;
		i.class_ = "attended";
		i.outcome = "void";
		i.state = POLICY_VOID;
		i.at = d->t;
		i.charge = i.hold = i.credit = i.deposit = i.refund = 0;
		return tell_next(d, i);
	}
	if (!d->chain.current || d->t < d->chain.current->start)
		return 0;
	i = deal_incident(d, d->chain.current, "attended", PARTY_OWNER);
	i.outcome = d->chain.hold.minor > 0 ? "released" : "none";
	return deal_tell(d, &i);
}

static int cancelled_late(struct deal *d)
{
	enum after_loss after;

	return d->chain.current ? slot_lose(d, HOW_CANCEL, &after) : 0;
}

/* ---- whose doing it was ---- */

/* What was held against the client becomes the owner's doing, with what the owner owes for it. */
static int own_doing(struct deal *d)
{
	const struct policy_incident *about = target(d);
	bool move = about && (entry_is(about, "late-move") || entry_is(about, "over-limit-move"));
	struct policy_incident i;
	struct assessment owed;
	struct terms terms;
	struct slot s;

	if (!about || (about->state == POLICY_NONE && strcmp(about->outcome, "none") == 0))
		return 0;
	i = *about;
	s = (struct slot){ .start = i.slot, .end = i.slot_end, .acquired = i.acquired, .anchor = i.anchor,
		.price = { .minor = i.price }, .deposit = i.deposit + i.refund, .client = i.client, .title = i.title,
		.service = i.service, .version = i.version, .digest = deal_digest(d, about), .ref = i.ref };
	memcpy(s.price.currency, i.currency, strnlen(i.currency, CURRENCY_SIZE - 1));
	slot_terms(d, &s, i.at, &terms);
	assess_owner(d, &s, &terms, !move, &owed);
	i.class_ = move ? "owner-move" : "owner-cancel";
	i.outcome = "void";
	i.state = POLICY_VOID;
	i.by = "owner";
	i.charge = i.hold = 0;
	i.credit = owed.credit;
	i.refund = terms.rules.deposit.arrhes && !move ? 0 : s.deposit;
	i.deposit = 0;
	if (tell_next(d, i))
		return -1;
	if (!move || !d->chain.current)
		return 0;
	s = *d->chain.current;
	return deal_tell_slot(d, &s, "imposed", NULL);
}

/* ---- money ---- */

static int64_t asked_in_advance(const struct rules *r, const struct slot *s)
{
	const struct fee_rule part = { .kind = FEE_PERCENT, .percent = r->deposit.percent };
	const struct fee_limits limits = { .round = r->round };
	const struct fee_base base = slot_base(s);
	struct money m;

	if (*r->deposit.amount.currency)
		return s->price.minor < 0 || strcmp(s->price.currency, r->deposit.amount.currency) == 0 ?
			r->deposit.amount.minor : 0;
	return r->deposit.percent.den && fee_amount(&part, &limits, &base, &m) == 0 ? m.minor : 0;
}

/* Before anything happened to a slot, the deposit is what can be paid. */
static int deposit_paid(struct deal *d, bool paid)
{
	struct terms terms;
	struct slot s;

	if (!d->chain.current)
		return 0;
	s = *d->chain.current;
	slot_terms(d, &s, d->t, &terms);
	s.deposit = paid ? asked_in_advance(&terms.rules, &s) : 0;
	if (s.price.minor < 0 && *terms.rules.deposit.amount.currency)
		memcpy(s.price.currency, terms.rules.deposit.amount.currency, CURRENCY_SIZE);
	return s.deposit == d->chain.current->deposit ? 0 : deal_tell_slot(d, &s, "renamed", NULL);
}

static int pay(struct deal *d, bool paid)
{
	const struct policy_incident *about = target(d);
	bool owed = about && entry_has_money(about) && about->charge > 0;

	d->word = paid ? "paid" : "unpaid";
	return owed ? act_all(d, paid ? ACT_PAY : ACT_UNPAY) : deposit_paid(d, paid);
}

static int set_price(struct deal *d)
{
	struct slot s;

	if (!d->chain.current || d->said.price.minor < 0 || booking_has_incident(d))
		return 0;
	s = *d->chain.current;
	s.price = d->said.price;
	s.priced = true;
	d->word = "price";
	return deal_tell_slot(d, &s, "renamed", NULL);
}

/* ---- #undo ---- */

static const struct policy_incident *last_by_word(const struct deal *d)
{
	for (size_t n = d->entries.count; n-- > 0;) {
		const struct policy_incident *i = &d->entries.at[n];

		if (*i->word && strcmp(i->uid, d->c->uid) == 0 &&
				(of_master(d) || strcmp(i->occurrence, d->c->occurrence) == 0))
			return strcmp(i->word, "undo") ? i : NULL;
	}
	return NULL;
}

/* What the entry took back, which was told last with its reference. */
static const struct policy_incident *what_was_before(const struct deal *d, const struct policy_incident *i)
{
	for (size_t n = d->entries.gone_count; n-- > 0 && *i->supersedes;) {
		const struct policy_incident *gone = d->entries.gone[n];

		if (strcmp(gone->ref, i->ref) == 0 && entry_is(gone, "slot") == entry_is(i, "slot"))
			return gone;
	}
	return NULL;
}

static int undo(struct deal *d)
{
	const struct policy_incident *last = last_by_word(d), *before;
	struct policy_incident i;

	if (!last)
		return 0;
	before = what_was_before(d, last);
	d->word = "undo";
	if (before && !entry_is(before, "reinstated")) {
		i = *before;
		i.outcome = entry_is(&i, "slot") ? "renamed" : i.outcome;
		return tell_next(d, i);
	}
	i = *last;
	i.class_ = entry_is(last, "none") ? "none" : "reinstated";
	i.outcome = entry_is(last, "none") ? "none" : "void";
	i.state = entry_is(last, "none") ? POLICY_NONE : POLICY_VOID;
	i.charge = i.hold = i.credit = i.deposit = i.refund = 0;
	return tell_next(d, i);
}

/* ---- in order ---- */

static int state_words(struct deal *d)
{
	if (d->fresh & WORD_NOSHOW) {
		d->word = "noshow";
		return missed(d);
	}
	if (d->fresh & WORD_LATE) {
		d->word = "late";
		return arrived_late(d);
	}
	if (d->fresh & WORD_ATTENDED) {
		d->word = "attended";
		return came(d);
	}
	if (d->fresh & WORD_LATECANCEL) {
		d->word = "latecancel";
		return cancelled_late(d);
	}
	return 0;
}

static int money_words(struct deal *d)
{
	if (d->fresh & WORD_FEE) {
		d->word = "fee";
		return act_all(d, ACT_ADJUST);
	}
	if (d->fresh & WORD_WAIVE) {
		d->word = "waive";
		return act_all(d, ACT_WAIVE);
	}
	if (d->fresh & WORD_EMERGENCY) {
		d->word = "emergency";
		return act_all(d, ACT_EMERGENCY);
	}
	return d->fresh & (WORD_PAID | WORD_UNPAID) ? pay(d, d->fresh & WORD_PAID) : 0;
}

static int other_words(struct deal *d)
{
	if (d->fresh & WORD_ME && d->c->kind != POLICY_MOVED && d->c->kind != POLICY_CANCELLED) {
		d->word = "me";
		if (own_doing(d))
			return -1;
	}
	if (d->fresh & WORD_OK) {
		d->word = "ok";
		if (act_all(d, ACT_OK))
			return -1;
	}
	if (d->fresh & WORD_DISPUTE) {
		d->word = "dispute";
		if (act_all(d, ACT_DISPUTE))
			return -1;
	}
	return d->fresh & WORD_UNDO ? undo(d) : 0;
}

static bool ends_here(const struct deal *d)
{
	return d->c->kind == POLICY_CANCELLED || d->c->kind == POLICY_DECLINED;
}

int words_before(struct deal *d)
{
	int rc = 0;

	if (!deal_by_owner(d->c))
		return 0;
	if (d->fresh & WORD_PRICE)
		rc = set_price(d);
	if (rc == 0 && ends_here(d))
		rc = state_words(d);
	d->word = NULL;
	return rc;
}

int words_after(struct deal *d)
{
	int rc = 0;

	if (d->c->role == POLICY_CLIENT) {
		d->word = d->fresh & WORD_EMERGENCY ? "emergency" : "dispute";
		rc = d->fresh ? act_all(d, ACT_DISPUTE) : 0;
	} else if (deal_by_owner(d->c)) {
		rc = !ends_here(d) ? state_words(d) : 0;
		rc = rc || money_words(d) || other_words(d) ? -1 : 0;
	}
	d->word = NULL;
	return rc;
}

/* ---- a freed slot is sold again ---- */

static bool is_refilled_by(const struct deal *d, const struct policy_incident *i)
{
	struct rules r;

	if ((!entry_is(i, "late-cancel") && !entry_is(i, "late-move")) || !entry_has_money(i) ||
			i->state == POLICY_WAIVED || i->state == POLICY_CREDITED || strcmp(i->client, d->client) == 0)
		return false;
	deal_rules(d, i, &r);
	return r.refilled_waive;
}

int words_refilled(struct deal *d, int64_t start)
{
	const struct policy_query q = { .size = sizeof(q), .slot = start };
	const char *word = d->word;
	struct entries list;
	int rc = 0;

	if (d->t >= start)
		return 0;
	if (entries_load_incidents(d->host, d->sink, &q, d->mem, &list))
		return -1;
	for (size_t n = 0; n < list.count; n++) {
		struct policy_incident i = list.at[n];

		if (!is_refilled_by(d, &i))
			continue;
		waive(&i, "refilled");
		d->word = NULL;
		rc = tell_next(d, i);
		break; /* one client for one */
	}
	d->word = word;
	return rc;
}
