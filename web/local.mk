noinst_LIBRARIES += libweb.a
libweb_a_SOURCES = \
	web/calendar_head.c \
	web/dispatch.c \
	web/fee_note.c \
	web/feed.c \
	web/health.c \
	web/html.c \
	web/html.h \
	web/page.h \
	web/policy_page.c \
	web/timezones.c \
	web/web.h
libweb_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
web_libs = libweb.a $(xml_libs) $(http_libs)

check_PROGRAMS += tests/unit/test_html tests/unit/test_web
tests_unit_test_html_LDADD = $(web_libs) $(CMOCKA_LIBS)
tests_unit_test_web_LDADD = $(web_libs) $(CMOCKA_LIBS)
