#include "policy/late/word_seen.h"

#include <string.h>

#include "policy/late/fold.h"

/* Words that say what the event is, and stay in it. */
static const uint32_t lasting = WORD_PRIVATE | WORD_VIDEO;
/* Words of a client that mean something. */
static const uint32_t open_to_clients = WORD_DISPUTE | WORD_EMERGENCY;

/*
 * Words seen are remembered as the outcome of an entry of class "words": "noshow fee:4000EUR ~waive
 * ?me". ~ before what stands there by another hand than the owner's, ? before what was refused, so
 * it may still come into force.
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
