# With --enable-fuzzers (clang) these are libFuzzer's programs, made by `make all` and run by hand:
#	tests/fuzz/fuzz_xml tests/fuzz/corpus/xml
# Otherwise `make check` runs each over its corpus.
fuzz_targets = \
	tests/fuzz/fuzz_apply \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_dav \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_ical \
	tests/fuzz/fuzz_if \
	tests/fuzz/fuzz_props \
	tests/fuzz/fuzz_recur \
	tests/fuzz/fuzz_words \
	tests/fuzz/fuzz_xml

if FUZZERS
noinst_PROGRAMS += $(fuzz_targets)
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_PROGRAMS += $(fuzz_targets)
fuzz_main = tests/fuzz/replay.c
fuzz_ldflags = $(AM_LDFLAGS)
endif

tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(fuzz_main)
tests_fuzz_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_conf_LDADD = $(base_libs)
tests_fuzz_fuzz_dav_SOURCES = tests/fuzz/fuzz_dav.c tests/fuzz/dav_server.c tests/fuzz/dav_server.h \
	$(fuzz_main)
tests_fuzz_fuzz_dav_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dav_LDADD = $(caldav_libs)
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(fuzz_main)
tests_fuzz_fuzz_http_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_http_LDADD = libhttp.a $(base_libs)
tests_fuzz_fuzz_ical_SOURCES = tests/fuzz/fuzz_ical.c $(fuzz_main)
tests_fuzz_fuzz_ical_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_ical_LDADD = $(ical_libs)
tests_fuzz_fuzz_if_SOURCES = tests/fuzz/fuzz_if.c tests/fuzz/dav_server.c tests/fuzz/dav_server.h \
	$(fuzz_main)
tests_fuzz_fuzz_if_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_if_LDADD = $(caldav_libs)
tests_fuzz_fuzz_recur_SOURCES = tests/fuzz/fuzz_recur.c $(fuzz_main)
tests_fuzz_fuzz_recur_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_recur_LDADD = $(ical_libs)
tests_fuzz_fuzz_xml_SOURCES = tests/fuzz/fuzz_xml.c $(fuzz_main)
tests_fuzz_fuzz_xml_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_xml_LDADD = $(xml_libs)
tests_fuzz_fuzz_apply_SOURCES = tests/fuzz/fuzz_apply.c $(fuzz_main)
tests_fuzz_fuzz_apply_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_apply_LDADD = $(policy_libs)
tests_fuzz_fuzz_props_SOURCES = tests/fuzz/fuzz_props.c $(fuzz_main)
tests_fuzz_fuzz_props_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_props_LDADD = $(storage_libs)
tests_fuzz_fuzz_words_SOURCES = tests/fuzz/fuzz_words.c $(fuzz_main)
tests_fuzz_fuzz_words_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_words_LDADD = $(policy_libs)
