#include "web/imports.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/util.h"
#include "web/reach.h"

/* What an import reads, and with what: gone with its end. In its own arena. */
struct work {
	struct arena *mem;
	const struct web *web;
	struct event_request rq;
	struct collection calendar;
	struct ical_split *split;
	const char *text;
	size_t len;
	/* With what its account came in: a token, or (NULL) the password of which this is the digest. */
	const char *bearer;
	char password[CHAIN_SIZE];
};

/* Freed by who takes it out of the list, once its thread has ended. */
struct job {
	struct imports *all;
	pthread_t thread;
	struct arena *kept;         /* of what is told of it; under the lock once it has begun */
	const char *owner;          /* of its calendar */
	struct work *work;          /* NULL: it has ended */
	bool admin;                 /* begun as an administrator */
	bool begun;                 /* else its file is being read, and it is told to nobody */
	size_t tried;               /* of its own thread's, as `work` */
	struct import_state state;  /* why: also what is to break it off */
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

static void work_free(struct work *w)
{
	if (!w)
		return;
	w->web->release(w->web);
	arena_destroy(w->mem);
}

static void job_free(struct job *j)
{
	work_free(j->work);
	arena_destroy(j->kept);
	free(j);
}

static int read_text(void *arg, uint64_t offset, size_t len, struct buf *out, struct err *e)
{
	const struct work *w = arg;
	size_t left = offset < w->len ? w->len - (size_t)offset : 0;

	if (buf_add(out, w->text + (w->len - left), len < left ? len : left) != 0)
		return err_set(e, ERR_LARGE, "larger than %zu bytes", out->max);
	return 0;
}

static void keep_refusal(struct job *j, const struct import_told *told)
{
	struct import_state *s = &j->state;

	if (s->refusal_count == IMPORT_REFUSALS)
		return;
	s->refusals[s->refusal_count++] = (struct import_refusal){ told->line, told->code,
		arena_strdup(j->kept, told->uid), arena_strdup(j->kept, told->reason) };
}

const char *import_break_name(enum import_break why)
{
	static const char *const names[] = { [IMPORT_WHOLE] = "", [IMPORT_STOPPED] = "stopped",
		[IMPORT_STORE] = "store", [IMPORT_ACCOUNT] = "account", [IMPORT_LOGIN] = "login",
		[IMPORT_ACCESS] = "access", [IMPORT_CALENDAR] = "calendar" };

	return names[why];
}

/* ---- the right to go on ---- */

static bool has_token(const struct account *ac, const char *id)
{
	for (size_t n = 0; n < ac->token_count; n++) {
		if (strcmp(ac->tokens[n].id, id) == 0)
			return ac->tokens[n].scope == TOKEN_API;
	}
	return false;
}

static bool has_password(const struct account *ac, const char digest[CHAIN_SIZE])
{
	char now[CHAIN_SIZE];

	digest_chain(ac->password, strlen(ac->password), now);
	return equal_const_time(now, digest, CHAIN_SIZE - 1);
}

static enum import_break missing(const struct err *e, enum import_break what)
{
	return e->code == ERR_NOT_FOUND ? what : IMPORT_STORE;
}

/* As if it were begun now, but that who signs out hasn't taken it back: it goes on when nobody looks.
 * imports_reloaded() says which administrators are none any more. */
static enum import_break lost_right(const struct job *j)
{
	cleanup_arena struct arena *mem = arena_create();
	const struct work *w = j->work;
	struct store *store = w->web->store;
	enum share_access reach;
	struct collection c;
	struct account ac;
	struct err e;

