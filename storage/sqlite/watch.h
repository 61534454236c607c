/*
 * Folders in use are watched (inotify), so that an event edited by another hand reaches clients
 * at once (doc/architecture.md 15.20). "In use" is a fixed table of collections, of which the
 * most recent keep their place; scans find what nobody watches.
 */
#ifndef DEDIT_STORAGE_SQLITE_WATCH_H
#define DEDIT_STORAGE_SQLITE_WATCH_H

#include "storage/sqlite/db.h"

int watch_create(struct db *db, struct err *e);
void watch_destroy(struct db *db); /* accepts a db without one */
/* A reader uses this collection. Cheap; any thread. */
void watch_use(struct db *db, store_id collection);
/* A reader found a file that isn't what the index says: the next store_watch returns it. */
void watch_note(struct db *db, store_id collection);
/* *collection 0: events were lost, any may have changed. */
int sqlite_watch(struct store *s, int timeout_ms, store_id *collection, struct err *e);
void sqlite_watch_end(struct store *s);

#endif
