#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "server/reaper.h"

enum { HEADER_MS = 100, IDLE_MS = 200, RATE = 1000 };

struct fixture { struct reaper *reaper; struct peer *peer; int fd[2]; };

static int setup(void **state)
{
	static struct fixture f;
	struct err e;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, f.fd) != 0 ||
		reaper_create(&(struct reaper_rule){ HEADER_MS, IDLE_MS, RATE }, &f.reaper, &e) != 0)
		return -1;
	f.peer = reaper_add(f.reaper, NULL, f.fd[0], true);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	reaper_remove(f->reaper, f->peer);
	reaper_destroy(f->reaper);
	close(f->fd[0]);
	close(f->fd[1]);
	return 0;
}

/* Until the other end sees the connection ended; limit_ms: it is alive. */
static int64_t cut_after(struct fixture *f, int64_t limit_ms)
{
	int64_t began = clock_monotonic_ms();
	char c;

	while (clock_monotonic_ms() - began < limit_ms) {
		if (recv(f->fd[1], &c, 1, MSG_DONTWAIT) == 0)
			return clock_monotonic_ms() - began;
		usleep(5000);
	}
	return limit_ms;
}

static void test_headers_have_a_deadline(void **state)
{
	int64_t ms = cut_after(*state, 5000);

	assert_in_range(ms, HEADER_MS / 2, 4000);
}

static void test_work_has_none(void **state)
{
	struct fixture *f = *state;

	reaper_phase(f->reaper, f->peer, PEER_WORK, 0);
	assert_int_equal(cut_after(f, 500), 500);
	reaper_phase(f->reaper, f->peer, PEER_IDLE, 0);
	assert_in_range(cut_after(f, 5000), IDLE_MS, 4000);
}

static void test_progress_gives_time(void **state)
{
	struct fixture *f = *state;

	reaper_phase(f->reaper, f->peer, PEER_BODY, 0);
	reaper_progress(f->reaper, f->peer, RATE);
	assert_in_range(cut_after(f, 5000), 1000, 4000);
}

static void test_the_clock_stands_while_it_is_our_turn(void **state)
{
	struct fixture *f = *state;

	reaper_phase(f->reaper, f->peer, PEER_SEND, 0);
	reaper_hold(f->reaper, f->peer);
	assert_int_equal(cut_after(f, 500), 500);
	reaper_release(f->reaper, f->peer);
	assert_in_range(cut_after(f, 5000), HEADER_MS / 2, 4000);
}

/* Two may be there. */
struct pair { struct crowd crowd; int fd[4][2]; struct peer *peer[4]; };

static void pair_add(struct fixture *f, struct pair *p, size_t i)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p->fd[i]), 0);
	p->peer[i] = reaper_add(f->reaper, &p->crowd, p->fd[i][0], true);
}

static bool is_cut(const struct pair *p, size_t i)
{
	char c;

	return recv(p->fd[i][1], &c, 1, MSG_DONTWAIT) == 0;
}

static void pair_end(struct fixture *f, struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		reaper_remove(f->reaper, p->peer[i]);
		close(p->fd[i][0]);
		close(p->fd[i][1]);
	}
	assert_int_equal(p->crowd.open, 0);
	assert_int_equal(p->crowd.ending, 0);
}

static void test_the_longest_idle_makes_room(void **state)
{
	struct fixture *f = *state;
	struct pair p = { .crowd.limit = 2 };

	pair_add(f, &p, 0);
	reaper_phase(f->reaper, p.peer[0], PEER_IDLE, 0);
	usleep(5000);
	pair_add(f, &p, 1);
	reaper_phase(f->reaper, p.peer[1], PEER_IDLE, 0);
	pair_add(f, &p, 2);
	assert_true(is_cut(&p, 0));
	assert_false(is_cut(&p, 1));
	assert_false(peer_turned_away(p.peer[2]));
	pair_end(f, &p, 3);
}

static void test_who_works_keeps_the_place(void **state)
{
	struct fixture *f = *state;
	struct pair p = { .crowd.limit = 2 };

	pair_add(f, &p, 0);
	reaper_phase(f->reaper, p.peer[0], PEER_WORK, 0);
	pair_add(f, &p, 1);
	reaper_phase(f->reaper, p.peer[1], PEER_SEND, 1 << 20);
	pair_add(f, &p, 2);
	assert_true(peer_turned_away(p.peer[2]));
	assert_false(is_cut(&p, 0) || is_cut(&p, 1));
	reaper_phase(f->reaper, p.peer[0], PEER_IDLE, 0);
	pair_add(f, &p, 3);
	assert_false(peer_turned_away(p.peer[3]));
	assert_true(is_cut(&p, 0));
	pair_end(f, &p, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_headers_have_a_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_work_has_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_progress_gives_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_clock_stands_while_it_is_our_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_longest_idle_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_works_keeps_the_place, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
