noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	base/arena.c \
	base/arena.h \
	base/asan.h \
	base/buf.c \
	base/buf.h \
	base/clock.c \
	base/clock.h \
	base/conf.c \
	base/conf.h \
	base/conf_private.h \
	base/conf_text.c \
	base/conf_value.c \
	base/csv.c \
	base/csv.h \
	base/digest.c \
	base/digest.h \
	base/err.c \
	base/err.h \
	base/failpoint.c \
	base/failpoint.h \
	base/fsio.c \
	base/fsio.h \
	base/log.c \
	base/log.h \
	base/metrics.c \
	base/metrics.h \
	base/password.c \
	base/password.h \
	base/signature.c \
	base/signature.h \
	base/spans.c \
	base/spans.h \
	base/table.c \
	base/table.h \
	base/tree.c \
	base/tree.h \
	base/uri.c \
	base/uri.h \
	base/util.c \
	base/util.h
libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(CONFUSE_CFLAGS) $(CRYPTO_CFLAGS) $(CRYPT_CFLAGS)
base_libs = libbase.a $(CRYPTO_LIBS) $(CRYPT_LIBS) $(CONFUSE_LIBS) -lpthread

check_PROGRAMS += \
	tests/unit/test_arena \
	tests/unit/test_buf \
	tests/unit/test_clock \
	tests/unit/test_conf \
	tests/unit/test_csv \
	tests/unit/test_digest \
	tests/unit/test_failpoint \
	tests/unit/test_fsio \
	tests/unit/test_log \
	tests/unit/test_signature \
	tests/unit/test_spans \
	tests/unit/test_table \
	tests/unit/test_tree \
	tests/unit/test_util
tests_unit_test_arena_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_buf_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_clock_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_conf_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_csv_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_digest_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_failpoint_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_fsio_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_log_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_signature_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_spans_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_table_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_tree_LDADD = $(base_libs) $(CMOCKA_LIBS)
tests_unit_test_util_LDADD = $(base_libs) $(CMOCKA_LIBS)
