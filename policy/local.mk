# The built-in policy, compiled into the server and once more as a module.
late_sources = \
	policy/late/act.c policy/late/act.h \
	policy/late/amount.c policy/late/amount.h \
	policy/late/assess.c policy/late/assess.h \
	policy/late/basis.c policy/late/basis.h \
	policy/late/booking.c policy/late/booking.h \
	policy/late/chain.c policy/late/chain.h \
	policy/late/deal.c policy/late/deal.h \
	policy/late/directive.c policy/late/directive.h \
	policy/late/explain.c policy/late/explain.h \
	policy/late/fee.c policy/late/fee.h \
	policy/late/fold.c policy/late/fold.h \
	policy/late/holiday.c policy/late/holiday.h \
	policy/late/late.h policy/late/module.c \
	policy/late/notice.c policy/late/notice.h \
	policy/late/offer.c policy/late/offer.h \
	policy/late/phrase.c policy/late/phrase.h \
	policy/late/remind.c \
	policy/late/render.c policy/late/render.h \
	policy/late/rules.c policy/late/rules.h \
	policy/late/slot.c policy/late/slot.h \
	policy/late/tell.c policy/late/tell.h \
	policy/late/text.c policy/late/text.h \
	policy/late/transition.c policy/late/transition.h \
	policy/late/value.c policy/late/value.h \
	policy/late/word_acts.c policy/late/word_acts.h \
	policy/late/word_seen.c policy/late/word_seen.h \
	policy/late/words.c policy/late/words.h \
	policy/money.c policy/money.h

noinst_LIBRARIES += libpolicy.a
libpolicy_a_SOURCES = $(late_sources) \
	policy/account.c policy/account.h \
	policy/apply.c policy/apply.h \
	policy/audit.c policy/audit.h \
	policy/block.c policy/block.h \
	policy/books.c policy/books.h \
	policy/books_text.c \
	policy/change.c policy/change.h \
	policy/decide.c policy/decide.h \
	policy/dedit_policy.h \
	policy/fee_act.c policy/fee_act.h \
	policy/fee_json.c policy/fee_json.h \
	policy/fees.c policy/fees.h policy/fees_csv.c policy/fees_list.c \
	policy/group.c policy/group.h \
	policy/host.c policy/host.h policy/host_options.h \
	policy/find.c policy/find.h \
	policy/import.c policy/import.h \
	policy/directory.c policy/directory.h \
	policy/kept.c policy/kept.h \
	policy/late/options.c \
	policy/ledger.c policy/ledger.h \
	policy/appointment.c policy/appointment.h \
	policy/link.c policy/link.h \
	policy/load.c policy/policy.h \
	policy/locks.c policy/locks.h \
	policy/module.c policy/module.h \
	policy/note.c policy/note.h \
	policy/notices.c policy/notices.h \
	policy/own_entry.c policy/own_entry.h \
	policy/owner_daily.c policy/owner_daily.h \
	policy/plain.c \
	policy/plain_name.c policy/plain_name.h \
	policy/plan.c policy/plan.h \
	policy/replay.c policy/replay.h \
	policy/report/chart.c policy/report/chart.h \
	policy/report/facts.c policy/report/facts.h \
	policy/report/kinds.c policy/report/kinds.h \
	policy/report/report.c policy/report/report.h \
	policy/report/report_audit.c \
	policy/report/report_clients.c \
	policy/report/report_fees.c \
	policy/report/report_links.c \
	policy/report/report_replay.c \
	policy/report/report_slots.c \
	policy/report/report_text.c \
	policy/report/report_when.c \
	policy/report/stats.c policy/report/stats.h \
	policy/report/svg.c policy/report/svg.h \
	policy/sign.c policy/sign.h \
	policy/round.c policy/round.h \
	policy/update.c policy/update.h \
	policy/update_delete.c \
	policy/update_move.c \
	policy/update_say.c \
	policy/update_time.c \
	policy/wording.c policy/wording.h
