/* What is owed: lists, one fee with its history, what an owner decides about it, files for other programs. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "ical/zone.h"
#include "policy/books.h"
#include "policy/fee_act.h"
#include "policy/fees.h"
#include "policy/late/fold.h"
#include "policy/link.h"
#include "web/console/api.h"

/* How many come on a page, and are acted on at once. */
enum { PAGE = 100, PAGE_MOST = 500, REFS_MOST = 500 };

/* ---- which ones ---- */

static int read_filter(struct api *a, struct fee_filter *f)
{
	const char *states = api_query(a, "state");

	f->policies = a->web->policies;
	f->client = api_query(a, "client");
	f->first_day = INT64_MIN;
	f->last_day = INT64_MAX;
	if (api_query_day(a, "since", &f->by_day, &f->first_day) < 0 ||
		api_query_day(a, "until", &f->by_day, &f->last_day) < 0)
		return -1;
	if (states && fee_states(states, &f->states) != 0) {
		api_refuse(a, 400, "state: one or more of none, proposed, pending, due, paid, waived, void, "
			"disputed, credited, with commas between");
		return -1;
	}
	return 0;
}

/* Does any of what a list shows as text hold it, whatever the case and the accents? */
static bool is_found(const struct fee *f, const char *folded, struct arena *mem)
{
	const char *all = arena_printf(mem, "%s\n%s\n%s\n%s\n%s", fee_client(f), f->incident.client,
		f->incident.title, f->incident.ref, f->incident.reason);

	return strstr(text_folded(all, mem), folded) != NULL;
}

/* own: what is about whoever asks, as a client, whoever's fees they are. */
static void narrow(struct api *a, bool own, struct fee_list *list)
{
	const char *search = api_query(a, "search");
	const char *folded = search && *search ? text_folded(search, a->mem) : NULL;
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		if ((!own || api_is_own(a, &list->fees[i])) && (!folded || is_found(&list->fees[i], folded, a->mem)))
			list->fees[n++] = list->fees[i];
	}
	list->count = n;
}

/* Who looks after appointments, or names an owner, gets that owner's; all others their own. *write: they may
 * be acted on; NULL: no matter. */
static int list_fees(struct api *a, struct fee_list *out, const struct zone **zone, bool *write)
{
	struct fee_filter filter = { 0 };
	bool owner;
	struct err e;

	if (api_is_owner(a, &owner, &e) < 0) {
		api_fail(a, &e);
		return -1;
	}
	owner = owner || api_query(a, "owner");
	if ((owner && api_owner(a, &filter.owner) < 0) || read_filter(a, &filter) < 0)
		return -1;
	if (fees_list(a->web->store, &filter, a->mem, out, &e) < 0 ||
		(owner && write && api_may(a, filter.owner, true, write, &e) < 0)) {
		api_fail(a, &e);
		return -1;
	}
	narrow(a, !owner, out);
	*zone = api_zone(a, owner ? filter.owner : out->count > 0 ? out->fees[0].owner : a->http->who.name);
	return 0;
}

/* ---- in which order ---- */

static int by_number(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

#define BY(name, expression) \
	static int name(const void *x, const void *y) \
	{ \
		const struct fee *a = x, *b = y; \
		int order = expression; \
		return order ? order : by_number(a->incident.at, b->incident.at); \
	}

BY(by_at, by_number(a->incident.at, b->incident.at))
BY(by_start, by_number(a->incident.slot, b->incident.slot))
BY(by_client, strcmp(fee_client(a), fee_client(b)))
BY(by_class, strcmp(a->incident.class_, b->incident.class_))
BY(by_state, by_number(a->state, b->state))
BY(by_fee, by_number(a->incident.charge, b->incident.charge))

static const struct { const char *name; int (*compare)(const void *a, const void *b); } orders[] = {
	{ "at", by_at }, { "start", by_start }, { "client", by_client }, { "class", by_class },
	{ "state", by_state }, { "fee", by_fee },
};

static int sort(struct api *a, struct fee_list *list)
{
	const char *given = api_query(a, "sort");
	bool falling = !given || *given == '-';

	given = !given ? "at" : given + (*given == '-');
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (strcmp(orders[i].name, given) != 0)
			continue;
		if (list->count > 0)
			qsort(list->fees, list->count, sizeof(*list->fees), orders[i].compare);
		for (size_t n = 0; falling && n < list->count / 2; n++) {
			struct fee other = list->fees[n];

			list->fees[n] = list->fees[list->count - 1 - n];
			list->fees[list->count - 1 - n] = other;
		}
		return 0;
	}
	api_refuse(a, 400, "sort: at, start, client, class, state or fee, with - in front: falling");
	return -1;
}

