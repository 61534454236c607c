/*
 * The victim of tests/crash/run.py: a random load on a store that says on stdout what it is
 * about to do ("try") and what was acknowledged ("ok"), until it is killed.
 *
 *   crash_store FOLDER load SEED     until killed, or a few hundred changes are done
 *   crash_store FOLDER dump          recovers, flushes, prints everything and the check's findings
 *   crash_store FOLDER rebuild       makes the index anew
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/util.h"
#include "storage/store.h"

enum { THREADS = 4, CHANGES = 150, NAMES = 12, BODY_LONGEST = 6000 };

#define LONG_BLANK \
	"                                                                                            "

struct worker {
	struct store *s;
	store_id collection;
	unsigned number;
	uint64_t seed, random;
};

/* One write, so that lines of several threads stay whole and a kill cuts none that was said. */
__attribute__((format(printf, 1, 2)))
static void say(const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		exit(3);
}

__attribute__((noreturn))
static void give_up(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", what, e->text);
	exit(2);
}

static uint64_t next_random(struct worker *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % below;
}

static void fill_body(struct worker *w, const char *name, unsigned n, struct buf *out)
{
	buf_reset(out);
	buf_printf(out, "UID:%s\n%" PRIu64 " %u %u\n", name, w->seed, w->number, n);
	for (uint64_t left = next_random(w, BODY_LONGEST); left > 0; left--) {
		buf_addc(out, (char)('a' + left % 26));
	}
}

/* An event and its ledger entry: both or neither. */
static void change_object(struct worker *w, unsigned n, bool put)
{
	struct buf body cleanup_buf;
	char name[200], text[80], digest[DIGEST_SIZE];
	struct err e = {0};

	buf_init(&body, 2 * BODY_LONGEST);
	/* some names are so long in UTF-8 that their files have digests for names */
	uint64_t which = next_random(w, NAMES);
	const char *blanks = which % 4 == 0 ? LONG_BLANK : " ";
	snprintf(name, sizeof(name), "t%u%s%" PRIu64 ".ics", w->number, blanks, which);
	snprintf(text, sizeof(text), "{\"id\":\"%" PRIu64 "-%u-%u\"}", w->seed, w->number, n);
	fill_body(w, name, n, &body);
	digest_short(body.data, body.len, digest);
	struct change change = {.kind = put ? CHANGE_PUT : CHANGE_DELETE, .collection = w->collection,
		.name = name, .uid = name, .body = body.data, .body_len = body.len, .component = 1};
	struct ledger_row row = {.owner = "anna", .when = clock_now(), .incident = true, .kind = "k",
		.ref = "", .client = "", .uid = name, .text = text};
	struct commit commit = {.now = clock_now(), .change = &change, .changes = 1, .ledger = &row,
		.ledgers = 1};
	say("try\t%u\t%s\t%s\t%s\n", w->number, name, put ? digest : "-", text);
	if (store_commit(w->s, &commit, &e) < 0)
		give_up("commit", &e);
	say("ok\t%u\t%" PRIu64 "\n", w->number, change.seq);
}

static void change_property(struct worker *w, unsigned n)
{
	char name[16], xml[80];
	struct prop_row row = {"", "X:", name, xml};
	struct err e = {0};

	snprintf(name, sizeof(name), "p%u", w->number);
	snprintf(xml, sizeof(xml), "<p>%" PRIu64 "-%u</p>", w->seed, n);
	say("tryprop\t%u\t%s\t%s\n", w->number, name, xml);
	if (store_props_patch(w->s, w->collection, &row, 1, &e) < 0)
		give_up("props_patch", &e);
	say("ok\t%u\t0\n", w->number);
}

