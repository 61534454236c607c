/* `dedit fees export`: an owner's fees for an accounting program, or as a calendar (doc/policy.md 5.3). */
#include <string.h>

#include "base/util.h"
#include "policy/books.h"
#include "policy/fees.h"
#include "policy/host.h"
#include "server/admin.h"

struct export {
	struct admin *a;
	const char *owner;
	int64_t from, to;
};

static int export_books(const struct export *x, int format)
{
	const struct site *site = x->a->site;
	struct books books;
	struct err e;

	if (books_read(site->dav.store, site->policies, x->owner, x->a->mem, &books, &e) != 0)
		return admin_fail(x->a, "%s", e.text);
	books_write(&books, (enum books_format)format, x->from, x->to, x->a->mem, &x->a->out);
	return ADMIN_OK;
}

/* What a program gets that reads the calendar of fees. */
static int export_calendar(const struct export *x, int format)
{
	const struct site *site = x->a->site;
	struct collection c;
	struct err e;

	if (x->from != INT64_MIN || x->to != INT64_MAX)
		return admin_misuse(x->a, "ics is the whole calendar, of no period");
	if (store_collection(site->dav.store, x->owner, FEES_CALENDAR, x->a->mem, &c, &e) != 0)
		return admin_fail(x->a, "%s: %s", x->owner, e.text);
	return admin_write_calendar(x->a, &c, site->dav.settings.refresh);
}

static const struct format {
	const char *name;
	int (*write)(const struct export *x, int format);
	int format;
} formats[] = {
	{ "hledger", export_books, BOOKS_HLEDGER },
	{ "ledger", export_books, BOOKS_LEDGER },
	{ "beancount", export_books, BOOKS_BEANCOUNT },
	{ "ics", export_calendar, 0 },
};

/* ---- whose, and of when ---- */

struct search { struct admin *a; const char *owner; };

static int take_owner(const struct collection *c, void *arg)
{
	struct search *found = arg;

	if ((c->flags & COLL_FEES) == 0)
		return 0;
	if (found->owner != NULL)
		return 1;
	found->owner = arena_strdup(found->a->mem, c->owner);
	return 0;
}

int admin_one_owner(struct admin *a, const char *given, const char **out)
{
	struct search found = { a, given };
	struct err e;
	int several;

	*out = given;
	if (given != NULL)
		return ADMIN_OK;
	several = store_collections(a->site->dav.store, NULL, take_owner, &found, &e);
	if (several < 0)
		return admin_fail(a, "%s", e.text);
	if (several > 0 || found.owner == NULL)
		return admin_misuse(a, several > 0 ? "--owner: whose fees?" : "nobody has a calendar of fees");
	*out = found.owner;
	return ADMIN_OK;
}

int admin_fees_export(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	struct export x = { .a = a, .from = INT64_MIN, .to = INT64_MAX };
	struct fee_filter filter;
	int code = admin_fee_filter(a, args, &filter);

	if (code == ADMIN_OK && admin_expect(a, args, 1, 1) < 0)
		code = ADMIN_USAGE;
	if (code == ADMIN_OK && (filter.client != NULL || filter.states != 0))
		code = admin_misuse(a, "books are of all clients and states");
	if (code == ADMIN_OK)
		code = admin_one_owner(a, filter.owner, &x.owner);
	if (code != ADMIN_OK)
		return code;
	if (filter.by_day)
		x.from = filter.first_day;
	if (filter.by_day && filter.last_day != INT64_MAX)
		x.to = filter.last_day + 1;
	for (size_t n = 0; n < ARRAY_SIZE(formats); n++) {
		if (strcmp(formats[n].name, args[0]) == 0)
			return formats[n].write(&x, formats[n].format);
	}
	return admin_misuse(a, "no format '%s'", args[0]);
}
