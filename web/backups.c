#include "web/backups.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

struct backups {
	pthread_mutex_t lock;
	pthread_t thread;
	bool started;                /* the thread is to be joined */
	bool stop;
	const struct web *web;       /* of the one under way */
	char *to;
	struct backup_run now, last;
};

struct backups *backups_create(void)
{
	struct backups *b = xcalloc(1, sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	return b;
}

/* ---- the thread ---- */

static int goes_on(void *arg, struct err *e)
{
	struct backups *b = arg;
	bool stop;

	pthread_mutex_lock(&b->lock);
	stop = b->stop;
	pthread_mutex_unlock(&b->lock);
	return stop ? err_set(e, ERR_BUSY, "the server ended meanwhile") : 0;
}

static void count_left_out(const char *path, void *arg)
{
	struct backups *b = arg;

	(void)path;
	pthread_mutex_lock(&b->lock);
	b->now.left_out++;
	pthread_mutex_unlock(&b->lock);
}

static void settle(struct backups *b, const struct store_backup *made, const struct err *why)
{
	pthread_mutex_lock(&b->lock);
	b->now.ended = clock_now();
	b->now.why = *why;
	b->now.made = *made;
	b->last = b->now;
	b->now = (struct backup_run){ 0 };
	pthread_mutex_unlock(&b->lock);
}

static void *run(void *arg)
{
	struct backups *b = arg;
	struct store_backup_source from = { .path = b->web->data, .held = goes_on, .left_out = count_left_out,
		.arg = b };
	struct store_backup made = { 0 };
	struct err e = { 0 };

	pthread_setname_np(pthread_self(), "backup");
	if (store_backup_open(b->web->store, &from, b->to, &made, &e) < 0)
		log_warn("no backup was made: %s", e.text);
	else
		log_info("backup in %s", b->to);
	b->web->release(b->web);
	settle(b, &made, &e);
	return NULL;
}

/* ---- begun and asked for ---- */

/* "dedit-20261126T191500Z" */
static void name_run(struct backup_run *r)
{
	char when[ISO_DATE_SIZE];
	size_t len;

	iso_date(r->began, when);
	len = (size_t)snprintf(r->name, sizeof(r->name), "dedit-");
	for (const char *c = when; *c != '\0'; c++) {
		if (*c != '-' && *c != ':')
			r->name[len++] = *c;
	}
	r->name[len] = '\0';
}

/* Under the lock, with none under way. */
static int start(struct backups *b, const struct web *web, int64_t now, struct err *e)
{
	if (b->started)
		pthread_join(b->thread, NULL);
	b->started = false;
	b->now.began = now;
	name_run(&b->now);
	free(b->to);
	b->to = xasprintf("%s/%s", web->backup, b->now.name);
	b->web = web;
	web->hold(web);
	errno = pthread_create(&b->thread, NULL, run, b);
	b->started = errno == 0;
	if (b->started)
		return 0;
	b->now = (struct backup_run){ 0 };
	web->release(web);
	return err_errno(e, ERR_BUSY, "backup");
}

/* A folder that can't be read is no matter of room: the backup will say what is wrong with it. */
static int check_room(const struct web *web, struct err *e)
{
	struct err unused;
	size_t count;

	if (store_backups(web->backup, &count, &unused) != 0 || count < web->backups)
		return 0;
	return err_set(e, ERR_FULL, "there are %zu backups already (setting backups): take older ones away", count);
}

int backups_begin(struct backups *b, const struct web *web, int64_t now, struct err *e)
{
	int rc;

	if (!web->backup)
		return err_set(e, ERR_INVALID, "no folder is configured for backups (setting backup)");
	pthread_mutex_lock(&b->lock);
	if (b->stop)
		rc = err_set(e, ERR_BUSY, "the server is ending");
	else if (b->now.began != 0)
		rc = err_set(e, ERR_EXISTS, "a backup is being made");
	else
		rc = check_room(web, e) != 0 ? -1 : start(b, web, now, e);
	pthread_mutex_unlock(&b->lock);
	return rc;
}

void backups_state(struct backups *b, struct backup_run *now, struct backup_run *last)
{
	pthread_mutex_lock(&b->lock);
	*now = b->now;
	*last = b->last;
	pthread_mutex_unlock(&b->lock);
}

void backups_stop(struct backups *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_mutex_unlock(&b->lock);
}

void backups_destroy(struct backups *b)
{
	if (!b)
		return;
	backups_stop(b);
	if (b->started)
		pthread_join(b->thread, NULL);
	pthread_mutex_destroy(&b->lock);
	free(b->to);
	free(b);
}
