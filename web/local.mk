noinst_LIBRARIES += libweb.a
libweb_a_SOURCES = \
	web/appointment.c \
	web/backups.c \
	web/backups.h \
	web/calendar_head.c \
	web/console/console.h \
	web/dispatch.c \
	web/fee_note.c \
	web/feed.c \
	web/form.c \
	web/form.h \
	web/health.c \
	web/html.c \
	web/html.h \
	web/page.h \
	web/imports.c \
	web/imports.h \
	web/policy_page.c \
	web/profile.c \
	web/profile.h \
	web/reach.c \
	web/reach.h \
	web/signed.c \
	web/signed.h \
	web/timezones.c \
	web/web.h
libweb_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
web_libs = libweb.a $(xml_libs) $(http_libs)

if CONSOLE
libweb_a_SOURCES += \
	web/console/access.c \
	web/console/account.c \
	web/console/accounts.c \
	web/console/api.c \
	web/console/api.h \
	web/console/calendars.c \
	web/console/decisions.c \
	web/console/delegates.c \
	web/console/events.c \
	web/console/fees.c \
	web/console/files.c \
	web/console/imports.c \
	web/console/openapi.c \
	web/console/people.c \
	web/console/policies.c \
	web/console/reports.c \
	web/console/server.c \
	web/console/session.c \
	web/console/table.c

# The interface's description, compiled in, as schema_sql.h is made.
BUILT_SOURCES += openapi_json.h
CLEANFILES += openapi_json.h openapi_json.h.new
web/console/libweb_a-openapi.$(OBJEXT): openapi_json.h
openapi_json.h: web/openapi.json
	$(AM_V_GEN){ \
	echo '/* Made of web/openapi.json. */'; \
	echo 'static const char openapi_json[] ='; \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/	"&\\n"/' $(srcdir)/web/openapi.json; \
	echo '	"";'; } >$@.new && mv $@.new $@

check_PROGRAMS += tests/unit/test_console_api
tests_unit_test_console_api_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_console_api_LDADD = $(web_libs) $(CMOCKA_LIBS)
endif
EXTRA_DIST += web/openapi.json

check_PROGRAMS += tests/unit/test_form tests/unit/test_html tests/unit/test_web
tests_unit_test_form_LDADD = $(web_libs) $(CMOCKA_LIBS)
tests_unit_test_html_LDADD = $(web_libs) $(CMOCKA_LIBS)
tests_unit_test_web_LDADD = $(web_libs) $(CMOCKA_LIBS)
