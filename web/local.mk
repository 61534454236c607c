noinst_LIBRARIES += libweb.a
libweb_a_SOURCES = \
	web/calendar_head.c \
	web/dispatch.c \
	web/feed.c \
	web/health.c \
	web/page.h \
	web/timezones.c \
	web/web.h
libweb_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
web_libs = libweb.a $(xml_libs) $(http_libs)

check_PROGRAMS += tests/unit/test_web
tests_unit_test_web_LDADD = $(web_libs) $(CMOCKA_LIBS)
