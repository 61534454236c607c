#include "policy/account.h"

#include <string.h>

#include "base/password.h"
#include "base/util.h"
#include "ical/ical.h"
#include "storage/names.h"

/* ---- what may be one ---- */

int account_name(const char *given, struct arena *mem, const char **out, struct err *e)
{
	char *name = arena_strdup(mem, given);

	ascii_lower(name);
	if (!name_owner_valid(name))
		return err_set(e, ERR_INVALID, "no user name (letters, digits and . _ @ -, at most %d): '%s'",
			OWNER_LONGEST, given);
	*out = name;
	return 0;
}

static bool address_valid(const char *address)
{
	const char *at = strchr(address, '@');

	return text_line_valid(address) && at && at != address && at[1] != '\0' &&
		!strpbrk(address, " ,;:<>\"\\");
}

/* In lower case, ended by NULL. */
static int take_addresses(const char *const *given, struct arena *mem, const char *const **out, struct err *e)
{
	const char **list = arena_array(mem, ACCOUNT_ADDRESSES + 1, sizeof(*list));

	for (size_t n = 0; given && given[n]; n++) {
		char *address = arena_strdup(mem, given[n]);

		if (!address_valid(address) || n == ACCOUNT_ADDRESSES)
			return err_set(e, ERR_INVALID, "no mail address, or one more than %d: '%s'", ACCOUNT_ADDRESSES,
				address);
		ascii_lower(address);
		list[n] = address;
	}
	*out = list;
	return 0;
}

static int read_new(const struct account *given, struct arena *mem, struct account *out, struct err *e)
{
	struct account ac = { .displayname = given->displayname ? given->displayname : given->name,
		.language = given->language ? given->language : "en" };

	if (account_name(given->name, mem, &ac.name, e) < 0 ||
		take_addresses(given->addresses, mem, &ac.addresses, e) < 0)
		return -1;
	if (!*ac.displayname || !text_line_valid(ac.displayname))
		return err_set(e, ERR_INVALID, "the display name: 1 to %d bytes of UTF-8 without control characters",
			TEXT_LINE_MAX);
	if (strcmp(ac.language, "en") != 0 && strcmp(ac.language, "fr") != 0)
		return err_set(e, ERR_INVALID, "the language: en or fr");
	*out = ac;
	return 0;
}

/* ---- found ---- */

int account_find(struct store *store, const char *given, struct arena *mem, struct account *out,
	struct err *e)
{
	struct account ac;
	const char *name = NULL;
	struct err why;

	if (account_name(given, mem, &name, e) < 0)
		return -1;
	if (store_account(store, name, mem, &ac, &why) < 0)
		return why.code == ERR_NOT_FOUND ? err_set(e, ERR_NOT_FOUND, "no user %s", name) :
			err_set(e, why.code, "%s", why.text);
	if (ac.removed)
		return err_set(e, ERR_NOT_FOUND, "user %s was removed", name);
	*out = ac;
	return 0;
}

/* ---- made ---- */

static int check_free(struct store *store, const char *name, struct arena *mem, struct err *e)
{
	struct account there;
	struct err why;

	if (store_account(store, name, mem, &there, &why) == 0)
		return err_set(e, ERR_EXISTS, there.removed ? "user %s was removed; the name isn't given again" :
			"user %s exists", name);
	return why.code == ERR_NOT_FOUND ? 0 : err_set(e, why.code, "%s", why.text);
}

static int hash(struct account *ac, const char *password, struct arena *mem, struct err *e)
{
	char *made;

	if (password_check(password, e) < 0 || password_hash(password, mem, &made, e) < 0)
		return -1;
	ac->password = made;
	ac->generation++;
	return 0;
}

struct first_calendar { const char *name; unsigned components; const char *en, *fr; };

static int make_calendar(struct store *store, const struct first_calendar *first, const char *owner,
	bool french, int64_t now, struct err *e)
{
	const struct collection c = { .owner = owner, .name = first->name, .components = first->components };
	const struct prop_row title = { .user = "", .ns = "DAV:", .name = "displayname",
		.xml = french ? first->fr : first->en };
	struct err why;
	store_id id;

	if (store_collection_make(store, &c, &title, 1, now, &id, &why) < 0 && why.code != ERR_EXISTS)
		return err_set(e, why.code, "%s", why.text);
	return 0;
}

#define TITLE(text) "<D:displayname xmlns:D=\"DAV:\">" text "</D:displayname>"

int account_provision(struct store *store, const struct account *ac, int64_t now, struct err *e)
{
	static const struct first_calendar rows[] = {
		{ "calendar", ICAL_VEVENT, TITLE("Calendar"), TITLE("Agenda") },
		{ "tasks", ICAL_VTODO, TITLE("Tasks"), TITLE("Tâches") },
	};
	bool french = ac->language && strcmp(ac->language, "fr") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (make_calendar(store, &rows[i], ac->name, french, now, e) < 0)
			return -1;
	return 0;
}

int account_make(struct store *store, const struct account *given, const char *password, int64_t now,
	struct arena *mem, const char **name, struct err *e)
{
	struct account ac;

	/* the account last: what fails half-way can be tried again */
	if (read_new(given, mem, &ac, e) < 0 || check_free(store, ac.name, mem, e) < 0 ||
		hash(&ac, password, mem, e) < 0 || account_provision(store, &ac, now, e) < 0 ||
		store_account_put(store, &ac, e) < 0)
		return -1;
	*name = ac.name;
	return 0;
}

/* ---- changed ---- */

int account_set_password(struct store *store, struct account *ac, const char *password, struct arena *mem,
	struct err *e)
{
	if (hash(ac, password, mem, e) < 0)
		return -1;
	ac->tokens = NULL;
	ac->token_count = 0;
	return store_account_put(store, ac, e);
}

/* ---- what it has ---- */

struct ids { store_id *id; size_t n, size; struct arena *mem; };

static int take_id(const struct collection *c, void *arg)
{
	struct ids *l = arg;

	l->id = arena_room(l->mem, l->id, l->n, &l->size, sizeof(*l->id));
	l->id[l->n++] = c->id;
	return 0;
}

int account_holdings(struct store *store, const char *name, struct account_holdings *out, struct err *e)
{
	cleanup_arena struct arena *mem = arena_create();
	struct ids own = { .mem = mem };
	struct account_holdings sum = { 0 };

	if (store_collections(store, name, take_id, &own, e) < 0)
		return -1;
	sum.calendars = own.n;
	for (size_t i = 0; i < own.n; i++) {
		uint64_t count;

		if (store_count(store, own.id[i], &count, e) < 0)
			return -1;
		sum.objects += count;
	}
	*out = sum;
	return 0;
}
