#include "web/imports.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/util.h"

/* Freed by who takes it out of the list, once its thread has ended. */
struct job {
	struct imports *all;
	pthread_t thread;
	struct arena *mem;          /* of what its thread reads */
	struct arena *told;         /* of the refusals, under the lock */
	const struct web *web;
	struct event_request rq;
	struct collection calendar;
	struct ical_split *split;
	const char *account, *text;
	size_t len;
	bool stop;
	struct import_state state;
};

struct imports {
	pthread_mutex_t lock;
	size_t count;
	struct job *job[IMPORTS_KEPT + 1]; /* the latest last */
};

struct imports *imports_create(void)
{
	struct imports *i = xcalloc(1, sizeof(*i));

	pthread_mutex_init(&i->lock, NULL);
	return i;
}

/* ---- one ---- */

static void job_free(struct job *j)
{
	j->web->release(j->web);
	arena_destroy(j->mem);
	arena_destroy(j->told);
	free(j);
}

static int read_text(void *arg, uint64_t offset, size_t len, struct buf *out, struct err *e)
{
	const struct job *j = arg;
	size_t left = offset < j->len ? j->len - (size_t)offset : 0;

	if (buf_add(out, j->text + (j->len - left), len < left ? len : left) != 0)
		return err_set(e, ERR_LARGE, "larger than %zu bytes", out->max);
	return 0;
}

static void keep_refusal(struct job *j, const struct import_told *told)
{
	struct import_state *s = &j->state;

	if (s->refusal_count == IMPORT_REFUSALS)
		return;
	s->refusals[s->refusal_count++] = (struct import_refusal){ told->line, arena_strdup(j->told, told->uid),
		arena_strdup(j->told, told->reason) };
}

static int take_told(const struct import_told *told, void *arg)
{
	struct job *j = arg;
	bool stop;

	pthread_mutex_lock(&j->all->lock);
	j->state.count[told->outcome]++;
	if (told->outcome == IMPORT_REFUSED)
		keep_refusal(j, told);
	stop = j->stop;
	pthread_mutex_unlock(&j->all->lock);
	return stop;
}

static void *run(void *arg)
{
	struct job *j = arg;
	bool ended;

	pthread_setname_np(pthread_self(), "import");
	import_run(&(struct import_plan){ .rq = &j->rq, .calendar = &j->calendar, .split = j->split,
		.replace = j->state.replace, .told = take_told, .arg = j }, &ended);
	pthread_mutex_lock(&j->all->lock);
	j->state.broken = !ended;
	j->state.ended = clock_now();
	pthread_mutex_unlock(&j->all->lock);
	return NULL;
}

/* ---- the list, under the lock ---- */

/* Its thread has ended, or is about to: it takes no lock any more. */
static void forget(struct imports *i, size_t at)
{
	struct job *j = i->job[at];

	memmove(&i->job[at], &i->job[at + 1], (i->count - at - 1) * sizeof(i->job[0]));
	i->count--;
	pthread_join(j->thread, NULL);
	job_free(j);
}

/* Room for one more: what ended long ago goes, and the oldest that ended. */
static void sweep(struct imports *i, int64_t now)
{
	for (size_t n = 0; n < i->count;) {
		const struct import_state *s = &i->job[n]->state;

		if (s->ended != 0 && (i->count > IMPORTS_KEPT || now - s->ended >= IMPORT_KEPT_SECONDS))
			forget(i, n);
		else
			n++;
	}
}

static size_t under_way(const struct imports *i)
{
	size_t count = 0;

	for (size_t n = 0; n < i->count; n++)
		count += i->job[n]->state.ended == 0;
	return count;
}

static bool is_asked(const struct job *j, const char *account, const char *id)
{
	return strcmp(j->account, account) == 0 && (!id || strcmp(j->state.id, id) == 0);
}

/* ---- begun ---- */

static struct event_actor copy_actor(struct arena *mem, const struct principal *who)
{
	size_t n = 0;
	const char **addresses;

	while (who->addresses && who->addresses[n])
		n++;
	addresses = arena_array(mem, n + 1, sizeof(*addresses));
	for (size_t i = 0; i < n; i++)
		addresses[i] = arena_strdup(mem, who->addresses[i]);
	return (struct event_actor){ .name = arena_strdup(mem, who->name),
		.displayname = who->displayname ? arena_strdup(mem, who->displayname) : NULL,
		.addresses = addresses, .admin = who->admin };
}

