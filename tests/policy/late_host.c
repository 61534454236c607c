#include "tests/policy/late_host.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"

static bool is_slot(const struct policy_incident *i)
{
	return strcmp(i->class_, "slot") == 0;
}

static bool same_key(const struct policy_incident *a, const struct policy_incident *b)
{
	return strcmp(a->uid, b->uid) == 0 && strcmp(a->occurrence, b->occurrence) == 0 && a->slot == b->slot &&
		strcmp(a->client, b->client) == 0 && strcmp(a->class_, b->class_) == 0 &&
		strcmp(a->outcome, b->outcome) == 0;
}

static int history(struct policy_sink *s, const struct policy_query *q, policy_incident_fn visit, void *arg)
{
	for (size_t n = 0; n < s->count; n++) {
		const struct policy_incident *i = &s->entries[n];

		if ((q->client && strcmp(q->client, i->client)) || (q->uid && strcmp(q->uid, i->uid)) ||
				(q->slot && q->slot != i->slot) || (q->since && i->at < q->since))
			continue;
		if (visit(i, arg))
			break;
	}
	return 0;
}

void late_host_add(struct policy_sink *s, const struct policy_incident *i)
{
	struct policy_incident *grown = arena_array(s->mem, s->count + 1, sizeof(*grown)), *mine;

	if (s->count > 0)
		memcpy(grown, s->entries, s->count * sizeof(*grown));
	s->entries = grown;
	mine = &grown[s->count++];
	*mine = *i;
	const char **texts[] = { &mine->class_, &mine->outcome, &mine->client, &mine->title, &mine->uid,
		&mine->occurrence, &mine->ref, &mine->by, &mine->actor, &mine->basis, &mine->currency,
		&mine->policy, &mine->version, &mine->supersedes, &mine->service, &mine->attendee, &mine->word,
		&mine->reason, &mine->zone };
	for (size_t n = 0; n < ARRAY_SIZE(texts); n++)
		*texts[n] = *texts[n] ? arena_strdup(s->mem, *texts[n]) : "";
}

static int incident(struct policy_sink *s, const struct policy_incident *i)
{
	for (size_t n = 0; n < s->count && !*i->supersedes; n++) {
		if (same_key(&s->entries[n], i))
			return 0;
	}
	late_host_add(s, i);
	return 0;
}

static int annotate(struct policy_sink *s, uint32_t place, const char *name, const char *value)
{
	struct shown *shown = &s->shown;
	const char *text = arena_strdup(s->mem, value);
	const char **const places[] = { [POLICY_TITLE_PREFIX] = &shown->prefix, [POLICY_NOTE_BLOCK] = &shown->block,
		[POLICY_STATUS] = &shown->status, [POLICY_COMMENT] = &shown->comment,
		[POLICY_CATEGORY] = &shown->category, [POLICY_COLOR] = &shown->color,
		[POLICY_TRANSP] = &shown->transp, [POLICY_REF] = &shown->ref, [POLICY_FEE_TITLE] = &shown->fee_title };

	if (place == POLICY_PROPERTY) {
		if (shown->lines == LATE_HOST_LINES)
			return -1;
		shown->name[shown->lines] = arena_strdup(s->mem, name);
		shown->value[shown->lines++] = text;
		return 0;
	}
	if (place == POLICY_TAKE_OUT || place == POLICY_FEE_LINK || place == POLICY_TERMS_LINK ||
			place == POLICY_EXTRA || place == POLICY_CLIENT_LINK || place & POLICY_IN_FEES)
		return 0;
	if (place >= ARRAY_SIZE(places) || !places[place])
		return -1;
	*places[place] = text;
	if (place == POLICY_COMMENT)
		shown->comment_name = arena_strdup(s->mem, name);
	return 0;
}

static int wake(struct policy_sink *s, int64_t at)
{
	s->wake = at;
	return 0;
}

static int deny(struct policy_sink *s, const char *reason)
{
	(void)s;
	(void)reason;
	return -1; /* this policy never refuses */
}

static void say(int level, const char *text)
{
	(void)level;
	(void)text;
}

const struct policy_host late_host = {
	DEDIT_POLICY_ABI, sizeof(late_host), history, incident, annotate, wake, deny, say,
};

void late_host_begin(struct policy_sink *s)
{
	s->shown = (struct shown){ 0 };
	s->wake = 0;
}

const char *late_host_property(const struct policy_sink *s, const char *name)
{
	for (size_t n = 0; n < s->shown.lines; n++) {
		if (str_starts(s->shown.name[n], name))
			return s->shown.value[n];
	}
	return NULL;
}

bool late_host_stands(const struct policy_sink *s, size_t n)
{
	const struct policy_incident *i = &s->entries[n];

	for (size_t k = n + 1; k < s->count; k++) {
		if (!is_slot(&s->entries[k]) && strcmp(s->entries[k].supersedes, i->ref) == 0)
			return false;
	}
	return !is_slot(i) && i->state != POLICY_VOID;
}