	if (store_account(store, j->state.account, mem, &ac, &e) != 0)
		return missing(&e, IMPORT_ACCOUNT);
	if (ac.removed || !ac.password)
		return IMPORT_ACCOUNT;
	if (w->bearer ? !has_token(&ac, w->bearer) : !has_password(&ac, w->password))
		return IMPORT_LOGIN;
	if (store_collection(store, w->calendar.owner, w->calendar.name, mem, &c, &e) != 0)
		return missing(&e, IMPORT_CALENDAR);
	if (c.id != w->calendar.id)
		return IMPORT_CALENDAR;
	if (web_reach(store, &c, j->state.account, false, &reach, &e) != 0)
		return IMPORT_STORE;
	return reach < SHARE_WRITE && !j->admin ? IMPORT_ACCESS : IMPORT_WHOLE;
}

/* The first reason counts. */
static void break_off(struct job *j, enum import_break why)
{
	if (j->state.why == IMPORT_WHOLE)
		j->state.why = why;
}

void imports_reloaded(struct imports *i, const struct web *web)
{
	pthread_mutex_lock(&i->lock);
	for (size_t n = 0; n < i->count; n++) {
		struct job *j = i->job[n];

		if (j->work && j->admin && !web_is_admin(web, j->state.account))
			break_off(j, IMPORT_ACCESS);
	}
	pthread_mutex_unlock(&i->lock);
}

static int take_told(const struct import_told *told, void *arg)
{
	struct job *j = arg;
	bool check = ++j->tried % IMPORT_CHECKED_EVERY == 0, stop;
	enum import_break lost = check ? lost_right(j) : IMPORT_WHOLE;

	pthread_mutex_lock(&j->all->lock);
	j->state.count[told->outcome]++;
	if (told->outcome == IMPORT_REFUSED)
		keep_refusal(j, told);
	break_off(j, lost);
	stop = j->state.why != IMPORT_WHOLE;
	pthread_mutex_unlock(&j->all->lock);
	return stop;
}

/* What was to break it off may have come too late for that. */
static void settle(struct job *j, bool whole)
{
	pthread_mutex_lock(&j->all->lock);
	break_off(j, IMPORT_STORE);
	if (whole)
		j->state.why = IMPORT_WHOLE;
	j->state.ended = clock_now();
	if (j->state.why > IMPORT_STORE)
		log_info("an import of %s into %s was broken off: %s", j->state.account, j->state.calendar,
			import_break_name(j->state.why));
	pthread_mutex_unlock(&j->all->lock);
}

static void *run(void *arg)
{
	struct job *j = arg;
	struct work *w = j->work;
	bool whole;

	pthread_setname_np(pthread_self(), "import");
	import_run(&(struct import_plan){ .rq = &w->rq, .calendar = &w->calendar, .split = w->split,
		.replace = j->state.replace, .told = take_told, .arg = j }, &whole);
	work_free(w);
	j->work = NULL;
	settle(j, whole);
	return NULL;
}

/* ---- the list, under the lock ---- */

static struct job *take_out(struct imports *i, size_t at)
{
	struct job *j = i->job[at];