/* ---- the list ---- */

json_t *api_fee_acts(const struct fee *f)
{
	json_t *acts = json_array();

	for (const struct fee_act *act = fee_acts; act->name; act++) {
		if (act->follows >> f->state & 1)
			json_array_append_new(acts, json_string(act->name));
	}
	return acts;
}

/* write: whoever asks may act on it. */
static json_t *fee_with_acts(const struct fee *f, bool write)
{
	json_t *o = fee_json(f);

	json_object_set_new(o, "acts", write ? api_fee_acts(f) : json_array());
	return o;
}

static json_t *sums_of(struct api *a, const struct fee_list *list)
{
	struct fee_sums *sums = arena_array(a->mem, list->count + 1, sizeof(*sums));
	size_t count = 0;
	json_t *all = json_array();

	for (size_t n = 0; n < list->count; n++)
		fee_sums_add(sums, &count, &list->fees[n]);
	for (size_t n = 0; n < count; n++) {
		const struct fee_sums *s = &sums[n];

		json_array_append_new(all, json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "currency",
			s->currency, "count", (json_int_t)s->count, "assessed", (json_int_t)s->assessed, "paid",
			(json_int_t)s->paid, "waived", (json_int_t)s->waived, "open", (json_int_t)s->open,
			"undecided", (json_int_t)s->undecided, "owed-back", (json_int_t)s->credit));
	}
	return all;
}

int api_fees(struct api *a)
{
	int64_t offset = 0, limit = PAGE;
	const struct zone *zone;
	struct fee_list list;
	bool write = false;
	json_t *fees;

	if (api_query_number(a, "offset", 0, INT32_MAX, &offset) < 0 ||
		api_query_number(a, "limit", 0, PAGE_MOST, &limit) < 0 || list_fees(a, &list, &zone, &write) < 0 ||
		sort(a, &list) < 0)
		return a->http->res->status;
	fees = json_array();
	for (size_t n = (size_t)offset; n < list.count && n - (size_t)offset < (size_t)limit; n++)
		json_array_append_new(fees, fee_with_acts(&list.fees[n], write));
	return api_send(a, 200, json_pack("{s:s, s:I, s:I, s:o, s:o}", "zone", zone_name(zone), "total",
		(json_int_t)list.count, "offset", (json_int_t)offset, "sums", sums_of(a, &list), "fees", fees));
}

/* ---- one ---- */

static int find_fee(struct api *a, const char *given, bool write, struct fee *out)
{
	const char *ref = fee_ref(given, a->mem);
	struct err e;

	if (!ref || fee_find(a->web->store, ref, a->mem, out, &e) < 0) {
		if (ref && e.code != ERR_NOT_FOUND)
			api_fail(a, &e);
		else
			api_refuse(a, 404, "no incident has that reference");
		return -1;
	}
	if (!write && api_is_own(a, out))
		return 0;
	return api_check_owner(a, out->owner, write);
}

static int history_of(struct api *a, const struct fee *f, json_t *all, struct err *e)
{
	const struct ledger_query q = { .owner = f->owner, .ref = f->incident.ref };
	struct entry_list list = { 0 };

	if (ledger_read(a->web->store, &q, a->mem, &list, e) < 0)
		return -1;
	for (size_t n = 0; n < list.count; n++) {
		const struct policy_incident *i = &list.entries[n].i;

		if (strcmp(list.entries[n].kind, KIND_SHOWN) != 0)
			json_array_append_new(all, json_pack("{s:o, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s}", "entered",
				json_time(list.entries[n].when), "kind", list.entries[n].kind, "outcome", i->outcome,
				"state", i->state != POLICY_NONE ? state_name(i->state) : "", "fee",
				(json_int_t)i->charge, "currency", i->currency, "by", i->actor, "word", i->word,
				"reason", i->reason));
	}
	return 0;
}

/* The client disputes there: for the client, and for who may do so anyway. "": for nobody else. */
static const char *note_url(struct api *a, const struct fee *f, bool write)
{
	struct store_info info;
	const char *path;

	if (!write && !api_is_own(a, f))
		return "";
	store_info(a->web->store, &info);
	path = link_fee(&info, f->incident.ref, f->incident.client, a->mem);
	secret_zero(&info, sizeof(info));
	return arena_printf(a->mem, "%s%s", a->http->base ? a->http->base : "", path);
}

