/* `dedit fees`: what the ledger knows about money, for people and for programs. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "server/admin.h"

/* Times as UTC text; null where there is none. */
static json_t *json_time(int64_t when)
{
	char text[ISO_DATE_SIZE];

	if (when == 0)
		return json_null();
	iso_date(when, text);
	return json_string(text);
}

static json_t *json_text(const char *text)
{
	return json_string(text != NULL ? text : "");
}

/* The address, or the name as the title has it: the key of a client without an address is that name
 * without case and accents (15.2). */
static const char *client_name(const struct policy_incident *i)
{
	return strchr(i->client, '@') != NULL || i->title[0] == '\0' ? i->client : i->title;
}

/* RFC 5545's form of an occurrence stays as it is: it is an identifier. */
static json_t *json_fee(const struct fee *f)
{
	const struct policy_incident *i = &f->incident;
	json_t *o = json_object();
	int rc = 0;

	rc |= json_object_set_new(o, "ref", json_text(i->ref));
	rc |= json_object_set_new(o, "owner", json_text(f->owner));
	rc |= json_object_set_new(o, "client", json_text(client_name(i)));
	rc |= json_object_set_new(o, "client-key", json_text(i->client));
	rc |= json_object_set_new(o, "title", json_text(i->title));
	rc |= json_object_set_new(o, "uid", json_text(i->uid));
	rc |= json_object_set_new(o, "occurrence", json_text(i->occurrence));
	rc |= json_object_set_new(o, "start", json_time(i->slot));
	rc |= json_object_set_new(o, "end", json_time(i->slot_end));
	rc |= json_object_set_new(o, "class", json_text(i->class_));
	rc |= json_object_set_new(o, "outcome", json_text(i->outcome));
	rc |= json_object_set_new(o, "state", json_text(f->state_name));
	rc |= json_object_set_new(o, "fee", json_integer(i->charge));
	rc |= json_object_set_new(o, "held", json_integer(i->hold));
	rc |= json_object_set_new(o, "currency", json_text(i->currency));
	rc |= json_object_set_new(o, "basis", json_text(i->basis));
	rc |= json_object_set_new(o, "by", json_text(i->by));
	rc |= json_object_set_new(o, "actor", json_text(i->actor));
	rc |= json_object_set_new(o, "at", json_time(i->at));
	rc |= json_object_set_new(o, "policy", json_text(i->policy));
	rc |= json_object_set_new(o, "version", json_text(i->version));
	if (rc == 0)
		return o;
	json_decref(o);
	return NULL;
}

static int write_json(struct admin *a, const struct fee_list *list)
{
	json_t *all = json_array();
	char *text;

	for (size_t i = 0; i < list->count; i++) {
		if (json_array_append_new(all, json_fee(&list->fees[i])) != 0) {
			json_decref(all);
			return admin_fail(a, "entry %llu of %s can't be written as JSON",
				(unsigned long long)list->fees[i].seq, list->fees[i].owner);
		}
	}
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (text == NULL)
		return admin_fail(a, "out of memory");
	buf_printf(&a->out, "%s\n", text);
	free(text);
	return ADMIN_OK;
}

static const char *money(int64_t minor, const char *currency, char out[MONEY_SIZE])
{
	if (currency == NULL || currency[0] == '\0' || minor == 0 ||
		money_format(minor, currency, out, MONEY_SIZE) != 0)
		return "-";
	return out;
}

/* 2026-06-10T08:00:00Z is for programs; people read 2026-06-10 08:00. */
static void short_time(int64_t when, char out[ISO_DATE_SIZE])
{
	iso_date(when, out);
	out[10] = ' ';
	out[16] = '\0';
}

static void write_table(struct admin *a, const struct fee_list *list)
{
	if (list->count > 0)
		buf_printf(&a->out, "%-16s %-12s %-20s %-14s %-12s %-9s %12s %12s %s\n", "START (UTC)",
			"OWNER", "CLIENT", "WHAT", "OUTCOME", "STATE", "FEE", "HELD", "REF");
	for (size_t i = 0; i < list->count; i++) {
		const struct fee *f = &list->fees[i];
		const struct policy_incident *in = &f->incident;
		char start[ISO_DATE_SIZE], fee[MONEY_SIZE], held[MONEY_SIZE];
		const char *currency = in->currency != NULL ? in->currency : "";

		short_time(in->slot, start);
		buf_printf(&a->out, "%-16s %-12s %-20s %-14s %-12s %-9s %8s %-3s %8s %-3s %s\n", start,
			f->owner, client_name(in), in->class_, in->outcome, f->state_name,
			money(in->charge, currency, fee), in->charge != 0 ? currency : "",
			money(in->hold, currency, held), in->hold != 0 ? currency : "", in->ref);
	}
}

int admin_fees(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	bool json = admin_option(args, "--json", NULL);
	const char *owner = NULL;
	struct fee_list list;
	struct err e;
	int code;

	admin_option(args, "--owner", &owner);
	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	code = admin_owner(a, owner, &owner);
	if (code != ADMIN_OK)
		return code;
	if (fees_list(a->site->dav.store, owner, a->mem, &list, &e) != 0)
		return admin_fail(a, "%s", e.text);
	if (json)
		return write_json(a, &list);
	write_table(a, &list);
	return ADMIN_OK;
}