	i->count--;
	memmove(&i->job[at], &i->job[at + 1], (i->count - at) * sizeof(i->job[0]));
	return j;
}

/* Its thread has ended, or is about to: it takes no lock any more. */
static void forget(struct imports *i, size_t at)
{
	struct job *j = take_out(i, at);

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

/* account NULL: of all. */
static size_t under_way(const struct imports *i, const char *account)
{
	size_t count = 0;

	for (size_t n = 0; n < i->count; n++) {
		const struct import_state *s = &i->job[n]->state;

		count += s->ended == 0 && (!account || strcmp(s->account, account) == 0);
	}
	return count;
}

static bool is_own(const struct job *j, const struct principal *who)
{
	return strcmp(j->state.account, who->name) == 0;
}

static bool is_asked(const struct job *j, const struct principal *who, const char *id)
{
	return j->begun && (!id || strcmp(j->state.id, id) == 0) &&
		(is_own(j, who) || strcmp(j->owner, who->name) == 0 || who->admin);
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

/* As yet without what it reads. */
static struct job *make_job(struct imports *i, const struct import_begin *b)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->all = i;
	j->kept = arena_create();
	j->owner = arena_strdup(j->kept, b->calendar->owner);
	j->state.account = arena_strdup(j->kept, b->who->name);
	j->state.calendar = arena_printf(j->kept, "%s/%s", b->calendar->owner, b->calendar->name);
	j->state.refusals = arena_array(j->kept, IMPORT_REFUSALS, sizeof(*j->state.refusals));
	j->admin = b->who->admin;
	j->state.replace = b->replace;
	j->state.began = b->now;
	random_word(j->state.id, IMPORT_ID_SIZE - 1);
	return j;
}

static struct work *make_work(const struct import_begin *b)
{
	struct arena *mem = arena_create();
	struct work *w = arena_alloc(mem, sizeof(*w));

	*w = (struct work){ .mem = mem, .web = b->web, .calendar = *b->calendar, .len = b->len };
	w->web->hold(w->web);
	w->calendar.owner = arena_strdup(mem, b->calendar->owner);
	w->calendar.name = arena_strdup(mem, b->calendar->name);
	w->text = arena_strndup(mem, b->text, b->len);
	w->rq = (struct event_request){ .store = b->web->store, .policies = b->web->policies,
		.limits = &b->web->ical, .mem = mem, .actor = copy_actor(mem, b->who), .now = b->now,
		.quotas = b->web->quotas };
	w->bearer = b->bearer ? arena_strdup(mem, b->bearer) : NULL;
	return w;
}

/* With what the account came in, as long as it is as it was then. */
static int keep_login(struct work *w, const struct import_begin *b, struct err *e)
{
	struct account ac;

	if (store_account(w->web->store, b->who->name, w->mem, &ac, e) != 0)
		return -1;
	if (ac.generation != b->who->generation || ac.removed || !ac.password)
		return err_set(e, ERR_CHANGED, "the account has changed meanwhile");
	digest_chain(ac.password, strlen(ac.password), w->password);
	return 0;
}

static int check_room(const struct imports *i, const struct import_begin *b, struct err *e)
{
	if (under_way(i, b->who->name) >= b->web->imports_each)
		return err_set(e, ERR_EXISTS, "an import of yours is under way (setting imports-per-account)");
	if (under_way(i, NULL) >= b->web->imports || i->count > IMPORTS_KEPT)
		return err_set(e, ERR_BUSY, "too many imports are under way (setting imports)");
	return 0;
}

/* A place in the list, before anything is made of the file. */
static int reserve(struct imports *i, const struct import_begin *b, struct job **out, struct err *e)
{
	int rc;

	pthread_mutex_lock(&i->lock);
	sweep(i, b->now);
	rc = check_room(i, b, e);
	if (rc == 0)
		i->job[i->count++] = *out = make_job(i, b);
	pthread_mutex_unlock(&i->lock);
	return rc;
}

static void give_back(struct imports *i, struct job *j)
{
	size_t n = 0;

	pthread_mutex_lock(&i->lock);
	while (i->job[n] != j)
		n++;
	take_out(i, n);
	pthread_mutex_unlock(&i->lock);
	job_free(j);
}

static int read_file(struct job *j, struct err *e)
{
	struct work *w = j->work;

	if (ical_split_open(read_text, w, w->mem, &w->split, e) != 0)
		return -1;
	j->state.total = ical_split_count(w->split);
	return j->state.total > 0 ? 0 : err_set(e, ERR_SYNTAX, "there is nothing in it");
}

/* Under the lock: behind it others may have ended it already, and it is gone. */
static int start(struct imports *i, struct job *j, struct err *e)
{
	int rc;

	pthread_mutex_lock(&i->lock);
	rc = pthread_create(&j->thread, NULL, run, j);
	j->begun = rc == 0;
	pthread_mutex_unlock(&i->lock);
	errno = rc;
	return rc == 0 ? 0 : err_errno(e, ERR_BUSY, "import");
}

int imports_begin(struct imports *i, const struct import_begin *b, char id[IMPORT_ID_SIZE], struct err *e)
{
	struct job *j;

	if (reserve(i, b, &j, e) != 0)
		return -1;
	memcpy(id, j->state.id, IMPORT_ID_SIZE);
	j->work = make_work(b);
	if (keep_login(j->work, b, e) == 0 && read_file(j, e) == 0 && start(i, j, e) == 0)
		return 0;
	give_back(i, j);
	return -1;
}

/* ---- watched and ended ---- */

static void copy_state(const struct job *j, bool own, struct arena *mem, struct import_state *out)
{
	*out = j->state;
	out->account = arena_strdup(mem, j->state.account);
	out->calendar = arena_strdup(mem, j->state.calendar);
	out->stopper = j->state.stopper ? arena_strdup(mem, j->state.stopper) : NULL;
	out->refusal_count = own ? j->state.refusal_count : 0;
	out->refusals = arena_array(mem, out->refusal_count + 1, sizeof(*out->refusals));
	for (size_t n = 0; n < out->refusal_count; n++) {
		const struct import_refusal *r = &j->state.refusals[n];

		out->refusals[n] = (struct import_refusal){ r->line, r->code, arena_strdup(mem, r->uid),
			arena_strdup(mem, r->reason) };
	}
}

size_t imports_list(struct imports *i, const struct principal *who, const char *id, int64_t now,
	struct arena *mem, struct import_state **out)
{
	size_t count = 0;

	pthread_mutex_lock(&i->lock);
	sweep(i, now);
	*out = arena_array(mem, i->count + 1, sizeof(**out));
	for (size_t n = i->count; n-- > 0;) {
		if (is_asked(i->job[n], who, id))
			copy_state(i->job[n], is_own(i->job[n], who), mem, &(*out)[count++]);
	}
	pthread_mutex_unlock(&i->lock);
	return count;
}

static void stop_job(struct job *j, const struct principal *who)
{
	if (j->state.why != IMPORT_WHOLE)
		return;
	j->state.why = IMPORT_STOPPED;
	j->state.stopper = arena_strdup(j->kept, who->name);
	if (!is_own(j, who))
		log_info("an import of %s into %s is stopped by %s", j->state.account, j->state.calendar, who->name);
}

int imports_end(struct imports *i, const struct principal *who, const char *id, struct err *e)
{
	size_t n = 0;
	int rc = 0;

	pthread_mutex_lock(&i->lock);
	while (n < i->count && !is_asked(i->job[n], who, id))
		n++;
	if (n == i->count)
		rc = err_set(e, ERR_NOT_FOUND, "there is no such import");
	else if (i->job[n]->state.ended == 0)
		stop_job(i->job[n], who);
	else if (is_own(i->job[n], who))
		forget(i, n);
	else
		rc = err_set(e, ERR_EXISTS, "it has ended, and is listed for who began it");
	pthread_mutex_unlock(&i->lock);
	return rc;
}

void imports_destroy(struct imports *i)
{
	if (!i)
		return;
	pthread_mutex_lock(&i->lock);
	for (size_t n = 0; n < i->count; n++)
		break_off(i->job[n], IMPORT_STOPPED);
	pthread_mutex_unlock(&i->lock);
	for (size_t n = 0; n < i->count; n++) {
		pthread_join(i->job[n]->thread, NULL);
		job_free(i->job[n]);
	}
	pthread_mutex_destroy(&i->lock);
	free(i);
}
