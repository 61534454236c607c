/*
 * The parts of the player of vectors (doc/policy.md, section 0): a vector's policy becomes settings,
 * its appointment an event that the steps change; what came of each is compared.
 */
#ifndef DEDIT_TESTS_VECTORS_H
#define DEDIT_TESTS_VECTORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "ical/ical.h"
#include "policy/dedit_policy.h"
#include "tests/policy/late_host.h"
#include "tests/policy/whole.h"

enum { SETTINGS_MAX = 256, GUESTS_MAX = 32, OTHERS_MAX = 16 };

struct settings {
	struct policy_setting at[SETTINGS_MAX];
	size_t count;
	const char *deposit;     /* that the appointment has; NULL: none */
	struct arena *mem;
};

struct event {
	const char *uid, *tz, *summary, *note, *status, *rrule, *service;
	struct { const char *address, *partstat; } guest[GUESTS_MAX];
	size_t guests;
	struct { const char *name, *value; } other[OTHERS_MAX]; /* properties that an edit gave */
	size_t others;
	bool all_day, there;
	struct wall start, end;
	const char *lines;      /* EXDATEs */
	const char *overrides;  /* whole VEVENTs */
};

struct play {
	const json_t *vector;
	const struct policy_module *module;
	void *self;
	struct whole *whole;     /* NULL: the decision function alone */
	struct policy_sink sink;
	size_t step;             /* where the entries of the step under way begin */
	const char *free_until;
	struct event event;
	const struct zone *zone; /* of the policy */
	struct arena *mem;
	int64_t now;
	int uids, refs;
	bool answers;            /* the client is an attendee, to accept what the owner imposes */
	char why[400];
};

/* The member's text; NULL: there is none. */
static inline const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* vector_settings.c */
/* An integer as text, in s->mem. */
const char *number(struct settings *s, const json_t *object, const char *key);
/* All that the vector's policy sets; s->mem is given. */
void settings_make(struct settings *s, const json_t *vector);

/* vector_event.c */
/* Of a date, or of a date and time of day. */
struct wall wall_of(const char *text);
/* In UTC. */
int64_t time_of(const char *text);
/* As a calendar object. */
const char *event_text(struct play *p);
/* NULL: the event isn't there. */
struct ical *event_parse(struct play *p);
/* To where the step says, as long as it was. */
void move_event(struct event *ev, const json_t *step);
/* The event's rule without the part that begins so. */
const char *rule_without(struct play *p, const char *part);
/* Ending then, in place of COUNT. */
const char *rule_until(struct play *p, int64_t until);
/* address NULL: all attendees do. */
void answer(struct event *ev, const char *address, const char *partstat);
/* What the step's operation does to it. */
void change_event(struct play *p, const json_t *step, const char *op);

/* vector_play.c */
/* whole: through a store; otherwise the decision function alone. Did all come as expected? */
bool run_policy(const json_t *vector, bool whole, struct arena *mem, char *why, size_t why_size);

/* vector_result.c */
/* Is it what the step expects? If not, p->why says what was got. */
bool agrees(struct play *p, size_t step, const json_t *expect);
/* The split of all that is due in the end. */
bool tax_agrees(struct play *p);

#endif