int api_fee(struct api *a)
{
	json_t *history = json_array();
	struct collection c;
	struct object event;
	struct fee f;
	struct err e;
	bool there, write;

	if (find_fee(a, a->part[0], false, &f) < 0) {
		json_decref(history);
		return a->http->res->status;
	}
	if (api_find_event(a, f.owner, f.incident.uid, &c, &event, &there, &e) < 0 ||
		api_may(a, f.owner, true, &write, &e) < 0 || history_of(a, &f, history, &e) < 0) {
		json_decref(history);
		return api_fail(a, &e);
	}
	return api_send(a, 200, json_pack("{s:o, s:s, s:s, s:s, s:s, s:o}", "fee", fee_with_acts(&f, write), "zone",
		zone_name(fee_zone(a->web->policies, &f)), "calendar",
		there ? arena_printf(a->mem, "%s/%s", c.owner, c.name) : "", "name", there ? event.name : "",
		"note-url", note_url(a, &f, write), "history", history));
}

/* ---- what is decided ---- */

struct wish { const struct fee_act *act; const char *reason, *amount; bool preview; };

static int read_wish(struct api *a, struct wish *w)
{
	const char *name;

	if (api_text(a, "act", true, &name) < 0 || api_text(a, "reason", false, &w->reason) < 0 ||
		api_text(a, "amount", false, &w->amount) < 0)
		return -1;
	w->preview = api_flag(a, "preview");
	w->act = fee_act_find(name);
	if (w->reason && !*w->reason)
		w->reason = NULL;
	if (w->act)
		return 0;
	api_refuse(a, 400, "act: ok, waive, emergency, adjust, pay, unpay, dispute or undo");
	return -1;
}

static json_t *state_json(struct api *a, const struct fee *f)
{
	const struct policy_incident *i = &f->incident;

	return json_pack("{s:s, s:o, s:o, s:s}", "state", f->state_name, "fee",
		json_money(a->mem, i->charge, i->currency), "held", json_money(a->mem, i->hold, i->currency), "text",
		fee_describe(f, a->mem));
}

static enum api_problem problem_of(const struct err *e)
{
	return e->code == ERR_DENIED ? PROBLEM_ACT_UNFIT : e->code == ERR_INVALID ? PROBLEM_ACT_WORDS : PROBLEM_NONE;
}

/* why: it was refused. */
static json_t *result(struct api *a, const struct wish *w, const char *ref, const struct fee_acted *done,
	const struct err *why)
{
	json_t *before = why ? json_null() : state_json(a, &done->before);
	json_t *after = why ? json_null() : state_json(a, &done->after);

	return json_pack("{s:s, s:b, s:b, s:o, s:o, s:s, s:s?}", "ref", ref, "preview", w->preview, "changed",
		!why && done->changed, "before", before, "after", after, "detail", why ? why->text : done->line,
		"problem", why ? api_problem_name(problem_of(why)) : NULL);
}

static int act_on(struct api *a, const struct wish *w, const char *ref, struct fee_acted *done, struct err *e)
{
	struct event_request rq = api_event_request(a);

	rq.preview = w->preview;
	return fee_act(&rq, w->act, ref, w->reason, w->amount, done, e);
}

int api_fee_act(struct api *a)
{
	struct fee_acted done;
	struct wish w;
	struct fee f;
	struct err e;

	if (read_wish(a, &w) < 0 || find_fee(a, a->part[0], true, &f) < 0)
		return a->http->res->status;
	if (act_on(a, &w, f.incident.ref, &done, &e) == 0)
		return api_send(a, 200, result(a, &w, f.incident.ref, &done, NULL));
	return e.code == ERR_DENIED ? api_refuse_as(a, problem_of(&e), 409, "%s", e.text) :
		api_fail_as(a, problem_of(&e), &e);
}

/* Each of several has an arena of its own: five hundred of them shall take no more than one. */
static int check_ref(const struct api *a, const json_t *ref)
{
	struct arena *mem cleanup_arena = arena_create();
	struct api one = *a;
	struct fee f;

	one.mem = mem;
	if (!json_is_string(ref))
		return api_refuse(&one, 400, "refs: a list of references");
	return find_fee(&one, json_string_value(ref), true, &f) < 0 ? a->http->res->status : 0;
}

static json_t *act_on_one(const struct api *a, const struct wish *w, const char *given)
{
	struct arena *mem cleanup_arena = arena_create();
	struct fee_acted done;
	struct api one = *a;
	const char *ref;
	struct err e;
	int rc;

	one.mem = mem;
	ref = fee_ref(given, mem);
	rc = act_on(&one, w, ref, &done, &e);
	return result(&one, w, ref, &done, rc < 0 ? &e : NULL);
}

