/* Events that can't be read: replaced and removed, unless the disk may give them later. */
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "storage/backend.h"
#include "event_fixture.h"

static const struct store_ops *intact;

static int broken_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	if (intact->body(s, collection, name, mem, out, body, e))
		return -1;
	buf_reset(body);
	return err_set(e, ERR_BROKEN, "%s was changed by another hand", name);
}

static int same_etag(const struct object *there, void *arg, struct err *e)
{
	return there && strcmp(there->etag, arg) == 0 ? 0 : err_set(e, ERR_CHANGED, "If-Match");
}

/* In or out of a policy: replaced under its ETag, then removed. */
static void check_broken(struct fixture *f, const struct collection *calendar)
{
	struct event_where where = { calendar, "a.ics" };
	const char *body = marie(f, "LOCATION:Lyon\r\n");
	struct event_request rq = request(f);
	struct store_ops ops;

	assert_int_equal(try_put(f, calendar, "a.ics", marie(f, "")), 0);
	rq.precondition = same_etag;
	rq.arg = arena_strdup(f->mem, f->result.etag);
	intact = f->store->ops;
	ops = *intact;
	ops.body = broken_body;
	f->store->ops = &ops;
	assert_int_equal(try_move(f, calendar, "a.ics", &f->other, "m.ics", true), -1);
	assert_int_equal(f->e.code, ERR_BROKEN);
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), 0);
	assert_false(f->result.created);
	assert_int_equal(event_put(&rq, &where, body, strlen(body), &f->result, &f->e), -1);
	assert_int_equal(f->e.code, ERR_CHANGED);
	f->store->ops = intact;
	assert_non_null(strstr(stored(f, calendar, "a.ics"), "Lyon"));
	f->store->ops = &ops;
	assert_int_equal(try_put(f, calendar, "a.ics", body), 0);
	assert_false(f->result.unchanged); /* the same bytes mend the file */
	assert_int_equal(try_delete(f, calendar, "a.ics"), 0);
	f->store->ops = intact;
	assert_null(stored(f, calendar, "a.ics"));
	assert_int_equal(fees(f).count, 0);
}

static void test_broken_objects(void **state)
{
	struct fixture *f = *state;

	check_broken(f, &f->home);
	check_broken(f, &f->work);
}

static int withheld_body(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	return err_set(e, ERR_DEVICE, "read %s: Input/output error", name);
}

/* What the disk may give later is not for nothing meanwhile: a late cancellation would cost nothing. */
static void test_withheld_objects(void **state)
{
	struct fixture *f = *state;
	struct store_ops ops;

	assert_int_equal(try_put(f, &f->work, "a.ics", marie(f, "")), 0);
	intact = f->store->ops;
	ops = *intact;
	ops.body = withheld_body;
	f->store->ops = &ops;
	assert_int_equal(try_delete(f, &f->work, "a.ics"), -1);
	assert_int_equal(f->e.code, ERR_DEVICE);
	assert_int_equal(try_put(f, &f->work, "a.ics", marie(f, "STATUS:CANCELLED\r\n")), -1);
	assert_int_equal(f->e.code, ERR_DEVICE);
	f->store->ops = intact;
	assert_null(strstr(stored(f, &f->work, "a.ics"), "CANCELLED"));
}

/* ---- what stands beside the event ---- */

static int withheld_collection(struct store *s, const char *owner, const char *name, struct arena *mem,
	struct collection *out, struct err *e)
{
	if (strcmp(name, "other") == 0)
		return err_set(e, ERR_BUSY, "locked");
	return intact->collection(s, owner, name, mem, out, e);
}

static int withheld_account(struct store *s, const char *name, struct arena *mem, struct account *out,
	struct err *e)
{
	return err_set(e, ERR_BUSY, "locked");
}

static int withheld_accounts(struct store *s, account_fn visit, void *arg, struct err *e)
{
	return err_set(e, ERR_BUSY, "locked");
}

static int withheld_ledger(struct store *s, const struct ledger_query *q, ledger_fn visit, void *arg,
	struct err *e)
{
	return err_set(e, ERR_BUSY, "locked");
}

