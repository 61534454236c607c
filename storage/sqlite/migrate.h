/*
 * From one version of the index to the next (PRAGMA user_version). Forward only: all steps in one
 * transaction, with a copy of the index as it was beside it.
 */
#ifndef DEDIT_STORAGE_SQLITE_MIGRATE_H
#define DEDIT_STORAGE_SQLITE_MIGRATE_H

#include "storage/sqlite/db.h"

/* From version to-1 to `to`: statements, then a function, of which either may be NULL. */
struct migration {
	int to;
	const char *sql;
	int (*run)(struct conn *c, struct err *e);
};
struct migrations {
	int version; /* what schema.sql makes, and the last step leads to */
	const struct migration *step; /* in order */
	size_t n;
};

/* Those of this program. */
extern const struct migrations index_migrations;

/*
 * Makes the tables of an empty index (*made), or brings an older one to m->version; c is the only
 * connection. Before that the index is copied to <root>/index.db.v<version>, which stays there. On failure
 * it is as it was. ERR_DENIED: of a later version, or one that no step begins with; ERR_FULL.
 */
int index_migrate(struct db *db, struct conn *c, const struct migrations *m, bool *made,
	struct err *e);

#endif