static void put_plain(struct worker *w, store_id collection, const char *name)
{
	struct buf body cleanup_buf;
	struct err e = {0};

	buf_init(&body, 1000);
	buf_printf(&body, "UID:%s\n", name);
	struct change change = {.kind = CHANGE_PUT, .collection = collection, .name = name, .uid = name,
		.body = body.data, .body_len = body.len, .component = 1};
	struct commit commit = {.now = clock_now(), .change = &change, .changes = 1};
	if (store_commit(w->s, &commit, &e) < 0)
		give_up("commit", &e);
}

/* A calendar comes and goes; nothing of it may stay. */
static void make_and_drop(struct worker *w, unsigned n)
{
	char name[64];
	struct collection c = {.owner = "anna", .name = name, .components = 1};
	struct err e = {0};
	store_id id;

	snprintf(name, sizeof(name), "drop-%" PRIu64 "-%u-%u", w->seed, w->number, n);
	if (store_collection_make(w->s, &c, NULL, 0, clock_now(), &id, &e) < 0)
		give_up("collection_make", &e);
	put_plain(w, id, "a.ics");
	put_plain(w, id, "b.ics");
	say("trydrop\t%u\t%s\n", w->number, name);
	if (store_commit(w->s, &(struct commit){.now = clock_now(), .drop = id}, &e) < 0)
		give_up("drop", &e);
	say("ok\t%u\t0\n", w->number);
}

/* An account comes and is closed; its files are kept aside. */
static void make_and_close(struct worker *w, unsigned n)
{
	char name[64];
	struct collection c = {.owner = name, .name = "w", .components = 1};
	struct err e = {0};
	store_id id;

	snprintf(name, sizeof(name), "gone-%" PRIu64 "-%u-%u", w->seed, w->number, n);
	if (store_account_put(w->s, &(struct account){.name = name, .password = "p"}, &e) < 0 ||
		store_collection_make(w->s, &c, NULL, 0, clock_now(), &id, &e) < 0)
		give_up("account", &e);
	put_plain(w, id, "kept.ics");
	say("tryclose\t%u\t%s\n", w->number, name);
	if (store_account_close(w->s, name, &e) < 0)
		give_up("account_close", &e);
	say("ok\t%u\t0\n", w->number);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned n = 0; n < CHANGES; n++) {
		uint64_t dice = next_random(w, 100);
		if (dice < 70) {
			change_object(w, n, true);
		} else if (dice < 85) {
			change_object(w, n, false);
		} else if (dice < 93) {
			change_property(w, n);
		} else if (dice < 97) {
			make_and_drop(w, n);
		} else {
			make_and_close(w, n);
		}
	}
	return NULL;
}

static struct store *open_store(const char *folder)
{
	const struct store_options o = {.mirror_delay_ms = 10, .tombstone_days = 365};
	struct err e = {0};
	struct store *s;

	if (store_open("sqlite", folder, &o, &s, &e) < 0)
		give_up("open", &e);
	return s;
}

static store_id open_calendar(struct store *s)
{
	struct arena *mem cleanup_arena = arena_create();
	struct collection c = {.owner = "anna", .name = "w", .components = 1};
	struct err e = {0};
	store_id id;

	if (store_collection(s, c.owner, c.name, mem, &c, &e) == 0)
		return c.id;
	if (store_account_put(s, &(struct account){.name = "anna", .password = "p"}, &e) < 0 ||
		store_collection_make(s, &c, NULL, 0, clock_now(), &id, &e) < 0)
		give_up("calendar", &e);
	return id;
}

static int load(const char *folder, uint64_t seed)
{
	struct worker worker[THREADS];
	pthread_t thread[THREADS];
	struct store *s = open_store(folder);
	store_id collection = open_calendar(s);

	say("start\n");
	for (unsigned i = 0; i < THREADS; i++) {
		worker[i] = (struct worker){s, collection, i, seed, seed * 1000003 + i * 7919 + 1};
		if (pthread_create(&thread[i], NULL, work, &worker[i]) != 0)
			return 2;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
	}
	store_close(s);
	say("end\n");
	return 0;
}

