/*
 * Paths of pages by GET, or with a header "Form", which is what a form sends then, by POST: a line, and
 * perhaps headers behind it. Who doesn't have a link doesn't read what is behind it, and no log shows a
 * secret.
 * "@1", "@2" and "@3" stand for the tokens of feeds, "@4" for the signature of a fee's link, "@5" for its
 * reference, "@6" and "@7" for those of an appointment's link, "@8" for the token of its forms.
 */
#include "base/util.h"
#include "http/feed_link.h"
#include "policy/fees.h"
#include "policy/ledger.h"
#include "policy/link.h"
#include "policy/update.h"
#include "tests/fuzz/dav_server.h"
#include "tests/fuzz/fuzz.h"
#include "web/web.h"

enum { HEADERS = 8, FEEDS = 3, SECRETS = 4 };

static const char *const tokens[FEEDS] = {
	"AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCCCCCCCC",
};

static struct site {
	struct dav_server dav;
	struct web web;
	char mac[LINK_MAC_SIZE], ref[REF_SIZE];
	char slot_mac[LINK_MAC_SIZE], slot_ref[REF_SIZE], form[LINK_MAC_SIZE];
} site;

static void add_feeds(struct store *s)
{
	cleanup_arena struct arena *mem = arena_create();
	static const unsigned flags[FEEDS] = { 0, FEED_BUSY, FEED_PLAIN };
	struct collection c;

	must(store_collection(s, "anna", "calendar", mem, &c, NULL) == 0);
	for (size_t i = 0; i < FEEDS; i++) {
		char hash[CHAIN_SIZE], id[] = { (char)('a' + i), '\0' };

		digest_chain(tokens[i], strlen(tokens[i]), hash);
		const struct feed f = { .id = id, .label = "x", .hash = hash, .collection = c.id, .flags = flags[i],
			.back = i == 1 ? 86400 : -1, .ahead = -1, .created = 1, .used = site.dav.now };
		must(store_feed_put(s, &f, NULL) == 0);
	}
}

static void put_event(const char *name)
{
	char text[512], path[64];

	snprintf(path, sizeof(path), "/calendars/anna/calendar/%s.ics", name);
	snprintf(text, sizeof(text), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
		"DTSTAMP:20260101T000000Z\r\nDTSTART:20261001T100000Z\r\nDTEND:20261001T110000Z\r\n"
		"SUMMARY:<b>Léa & Co</b> 80 €\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", name);
	dav_server_put(&site.dav, path, text);
}

/* An appointment, whose client has a link. */
static void add_appointment(const struct store_info *info, struct arena *mem)
{
	const struct ledger_query q = { .owner = "anna", .uid = "h", .kind = KIND_SLOT };
	struct entry_list list = { 0 };

	put_event("h");
	must(ledger_read(site.dav.store, &q, mem, &list, NULL) == 0 && list.count == 1);
	const struct policy_incident *i = &list.entries[0].i;

	memcpy(site.slot_ref, i->ref, sizeof(site.slot_ref));
	link_mac(info, LINK_APPOINTMENT, i->ref, i->client, site.slot_mac);
	link_mac(info, LINK_FORM, i->ref, site.slot_mac, site.form);
}

/* A late cancellation, whose note has a link. */
static void add_fee(void)
{
	static const char text[] = "policy \"therapy\" { timezone = \"Europe/Paris\" currency = EUR\n"
		" price-from = title tiers = { \"2000h 100%\" } }\n"
		"calendar \"anna/calendar\" { policy = therapy }\n";
	static const struct conf_schema *const sections[] = { &policy_schema, &calendar_schema, NULL };
	static const struct conf_schema file = { .sections = sections };
	const struct dav_question gone = { .who = "marc", .method = "DELETE",
		.path = "/calendars/marc/anna~calendar/g.ics" };
	cleanup_arena struct arena *mem = arena_create();
	const struct conf_section *root;
	struct store_info info;
	struct policy_set *set;
	struct fee_list list;
	struct collection c;

	must(conf_parse(text, "fuzz.conf", &file, &root, NULL) == 0);
	must(policy_load(root, &(struct policy_options){ .public_url = "https://x" }, &set, NULL) == 0);
	conf_destroy(root);
	policy_unload((struct policy_set *)site.dav.dav.policies);
	site.dav.dav.policies = set;
	must(event_fees_calendar(site.dav.store, "anna", site.dav.now, mem, &c, NULL) == 0);
	put_event("g");
	must(dav_server_ask(&site.dav, &gone, NULL) == 204);
	must(fees_list(site.dav.store, &(struct fee_filter){ .owner = "anna" }, mem, &list, NULL) == 0);
	must(list.count == 1);
	const struct policy_incident *i = &list.fees[0].incident;
	memcpy(site.ref, i->ref, sizeof(site.ref));
	store_info(site.dav.store, &info);
	link_mac(&info, LINK_FEE, i->ref, i->client, site.mac);
	add_appointment(&info, mem);
}

