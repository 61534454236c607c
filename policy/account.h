/*
 * Accounts as administrators make, change and close them: the same for `dedit user` and the console. The
 * rules for a name are architecture.md 15.15, for closing 15.30.
 */
#ifndef DEDIT_POLICY_ACCOUNT_H
#define DEDIT_POLICY_ACCOUNT_H

#include "storage/store.h"

enum { ACCOUNT_ADDRESSES = 16 }; /* of one account */

/* In lower case, in mem. 0; -1 with ERR_INVALID: no account can be called that. */
int account_name(const char *given, struct arena *mem, const char **out, struct err *e);
/* An open account, by its name as somebody typed it. 0; -1 with ERR_INVALID, ERR_NOT_FOUND (also for one that
 * was removed, and says so), or what the store said. */
int account_find(struct store *store, const char *given, struct arena *mem, struct account *out,
	struct err *e);
/*
 * A new account with its first calendars. given: name and addresses in any case; displayname NULL: the name;
 * language NULL: "en"; addresses NULL: none; the rest isn't looked at. *name: what it is called, in mem.
 * Hashes the password (base/password.h). 0; -1 with ERR_INVALID (what was given), ERR_LIMIT (the password),
 * ERR_EXISTS (also for one that was removed), ERR_CHANGED (somebody else has just made it), or what the store
 * said.
 */
int account_make(struct store *store, const struct account *given, const char *password, int64_t now,
	struct arena *mem, const char **name, struct err *e);
/* Another password for the account as it was read: sessions and application passwords end, which whoever had
 * the old one may have made. Hashes. 0; -1 with ERR_LIMIT, ERR_CHANGED, or what the store said. */
int account_set_password(struct store *store, struct account *ac, const char *password, struct arena *mem,
	struct err *e);
/* Its first calendars: `calendar` (VEVENT) and `tasks` (VTODO). Those that are there stay. */
int account_provision(struct store *store, const struct account *ac, int64_t now, struct err *e);

struct account_holdings { uint64_t calendars, objects; };
/* What closing it takes away. 0; -1 with what the store said. */
int account_holdings(struct store *store, const char *name, struct account_holdings *out, struct err *e);

#endif
