/*
 * An appointment's life under a policy. An input is up to six steps, "---" lines between, each a
 * line and perhaps a body:
 *     W V H
 * W: a (anna, the owner) or m (marc, who may write); V: P (PUT), D (DELETE), T (the timer), F (words
 * of the owner's about the first fee); H: hours that have gone by.
 * No step is a server's fault, the ledger stays what was written, and what is stored can be read
 * and shown.
 */
#include "base/util.h"
#include "policy/audit.h"
#include "policy/fees.h"
#include "policy/update.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"

#define FOLDER "/calendars/anna/appointments/"
#define SHARED "/calendars/marc/anna~appointments/"

enum { STEPS = 6, FEES = 32 };

static struct policy_set *load_policy(void)
{
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
	static const struct conf_schema file = { .sections = sections };
	static const char text[] = "policy \"therapy\" { timezone = \"Europe/Paris\" currency = EUR\n"
		" price-from = title tiers = { \"48h 50%\", \"24h 100%\" } no-show = \"100% wait 15m\"\n"
		" forgive = \"1 per 365d late-cancel\" escalate = \"from 3 per 180d 100%\"\n"
		" grace = \"30m not-within 3h\" review = 2h deposit = credit\n"
		" client \"Marc\" { price = \"70 EUR\" } }\n"
		"calendar \"anna/appointments\" { policy = therapy }\n";
	static const struct policy_options options = { .public_url = "https://cal.example.org" };
	const struct conf_section *root;
	struct policy_set *set;
	struct err e;

	must(conf_parse(text, "fuzz.conf", &file, &root, &e) == 0);
	must(policy_load(root, &options, &set, &e) == 0);
	conf_destroy(root);
	return set;
}

static void start(struct dav_server *s)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct dav_question make = { .who = "anna", .method = "MKCALENDAR", .path = FOLDER };
	struct collection c;

	dav_server_start(s);
	policy_unload((struct policy_set *)s->dav.policies);
	s->dav.policies = load_policy();
	must(dav_server_ask(s, &make, NULL) == 201);
	must(event_fees_calendar(s->store, "anna", s->now, mem, &c, NULL) == 0);
	must(store_collection(s->store, "anna", "appointments", mem, &c, NULL) == 0);
	const struct share share = { .collection = c.id, .user = "marc", .access = SHARE_WRITE };
	must(store_share_put(s->store, &share, NULL) == 0);
}

static struct event_request timer(struct dav_server *s, struct arena *mem)
{
	return (struct event_request){ .store = s->store, .policies = s->dav.policies,
		.limits = &s->dav.settings.ical, .mem = mem, .actor = { .name = "", .displayname = "" }, .now = s->now };
}

static void tick(struct dav_server *s)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct event_request rq = timer(s, mem);
	struct collection c;
	struct err e;

	must(store_collection(s->store, "anna", "appointments", mem, &c, NULL) == 0);
	must(event_tick(&rq, &(struct event_where){ &c, "a.ics" }, &e) == 0 || e.code == ERR_NOT_FOUND);
}

static void say(struct dav_server *s, const char *words)
{
	cleanup_arena struct arena *mem = arena_create();
	struct event_request rq = timer(s, mem);
	struct fee_list list;
	bool changed;
	struct err e;

	rq.actor.name = rq.actor.displayname = "anna";
	must(fees_list(s->store, &(struct fee_filter){ .owner = "anna" }, mem, &list, &e) == 0);
	if (list.count > 0)
		event_say(&rq, list.fees[0].incident.ref, words, &changed, &e);
}

static void step(struct dav_server *s, char *text, size_t len)
{
	char *at = text, *end = text + len, *line = cut_line(&at, end);
	uint64_t hours;

	if (line == NULL || strlen(line) < 5 || parse_u64(line + 4, 0, 2000, &hours) < 0)
		return;
	s->now += (int64_t)hours * 3600;
	bool marc = line[0] == 'm';
	struct dav_question q = { .who = marc ? "marc" : "anna", .path = marc ? SHARED "a.ics" : FOLDER "a.ics" };
	switch (line[2]) {
	case 'P':
		q.method = "PUT";
		q.body = at;
		q.len = (size_t)(end - at);
		dav_server_ask(s, &q, NULL);
		break;
	case 'D':
		q.method = "DELETE";
		dav_server_ask(s, &q, NULL);
		break;
	case 'T':
		tick(s);
		break;
	case 'F':
		say(s, at);
		break;
	}
}

static int wrong(const char *line, void *arg)
{
	abort();
}

static int check_fee(const struct ledger_row *l, void *arg)
{
	must(utf8_valid(l->text, strlen(l->text)) && strchr(l->text, '\n') == NULL);
	return 0;
}

static void check(struct dav_server *s)
{
	static const char *const paths[] = { FOLDER "a.ics", FOLDER, "/calendars/anna/fees/" };
	cleanup_arena struct arena *mem = arena_create();
	struct fee_list list;
	struct err e;

	must(ledger_audit(s->store, "anna", NULL, wrong, NULL, &e) == 0);
	must(store_ledger(s->store, &(struct ledger_query){ .owner = "anna" }, check_fee, NULL, &e) == 0);
	must(fees_list(s->store, &(struct fee_filter){ .owner = "anna" }, mem, &list, &e) == 0);
	for (size_t i = 0; i < list.count && i < FEES; i++)
		must(list.fees[i].incident.charge >= 0 && list.fees[i].incident.hold >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct dav_question q = { .who = "anna", .method = "GET", .path = paths[i] };
		int status = dav_server_ask(s, &q, NULL);

		must(status == 200 || (i == 0 && status == 404));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dav_server server = { 0 };
	cleanup_free char *text = copy_text(data, size);
	char *at = text, *piece;
	size_t len;

	if (size < 5)
		return 0;
	start(&server);
	for (size_t i = 0; i < STEPS && (piece = cut_piece(&at, text + size, &len)) != NULL; i++)
		step(&server, piece, len);
	check(&server);
	dav_server_stop(&server);
	return 0;
}
