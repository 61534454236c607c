#include "policy/ledger.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"

static const char *const state_names[] = {
	[POLICY_NONE] = "none",
	[POLICY_PROPOSED] = "proposed",
	[POLICY_PENDING] = "pending",
	[POLICY_DUE] = "due",
	[POLICY_PAID] = "paid",
	[POLICY_WAIVED] = "waived",
	[POLICY_VOID] = "void",
	[POLICY_DISPUTED] = "disputed",
	[POLICY_CREDITED] = "credited",
};

/* The members of an incident in JSON. What has its default value is left out. */
#define TEXT(key, field) { key, offsetof(struct policy_incident, field), true, 0 }
#define NUMBER(key, field, fallback) \
	{ \
		key, offsetof(struct policy_incident, field), false, fallback \
	}
static const struct member {
	const char *key;
	size_t offset;
	bool text;
	int64_t fallback;
} members[] = {
	NUMBER("acquired", acquired, 0), TEXT("actor", actor), NUMBER("anchor", anchor, 0),
	NUMBER("at", at, 0), TEXT("attendee", attendee), TEXT("basis", basis), TEXT("by", by),
	NUMBER("charge", charge, 0), TEXT("class", class_), TEXT("client", client), NUMBER("credit", credit, 0),
	TEXT("currency", currency), NUMBER("deposit", deposit, 0), NUMBER("free_until", free_until, 0),
	NUMBER("hold", hold, 0), NUMBER("notice", notice, 0), TEXT("occurrence", occurrence),
	TEXT("outcome", outcome), TEXT("policy", policy), NUMBER("price", price, -1), TEXT("reason", reason),
	TEXT("ref", ref), NUMBER("refund", refund, 0), NUMBER("required", required, -1), TEXT("service", service),
	NUMBER("slot", slot, 0), NUMBER("slot_end", slot_end, 0), TEXT("supersedes", supersedes),
	NUMBER("tax", tax, 0), TEXT("title", title), TEXT("uid", uid), TEXT("version", version), TEXT("word", word),
	TEXT("zone", zone),
};
#undef TEXT
#undef NUMBER

static const char **member_text(struct policy_incident *i, const struct member *m)
{
	return (const char **)(void *)((char *)i + m->offset);
}

static int64_t *member_number(struct policy_incident *i, const struct member *m)
{
	return (int64_t *)(void *)((char *)i + m->offset);
}

void rendering_take_out(struct rendering *r, const char *text, struct arena *mem)
{
	struct taken_word *word = arena_alloc(mem, sizeof(*word));

	*word = (struct taken_word){ text, r->taken };
	r->taken = word;
}

struct entry *entry_add(struct entry_list *list, struct arena *mem)
{
	list->entries = arena_room(mem, list->entries, list->count, &list->size, sizeof(*list->entries));
	struct entry *added = &list->entries[list->count++];
	*added = (struct entry){ .owner = "", .kind = "", .i.size = sizeof(added->i) };
	for (size_t m = 0; m < ARRAY_SIZE(members); m++) {
		if (members[m].text) {
			*member_text(&added->i, &members[m]) = "";
		} else {
			*member_number(&added->i, &members[m]) = members[m].fallback;
		}
	}
	return added;
}

const char *state_name(uint32_t state)
{
	return state < ARRAY_SIZE(state_names) ? state_names[state] : "none";
}

int state_find(const char *name)
{
	for (size_t s = 0; s < ARRAY_SIZE(state_names); s++) {
		if (strcmp(state_names[s], name) == 0)
			return (int)s;
	}
	return -1;
}

/* ---- reading ---- */

static const char *json_text(const json_t *object, const char *key, struct arena *mem)
{
	return arena_strdup(mem, json_string_value(json_object_get(object, key)));
}

static struct shown_value shown_value_read(const json_t *object, const char *key, struct arena *mem)
{
	const json_t *pair = json_object_get(object, key);

