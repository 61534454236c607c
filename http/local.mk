noinst_LIBRARIES += libhttp.a
libhttp_a_SOURCES = \
	http/calendar_file.c \
	http/calendar_file.h \
	http/etag.c \
	http/etag.h \
	http/feed_link.c \
	http/feed_link.h \
	http/form.c \
	http/form.h \
	http/origin.c \
	http/origin.h \
	http/refused.c \
	http/refused.h \
	http/request.c \
	http/request.h \
	http/response.c \
	http/session.c \
	http/session.h \
	http/token.c \
	http/token.h
libhttp_a_CPPFLAGS = $(AM_CPPFLAGS)
http_libs = libhttp.a $(policy_libs)

check_PROGRAMS += tests/unit/test_http tests/unit/test_refused tests/unit/test_session
tests_unit_test_http_LDADD = libhttp.a $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_refused_LDADD = libhttp.a $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_session_LDADD = libhttp.a $(base_libs) $(CMOCKA_LIBS)
