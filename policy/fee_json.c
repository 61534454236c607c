#include "policy/fee_json.h"

#include "base/clock.h"
#include "policy/fees.h"

json_t *json_time(int64_t when)
{
	char text[ISO_DATE_SIZE];

	if (when == 0)
		return json_null();
	iso_date(when, text);
	return json_string(text);
}

json_t *json_text(const char *text)
{
	return json_string(text ? text : "");
}

static json_t *json_unless(int64_t number, int64_t none)
{
	return number == none ? json_null() : json_integer(number);
}

/* RFC 5545's form of an occurrence stays as it is: it is an identifier. */
json_t *fee_json(const struct fee *f)
{
	const struct policy_incident *i = &f->incident;
	json_t *o = json_object();
	int rc = 0;

	rc |= json_object_set_new(o, "ref", json_text(i->ref));
	rc |= json_object_set_new(o, "owner", json_text(f->owner));
	rc |= json_object_set_new(o, "client", json_text(fee_client(f)));
	rc |= json_object_set_new(o, "client-key", json_text(i->client));
	rc |= json_object_set_new(o, "attendee", json_text(i->attendee));
	rc |= json_object_set_new(o, "title", json_text(i->title));
	rc |= json_object_set_new(o, "service", json_text(i->service));
	rc |= json_object_set_new(o, "uid", json_text(i->uid));
	rc |= json_object_set_new(o, "occurrence", json_text(i->occurrence));
	rc |= json_object_set_new(o, "start", json_time(i->slot));
	rc |= json_object_set_new(o, "end", json_time(i->slot_end));
	rc |= json_object_set_new(o, "class", json_text(i->class_));
	rc |= json_object_set_new(o, "outcome", json_text(i->outcome));
	rc |= json_object_set_new(o, "state", json_text(f->state_name));
	rc |= json_object_set_new(o, "reason", json_text(i->reason));
	rc |= json_object_set_new(o, "fee", json_integer(i->charge));
	rc |= json_object_set_new(o, "held", json_integer(i->hold));
	rc |= json_object_set_new(o, "tax", json_integer(i->tax));
	rc |= json_object_set_new(o, "deposit", json_integer(i->deposit));
	rc |= json_object_set_new(o, "refund", json_integer(i->refund));
	rc |= json_object_set_new(o, "credit", json_integer(i->credit));
	rc |= json_object_set_new(o, "price", json_unless(i->price, -1));
	rc |= json_object_set_new(o, "currency", json_text(i->currency));
	rc |= json_object_set_new(o, "basis", json_text(i->basis));
	rc |= json_object_set_new(o, "notice", json_integer(i->notice));
	rc |= json_object_set_new(o, "required", json_unless(i->required, -1));
	rc |= json_object_set_new(o, "free-until", json_time(i->free_until));
	rc |= json_object_set_new(o, "by", json_text(i->by));
	rc |= json_object_set_new(o, "actor", json_text(i->actor));
	rc |= json_object_set_new(o, "at", json_time(i->at));
	rc |= json_object_set_new(o, "changed", json_time(f->changed));
	rc |= json_object_set_new(o, "policy", json_text(i->policy));
	rc |= json_object_set_new(o, "version", json_text(i->version));
	if (rc == 0)
		return o;
	json_decref(o);
	return NULL;
}
