# With --enable-fuzzers (clang) these are libFuzzer's programs, made by `make all` and run by tools/fuzz or by hand:
#	tests/fuzz/fuzz_xml tests/fuzz/corpus/xml
# Otherwise `make check` runs each over its corpus.
fuzz_targets = \
	tests/fuzz/fuzz_apply \
	tests/fuzz/fuzz_body \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_dav \
	tests/fuzz/fuzz_diff \
	tests/fuzz/fuzz_escape \
	tests/fuzz/fuzz_feed \
	tests/fuzz/fuzz_head \
	tests/fuzz/fuzz_headers \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_ical \
	tests/fuzz/fuzz_if \
	tests/fuzz/fuzz_ledger \
	tests/fuzz/fuzz_path \
	tests/fuzz/fuzz_policy \
	tests/fuzz/fuzz_props \
	tests/fuzz/fuzz_recur \
	tests/fuzz/fuzz_render \
	tests/fuzz/fuzz_settings \
	tests/fuzz/fuzz_split \
	tests/fuzz/fuzz_token \
	tests/fuzz/fuzz_web \
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
fuzz_common = tests/fuzz/fuzz.h $(fuzz_main)
fuzz_dav = tests/fuzz/dav_server.c tests/fuzz/dav_server.h $(fuzz_common)

tests_fuzz_fuzz_apply_SOURCES = tests/fuzz/fuzz_apply.c $(fuzz_common)
tests_fuzz_fuzz_apply_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_apply_LDADD = $(policy_libs)
tests_fuzz_fuzz_body_SOURCES = tests/fuzz/fuzz_body.c $(fuzz_dav)
tests_fuzz_fuzz_body_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_body_LDADD = $(caldav_libs)
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(fuzz_common)
tests_fuzz_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_conf_LDADD = $(base_libs)
tests_fuzz_fuzz_dav_SOURCES = tests/fuzz/fuzz_dav.c $(fuzz_dav)
tests_fuzz_fuzz_dav_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dav_LDADD = $(caldav_libs)
tests_fuzz_fuzz_diff_SOURCES = tests/fuzz/fuzz_diff.c $(fuzz_common)
tests_fuzz_fuzz_diff_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_diff_LDADD = $(ical_libs)
tests_fuzz_fuzz_escape_SOURCES = tests/fuzz/fuzz_escape.c $(fuzz_common)
tests_fuzz_fuzz_escape_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_escape_LDADD = libweb.a $(caldav_libs)
tests_fuzz_fuzz_feed_SOURCES = tests/fuzz/fuzz_feed.c $(fuzz_dav)
tests_fuzz_fuzz_feed_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_feed_LDADD = libweb.a $(caldav_libs)
tests_fuzz_fuzz_head_SOURCES = tests/fuzz/fuzz_head.c $(fuzz_common)
tests_fuzz_fuzz_head_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_head_LDADD = $(server_libs)
tests_fuzz_fuzz_headers_SOURCES = tests/fuzz/fuzz_headers.c $(fuzz_dav)
tests_fuzz_fuzz_headers_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_headers_LDADD = $(caldav_libs)
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(fuzz_common)
tests_fuzz_fuzz_http_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_http_LDADD = libhttp.a $(base_libs)
tests_fuzz_fuzz_ical_SOURCES = tests/fuzz/fuzz_ical.c $(fuzz_common)
tests_fuzz_fuzz_ical_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_ical_LDADD = $(ical_libs)
tests_fuzz_fuzz_if_SOURCES = tests/fuzz/fuzz_if.c $(fuzz_dav)
tests_fuzz_fuzz_if_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_if_LDADD = $(caldav_libs)
tests_fuzz_fuzz_ledger_SOURCES = tests/fuzz/fuzz_ledger.c $(fuzz_common)
tests_fuzz_fuzz_ledger_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_ledger_LDADD = $(policy_libs)
tests_fuzz_fuzz_path_SOURCES = tests/fuzz/fuzz_path.c $(fuzz_dav)
tests_fuzz_fuzz_path_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_path_LDADD = $(caldav_libs)
tests_fuzz_fuzz_policy_SOURCES = tests/fuzz/fuzz_policy.c $(fuzz_dav)
tests_fuzz_fuzz_policy_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_policy_LDADD = $(caldav_libs)
tests_fuzz_fuzz_props_SOURCES = tests/fuzz/fuzz_props.c $(fuzz_common)
tests_fuzz_fuzz_props_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_props_LDADD = $(storage_libs)
tests_fuzz_fuzz_recur_SOURCES = tests/fuzz/fuzz_recur.c $(fuzz_common)
tests_fuzz_fuzz_recur_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_recur_LDADD = $(ical_libs)
tests_fuzz_fuzz_render_SOURCES = tests/fuzz/fuzz_render.c $(fuzz_common)
tests_fuzz_fuzz_render_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_render_LDADD = $(ical_libs)
tests_fuzz_fuzz_settings_SOURCES = tests/fuzz/fuzz_settings.c $(fuzz_common)
tests_fuzz_fuzz_settings_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_settings_LDADD = $(server_libs)
tests_fuzz_fuzz_split_SOURCES = tests/fuzz/fuzz_split.c $(fuzz_common)
tests_fuzz_fuzz_split_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_split_LDADD = $(ical_libs)
tests_fuzz_fuzz_token_SOURCES = tests/fuzz/fuzz_token.c $(fuzz_dav)
tests_fuzz_fuzz_token_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_token_LDADD = $(caldav_libs)
tests_fuzz_fuzz_web_SOURCES = tests/fuzz/fuzz_web.c $(fuzz_dav)
tests_fuzz_fuzz_web_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_web_LDADD = libweb.a $(caldav_libs)
tests_fuzz_fuzz_words_SOURCES = tests/fuzz/fuzz_words.c $(fuzz_common)
tests_fuzz_fuzz_words_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_words_LDADD = $(policy_libs)
tests_fuzz_fuzz_xml_SOURCES = tests/fuzz/fuzz_xml.c $(fuzz_common)
tests_fuzz_fuzz_xml_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_xml_LDADD = $(xml_libs)