/* ---- what is left ---- */

static int note_name(const struct object *o, void *arg)
{
	buf_printf(arg, "%s\n", o->name);
	return 0;
}

static void dump_object(struct store *s, store_id c, const char *name)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf body cleanup_buf;
	struct err e = {0};
	struct object o;

	buf_init(&body, 1 << 20);
	if (store_body(s, c, name, mem, &o, &body, &e) < 0) {
		say("problem\tbody of %s: %s\n", name, e.text);
		return;
	}
	say("object\t%s\t%s\t%" PRIu64 "\n", name, o.digest, o.seq);
}

static int dump_prop(const struct prop_row *p, void *arg)
{
	say("prop\t%s\t%s\n", p->name, p->xml);
	return 0;
}

static int dump_entry(const struct ledger_row *l, void *arg)
{
	say("entry\t%" PRIu64 "\t%s\n", l->seq, l->text);
	return 0;
}

static int dump_account(const struct account *a, void *arg)
{
	say("account\t%s\t%d\n", a->name, a->removed);
	return 0;
}

static int dump_collection(const struct collection *c, void *arg)
{
	say("calendar\t%s\t%s\t%" PRIu64 "\n", c->owner, c->name, c->seq);
	return 0;
}

static int dump_problem(const char *line, void *arg)
{
	say("problem\t%s\n", line);
	return 0;
}

static int dump(const char *folder)
{
	struct arena *mem cleanup_arena = arena_create();
	struct buf names cleanup_buf;
	struct store *s = open_store(folder);
	struct store_counts counts;
	struct collection c;
	struct err e = {0};

	buf_init(&names, 1 << 20);
	if (store_flush(s, &e) < 0 || store_check(s, true, NULL, dump_problem, NULL, &counts, &e) < 0)
		give_up("flush", &e);
	if (counts.journal != 0) {
		say("problem\t%" PRIu64 " rows in the journal after a flush\n", counts.journal);
	}
	store_accounts(s, dump_account, NULL, &e);
	store_collections(s, NULL, dump_collection, NULL, &e);
	store_ledger(s, &(struct ledger_query){.owner = "anna"}, dump_entry, NULL, &e);
	if (store_collection(s, "anna", "w", mem, &c, &e) == 0) {
		store_props(s, c.id, NULL, dump_prop, NULL, &e);
		store_list(s, c.id, 0, INT64_MIN, INT64_MAX, note_name, &names, NULL, &e);
		char *rest = names.data;
		for (char *end; (end = strchr(rest, '\n')) != NULL; rest = end + 1) {
			*end = '\0';
			dump_object(s, c.id, rest);
		}
	}
	store_close(s);
	say("end\n");
	return 0;
}

static int parse(const char *body, size_t len, struct arena *mem, struct store_parsed *out,
	struct err *e)
{
	const char *end = memchr(body, '\n', len);

	if (!str_starts(body, "UID:") || end == NULL)
		return err_set(e, ERR_SYNTAX, "no UID");
	*out = (struct store_parsed){.uid = arena_strndup(mem, body + 4, (size_t)(end - body) - 4),
		.component = 1};
	return 0;
}

static int rebuild(const char *folder)
{
	struct store_counts counts;
	struct err e = {0};

	if (store_rebuild(folder, parse, dump_problem, NULL, &counts, &e) < 0)
		give_up("rebuild", &e);
	say("end\n");
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t seed;

	if (argc == 4 && strcmp(argv[2], "load") == 0 && parse_u64(argv[3], 1, UINT32_MAX, &seed) == 0)
		return load(argv[1], seed);
	if (argc == 3 && strcmp(argv[2], "dump") == 0)
		return dump(argv[1]);
	if (argc == 3 && strcmp(argv[2], "rebuild") == 0)
		return rebuild(argv[1]);
	fprintf(stderr, "usage: crash_store FOLDER load SEED | dump | rebuild\n");
	return 2;
}