static void start(void)
{
	dav_server_start(&site.dav);
	add_feeds(site.dav.store);
	add_fee();
	site.web = (struct web){ .store = site.dav.store, .policies = site.dav.dav.policies,
		.ical = site.dav.dav.settings.ical, .refresh = 3600, .client_pages = true };
}

static void expand(const char *text, struct buf *out)
{
	const char *const secrets[] = { tokens[0], tokens[1], tokens[2], site.mac, site.ref, site.slot_mac,
		site.slot_ref, site.form };

	for (; *text != '\0'; text++) {
		if (text[0] == '@' && text[1] >= '1' && text[1] <= '8')
			buf_adds(out, secrets[*++text - '1']);
		else
			buf_addc(out, *text);
	}
}

/* Of a form's answer only what the log shows: it may tell who sent it what that one wrote. */
static void check_secrets(const char *path, int status, bool form, const struct buf *answer)
{
	char shown[WEB_LOG_PATH_SIZE];
	const char *log = web_log_path(path, shown);
	bool knows = strcasestr(path, site.mac) != NULL || strstr(path, site.slot_mac) != NULL;

	for (size_t i = 0; i < FEEDS; i++) {
		knows = knows || strstr(path, tokens[i]) != NULL;
		must(!str_starts(path, "/feeds/") || strstr(log, tokens[i]) == NULL);
		must(form || strstr(answer->data, tokens[i]) == NULL);
	}
	must(!str_starts(path, "/fee/") || strstr(log, site.mac) == NULL);
	must(!str_starts(path, "/appointment/") || strstr(log, site.slot_mac) == NULL);
	must(!(str_starts(path, "/feeds/") || str_starts(path, "/fee/") || str_starts(path, "/appointment/")) ||
		(status != 200 && status != 303) || knows);
	must(str_starts(path, "/feeds/") || strstr(answer->data, "<b>") == NULL);
	/* what is shown of a busy calendar is nobody's name */
	must(strstr(path, tokens[1]) == NULL || strstr(answer->data, "Petit") == NULL);
}

static const char *form_of(const struct header *head, size_t heads)
{
	for (size_t i = 0; i < heads; i++) {
		if (strcmp(head[i].name, "Form") == 0)
			return head[i].value;
	}
	return NULL;
}

static void ask(const char *path, const char *query, const struct header *head, size_t heads)
{
	const char *form = form_of(head, heads);
	cleanup_arena struct arena *mem = arena_create();
	cleanup_buf struct buf answer = { .data = NULL };
	struct response res;
	struct request rq = { .mem = mem, .now = site.dav.now, .method = form ? "POST" : "GET", .path = path,
		.query = query, .head = head, .heads = heads, .body = form ? form : "",
		.body_len = form ? strlen(form) : 0, .address = "127.0.0.1", .res = &res,
		.who = { .name = "anna", .displayname = "anna", .language = "en" } };
	size_t body_max;
	int more = 1;

	buf_init(&answer, 4 << 20);
	response_init(&res, 1 << 20);
	/* in the server's order: what is refused before the body never comes further */
	if (web_precheck(&site.web, &rq, rq.body_len, true, &body_max) < 400 && rq.body_len <= body_max)
		web_handle(&site.web, &rq);
	buf_add(&answer, res.body.data, res.body.len);
	while (res.next && more)
		must((more = res.next(res.next_arg, &answer)) >= 0);
	must((res.status >= 200 || rq.body_len > body_max) && (res.status < 500 || form));
	must(utf8_valid(answer.data, answer.len));
	check_secrets(path, res.status, form != NULL, &answer);
	bool wrote = form && res.status < 400;
	response_finish(&res);
	if (wrote) { /* it comes into the calendar, and shows in what is read then, be it a feed's token */
		dav_server_stop(&site.dav);
		site.web.store = NULL;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *)data, size);
	cleanup_buf struct buf target = { .data = NULL }, rest = { .data = NULL };
	char *at = text, *end = text + strlen(text), *line = cut_line(&at, end);
	struct header head[HEADERS];
	size_t heads = 0;

	if (!site.web.store)
		start();
	if (line == NULL)
		return 0;
	buf_init(&target, 1 << 16);
	buf_init(&rest, 1 << 16);
	expand(line, &target);
	expand(at, &rest);
	at = rest.data;
	end = rest.data + rest.len;
	while (heads < HEADERS && (line = cut_line(&at, end)) != NULL) {
		char *colon = strstr(line, ": ");

		if (colon != NULL) {
			*colon = '\0';
			head[heads++] = (struct header){ line, colon + 2 };
		}
	}
	char *query = strchr(target.data, '?');
	if (query != NULL)
		*query++ = '\0';
	if (web_owns(target.data))
		ask(target.data, query, head, heads);
	return 0;
}
