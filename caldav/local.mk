noinst_LIBRARIES += libcaldav.a
libcaldav_a_SOURCES = \
	caldav/access.c \
	caldav/acl.c \
	caldav/acl.h \
	caldav/busy_set.c \
	caldav/busy_set.h \
	caldav/caldav.h \
	caldav/calendar_data.c \
	caldav/dav.c \
	caldav/dav.h \
	caldav/delete.c \
	caldav/dispatch.c \
	caldav/error.c \
	caldav/error.h \
	caldav/get.c \
	caldav/get_calendar.c \
	caldav/mkcalendar.c \
	caldav/move.c \
	caldav/multistatus.c \
	caldav/options.c \
	caldav/post.c \
	caldav/precond.c \
	caldav/prefer.c \
	caldav/principal.c \
	caldav/principal.h \
	caldav/prop.c \
	caldav/prop.h \
	caldav/prop_change.c \
	caldav/propfind.c \
	caldav/proppatch.c \
	caldav/props_acl.c \
	caldav/props_apple.c \
	caldav/props_caldav.c \
	caldav/props_dav.c \
	caldav/props_zone.c \
	caldav/publish.c \
	caldav/publish.h \
	caldav/put.c \
	caldav/query_xml.c \
	caldav/query_xml.h \
	caldav/report.c \
	caldav/report_expand.c \
	caldav/report_freebusy.c \
	caldav/report_multiget.c \
	caldav/report_principal.c \
	caldav/report_query.c \
	caldav/report_sync.c \
	caldav/reports.c \
	caldav/reports.h \
	caldav/resource.c \
	caldav/sync_token.c
libcaldav_a_CPPFLAGS = $(AM_CPPFLAGS)
caldav_libs = libcaldav.a $(xml_libs) $(http_libs)

check_PROGRAMS += \
	tests/unit/test_dav_access \
	tests/unit/test_dav_bad_input \
	tests/unit/test_dav_copy_move \
	tests/unit/test_dav_mkcalendar \
	tests/unit/test_dav_policy \
	tests/unit/test_dav_precond \
	tests/unit/test_dav_propfind \
	tests/unit/test_dav_proppatch \
	tests/unit/test_dav_put_get_delete \
	tests/unit/test_dav_resource \
	tests/unit/test_dav_tables \
	tests/unit/test_report_freebusy \
	tests/unit/test_report_multiget \
	tests/unit/test_report_query \
	tests/unit/test_report_sync
dav_harness = tests/unit/dav_harness.c tests/unit/dav_harness.h
dav_test_libs = $(caldav_libs) $(CMOCKA_LIBS)
tests_unit_test_dav_access_SOURCES = tests/unit/test_dav_access.c $(dav_harness)
tests_unit_test_dav_access_LDADD = $(dav_test_libs)
tests_unit_test_dav_bad_input_SOURCES = tests/unit/test_dav_bad_input.c $(dav_harness)
tests_unit_test_dav_bad_input_LDADD = $(dav_test_libs)
tests_unit_test_dav_copy_move_SOURCES = tests/unit/test_dav_copy_move.c $(dav_harness)
tests_unit_test_dav_copy_move_LDADD = $(dav_test_libs)
tests_unit_test_dav_mkcalendar_SOURCES = tests/unit/test_dav_mkcalendar.c $(dav_harness)
tests_unit_test_dav_mkcalendar_LDADD = $(dav_test_libs)
tests_unit_test_dav_policy_SOURCES = tests/unit/test_dav_policy.c $(dav_harness)
tests_unit_test_dav_policy_LDADD = $(dav_test_libs)
tests_unit_test_dav_precond_SOURCES = tests/unit/test_dav_precond.c $(dav_harness)
tests_unit_test_dav_precond_LDADD = $(dav_test_libs)
tests_unit_test_dav_propfind_SOURCES = tests/unit/test_dav_propfind.c $(dav_harness)
tests_unit_test_dav_propfind_LDADD = $(dav_test_libs)
tests_unit_test_dav_proppatch_SOURCES = tests/unit/test_dav_proppatch.c $(dav_harness)
tests_unit_test_dav_proppatch_LDADD = $(dav_test_libs)
tests_unit_test_dav_put_get_delete_SOURCES = tests/unit/test_dav_put_get_delete.c $(dav_harness)
tests_unit_test_dav_put_get_delete_LDADD = $(dav_test_libs)
tests_unit_test_dav_resource_SOURCES = tests/unit/test_dav_resource.c $(dav_harness)
tests_unit_test_dav_resource_LDADD = $(dav_test_libs)
tests_unit_test_dav_tables_SOURCES = tests/unit/test_dav_tables.c $(dav_harness)
tests_unit_test_dav_tables_LDADD = $(dav_test_libs)
tests_unit_test_report_freebusy_SOURCES = tests/unit/test_report_freebusy.c $(dav_harness)
tests_unit_test_report_freebusy_LDADD = $(dav_test_libs)
tests_unit_test_report_multiget_SOURCES = tests/unit/test_report_multiget.c $(dav_harness)
tests_unit_test_report_multiget_LDADD = $(dav_test_libs)
tests_unit_test_report_query_SOURCES = tests/unit/test_report_query.c $(dav_harness)
tests_unit_test_report_query_LDADD = $(dav_test_libs)
tests_unit_test_report_sync_SOURCES = tests/unit/test_report_sync.c $(dav_harness)
tests_unit_test_report_sync_LDADD = $(dav_test_libs)
