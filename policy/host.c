#include "policy/host.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ical/ical.h"
#include "policy/link.h"
#include "policy/money.h"

enum {
	ENTRIES_MAX = 8192,      /* of one commit: a series' dates, each with a few */
	WAKES_MAX = 4096,
	LINES_MAX = 64,          /* X-DEDIT- properties of one event */
	EXTRAS_MAX = 8,          /* other properties */
	TEXT_MAX_BYTES = 8192,   /* one annotation */
};

struct policy_sink {
	struct decision *d;
	const struct policy_change *change;
	struct verdict *verdict;
	bool failed;             /* a call of the module could not be answered */
};

static int sink_fail(struct policy_sink *s, const char *what)
{
	log_error("policy %s: %s", s->d->policy->name, what);
	s->failed = true;
	return -1;
}

/* ---- history ---- */

static bool is_word_of_module(const struct entry *entry)
{
	return strcmp(entry->kind, KIND_SHOWN) != 0 && strcmp(entry->kind, KIND_HIDDEN) != 0 &&
		strcmp(entry->kind, KIND_ERASED) != 0;
}

static bool entry_matches(const struct entry *entry, const struct policy_query *q)
{
	return is_word_of_module(entry) &&
		(!q->client || strcmp(q->client, entry->i.client) == 0) &&
		(!q->uid || strcmp(q->uid, entry->i.uid) == 0) &&
		(q->slot == 0 || q->slot == entry->i.slot) && entry->i.at >= q->since;
}

