# The vectors of doc/policy.md, played by tools/check.
noinst_PROGRAMS += tests/policy/vectors
tests_policy_vectors_SOURCES = tests/policy/vectors.c tests/policy/vectors.h \
	tests/policy/vector_event.c tests/policy/vector_play.c tests/policy/vector_result.c \
	tests/policy/vector_settings.c tests/policy/late_host.c tests/policy/late_host.h \
	tests/policy/whole.c tests/policy/whole.h
tests_policy_vectors_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_policy_vectors_LDADD = $(policy_libs)

# A server with a clock that can be set, which it looks at more often, for tests. Never installed.
noinst_PROGRAMS += tests/policy/deditd_at
tests_policy_deditd_at_SOURCES = server/deditd.c server/tasks.c tests/policy/clock.c
tests_policy_deditd_at_CPPFLAGS = $(libserver_a_CPPFLAGS) -DTIMER_MS=200
tests_policy_deditd_at_LDADD = $(server_libs)
EXTRA_DIST += tests/policy/wire.py tests/trust/planted_module.c