	return (struct shown_value){
		.value = arena_strdup(mem, json_string_value(json_array_get(pair, 0))),
		.was = arena_strdup(mem, json_string_value(json_array_get(pair, 1))),
	};
}

/* [["ATTACH;FMTTYPE=text/html","https://…"], …] */
static void extras_read(const json_t *list, struct rendering *r, struct arena *mem)
{
	size_t count = json_array_size(list);
	struct shown_line *extras = count ? arena_array(mem, count, sizeof(*extras)) : NULL;

	for (size_t n = 0; n < count; n++) {
		const json_t *pair = json_array_get(list, n);
		const char *head = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));

		if (head && value) {
			extras[r->extra_count++] = (struct shown_line){
				arena_strdup(mem, head), arena_strdup(mem, value) };
		}
	}
	r->extras = extras;
}

static const struct rendering *rendering_read(const json_t *object, const char *occurrence,
	const char *ref, struct arena *mem)
{
	if (!json_is_object(object))
		return NULL;
	struct rendering *r = arena_alloc(mem, sizeof(*r));
	*r = (struct rendering){
		.occurrence = occurrence,
		.ref = json_text(object, "ref", mem),
		.prefix = json_text(object, "prefix", mem),
		.block = json_text(object, "block", mem),
		.comment = json_text(object, "comment", mem),
		.category = json_text(object, "category", mem),
		.status = shown_value_read(object, "status", mem),
		.transp = shown_value_read(object, "transp", mem),
		.color = shown_value_read(object, "color", mem),
	};
	extras_read(json_object_get(object, "extras"), r, mem);
	if (!r->ref && *ref) {
		r->ref = ref;
	}
	return r;
}

static uint32_t state_read(const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "state"));
	int state = name ? state_find(name) : -1;

	return state < 0 ? POLICY_NONE : (uint32_t)state;
}

struct reader { struct arena *mem; struct entry_list *out; };

static int read_row(const struct ledger_row *row, void *arg)
{
	struct reader *reader = arg;
	json_t *object = json_loads(row->text, 0, NULL);

	if (!json_is_object(object)) {
		json_decref(object);
		return 0;
	}
	struct entry *entry = entry_add(reader->out, reader->mem);
	entry->seq = row->seq;
	entry->when = row->when;
	entry->owner = arena_strdup(reader->mem, row->owner);
	entry->kind = arena_strdup(reader->mem, row->kind);
	entry->incident = row->incident;
	entry->i.state = state_read(object);
	for (size_t m = 0; m < ARRAY_SIZE(members); m++) {
		const json_t *value = json_object_get(object, members[m].key);

		if (members[m].text && json_is_string(value)) {
			*member_text(&entry->i, &members[m]) =
				arena_strdup(reader->mem, json_string_value(value));
		} else if (!members[m].text && json_is_integer(value)) {
			*member_number(&entry->i, &members[m]) = json_integer_value(value);
		}
	}
	entry->shown = rendering_read(
		json_object_get(object, "shown"), entry->i.occurrence, entry->i.ref, reader->mem);
	json_decref(object);
	return 0;
}

int ledger_read_row(const struct ledger_row *row, struct arena *mem, struct entry_list *out)
{
	struct reader reader = { mem, out };

	return read_row(row, &reader);
}

int ledger_read(struct store *s, const struct ledger_query *q, struct arena *mem,
	struct entry_list *out, struct err *e)
{
	struct reader reader = { mem, out };
	return store_ledger(s, q, read_row, &reader, e);
}

/* ---- writing ---- */

/* json_object_set_new() frees the value and fails if it is NULL: text that is no UTF-8. */
static int put_text(json_t *object, const char *key, const char *value)
{
	return value ? json_object_set_new(object, key, json_string(value)) : 0;
}

static int put_shown_value(json_t *object, const char *key, const struct shown_value *v)
{
	if (!v->value)
		return 0;
	return json_object_set_new(object, key,
		v->was ? json_pack("[ss]", v->value, v->was) : json_pack("[sn]", v->value));
}

