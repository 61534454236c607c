/* Dates, lengths of time and amounts in words. Pure functions; texts live in the arena. */
#ifndef DEDIT_POLICY_LATE_PHRASE_H
#define DEDIT_POLICY_LATE_PHRASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "ical/zone.h"
#include "policy/late/fee.h"
#include "policy/late/notice.h"
#include "policy/late/rules.h"

/* "Tue 9 June 2026 10:00", "mardi 9 juin 2026 à 10 h 00"; without the year "Tue 9 June 10:00". */
const char *phrase_time(enum language l, const struct zone *zone, int64_t when, bool year, struct arena *mem);
/* "Wed 10 June 2026 10:00 – 11:00", with the second day if it is another; to <= from: no end. */
const char *phrase_span(enum language l, const struct zone *zone, int64_t from, int64_t to,
	struct arena *mem);
/* "1 January 2026", "1er janvier 2026"; text is "2026-01-01". */
const char *phrase_date(enum language l, const char *text, struct arena *mem);
/* "24 h before", "2 jours ouvrés avant", "1 day before at 17:00". */
const char *phrase_before(enum language l, const struct duration *d, struct arena *mem);
/* "24 h", "2 business days". */
const char *phrase_duration(enum language l, const struct duration *d, struct arena *mem);
/* The same in full words, for contracts: "24 hours", "2 jours ouvrés". */
const char *phrase_length(enum language l, const struct duration *d, struct arena *mem);
/* The last moment that satisfies a notice: "24 hours before it starts", "17:00 on the day before", "17 h 00
 * la veille". */
const char *phrase_limit(enum language l, const struct duration *d, struct arena *mem);
/* Later than that: "less than 24 hours before it starts", "after 17:00 on the day before". */
const char *phrase_beyond(enum language l, const struct duration *d, struct arena *mem);
/* "17:00", "17 h 00"; minutes after midnight. */
const char *phrase_clock(enum language l, int minutes, struct arena *mem);
/* "Monday", "lundi"; 0 = Monday. */
const char *phrase_weekday(enum language l, int weekday);
/* "20 h", "23 h 59 min 59 s". */
const char *phrase_seconds(int64_t seconds, struct arena *mem);
/* "PT20H" (RFC 5545 3.3.6), also below zero. */
const char *phrase_iso(int64_t seconds, struct arena *mem);
/* "80.00 EUR", "80,00 EUR". */
const char *phrase_money(enum language l, const struct money *m, struct arena *mem);
/* "33.33 %". */
const char *phrase_percent(enum language l, const struct percent *p, struct arena *mem);

#endif