static int visit_entries(const struct entry_list *list, const struct policy_query *q,
	policy_incident_fn visit, void *arg)
{
	for (size_t n = 0; n < list->count; n++) {
		if (!entry_matches(&list->entries[n], q)) {
			continue;
		}
		int stop = visit(&list->entries[n].i, arg);
		if (stop)
			return stop;
	}
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Of a group each attendee's decision asks the same about the time of all. */
static struct asked *asked_before(struct decision *d, const struct policy_query *q)
{
	for (size_t n = 0; n < ASKED_MAX; n++) {
		struct asked *a = &d->asked[n];

		if (a->q.size && a->q.slot == q->slot && a->q.since == q->since &&
			same_text(a->q.client, q->client) && same_text(a->q.uid, q->uid)) {
			a->used = ++d->asked_count;
			return a;
		}
	}
	return NULL;
}

static struct asked *ask_store(struct decision *d, const struct policy_query *q, struct err *e)
{
	struct ledger_query stored = { .owner = d->owner, .client = q->client, .uid = q->uid, .slot = q->slot,
		.since = q->since };
	struct asked *a = d->asked;

	for (size_t n = 1; n < ASKED_MAX; n++) {
		a = d->asked[n].used < a->used ? &d->asked[n] : a;
	}
	*a = (struct asked){ .used = ++d->asked_count };
	if (ledger_read(d->store, &stored, d->mem, &a->found, e))
		return NULL;
	a->q = (struct policy_query){ .size = sizeof(a->q), .slot = q->slot, .since = q->since,
		.client = q->client ? arena_strdup(d->mem, q->client) : NULL,
		.uid = q->uid ? arena_strdup(d->mem, q->uid) : NULL };
	return a;
}

static int host_history(struct policy_sink *s, const struct policy_query *q,
	policy_incident_fn visit, void *arg)
{
	struct decision *d = s->d;
	struct asked *a = asked_before(d, q);
	struct entry_list found;
	struct err e;

	d->history = true;
	if (!a && !(a = ask_store(d, q, &e)))
		return sink_fail(s, e.text);
	found = a->found; /* the visitor may ask for something else */
	int stop = visit_entries(&found, q, visit, arg);
	return stop ? stop : visit_entries(&d->fresh, q, visit, arg);
}

/* ---- incidents ---- */

static const char *copy(struct arena *mem, const char *text, const char *fallback)
{
	return arena_strdup(mem, text ? text : fallback);
}

/* The module's strings end with its call. */
static void incident_copy(struct arena *mem, const struct policy_incident *from,
	const struct policy_change *c, struct policy_incident *to)
{
	*to = *from;
	to->size = sizeof(*to);
	to->class_ = copy(mem, from->class_, "");
	to->outcome = copy(mem, from->outcome, "");
	to->client = copy(mem, from->client, "");
	to->title = copy(mem, from->title, "");
	to->uid = copy(mem, from->uid, c->uid);
	to->occurrence = copy(mem, from->occurrence, c->occurrence);
	to->ref = copy(mem, from->ref, "");
	to->by = copy(mem, from->by, "");
	to->actor = copy(mem, from->actor, c->actor);
	to->basis = copy(mem, from->basis, "");
	to->currency = copy(mem, from->currency, "");
	to->policy = copy(mem, from->policy, "");
	to->version = copy(mem, from->version, "");
	to->supersedes = copy(mem, from->supersedes, "");
	to->service = copy(mem, from->service, "");
	to->attendee = copy(mem, from->attendee, c->attendee);
	to->word = copy(mem, from->word, "");
	to->reason = copy(mem, from->reason, "");
	to->zone = copy(mem, from->zone, c->zone);
}

static bool has_amount(const struct policy_incident *i)
{
	return i->charge || i->hold || i->credit || i->refund || i->deposit;
}

static int host_incident(struct policy_sink *s, const struct policy_incident *i)
{
	struct decision *d = s->d;
	struct policy_incident told;

	if (i->size < sizeof(told) || !i->class_ || !*i->class_)
		return sink_fail(s, "the module told an incident without size or class");
	if (d->fresh.count >= ENTRIES_MAX)
		return sink_fail(s, "too many ledger entries in one change");
	incident_copy(d->mem, i, s->change, &told);
	if (has_amount(&told) && money_decimals(told.currency) < 0)
		return sink_fail(s, "the module told an amount without a currency");
	/* cancelled, taken back, cancelled and taken back: what takes back is news each time */
	if (!*told.supersedes &&
		(entry_is_repeat(&d->known, &told) || entry_is_repeat(&d->fresh, &told))) {
		return 0;
	}
	struct entry *entry = entry_add(&d->fresh, d->mem);
	entry->owner = d->owner;
	entry->kind = told.class_;
	entry->incident = entry_kind_is_incident(told.class_);
	entry->i = told;
	d->history = d->history || entry->incident;
	return 0;
}

/* ---- annotations ---- */

static int add_line(struct policy_sink *s, struct rendering *r, const char *name, const char *value)
{
	struct arena *mem = s->d->mem;

	if (!name || !str_starts(name, "X-DEDIT-"))
		return sink_fail(s, "the module named a property that doesn't begin with X-DEDIT-");
	if (strpbrk(name, ":\r\n") || strpbrk(value, "\r\n"))
		return sink_fail(s, "the module's property would break its line");
	if (r->line_count == LINES_MAX)
		return sink_fail(s, "too many properties on one event");
	if (!r->lines) {
		r->lines = arena_array(mem, LINES_MAX, sizeof(*r->lines));
	}
	((const char **)r->lines)[r->line_count++] = arena_printf(mem, "%s:%s", name, value);
	return 0;
}

static int add_extra(struct policy_sink *s, struct rendering *r, const char *head, const char *value)
{
	struct shown_line *extras = (struct shown_line *)(uintptr_t)r->extras;

	if (r->extra_count == EXTRAS_MAX)
		return sink_fail(s, "too many properties on one event");
	if (!extras) {
		r->extras = extras = arena_array(s->d->mem, EXTRAS_MAX, sizeof(*extras));
	}
	extras[r->extra_count++] = (struct shown_line){ head, value };
	return 0;
}

/* The note's reader is the incident's client (15.33). */
static int add_fee_link(struct policy_sink *s, struct rendering *r, const char *ref)
{
	const struct decision *d = s->d;
	const struct policy_incident *i = entry_incident(&d->fresh, ref);
	struct store_info info;

	i = i ? i : entry_incident(&d->known, ref);
	if (!i) { /* entered since, or the module's mistake: asked again alone it shows */
		s->failed = true;
		return -1;
	}
	if (!d->policy->public_url)
		return 0;
	store_info(d->store, &info);
	return add_extra(s, r, arena_printf(d->mem, "ATTACH;FMTTYPE=text/html;FILENAME=fee-%s.html", ref),
		arena_printf(d->mem, "%s%s", d->policy->public_url, link_fee(&info, ref, i->client, d->mem)));
}

static int add_client_link(struct policy_sink *s, struct rendering *r, const char *words, const char *ref)
{
	const struct decision *d = s->d;
	const struct policy_incident *slot = entry_slot(&d->fresh, ref);
	struct store_info info;

	if (!d->policy->public_url || !d->policy->client_pages || s->change->flags & POLICY_GROUP)
		return 0;
	slot = slot ? slot : entry_slot(&d->known, ref);
	if (!slot)
		return 0;
	store_info(d->store, &info);
	r->client_link = arena_printf(d->mem, "%s%s%s", words ? words : "", d->policy->public_url,
		link_appointment(&info, ref, slot->client, d->mem));
	secret_zero(&info, sizeof(info));
	return 0;
}

static int add_terms_link(struct policy_sink *s, struct rendering *r, const char *version)
{
	const struct policy *p = s->d->policy;

	if (!p->public_url)
		return 0;
	return add_extra(s, r, "LINK;VALUE=URI;LINKREL=terms-of-service",
		arena_printf(s->d->mem, "%s%s", p->public_url, link_policy(p->name, version, s->d->mem)));
}

/* A name with parameters: a colon stands in quotes or ends it (RFC 5545 3.1). */
static bool is_head(const char *text, const char *name)
{
	bool quoted = false;

	if (!str_starts(text, name) || (text[strlen(name)] != ';' && text[strlen(name)] != '\0'))
		return false;
	for (; *text; text++) {
		quoted ^= *text == '"';
		if (*text == '\r' || *text == '\n' || (*text == ':' && !quoted))
			return false;
	}
	return !quoted;
}

static int add_text(struct policy_sink *s, struct rendering *r, const char *name, const char *value)
{
	struct buf text cleanup_buf;

	buf_init(&text, 2 * TEXT_MAX_BYTES);
	if (!name || (!is_head(name, "REFID") && !is_head(name, "STRUCTURED-DATA")))
		return sink_fail(s, "the module named a property that is neither REFID nor STRUCTURED-DATA");
	ical_escape(&text, value);
	return add_extra(s, r, arena_strdup(s->d->mem, name), arena_strdup(s->d->mem, text.data));
}

static int host_annotate(struct policy_sink *s, uint32_t place, const char *name, const char *value)
{
	struct rendering *r = place & POLICY_IN_FEES ? &s->verdict->in_fees : &s->verdict->shown;

	if (!value || strlen(value) > TEXT_MAX_BYTES || !utf8_valid(value, strlen(value)))
		return sink_fail(s, "an annotation is too long or not UTF-8");
	const char *text = *value ? arena_strdup(s->d->mem, value) : NULL;
	s->verdict->own_fees |= (place & POLICY_IN_FEES) != 0;
	switch (place & ~(uint32_t)POLICY_IN_FEES) {
	case POLICY_PROPERTY:
		return add_line(s, r, name, value);
	case POLICY_TITLE_PREFIX:
		r->prefix = text;
		return 0;
	case POLICY_NOTE_BLOCK:
		r->block = text;
		return 0;
	case POLICY_STATUS:
		r->status.value = text;
		return 0;
	case POLICY_COMMENT:
		r->comment = text;
		r->comment_name = name && str_starts(name, "COMMENT;") && !strpbrk(name, ":\r\n") ?
			arena_strdup(s->d->mem, name) : "COMMENT";
		return 0;
	case POLICY_CATEGORY:
		r->category = text;
		return 0;
	case POLICY_COLOR:
		r->color.value = text;
		return 0;
	case POLICY_TRANSP:
		r->transp.value = text;
		return 0;
	case POLICY_REF:
		r->ref = text;
		return 0;
	case POLICY_TAKE_OUT:
		if (text) {
			rendering_take_out(r, text, s->d->mem);
		}
		return 0;
	case POLICY_KEEP:
		s->verdict->keep = true;
		return 0;
	case POLICY_FEE_LINK:
		return add_fee_link(s, r, value);
	case POLICY_CLIENT_LINK:
		return add_client_link(s, r, name, value);
	case POLICY_TERMS_LINK:
		return add_terms_link(s, r, value);
	case POLICY_EXTRA:
		return add_text(s, r, name, value);
	case POLICY_FEE_TITLE:
		r->fee_title = text;
		return 0;
	default: /* of a later version of the interface */
		return 0;
	}
}

/* ---- the rest of the table ---- */

static int host_wake(struct policy_sink *s, int64_t at)
{
	struct decision *d = s->d;

	for (size_t n = s->verdict->first_wake; n < d->wake_count; n++) {
		if (d->wakes[n] == at)
			return 0;
	}
	if (d->wake_count == WAKES_MAX)
		return sink_fail(s, "too many wakes in one change");
	if (!d->wakes) {
		d->wakes = arena_array(d->mem, WAKES_MAX, sizeof(*d->wakes));
	}
	d->wakes[d->wake_count++] = at;
	return 0;
}

static int host_deny(struct policy_sink *s, const char *reason)
{
	if (!s->verdict->denied) {
		s->verdict->denied = arena_strdup(
			s->d->mem, reason && *reason ? reason : "refused");
	}
	return 0;
}

static void host_log(int level, const char *text)
{
	if (level <= LOG_LEVEL_ERROR) {
		log_error("%s", text);
	} else if (level == LOG_LEVEL_WARN) {
		log_warn("%s", text);
	} else if (level == LOG_LEVEL_DEBUG) {
		log_debug("%s", text);
	} else {
		log_info("%s", text);
	}
}

const struct policy_host policy_host_v1 = {
	.abi = DEDIT_POLICY_ABI,
	.size = sizeof(struct policy_host),
	.history = host_history,
	.incident = host_incident,
	.annotate = host_annotate,
	.wake = host_wake,
	.deny = host_deny,
	.log = host_log,
};

/* ---- one question ---- */

/* A slot keeps its reference; the one it had before a move comes first. A series' master has no
 * slot in time. */
static const char *slot_ref(const struct decision *d, const struct policy_change *c)
{
	const char *ref = "", *client = c->attendee;

	if ((c->flags & POLICY_SERIES) && !*c->occurrence)
		return entry_ref(&d->known, client, "", 0);
	if (c->before.start) {
		ref = entry_ref(&d->known, client, c->occurrence, c->before.start);
	}
	return *ref || !c->after.start ? ref :
		entry_ref(&d->known, client, c->occurrence, c->after.start);
}

static int fill_refs(struct decision *d, struct policy_change *c, struct err *e)
{
	if (!c->ref) { /* else change.c knows that it is another client's slot */
		c->ref = slot_ref(d, c);
	}
	return ledger_fresh_ref(d->store, d->mem, &c->fresh_ref, e);
}

int host_ask(struct decision *d, struct policy_change *c, struct verdict *out, struct err *e)
{
	const struct policy *p = d->policy;
	struct policy_sink sink = { .d = d, .change = c, .verdict = out };

	*out = (struct verdict){ .first_entry = d->fresh.count, .first_wake = d->wake_count };
	if (fill_refs(d, c, e))
		return -1;
	c->flags |= d->clock_doubtful ? POLICY_CLOCK_DOUBTFUL : 0;
	int status = p->module->check(p->self, c, &sink);
	out->shown.occurrence = c->occurrence;
	if (out->shown.block && out->shown.client_link)
		out->shown.block = arena_printf(d->mem, "%s\n%s", out->shown.block, out->shown.client_link);
	if (status == 0 && !sink.failed)
		return 0;
	d->fresh.count = out->first_entry;
	d->wake_count = out->first_wake;
	if (!p->allow_on_error)
		return err_set(e, ERR_BUSY, "policy %s: module %s failed", p->name, p->module->name);
	log_warn("policy %s: module %s failed, the change is let through", p->name, p->module->name);
	*out = (struct verdict){ .first_entry = d->fresh.count, .first_wake = d->wake_count,
		.failed = true, .shown.occurrence = c->occurrence };
	return 0;
}
