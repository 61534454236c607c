/*
 * What one reading of the configuration says, and everything made from it. SIGHUP makes a
 * new one; requests that began under the old one finish with it.
 */
#ifndef DEDIT_SERVER_SITE_H
#define DEDIT_SERVER_SITE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "caldav/caldav.h"
#include "policy/policy.h"
#include "policy/update.h"
#include "server/settings.h"
#include "storage/store.h"
#include "web/web.h"

struct site {
	atomic_uint refs;
	struct settings *settings;
	struct policy_set *policies;
	struct dav dav;
	struct web web;
};

/* Loads policies and modules; takes the settings over if it succeeds. data: the folder, made if it is
 * missing, in which policies keep their texts; NULL: nothing is kept. One reference is the caller's.
 * site_use_store() is the caller's to call. */
int site_create(struct settings *settings, const char *data, struct site **out, struct err *e);
/* The store that its floors read and write, open as long as the site is used. */
void site_use_store(struct site *s, struct store *store);
void site_release(struct site *s); /* accepts NULL */

/* Where the current one hangs. */
struct site_slot { pthread_mutex_t lock; struct site *site; };

void site_slot_init(struct site_slot *slot, struct site *first); /* takes the reference over */
void site_slot_finish(struct site_slot *slot);
/* The current one; give it back with site_release(). */
struct site *site_get(struct site_slot *slot);
/* Takes the reference over; the old one ends with its last user. */
void site_set(struct site_slot *slot, struct site *next);

/* A request to policy/ by nobody: the timer and files edited on disk. */
struct event_request site_event_request(const struct site *s, struct arena *mem, int64_t now,
	bool external);
/* A wake that is due: policies are told, and it is done. A calendar or event that is gone meanwhile has
 * nothing to be told. */
int site_tick(const struct site *s, const struct wake *w, struct arena *mem, int64_t now, struct err *e);

#endif
