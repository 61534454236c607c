noinst_LIBRARIES += libstorage.a
libstorage_a_SOURCES = \
	storage/audit.c \
	storage/audit.h \
	storage/backend.h \
	storage/chain.c \
	storage/chain.h \
	storage/memory/account.c \
	storage/memory/collection.c \
	storage/memory/commit.c \
	storage/memory/delegate.c \
	storage/memory/feed.c \
	storage/memory/home.c \
	storage/memory/ledger.c \
	storage/memory/list.c \
	storage/memory/memory.h \
	storage/memory/object.c \
	storage/memory/open.c \
	storage/memory/props.c \
	storage/memory/share.c \
	storage/names.c \
	storage/names.h \
	storage/props.c \
	storage/props.h \
	storage/record.c \
	storage/record.h \
	storage/sqlite/account.c \
	storage/sqlite/backup.c \
	storage/sqlite/backup.h \
	storage/sqlite/check.c \
	storage/sqlite/check.h \
	storage/sqlite/check_files.c \
	storage/sqlite/collection.c \
	storage/sqlite/delegate.c \
	storage/sqlite/commit.c \
	storage/sqlite/db.c \
	storage/sqlite/db.h \
	storage/sqlite/feed.c \
	storage/sqlite/home.c \
	storage/sqlite/journal.c \
	storage/sqlite/journal.h \
	storage/sqlite/ledger.c \
	storage/sqlite/logs.c \
	storage/sqlite/migrate.c \
	storage/sqlite/migrate.h \
	storage/sqlite/mirror.c \
	storage/sqlite/mirror.h \
	storage/sqlite/open.c \
	storage/sqlite/open.h \
	storage/sqlite/ops.h \
	storage/sqlite/place.c \
	storage/sqlite/read.c \
	storage/sqlite/rebuild.c \
	storage/sqlite/restore.c \
	storage/sqlite/salvage.c \
	storage/sqlite/salvage.h \
	storage/sqlite/scan.c \
	storage/sqlite/scan.h \
	storage/sqlite/shelf.c \
	storage/sqlite/shelf.h \
	storage/sqlite/texts.c \
	storage/sqlite/texts.h \
	storage/sqlite/verify.c \
	storage/sqlite/watch.c \
	storage/sqlite/watch.h \
	storage/sqlite/writer.c \
	storage/sqlite/writer.h \
	storage/store.c \
	storage/store.h
libstorage_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
storage_libs = libstorage.a $(SQLITE_LIBS) $(ical_libs) -lpthread

check_PROGRAMS += \
	tests/unit/test_ledger_verify \
	tests/unit/test_migrate \
	tests/unit/test_shelf \
	tests/unit/test_store_backup \
	tests/unit/test_store_check \
	tests/unit/test_store_damage \
	tests/unit/test_store_faults \
	tests/unit/test_store_memory \
	tests/unit/test_store_names \
	tests/unit/test_store_props \
	tests/unit/test_store_rebuild \
	tests/unit/test_store_scan \
	tests/unit/test_store_session \
	tests/unit/test_store_sqlite
suite_kit = tests/unit/store_suite.h tests/unit/suite_kit.c tests/unit/suite_kit.h
store_suite = tests/unit/store_suite.c $(suite_kit) tests/unit/suite_accounts.c \
	tests/unit/suite_collections.c tests/unit/suite_homes.c tests/unit/suite_ledger.c \
	tests/unit/suite_objects.c tests/unit/suite_props.c tests/unit/suite_sync.c \
	tests/unit/suite_whole.c tests/unit/sync_model.c tests/unit/sync_model.h
store_root = tests/unit/store_root.c tests/unit/store_root.h
tests_unit_test_ledger_verify_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_migrate_CPPFLAGS = $(libstorage_a_CPPFLAGS)
tests_unit_test_migrate_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_shelf_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_backup_SOURCES = tests/unit/test_store_backup.c $(store_root) $(suite_kit)
tests_unit_test_store_backup_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_check_SOURCES = tests/unit/test_store_check.c $(store_root) $(suite_kit)
tests_unit_test_store_check_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_damage_SOURCES = tests/unit/test_store_damage.c $(store_root) $(suite_kit)
tests_unit_test_store_damage_CPPFLAGS = $(libstorage_a_CPPFLAGS)
tests_unit_test_store_damage_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_faults_SOURCES = tests/unit/test_store_faults.c $(store_root) $(suite_kit)
tests_unit_test_store_faults_CPPFLAGS = $(libstorage_a_CPPFLAGS)
tests_unit_test_store_faults_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_memory_SOURCES = tests/unit/test_store_memory.c $(store_suite)
tests_unit_test_store_memory_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_names_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_props_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_rebuild_SOURCES = tests/unit/test_store_rebuild.c $(store_root) $(suite_kit)
tests_unit_test_store_rebuild_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_scan_SOURCES = tests/unit/test_store_scan.c $(store_root) $(suite_kit)
tests_unit_test_store_scan_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_session_SOURCES = tests/unit/test_store_session.c $(store_root) $(suite_kit)
tests_unit_test_store_session_CPPFLAGS = $(libstorage_a_CPPFLAGS)
tests_unit_test_store_session_LDADD = $(storage_libs) $(CMOCKA_LIBS)
tests_unit_test_store_sqlite_SOURCES = tests/unit/test_store_sqlite.c $(store_root) $(store_suite)
tests_unit_test_store_sqlite_CPPFLAGS = $(libstorage_a_CPPFLAGS)
tests_unit_test_store_sqlite_LDADD = $(storage_libs) $(CMOCKA_LIBS)

# tests/crash/store.py kills it (--enable-failpoints).
noinst_PROGRAMS += tests/crash/crash_store
tests_crash_crash_store_LDADD = $(storage_libs)

# Loaded before libc by tests/crash/faults.py and power.py.
noinst_PROGRAMS += tests/crash/fault_shim.so
tests_crash_fault_shim_so_SOURCES = tests/crash/fault_shim.c
tests_crash_fault_shim_so_CFLAGS = $(DEDIT_CFLAGS) -fPIC
tests_crash_fault_shim_so_LDFLAGS = $(DEDIT_LDFLAGS) -shared
