#include "tests/unit/ledger_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"
#include "policy/ledger.h"

int ledger_setup(void **state)
{
	struct ledger_fixture *f = xcalloc(1, sizeof(*f));
	struct err e;

	f->mem = arena_create();
	f->policies = policy_none();
	*state = f;
	return store_open("memory", NULL, NULL, &f->store, &e);
}

int ledger_teardown(void **state)
{
	struct ledger_fixture *f = *state;

	store_close(f->store);
	policy_unload(f->policies);
	arena_destroy(f->mem);
	free_cleanup(&f);
	return 0;
}

int64_t ledger_time(const char *utc)
{
	int64_t when = 0;

	if (iso_date_parse(utc, &when))
		fail_msg("'%s' is no time", utc);
	return when;
}

static const char *text(const char *given)
{
	return given ? given : "";
}

void ledger_say(struct ledger_fixture *f, const char *when, struct policy_incident i)
{
	struct entry_list list = { 0 };
	struct entry *entry = entry_add(&list, f->mem);
	struct ledger_row row;
	struct commit c = { .now = ledger_time(when), .ledger = &row, .ledgers = 1 };
	struct err e = { 0 };

	entry->owner = LEDGER_OWNER;
	entry->kind = i.class_;
	entry->incident = entry_kind_is_incident(i.class_);
	entry->i = i;
	entry->i.at = i.at ? i.at : c.now;
	entry->i.outcome = text(i.outcome);
	entry->i.client = text(i.client);
	entry->i.title = text(i.title);
	entry->i.uid = text(i.uid);
	entry->i.occurrence = text(i.occurrence);
	entry->i.ref = text(i.ref);
	entry->i.by = text(i.by);
	entry->i.actor = text(i.actor);
	entry->i.basis = text(i.basis);
	entry->i.currency = text(i.currency);
	entry->i.policy = text(i.policy);
	entry->i.version = text(i.version);
	entry->i.supersedes = text(i.supersedes);
	entry->i.service = text(i.service);
	entry->i.attendee = text(i.attendee);
	entry->i.word = text(i.word);
	entry->i.reason = text(i.reason);
	entry->i.zone = text(i.zone);
	if (ledger_row(entry, c.now, f->mem, &row, &e) || store_commit(f->store, &c, &e))
		fail_msg("%s", e.text);
}