static struct job *make_job(struct imports *i, const struct import_begin *b)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->all = i;
	j->mem = arena_create();
	j->told = arena_create();
	j->web = b->web;
	j->web->hold(j->web);
	j->calendar = *b->calendar;
	j->calendar.owner = arena_strdup(j->mem, b->calendar->owner);
	j->calendar.name = arena_strdup(j->mem, b->calendar->name);
	j->text = arena_strndup(j->mem, b->text, b->len);
	j->len = b->len;
	j->rq = (struct event_request){ .store = b->web->store, .policies = b->web->policies,
		.limits = &b->web->ical, .mem = j->mem, .actor = copy_actor(j->mem, b->who), .now = b->now,
		.quotas = b->web->quotas };
	j->account = j->rq.actor.name;
	j->state.calendar = arena_printf(j->mem, "%s/%s", j->calendar.owner, j->calendar.name);
	j->state.refusals = arena_array(j->mem, IMPORT_REFUSALS, sizeof(*j->state.refusals));
	j->state.replace = b->replace;
	j->state.began = b->now;
	random_word(j->state.id, IMPORT_ID_SIZE - 1);
	return j;
}

static int read_file(struct job *j, struct err *e)
{
	if (ical_split_open(read_text, j, j->mem, &j->split, e) != 0)
		return -1;
	j->state.total = ical_split_count(j->split);
	return j->state.total > 0 ? 0 : err_set(e, ERR_SYNTAX, "there is nothing in it");
}

/* Takes the job over if it succeeds. */
static int start(struct imports *i, struct job *j, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&i->lock);
	sweep(i, j->state.began);
	if (under_way(i) >= j->web->imports || i->count > IMPORTS_KEPT)
		rc = err_set(e, ERR_BUSY, "too many imports are under way (setting imports)");
	else if ((errno = pthread_create(&j->thread, NULL, run, j)) != 0)
		rc = err_errno(e, ERR_BUSY, "import");
	else
		i->job[i->count++] = j;
	pthread_mutex_unlock(&i->lock);
	return rc;
}

int imports_begin(struct imports *i, const struct import_begin *b, char id[IMPORT_ID_SIZE], struct err *e)
{
	struct job *j = make_job(i, b);

	memcpy(id, j->state.id, IMPORT_ID_SIZE);
	if (read_file(j, e) == 0 && start(i, j, e) == 0)
		return 0;
	job_free(j);
	return -1;
}

/* ---- watched and ended ---- */

static void copy_state(const struct job *j, struct arena *mem, struct import_state *out)
{
	*out = j->state;
	out->calendar = arena_strdup(mem, j->state.calendar);
	out->refusals = arena_array(mem, out->refusal_count + 1, sizeof(*out->refusals));
	for (size_t n = 0; n < out->refusal_count; n++) {
		const struct import_refusal *r = &j->state.refusals[n];

		out->refusals[n] = (struct import_refusal){ r->line, arena_strdup(mem, r->uid),
			arena_strdup(mem, r->reason) };
	}
}

size_t imports_list(struct imports *i, const char *account, const char *id, int64_t now, struct arena *mem,
	struct import_state **out)
{
	size_t count = 0;

	pthread_mutex_lock(&i->lock);
	sweep(i, now);
	*out = arena_array(mem, i->count + 1, sizeof(**out));
	for (size_t n = i->count; n-- > 0;) {
		if (is_asked(i->job[n], account, id))
			copy_state(i->job[n], mem, &(*out)[count++]);
	}
	pthread_mutex_unlock(&i->lock);
	return count;
}

int imports_end(struct imports *i, const char *account, const char *id, struct err *e)
{
	size_t n = 0;
	int rc = 0;

	pthread_mutex_lock(&i->lock);
	while (n < i->count && !is_asked(i->job[n], account, id))
		n++;
	if (n == i->count)
		rc = err_set(e, ERR_NOT_FOUND, "there is no such import");
	else if (i->job[n]->state.ended != 0)
		forget(i, n);
	else
		i->job[n]->stop = true;
	pthread_mutex_unlock(&i->lock);
	return rc;
}

void imports_destroy(struct imports *i)
{
	if (!i)
		return;
	pthread_mutex_lock(&i->lock);
	for (size_t n = 0; n < i->count; n++)
		i->job[n]->stop = true;
	pthread_mutex_unlock(&i->lock);
	for (size_t n = 0; n < i->count; n++) {
		pthread_join(i->job[n]->thread, NULL);
		job_free(i->job[n]);
	}
	pthread_mutex_destroy(&i->lock);
	free(i);
}
