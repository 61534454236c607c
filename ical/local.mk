noinst_LIBRARIES += libical_dedit.a
libical_dedit_a_SOURCES = \
	ical/availability.c \
	ical/bounds.c \
	ical/casefold.c ical/casefold.h \
	ical/conceal.c \
	ical/diff.c \
	ical/edit.c \
	ical/expand.c \
	ical/filter.c \
	ical/freebusy.c \
	ical/ical.h \
	ical/internal.h \
	ical/lines.c \
	ical/merge.c \
	ical/parse.c \
	ical/plan.c ical/plan.h \
	ical/range.c ical/range.h \
	ical/recur.c ical/recur.h \
	ical/render.c \
	ical/rule.c \
	ical/scan.c ical/scan.h \
	ical/series.c ical/series.h \
	ical/split.c ical/split.h \
	ical/tzif.c \
	ical/valid.c \
	ical/value.c \
	ical/vtimezone.c \
	ical/wall.c \
	ical/within.c \
	ical/zone.c ical/zone.h \
	ical/zone_text.c \
	ical/zone_use.c \
	ical/zonetab.h
libical_dedit_a_CPPFLAGS = $(AM_CPPFLAGS)
ical_libs = libical_dedit.a $(base_libs)

check_PROGRAMS += \
	tests/unit/test_availability \
	tests/unit/test_bounds \
	tests/unit/test_diff \
	tests/unit/test_expand \
	tests/unit/test_ical_conceal \
	tests/unit/test_ical_edit \
	tests/unit/test_ical_filter \
	tests/unit/test_ical_index \
	tests/unit/test_ical_merge \
	tests/unit/test_ical_render \
	tests/unit/test_ical_scan \
	tests/unit/test_ical_split \
	tests/unit/test_ical_valid \
	tests/unit/test_ical_value \
	tests/unit/test_ical_within \
	tests/unit/test_libical_opinion \
	tests/unit/test_recur \
	tests/unit/test_zone \
	tests/unit/test_zone_text \
	tests/unit/test_zone_use
tests_unit_test_availability_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_bounds_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_diff_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_expand_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_conceal_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_edit_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_filter_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_index_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_merge_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_render_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_scan_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_split_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_valid_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_value_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_ical_within_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_libical_opinion_CPPFLAGS = $(AM_CPPFLAGS) $(LIBICAL_CFLAGS)
tests_unit_test_libical_opinion_LDADD = $(ical_libs) $(LIBICAL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_recur_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_zone_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_zone_use_LDADD = $(ical_libs) $(CMOCKA_LIBS)
tests_unit_test_zone_text_LDADD = $(ical_libs) $(CMOCKA_LIBS)

# No test by itself: what tests/recur/compare.py asks.
noinst_PROGRAMS += tests/recur/expand_cli
tests_recur_expand_cli_LDADD = $(ical_libs)
EXTRA_DIST += tests/recur/compare.py
noinst_HEADERS += tests/unit/ical_text.h tests/unit/zones.h
