#include "storage/sqlite/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/util.h"
#include "storage/sqlite/ops.h"
#include "storage/sqlite/scan.h"

enum {
	NOTES = 1024, /* calendars to be looked at; beyond: all of them */
	EVENTS_SIZE = 16384,
	RETRY_MS = 500, /* a folder that isn't written yet */
	SETTLE_MS = 200, /* many files removed one after the other are to be seen together (15.20) */
	SETTLE_MAX_MS = 2000,
	EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW,
};

struct slot {
	_Atomic store_id wanted; /* set by readers; 0: none */
	store_id watched;        /* the watching thread's, like wd */
	int wd;
};

struct watch {
	int inotify, wake;
	struct slot *slot;
	size_t slots;
	atomic_bool stale; /* some slot's wanted isn't its watched */
	atomic_bool ended;
	pthread_mutex_t lock;
	store_id note[NOTES];
	size_t notes;
	bool lost;
	/* events read and not yet looked at */
	_Alignas(struct inotify_event) char events[EVENTS_SIZE];
	size_t event_len, event_at;
	int64_t restless_since, quiet_at; /* monotonic; 0: nothing is going on */
};

int watch_create(struct db *db, struct err *e)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	w->slots = db->options.watch_folders;
	w->slot = xcalloc(w->slots + 1, sizeof(*w->slot));
	pthread_mutex_init(&w->lock, NULL);
	db->watch = w;
	if (w->wake < 0)
		return err_errno(e, ERR_INTERNAL, "eventfd");
	if (w->inotify < 0) {
		log_warn("folders are not watched: %s", strerror(errno));
		w->slots = 0;
	}
	return 0;
}

void watch_destroy(struct db *db)
{
	struct watch *w = db->watch;

	if (w == NULL)
		return;
	fd_cleanup(&w->inotify);
	fd_cleanup(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w->slot);
	free(w);
	db->watch = NULL;
}

static void wake(struct watch *w)
{
	eventfd_write(w->wake, 1);
}

void watch_use(struct db *db, store_id collection)
{
	struct watch *w = db->watch;

	if (w->slots == 0 || collection <= 0)
		return;
	struct slot *s = &w->slot[(size_t)collection % w->slots];
	if (atomic_load_explicit(&s->wanted, memory_order_relaxed) == collection)
		return;
	atomic_store(&s->wanted, collection);
	atomic_store(&w->stale, true);
	wake(w);
}

void watch_note(struct db *db, store_id collection)
{
	struct watch *w = db->watch;
	size_t i = 0;

	pthread_mutex_lock(&w->lock);
	while (i < w->notes && w->note[i] != collection) {
		i++;
	}
	if (i == w->notes && i < NOTES) {
		w->note[w->notes++] = collection;
	}
	w->lost = w->lost || i == NOTES;
	pthread_mutex_unlock(&w->lock);
	wake(w);
}

static bool take_note(struct watch *w, store_id *out)
{
	bool found = true;

	pthread_mutex_lock(&w->lock);
	if (w->lost) {
		*out = 0;
		w->lost = false;
		w->notes = 0;
	} else if (w->notes > 0) {
		*out = w->note[--w->notes];
	} else {
		found = false;
	}
	pthread_mutex_unlock(&w->lock);
	return found;
}

/* ---- the folders ---- */

/* A calendar dropped and made anew while its folder stayed: the kernel has one watch for both. */
static void take_over(struct watch *w, const struct slot *heir)
{
	for (size_t i = 0; i < w->slots; i++) {
		struct slot *s = &w->slot[i];
		if (s != heir && s->wd == heir->wd) {
			s->wd = 0;
			s->watched = 0;
		}
	}
}

/* 0: watched, or not to be watched; -1: not there yet. */
static int watch_folder(struct db *db, struct slot *s, store_id id)
{
	struct arena *mem cleanup_arena = arena_create();
	struct conn *conn = db_reader(db, NULL);
	struct collection c;
	char folder[PATH_SIZE];

	if (conn == NULL || collection_by_id(conn, id, mem, &c, NULL) < 0)
		return 0;
	path_folder(c.owner, c.name, folder);
	char *path cleanup_free = xasprintf("%s/%s", db->path, folder);
	s->wd = inotify_add_watch(db->watch->inotify, path, EVENTS);
	if (s->wd < 0 && errno == ENOENT)
		return -1;
	if (s->wd < 0) {
		log_warn("%s is not watched: %s", folder, strerror(errno));
	} else {
		take_over(db->watch, s);
	}
	return 0;
}

static void refresh_slot(struct db *db, struct slot *s)
{
	struct watch *w = db->watch;
	store_id wanted = atomic_load(&s->wanted);

	if (wanted == s->watched)
		return;
	if (s->wd > 0) {
		inotify_rm_watch(w->inotify, s->wd);
	}
	s->wd = 0;
	s->watched = wanted;
	if (wanted != 0 && watch_folder(db, s, wanted) < 0) {
		s->watched = 0;
		s->wd = 0;
		atomic_store(&w->stale, true);
	}
	if (s->wd > 0) {
		watch_note(db, wanted); /* what was edited before it was watched */
	}
}

