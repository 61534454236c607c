# The vectors of doc/policy.md, played by tools/check.
noinst_PROGRAMS += tests/policy/vectors
tests_policy_vectors_SOURCES = tests/policy/vectors.c tests/policy/late_host.c tests/policy/late_host.h \
	tests/policy/whole.c tests/policy/whole.h
tests_policy_vectors_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_policy_vectors_LDADD = $(policy_libs)