static int put_extras(json_t *object, const struct rendering *r)
{
	json_t *list = json_array();

	if (!r->extra_count) {
		json_decref(list);
		return 0;
	}
	for (size_t n = 0; n < r->extra_count; n++) {
		if (json_array_append_new(list, json_pack("[ss]", r->extras[n].head, r->extras[n].value))) {
			json_decref(list);
			return -1;
		}
	}
	return json_object_set_new(object, "extras", list);
}

static json_t *rendering_write(const struct rendering *r)
{
	json_t *object = json_object();

	if (put_text(object, "ref", r->ref) || put_text(object, "prefix", r->prefix) ||
		put_text(object, "block", r->block) || put_text(object, "comment", r->comment) ||
		put_text(object, "category", r->category) ||
		put_shown_value(object, "status", &r->status) ||
		put_shown_value(object, "transp", &r->transp) ||
		put_shown_value(object, "color", &r->color) || put_extras(object, r)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int put_members(json_t *object, struct policy_incident *i)
{
	for (size_t m = 0; m < ARRAY_SIZE(members); m++) {
		const struct member *row = &members[m];

		if (row->text && **member_text(i, row) &&
			put_text(object, row->key, *member_text(i, row))) {
			return -1;
		}
		if (!row->text && *member_number(i, row) != row->fallback &&
			json_object_set_new(
				object, row->key, json_integer(*member_number(i, row)))) {
			return -1;
		}
	}
	return 0;
}

/* 128 random bits, so that a digest tells nothing of a text that was erased. */
static int put_salt(json_t *object)
{
	uint8_t raw[16];
	char salt[base64url_size(sizeof(raw))];

	random_bytes(raw, sizeof(raw));
	base64url(raw, sizeof(raw), salt);
	return put_text(object, "salt", salt);
}

static char *entry_json(const struct entry *entry)
{
	struct policy_incident i = entry->i;
	json_t *object = json_object();
	char *text = NULL;

	if (!put_members(object, &i) && !put_salt(object) &&
		!put_text(object, "state",
			state_name(i.state)) &&
		(!entry->shown ||
			!json_object_set_new(object, "shown", rendering_write(entry->shown)))) {
		text = json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT);
	}
	json_decref(object);
	return text;
}

int ledger_row(const struct entry *entry, int64_t when, struct arena *mem, struct ledger_row *out,
	struct err *e)
{
	cleanup_free char *text = entry_json(entry);

	if (!text)
		return err_set(e, ERR_INTERNAL, "ledger entry '%s' is not text", entry->kind);
	*out = (struct ledger_row){
		.owner = entry->owner,
		.when = when,
		.slot = entry->i.slot,
		.incident = entry->incident,
		.kind = entry->kind,
		.ref = entry->i.ref,
		.client = entry->i.client,
		.uid = entry->i.uid,
		.text = arena_strdup(mem, text),
	};
	return 0;
}

/* ---- checking ---- */

static bool says(const json_t *object, const char *key, const char *column)
{
	const char *text = json_string_value(json_object_get(object, key));

	return strcmp(text ? text : "", column) == 0;
}

static const char *columns_problem(const json_t *object, const struct ledger_row *row)
{
	const char *class_ = json_string_value(json_object_get(object, "class"));

	if (!json_is_string(json_object_get(object, "salt")))
		return "its text has no salt";
	if (class_ && strcmp(class_, row->kind) != 0)
		return "its kind is not that of its text";
	if (row->incident != entry_kind_is_incident(row->kind))
		return "whether it is an incident was changed";
	if (!says(object, "ref", row->ref))
		return "its reference is not that of its text";
	if (!says(object, "client", row->client))
		return "its client is not that of its text";
	if (!says(object, "uid", row->uid))
		return "its UID is not that of its text";
	if (json_integer_value(json_object_get(object, "slot")) != row->slot)
		return "its appointment is not that of its text";
	return NULL;
}

const char *ledger_row_problem(const struct ledger_row *row)
{
	json_t *object = json_loads(row->text, 0, NULL);
	const char *why = json_is_object(object) ? columns_problem(object, row) : "its text is no JSON object";

	json_decref(object);
	return why;
}

/* ---- questions ---- */

static bool same_slot(const struct policy_incident *a, const struct policy_incident *b)
{
	return a->slot == b->slot && strcmp(a->uid, b->uid) == 0 &&
		strcmp(a->occurrence, b->occurrence) == 0;
}

bool incident_same(const struct policy_incident *a, const struct policy_incident *b)
{
	return same_slot(a, b) && strcmp(a->client, b->client) == 0 &&
		strcmp(a->class_, b->class_) == 0;
}

static bool same_words(const struct policy_incident *a, const struct policy_incident *b)
{
	return incident_same(a, b) && a->state == b->state && a->price == b->price &&
		a->charge == b->charge && a->hold == b->hold && a->acquired == b->acquired &&
		a->anchor == b->anchor && a->slot_end == b->slot_end && a->deposit == b->deposit &&
		a->refund == b->refund && a->credit == b->credit &&
		strcmp(a->outcome, b->outcome) == 0 && strcmp(a->title, b->title) == 0 &&
		strcmp(a->currency, b->currency) == 0 && strcmp(a->version, b->version) == 0 &&
		strcmp(a->supersedes, b->supersedes) == 0;
}

/* An entry after which the same thing may happen to a slot once more. */
static bool takes_back(const struct policy_incident *later, const struct policy_incident *i)
{
	if (later->state != POLICY_VOID)
		return false;
	return same_slot(later, i) ||
		(*i->ref &&
			(strcmp(later->supersedes, i->ref) == 0 ||
				strcmp(later->ref, i->ref) == 0));
}

/* Looks from the end, so the first entry that settles it is the youngest. */
bool entry_is_repeat(const struct entry_list *list, const struct policy_incident *i)
{
	bool money = i->state != POLICY_NONE;

	for (size_t n = list->count; n-- > 0;) {
		const struct policy_incident *known = &list->entries[n].i;

		if (!*known->class_) {
			continue;
		}
		if (same_words(known, i))
			return true;
		if (money && incident_same(known, i)) { /* another state or outcome is news about it */
			return known->state == i->state && strcmp(known->outcome, i->outcome) == 0;
		}
		if (money ? takes_back(known, i) : same_slot(known, i))
			return false;
	}
	return false;
}

static int by_uid(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
	int order = strcmp(x->i.uid, y->i.uid);

	return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

int entry_each_uid(const struct entry_list *list, struct arena *mem,
	int (*visit)(const struct entry *const *entries, size_t count, void *arg, struct err *e), void *arg,
	struct err *e)
{
	const struct entry **order = arena_array(mem, list->count, sizeof(*order));

	for (size_t n = 0; n < list->count; n++)
		order[n] = &list->entries[n];
	if (list->count > 0)
		qsort(order, list->count, sizeof(*order), by_uid);
	for (size_t n = 0, end; n < list->count; n = end) {
		for (end = n + 1; end < list->count && strcmp(order[end]->i.uid, order[n]->i.uid) == 0;)
			end++;
		if (*order[n]->i.uid && visit(order + n, end - n, arg, e))
			return -1;
	}
	return 0;
}

bool entry_kind_is_incident(const char *kind)
{
	static const char *const others[] = { KIND_SLOT, KIND_WORDS, KIND_ACCEPTED, KIND_SHOWN, KIND_HIDDEN,
		KIND_ERASED };

	for (size_t n = 0; n < ARRAY_SIZE(others); n++) {
		if (strcmp(others[n], kind) == 0)
			return false;
	}
	return true;
}

const char *entry_ref(const struct entry_list *list, const char *client, const char *occurrence,
	int64_t slot)
{
	const char *of_slot = "";

	for (size_t n = list->count; n-- > 0;) {
		const struct policy_incident *i = &list->entries[n].i;

		if ((slot && i->slot != slot) || !*i->ref || !i->slot ||
			(*client && strcmp(client, i->client) != 0)) {
			continue;
		}
		if (strcmp(i->occurrence, occurrence) == 0)
			return i->ref;
		/* a single event that became a series, or the reverse */
		if (slot && !*of_slot) {
			of_slot = i->ref;
		}
	}
	return of_slot;
}

const struct policy_incident *entry_incident(const struct entry_list *list, const char *ref)
{
	for (size_t n = list->count; n-- > 0;) {
		if (list->entries[n].incident && strcmp(list->entries[n].i.ref, ref) == 0)
			return &list->entries[n].i;
	}
	return NULL;
}

const struct policy_incident *entry_slot(const struct entry_list *list, const char *ref)
{
	for (size_t n = list->count; n-- > 0;) {
		const struct entry *known = &list->entries[n];

		if (strcmp(known->kind, KIND_SLOT) == 0 && strcmp(known->i.ref, ref) == 0)
			return &known->i;
	}
	return NULL;
}

const struct rendering *entry_shown(const struct entry_list *list, const char *occurrence)
{
	for (size_t n = list->count; n-- > 0;) {
		const struct entry *known = &list->entries[n];

		if (known->shown && strcmp(known->shown->occurrence, occurrence) == 0)
			return known->shown;
	}
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_value(const struct shown_value *a, const struct shown_value *b)
{
	return same_text(a->value, b->value) && same_text(a->was, b->was);
}

static bool same_extras(const struct rendering *a, const struct rendering *b)
{
	bool same = a->extra_count == b->extra_count;

	for (size_t n = 0; same && n < a->extra_count; n++) {
		same = strcmp(a->extras[n].head, b->extras[n].head) == 0 &&
			strcmp(a->extras[n].value, b->extras[n].value) == 0;
	}
	return same;
}

bool rendering_equal(const struct rendering *a, const struct rendering *b)
{
	static const struct rendering nothing;

	a = a ? a : &nothing;
	b = b ? b : &nothing;
	return same_text(a->ref, b->ref) && same_text(a->prefix, b->prefix) &&
		same_text(a->block, b->block) && same_text(a->comment, b->comment) &&
		same_text(a->category, b->category) && same_value(&a->status, &b->status) &&
		same_value(&a->transp, &b->transp) && same_value(&a->color, &b->color) && same_extras(a, b);
}

/* ---- references ---- */

/* Without 0 and O, 1 and I: references are read over the telephone. */
static const char ref_alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

bool ref_looks_right(const char *text)
{
	for (size_t n = 0; n < REF_SIZE - 1; n++) {
		if (n == 4 ? text[n] != '-' : text[n] == '\0' || !strchr(ref_alphabet, text[n]))
			return false;
	}
	return true;
}

static void random_ref(char out[REF_SIZE])
{
	uint8_t raw[REF_SIZE];

	random_bytes(raw, sizeof(raw));
	for (size_t n = 0; n < REF_SIZE - 1; n++) {
		out[n] = n == 4 ? '-' : ref_alphabet[raw[n] % (sizeof(ref_alphabet) - 1)];
	}
	out[REF_SIZE - 1] = '\0';
}

static int stop_at_first(const struct ledger_row *row, void *arg)
{
	return 1;
}

int ledger_fresh_ref(struct store *s, struct arena *mem, const char **out, struct err *e)
{
	char ref[REF_SIZE];
	int used;

	do {
		random_ref(ref);
		used = store_ledger(
			s, &(struct ledger_query){ .ref = ref }, stop_at_first, NULL, e);
		if (used < 0)
			return -1;
	} while (used);
	*out = arena_strdup(mem, ref);
	return 0;
}