static void refresh(struct db *db)
{
	struct watch *w = db->watch;

	if (!atomic_exchange(&w->stale, false))
		return;
	for (size_t i = 0; i < w->slots; i++) {
		refresh_slot(db, &w->slot[i]);
	}
}

static struct slot *find_slot(struct watch *w, int wd)
{
	for (size_t i = 0; i < w->slots; i++) {
		if (w->slot[i].wd == wd && w->slot[i].watched != 0)
			return &w->slot[i];
	}
	return NULL;
}

/* ---- the events ---- */

static const struct inotify_event *next_event(struct watch *w)
{
	if (w->inotify < 0)
		return NULL;
	if (w->event_at >= w->event_len) {
		ssize_t n = read(w->inotify, w->events, sizeof(w->events));
		w->event_at = 0;
		w->event_len = n < 0 ? 0 : (size_t)n;
		if (n <= 0)
			return NULL;
	}
	const struct inotify_event *event = (const struct inotify_event *)(w->events + w->event_at);
	w->event_at += sizeof(*event) + event->len;
	return event;
}

/* Most events are the mirror's own writing: those find the file as the row says. What can't be found out now
 * is left to a scan, which tells of it if it lasts. */
static bool is_foreign(struct db *db, store_id id, const char *file)
{
	struct arena *mem cleanup_arena = arena_create();
	struct err why = {0};
	struct conn *conn = db_reader(db, &why);
	struct collection c;
	int status = conn == NULL || collection_by_id(conn, id, mem, &c, &why) < 0 ? -1
		: scan_file_differs(db, &c, file, &why);

	if (status >= 0 || why.code == ERR_NOT_FOUND)
		return status == 1;
	log_info("%s, changed on disk, is looked at with its calendar: %s", file, why.text);
	return true;
}

/* true: *out is a collection to be scanned. */
static bool take_event(struct db *db, const struct inotify_event *event, store_id *out)
{
	struct watch *w = db->watch;

	if ((event->mask & IN_Q_OVERFLOW) != 0) {
		*out = 0;
		return true;
	}
	struct slot *s = find_slot(w, event->wd);
	if (s == NULL)
		return false;
	if ((event->mask & IN_IGNORED) != 0) {
		/* the folder went; who uses it next has it watched again */
		atomic_store(&s->wanted, 0);
		s->watched = 0;
		s->wd = 0;
		return false;
	}
	if (event->len == 0 || !is_foreign(db, s->watched, event->name))
		return false;
	*out = s->watched;
	return true;
}

/* Sleeps until something may have happened. */
static int sleep_until(struct watch *w, int64_t deadline, struct err *e)
{
	int64_t left = deadline - clock_monotonic_ms();
	struct pollfd fds[2] = {{w->wake, POLLIN, 0}, {w->inotify, POLLIN, 0}};
	eventfd_t count;

	left = left < 0 ? 0 : left;
	if (atomic_load(&w->stale) && left > RETRY_MS) {
		left = RETRY_MS;
	}
	if (w->quiet_at != 0 && left > SETTLE_MS) {
		left = SETTLE_MS;
	}
	if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
		return err_errno(e, ERR_INTERNAL, "poll");
	eventfd_read(w->wake, &count);
	return 0;
}

static void take_events(struct db *db)
{
	struct watch *w = db->watch;
	const struct inotify_event *event;
	store_id collection;

	while ((event = next_event(w)) != NULL) {
		if (!take_event(db, event, &collection))
			continue;
		watch_note(db, collection);
		w->quiet_at = clock_monotonic_ms() + SETTLE_MS;
		if (w->restless_since == 0) {
			w->restless_since = w->quiet_at;
		}
	}
}

/* Are hands still at work? */
static bool is_restless(struct watch *w)
{
	int64_t now = clock_monotonic_ms();

	if (now < w->quiet_at && now < w->restless_since + SETTLE_MAX_MS)
		return true;
	w->quiet_at = 0;
	w->restless_since = 0;
	return false;
}

int sqlite_watch(struct store *s, int timeout_ms, store_id *collection, struct err *e)
{
	struct db *db = (struct db *)s;
	struct watch *w = db->watch;
	int64_t deadline = clock_monotonic_ms() + timeout_ms;

	for (;;) {
		refresh(db);
		take_events(db);
		if (!is_restless(w) && take_note(w, collection))
			return 1;
		if (atomic_load(&w->ended) || clock_monotonic_ms() >= deadline)
			return 0;
		if (sleep_until(w, deadline, e) < 0)
			return -1;
	}
}

void sqlite_watch_end(struct store *s)
{
	struct watch *w = ((struct db *)s)->watch;

	atomic_store(&w->ended, true);
	wake(w);
}