libpolicy_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS)
policy_libs = libpolicy.a $(JANSSON_LIBS) $(storage_libs) -ldl -lm

late_so_SOURCES = $(late_sources) policy/late/so.c

check_PROGRAMS += \
	tests/unit/test_account \
	tests/unit/test_books \
	tests/unit/test_event_broken \
	tests/unit/test_event_late \
	tests/unit/test_event_move \
	tests/unit/test_event_rounds \
	tests/unit/test_event_update \
	tests/unit/test_event_words \
	tests/unit/test_late_events \
	tests/unit/test_late_explain \
	tests/unit/test_late_fee \
	tests/unit/test_late_holiday \
	tests/unit/test_late_notice \
	tests/unit/test_late_rules \
	tests/unit/test_late_slot \
	tests/unit/test_late_texts \
	tests/unit/test_late_words \
	tests/unit/test_owner_entries \
	tests/unit/test_policy_apply \
	tests/unit/test_policy_audit \
	tests/unit/test_policy_host \
	tests/unit/test_policy_ledger \
	tests/unit/test_policy_link \
	tests/unit/test_policy_load \
	tests/unit/test_replay \
	tests/unit/test_policy_note \
	tests/unit/test_report_facts \
	tests/unit/test_svg
tests_unit_test_account_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_books_SOURCES = tests/unit/test_books.c tests/unit/ledger_fixture.c tests/unit/ledger_fixture.h
tests_unit_test_books_LDADD = $(policy_libs) $(CMOCKA_LIBS)
event_fixture = tests/unit/event_fixture.c tests/unit/event_fixture.h
event_module = tests/unit/event_module.c $(event_fixture)
tests_unit_test_event_broken_SOURCES = tests/unit/test_event_broken.c $(event_module)
tests_unit_test_event_broken_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_event_late_SOURCES = tests/unit/test_event_late.c $(event_fixture)
tests_unit_test_event_late_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_event_move_SOURCES = tests/unit/test_event_move.c $(event_module)
tests_unit_test_event_move_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_event_rounds_SOURCES = tests/unit/test_event_rounds.c $(event_module)
tests_unit_test_event_rounds_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_event_update_SOURCES = tests/unit/test_event_update.c $(event_module)
tests_unit_test_event_update_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_event_words_SOURCES = tests/unit/test_event_words.c tests/policy/late_host.c \
	tests/policy/late_host.h tests/policy/whole.c tests/policy/whole.h
tests_unit_test_event_words_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_events_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_explain_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_fee_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_holiday_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_notice_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_rules_LDADD = $(policy_libs) $(CMOCKA_LIBS)
late_world = tests/unit/late_world.c tests/unit/late_world.h tests/policy/late_host.c \
	tests/policy/late_host.h
tests_unit_test_late_slot_SOURCES = tests/unit/test_late_slot.c $(late_world)
tests_unit_test_late_slot_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_texts_SOURCES = tests/unit/test_late_texts.c $(late_world)
tests_unit_test_late_texts_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_late_words_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_owner_entries_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_policy_apply_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_policy_host_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_policy_ledger_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_policy_audit_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_policy_ledger_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_policy_link_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_replay_SOURCES = tests/unit/test_replay.c tests/policy/late_host.c \
	tests/policy/late_host.h tests/policy/whole.c tests/policy/whole.h
tests_unit_test_replay_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_policy_load_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_report_facts_SOURCES = tests/unit/test_report_facts.c tests/unit/ledger_fixture.c \
	tests/unit/ledger_fixture.h
tests_unit_test_report_facts_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_svg_LDADD = $(policy_libs) $(CMOCKA_LIBS)
tests_unit_test_policy_note_LDADD = $(policy_libs) $(CMOCKA_LIBS)
# Compiled by test_policy_load, as the maker of a module would.
EXTRA_DIST += tests/policy/example_module.c
