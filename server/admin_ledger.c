/* `dedit ledger`: is it what was written, and how far has it come (doc/architecture.md 15.23)? */
#include <string.h>

#include "policy/audit.h"
#include "policy/wording.h"
#include "server/admin.h"
#include "storage/chain.h"

struct owner_item { const char *name; struct owner_item *next; };
struct owners { struct admin *a; const char *only; struct owner_item *first, **tail; };

static int take_owner(const char *owner, void *arg)
{
	struct owners *all = arg;
	struct owner_item *o;

	if (all->only != NULL && strcmp(all->only, owner) != 0)
		return 0;
	o = arena_alloc(all->a->mem, sizeof(*o));
	*o = (struct owner_item){ arena_strdup(all->a->mem, owner), NULL };
	*all->tail = o;
	all->tail = &o->next;
	return 0;
}

/* Who has a ledger: the one who is asked for, or all. ADMIN_OK, else the exit code after a message. */
static int find_owners(struct admin *a, const char *only, struct owner_item **out)
{
	struct owners all = { .a = a, .only = only };
	struct err e;

	all.tail = &all.first;
	if (store_ledger_owners(a->site->dav.store, take_owner, &all, &e) < 0)
		return admin_fail(a, "%s", e.text);
	*out = all.first;
	return all.first != NULL || only == NULL ? ADMIN_OK : admin_fail(a, "the ledger of %s is empty", only);
}

int admin_ledger_head(struct admin *a, char *const *args)
{
	struct owner_item *owners;
	const char *only = NULL;
	struct signed_head h;
	struct err e;
	int n = admin_expect(a, args, 0, 1);
	int code = n < 0 ? ADMIN_USAGE : admin_owner(a, n == 1 ? args[0] : NULL, &only);

	if (code != ADMIN_OK)
		return code;
	code = find_owners(a, only, &owners);
	for (const struct owner_item *o = owners; code == ADMIN_OK && o != NULL; o = o->next) {
		if (store_ledger_sign(a->site->dav.store, o->name, a->now, &h, &e) == 0)
			head_write_line(&a->out, &h);
		else if (e.code != ERR_NOT_FOUND || only != NULL)
			code = admin_fail(a, "%s", e.text);
	}
	return code;
}

int admin_ledger_key(struct admin *a, char *const *args)
{
	struct err e;

	if (admin_expect(a, args, 0, 0) < 0)
		return ADMIN_USAGE;
	return store_ledger_key(a->site->dav.store, &a->out, &e) == 0 ? ADMIN_OK : admin_fail(a, "%s", e.text);
}

static int write_problem(const char *line, void *arg)
{
	struct admin *a = arg;

	buf_printf(&a->out, "%s\n", line);
	return 0;
}

/* False after a message. */
static bool verify_one(struct admin *a, const char *owner, const struct signed_head *kept)
{
	size_t before = a->out.len;
	struct err e;

	if (ledger_audit(a->site->dav.store, owner, kept, write_problem, a, &e) < 0) {
		admin_fail(a, "the ledger of %s can't be verified: %s", owner, e.text);
		return false;
	}
	if (a->out.len != before)
		return false;
	buf_printf(&a->out, "ledger of %s: no problems\n", owner);
	return true;
}

int admin_audit_ledgers(struct admin *a)
{
	struct owner_item *owners;
	struct err e;
	int code = find_owners(a, NULL, &owners);

	if (code != ADMIN_OK)
		return code;
	for (const struct owner_item *o = owners; o != NULL; o = o->next) {
		if (ledger_audit(a->site->dav.store, o->name, NULL, write_problem, a, &e) < 0 ||
			wording_check_bookings(a->site->dav.store, o->name, a->site->settings->data, write_problem, a, &e) < 0)
			code = admin_fail(a, "the ledger of %s can't be verified: %s", o->name, e.text);
	}
	return code;
}

int admin_ledger_verify(struct admin *a, char *const *given)
{
	char **args = admin_args(a, given);
	const char *head = NULL, *only = NULL;
	struct owner_item *owners;
	struct signed_head kept;
	bool healthy = true;
	struct err e;
	int n, code;

	admin_option(args, "--head", &head);
	if (head != NULL && head_parse_line(arena_strdup(a->mem, head), &kept, &e) < 0)
		return admin_misuse(a, "--head: expected a line of 'dedit ledger head'");
	n = admin_expect(a, args, 0, 1);
	code = n < 0 ? ADMIN_USAGE : admin_owner(a, n == 1 ? args[0] : head != NULL ? kept.owner : NULL, &only);
	if (code == ADMIN_OK && head != NULL && strcmp(only, kept.owner) != 0)
		code = admin_misuse(a, "--head: that is a head of %s", kept.owner);
	if (code == ADMIN_OK)
		code = find_owners(a, only, &owners);
	if (code != ADMIN_OK)
		return code;
	for (const struct owner_item *o = owners; o != NULL; o = o->next)
		healthy = verify_one(a, o->name, head != NULL ? &kept : NULL) && healthy;
	return healthy ? ADMIN_OK : admin_fail(a, "problems were found");
}
