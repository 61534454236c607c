#include "server/site.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/util.h"

static struct site *site_of(const struct web *web)
{
	return (struct site *)((char *)web - offsetof(struct site, web));
}

static void hold_web(const struct web *web)
{
	atomic_fetch_add(&site_of(web)->refs, 1);
}

static void release_web(const struct web *web)
{
	site_release(site_of(web));
}

int site_create(struct settings *settings, const char *data, struct site **out, struct err *e)
{
	struct policy_options policy = settings->policy;
	struct policy_set *policies;
	struct site *s;

	/* The texts of policies go there, before the store is opened. */
	policy.data = data;
	policy.ledger = data != NULL ? data : settings->data;
	if (data != NULL && mkdir(data, 0700) != 0 && errno != EEXIST)
		return err_errno(e, ERR_IO, "%s", data);
	if (policy_load(settings->root, &policy, &policies, e) != 0)
		return -1;
	s = xcalloc(1, sizeof(*s));
	atomic_init(&s->refs, 1);
	s->settings = settings;
	s->policies = policies;
	s->dav.policies = policies;
	s->dav.settings = settings->dav;
	s->web.policies = policies;
	s->web.admins = settings_group(settings, "admin", &s->web.admin_count);
	s->web.client_pages = settings->policy.client_pages;
	s->web.ical = settings->dav.ical;
	s->web.refresh = settings->dav.refresh;
	s->web.results = settings->dav.results;
	s->web.calendars = settings->dav.calendars;
	s->web.feeds = settings->dav.feeds;
	s->web.shares = settings->dav.shares;
	s->web.delegates = settings->dav.delegates;
	s->web.console_body = settings->console_body;
	s->web.import_size = settings->import_size;
	s->web.imports = settings->imports;
	s->web.imports_each = settings->imports_each;
	s->web.data = policy.ledger;
	s->web.backup = settings->backup;
	s->web.backups = settings->backups;
	s->web.hold = hold_web;
	s->web.release = release_web;
	s->web.public_base = settings->public_base;
	s->web.quotas = &settings->dav.quotas;
	*out = s;
	return 0;
}

void site_use_store(struct site *s, struct store *store)
{
	s->dav.store = store;
	s->web.store = store;
}

void site_release(struct site *s)
{
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	policy_unload(s->policies);
	settings_destroy(s->settings);
	free(s);
}

void site_slot_init(struct site_slot *slot, struct site *first)
{
	pthread_mutex_init(&slot->lock, NULL);
	slot->site = first;
}

void site_slot_finish(struct site_slot *slot)
{
	site_release(slot->site);
	pthread_mutex_destroy(&slot->lock);
}

struct site *site_get(struct site_slot *slot)
{
	struct site *s;

	pthread_mutex_lock(&slot->lock);
	s = slot->site;
	atomic_fetch_add(&s->refs, 1);
	pthread_mutex_unlock(&slot->lock);
	return s;
}

void site_set(struct site_slot *slot, struct site *next)
{
	struct site *old;

	pthread_mutex_lock(&slot->lock);
	old = slot->site;
	slot->site = next;
	pthread_mutex_unlock(&slot->lock);
	site_release(old);
}

struct event_request site_event_request(const struct site *s, struct arena *mem, int64_t now,
	bool external)
{
	static const char *const none[] = { NULL };

	return (struct event_request){
		.store = s->dav.store,
		.policies = s->policies,
		.limits = &s->dav.settings.ical,
		.mem = mem,
		.actor = { .name = "", .displayname = "", .addresses = none,
			.admin = true, .external = external },
		.now = now,
	};
}

int site_tick(const struct site *s, const struct wake *w, struct arena *mem, int64_t now, struct err *e)
{
	struct event_request rq = site_event_request(s, mem, now, false);
	struct collection c;

	if ((store_collection(rq.store, w->owner, w->calendar, mem, &c, e) != 0 ||
		event_tick(&rq, &(struct event_where){ &c, w->name }, e) != 0) &&
		e->code != ERR_NOT_FOUND)
		return -1;
	return store_wake_done(rq.store, w, e);
}