/* Nothing is decided by half of what has to be known, and nothing of it is lost. */
static void test_withheld_surroundings(void **state)
{
	struct fixture *f = *state;
	struct event_request rq;
	struct store_ops ops;
	bool changed;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	rq = request(f);
	intact = f->store->ops;
	ops = *intact;
	f->store->ops = &ops;

	/* it may stand there as well (15.26): then this is a move */
	ops.collection = withheld_collection;
	assert_int_equal(try_delete(f, &f->work, "a.ics"), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	assert_int_equal(event_delete_calendar(&rq, &f->work, &f->result, &f->e), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	assert_int_equal(try_put(f, &f->work, "b.ics", stored(f, &f->work, "a.ics")), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	ops.collection = intact->collection;

	/* the owner would be taken for a client */
	ops.account = withheld_account;
	assert_int_equal(try_put(f, &f->work, "a.ics", marie(f, "STATUS:CANCELLED\r\n")), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	ops.account = intact->account;

	/* an attendee with an account would be taken for one who can't answer */
	ops.accounts = withheld_accounts;
	assert_int_equal(try_put(f, &f->work, "g.ics", event(f, "g", "Yoga 20€", START,
		"ORGANIZER:mailto:anna@example.com\r\nATTENDEE:mailto:eva@example.com\r\n"
		"ATTENDEE:mailto:leo@example.com\r\n")), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	ops.accounts = intact->accounts;

	ops.ledger = withheld_ledger;
	assert_int_equal(event_say(&rq, "K7M2Q", "waive", &changed, &f->e), -1);
	assert_int_equal(f->e.code, ERR_BUSY);
	ops.ledger = intact->ledger;
	assert_int_equal(event_say(&rq, "K7M2Q", "waive", &changed, &f->e), -1);
	assert_int_equal(f->e.code, ERR_NOT_FOUND);

	assert_int_equal(owed(f), 0);
	assert_null(strstr(stored(f, &f->work, "a.ics"), "CANCELLED"));
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 8000);
	f->store->ops = intact;
}

static int broken_other(struct store *s, store_id collection, const char *name, struct arena *mem,
	struct object *out, struct buf *body, struct err *e)
{
	if (strcmp(name, "twin.ics") == 0)
		return broken_body(s, collection, name, mem, out, body, e);
	return intact->body(s, collection, name, mem, out, body, e);
}

/* An event that was moved by a PUT there isn't cancelled here because the file there is damaged (15.26). */
static void test_broken_twin(void **state)
{
	struct fixture *f = *state;
	struct store_ops ops;

	put(f, "a.ics", marie(f, ""));
	f->now = at("2026-06-10T05:00:00Z");
	assert_int_equal(try_put(f, &f->other, "twin.ics", stored(f, &f->work, "a.ics")), 0);
	intact = f->store->ops;
	ops = *intact;
	ops.body = broken_other;
	f->store->ops = &ops;
	assert_int_equal(try_delete(f, &f->work, "a.ics"), 0);
	assert_int_equal(owed(f), 0);
	f->store->ops = intact;
	assert_int_equal(try_delete(f, &f->other, "twin.ics"), 0);
	assert_int_equal(owed(f), 8000);
}

/* ---- what stands on disk already ---- */

static const struct store_found *rests_on;

static int watched_commit(struct store *s, struct commit *c, struct err *e)
{
	rests_on = c->changes == 1 ? c->change[0].found : NULL;
	return intact->commit(s, c, e);
}

/* Each change that comes from a file rests on it, whatever the policy makes of it: annotated, refused,
 * refused in the same words again. */
static void test_found_on_disk(void **state)
{
	struct fixture *f = *state;
	struct event_request rq = request(f);
	struct store_found found = { .name = "a.ics" };
	struct event_where at_home = { &f->home, found.name }, at_work = { &f->work, found.name };
	const char *plain = event(f, "n", "Marie 80€", START, "");
	const char *later = event(f, "n", "no way", "20260611T080000Z", "");
	const char *const bodies[] = { plain, later, later };
	struct store_ops ops;

	rq.actor.external = true;
	rq.found = &found;
	intact = f->store->ops;
	ops = *intact;
	ops.commit = watched_commit;
	f->store->ops = &ops;
	found.collection = f->home.id;
	assert_int_equal(event_put(&rq, &at_home, plain, strlen(plain), &f->result, &f->e), 0);
	assert_ptr_equal(rests_on, &found);
	assert_int_equal(event_delete(&rq, &at_home, &f->result, &f->e), 0);
	assert_ptr_equal(rests_on, &found);
	found.collection = f->work.id;
	for (size_t n = 0; n < ARRAY_SIZE(bodies); n++) {
		rests_on = NULL;
		assert_int_equal(event_put(&rq, &at_work, bodies[n], strlen(bodies[n]), &f->result, &f->e), 0);
		assert_int_equal(f->result.denied, n > 0);
		assert_ptr_equal(rests_on, &found);
	}
	/* another object, and somebody's change, rest on none */
	found.name = "b.ics";
	assert_int_equal(event_put(&rq, &at_work, plain, strlen(plain), &f->result, &f->e), 0);
	assert_null(rests_on);
	f->store->ops = intact;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(setup_module, test_broken_objects),
		WITH(setup_module, test_withheld_objects),
		WITH(setup_module, test_withheld_surroundings),
		WITH(setup_module, test_broken_twin),
		WITH(setup_module, test_found_on_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