/* Each by itself: what can't be done says so, and stops none of the others. */
int api_fees_act(struct api *a)
{
	const json_t *refs = json_object_get(a->body, "refs");
	json_t *results, *one;
	struct wish w;
	size_t n;

	if (read_wish(a, &w) < 0)
		return 400;
	if (!json_is_array(refs) || json_array_size(refs) > REFS_MOST)
		return api_refuse(a, 400, "refs: a list of references, at most %d", REFS_MOST);
	json_array_foreach(refs, n, one) {
		int status = check_ref(a, one);

		if (status != 0)
			return status;
	}
	results = json_array();
	json_array_foreach(refs, n, one)
		json_array_append_new(results, act_on_one(a, &w, json_string_value(one)));
	return api_send(a, 200, json_pack("{s:o}", "results", results));
}

/* ---- files ---- */

static int send_file(struct api *a, const char *type, const char *name, struct buf *text)
{
	struct response *res = a->http->res;

	if (text->full)
		return api_refuse_as(a, PROBLEM_FILE_SIZE, 422, "the file is too large");
	console_headers(res);
	response_header(res, "Cache-Control", "no-store");
	response_header(res, "Content-Type", type);
	response_header(res, "Content-Disposition", arena_printf(a->mem, "attachment; filename=\"%s\"", name));
	buf_add(&res->body, text->data, text->len);
	return res->status = 200;
}

static int export_csv(struct api *a, int unused)
{
	const char *separator = api_query(a, "separator");
	cleanup_buf struct buf text;
	const struct zone *zone;
	struct fee_list list;

	(void)unused;
	buf_init(&text, a->http->res->body.max);
	if (separator && strcmp(separator, ",") != 0 && strcmp(separator, ";") != 0)
		return api_refuse(a, 400, "separator: , or ;");
	if (list_fees(a, &list, &zone, NULL) < 0)
		return a->http->res->status;
	fees_csv(&list, a->web->policies, separator ? *separator : ',', &text);
	return send_file(a, "text/csv; charset=utf-8", "fees.csv", &text);
}

static int export_books(struct api *a, int format)
{
	static const char *const names[] = { "fees.hledger", "fees.ledger", "fees.beancount" };
	struct fee_filter filter = { 0 };
	cleanup_buf struct buf text;
	struct books books;
	struct err e;

	buf_init(&text, a->http->res->body.max);
	if (api_owner(a, &filter.owner) < 0 || read_filter(a, &filter) < 0)
		return a->http->res->status;
	if (filter.client || filter.states || api_query(a, "search"))
		return api_refuse(a, 400, "books are of all clients and states");
	if (books_read(a->web->store, a->web->policies, filter.owner, a->mem, &books, &e) < 0)
		return api_fail(a, &e);
	books_write(&books, (enum books_format)format, filter.first_day,
		filter.last_day == INT64_MAX ? INT64_MAX : filter.last_day + 1, a->mem, &text);
	return send_file(a, "text/plain; charset=utf-8", names[format], &text);
}

/* What a program gets that reads the calendar of fees. */
static int export_calendar(struct api *a, int unused)
{
	struct collection *fees = arena_alloc(a->mem, sizeof(*fees)); /* the file is written later */
	struct fee_filter filter = { 0 };
	const char *owner;
	struct err e;

	(void)unused;
	if (api_owner(a, &owner) < 0 || read_filter(a, &filter) < 0)
		return a->http->res->status;
	if (filter.client || filter.states || filter.by_day || api_query(a, "search"))
		return api_refuse(a, 400, "ics is the whole calendar, of all clients, states and days");
	if (store_collection(a->web->store, owner, FEES_CALENDAR, a->mem, fees, &e) < 0)
		return api_fail(a, &e);
	return api_send_calendar(a, fees);
}

int api_export(struct api *a)
{
	static const struct { const char *name; int (*write)(struct api *a, int format); int format; } formats[] = {
		{ "csv", export_csv, 0 }, { "hledger", export_books, BOOKS_HLEDGER },
		{ "ledger", export_books, BOOKS_LEDGER }, { "beancount", export_books, BOOKS_BEANCOUNT },
		{ "ics", export_calendar, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i].name, a->part[0]) == 0)
			return formats[i].write(a, formats[i].format);
	}
	return api_refuse(a, 404, "formats are csv, hledger, ledger, beancount and ics");
}
