#include "late_world.h"

#include <string.h>

#include "base/clock.h"

const char *const therapy[] = { "timezone", "Europe/Paris", "currency", "EUR", "price-from", "title",
	"owner-changes", "client", "tiers", "48h 50%", "tiers", "24h 100%", NULL };

int64_t at(const char *text)
{
	int64_t t = 0;

	assert_int_equal(iso_date_parse(text, &t), 0);
	return t;
}

struct world *world_make(const char *const *settings, const char *const *more)
{
	struct policy_setting all[32];
	struct world *w = test_malloc(sizeof(*w));
	char why[300] = "";
	size_t n = 0;

	memset(w, 0, sizeof(*w));
	w->sink.mem = arena_create();
	for (const char *const *list = settings; list; list = list == settings ? more : NULL) {
		for (size_t i = 0; list[i]; i += 2)
			all[n++] = (struct policy_setting){ sizeof(all[0]), list[i], list[i + 1], "test", 1 };
	}
	w->module = dedit_policy_late();
	if (w->module->open(&late_host, "therapy", "d1g3st", all, n, &w->self, why, sizeof(why)))
		fail_msg("%s", why);
	return w;
}

void world_drop(struct world *w)
{
	w->module->close(w->self);
	arena_destroy(w->sink.mem);
	test_free(w);
}

struct policy_change change(uint32_t kind, const char *now)
{
	return (struct policy_change){
		.size = sizeof(struct policy_change), .kind = kind, .role = POLICY_OWNER, .now = at(now), .actor = "anna",
		.actor_names = "anna\nAnna", .owner = "anna", .owner_names = "anna", .collection = "appointments",
		.name = "1.ics", .uid = "1", .occurrence = "", .summary = "Marc Petit 80 €", .note = "", .status = "",
		.transp = "", .old_summary = "", .old_note = "", .client_address = "", .zone = "Europe/Paris", .ref = "",
		.categories = "", .link = "", .attendee = "", .attendees = "",
	};
}

struct policy_when hour_from(const char *start)
{
	return (struct policy_when){ at(start), at(start) + 3600 };
}

struct policy_change by_client(struct policy_change c)
{
	c.role = POLICY_CLIENT;
	c.actor = "marc";
	c.actor_names = "marc\nMARC  PÉTIT\nmarc@example.org";
	return c;
}

void ask(struct world *w, struct policy_change c)
{
	char ref[] = "REFX-0000";

	w->refs++;
	ref[7] = (char)('0' + w->refs / 10);
	ref[8] = (char)('0' + w->refs % 10);
	c.fresh_ref = ref;
	late_host_begin(&w->sink);
	assert_int_equal(w->module->check(w->self, &c, &w->sink), 0);
}

void book_at(struct world *w, const char *now, const char *start)
{
	struct policy_change c = change(POLICY_BOOKED, now);

	c.after = hour_from(start);
	ask(w, c);
}

void move_to(struct world *w, const char *now, const char *from, const char *to)
{
	struct policy_change c = by_client(change(POLICY_MOVED, now));

	c.before = hour_from(from);
	c.after = hour_from(to);
	ask(w, c);
}

struct policy_change cancel(const char *now, const char *start)
{
	struct policy_change c = by_client(change(POLICY_CANCELLED, now));

	c.before = hour_from(start);
	c.status = "CANCELLED";
	return c;
}

const struct policy_incident *last(const struct world *w, const char *class_)
{
	for (size_t n = w->sink.count; n-- > 0;) {
		if (strcmp(w->sink.entries[n].class_, class_) == 0)
			return &w->sink.entries[n];
	}
	fail_msg("no entry of class %s", class_);
	return NULL;
}

void assert_told(const struct world *w, const char *class_, const char *outcome, int64_t charge,
	int64_t hold)
{
	const struct policy_incident *i = last(w, class_);

	assert_string_equal(i->outcome, outcome);
	assert_int_equal(i->charge, charge);
	assert_int_equal(i->hold, hold);
}

int64_t owed(const struct world *w)
{
	int64_t total = 0;

	for (size_t n = 0; n < w->sink.count; n++) {
		if (late_host_stands(&w->sink, n) && w->sink.entries[n].state == POLICY_DUE)
			total += w->sink.entries[n].charge;
	}
	return total;
}
