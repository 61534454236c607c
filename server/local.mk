noinst_LIBRARIES += libserver.a
libserver_a_SOURCES = \
	server/access_log.c \
	server/access_log.h \
	server/admin.c \
	server/admin.h \
	server/admin_demo.c \
	server/admin_feed.c \
	server/admin_dns.c \
	server/admin_fee.c \
	server/admin_fees.c \
	server/admin_fees_export.c \
	server/admin_ledger.c \
	server/admin_policy.c \
	server/admin_profile.c \
	server/admin_import.c \
	server/admin_report.c \
	server/admin_store.c \
	server/admin_user.c \
	server/acquire.c \
	server/acquire.h \
	server/adopt.c \
	server/adopt.h \
	server/auth.c \
	server/auth.h \
	server/brake.c \
	server/brake.h \
	server/control.c \
	server/control.h \
	server/exchange.c \
	server/exchange.h \
	server/guard.c \
	server/guard.h \
	server/http.c \
	server/http.h \
	server/listen.c \
	server/listen.h \
	server/metrics.c \
	server/metrics.h \
	server/proxy.c \
	server/proxy.h \
	server/reaper.c \
	server/reaper.h \
	server/route.c \
	server/route.h \
	server/sandbox.c \
	server/sandbox.h \
	server/settings.c \
	server/settings.h \
	server/site.c \
	server/site.h \
	server/tasks.c \
	server/tasks.h \
	server/tls.c \
	server/tls.h \
	server/worker.c \
	server/worker.h
libserver_a_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS) $(GNUTLS_CFLAGS) $(JANSSON_CFLAGS)
server_libs = libserver.a $(MICROHTTPD_LIBS) $(GNUTLS_LIBS) libweb.a $(caldav_libs) $(JANSSON_LIBS) -lpthread

sbin_PROGRAMS += deditd
deditd_SOURCES = server/deditd.c
deditd_CPPFLAGS = $(libserver_a_CPPFLAGS)
deditd_LDADD = $(server_libs)

bin_PROGRAMS += dedit
dedit_SOURCES = server/dedit.c
dedit_CPPFLAGS = $(libserver_a_CPPFLAGS)
dedit_LDADD = $(server_libs)

check_PROGRAMS += \
	tests/unit/test_auth \
	tests/unit/test_brake \
	tests/unit/test_http_guard \
	tests/unit/test_listen \
	tests/unit/test_proxy \
	tests/unit/test_reaper \
	tests/unit/test_settings \
	tests/unit/test_worker
tests_unit_test_auth_LDADD = $(server_libs) $(CMOCKA_LIBS)
tests_unit_test_brake_LDADD = $(server_libs) $(CMOCKA_LIBS)
tests_unit_test_http_guard_LDADD = $(server_libs) $(CMOCKA_LIBS)
tests_unit_test_listen_LDADD = $(server_libs) $(CMOCKA_LIBS)
tests_unit_test_proxy_LDADD = $(server_libs) $(CMOCKA_LIBS)
tests_unit_test_reaper_LDADD = $(server_libs) $(CMOCKA_LIBS)
tests_unit_test_settings_LDADD = $(server_libs) $(CMOCKA_LIBS)
tests_unit_test_worker_LDADD = $(server_libs) $(CMOCKA_LIBS)
