#include "bench/events.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

enum { DAYS = 3 * 365, DAY = 86400, FIRST_DAY = 1735689600 /* 2025-01-01 */, LEAST = 250, MOST = 3300 };

/* splitmix64: one call a number, from the event's own. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned below(uint64_t *state, unsigned n)
{
	return (unsigned)(next(state) % n);
}

/* NAME:20250131T140000Z, from the ISO form. */
static void add_time(struct buf *out, const char *name, const char *zone, int64_t when)
{
	char iso[ISO_DATE_SIZE];

	iso_date(when, iso);
	buf_printf(out, "%s%s%s:%.4s%.2s%.2sT%.2s%.2s%.2s%s\r\n", name, *zone ? ";TZID=" : "", zone, iso, iso + 5,
		iso + 8, iso + 11, iso + 14, iso + 17, *zone ? "" : "Z");
}

/* Folded lines of 74, as programs write them. */
static void add_description(struct buf *out, uint64_t *state, unsigned len)
{
	static const char *const words[] = { "minutes", "of", "the", "last", "session", "figures", "plan", "next",
		"appointment", "please", "bring", "what", "you", "have", "written", "since", "then", "exercise" };
	unsigned column = 0;

	buf_adds(out, "DESCRIPTION:");
	for (unsigned n = 0; n < len; n++) {
		const char *word = words[below(state, sizeof(words) / sizeof(*words))];
		size_t before = out->len;

		if (column > 60) {
			buf_adds(out, "\r\n ");
			column = 0;
		}
		buf_printf(out, "%s ", word);
		column += (unsigned)(out->len - before);
		n += (unsigned)(out->len - before);
	}
	buf_adds(out, "\r\n");
}

static void add_zone(struct buf *out)
{
	buf_adds(out, "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\n"
		"TZOFFSETTO:+0200\r\nTZNAME:CEST\r\nDTSTART:19700329T020000\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\n"
		"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n");
}

static void add_people(struct buf *out, unsigned n)
{
	buf_adds(out, "ORGANIZER;CN=Anna Martin:mailto:anna@example.org\r\n");
	for (unsigned i = 0; i < 1 + n % 4; i++)
		buf_printf(out, "ATTENDEE;CN=Client %u;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:client%u@example.net\r\n",
			n % 97 + i, n % 97 + i);
	buf_adds(out, "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-P1D\r\nEND:VALARM\r\n");
}

static void begin_event(struct buf *out, unsigned n)
{
	buf_printf(out, "BEGIN:VEVENT\r\nUID:bench-%u@example.org\r\nDTSTAMP:20250101T000000Z\r\n", n);
}

void bench_event(unsigned n, unsigned version, struct buf *out)
{
	uint64_t state = n;
	unsigned kind = n % 20, length = 900 * (2 + below(&state, 3)); /* 30 to 60 minutes */
	bool series = kind >= 1 && kind <= 3;
	const char *zone = kind == 0 ? "Europe/Paris" : "";
	int64_t start = FIRST_DAY + (int64_t)below(&state, DAYS) * DAY + 8 * 3600 + below(&state, 40) * 900;

	buf_adds(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dedit//bench//EN\r\n");
	if (kind == 0)
		add_zone(out);
	begin_event(out, n);
	add_time(out, "DTSTART", zone, start);
	add_time(out, "DTEND", zone, start + length);
	buf_printf(out, "SUMMARY:Client %u\r\nLOCATION:Room %u\r\nSEQUENCE:%u\r\n", n % 97, n % 5, version);
	if (series) {
		buf_printf(out, "RRULE:FREQ=WEEKLY;COUNT=%u\r\n", 10 + below(&state, 30));
		add_time(out, "EXDATE", zone, start + 2 * 7 * DAY);
		add_time(out, "EXDATE", zone, start + 5 * 7 * DAY);
	}
	add_description(out, &state, LEAST + below(&state, 10) * below(&state, 10) * (MOST - LEAST) / 81);
	if (kind == 0)
		add_people(out, n);
	buf_adds(out, "END:VEVENT\r\n");
	if (series) {
		begin_event(out, n);
		add_time(out, "RECURRENCE-ID", zone, start + 3 * 7 * DAY);
		add_time(out, "DTSTART", zone, start + 3 * 7 * DAY + 7200);
		add_time(out, "DTEND", zone, start + 3 * 7 * DAY + 7200 + length);
		buf_printf(out, "SUMMARY:Client %u, two hours later\r\nEND:VEVENT\r\n", n % 97);
	}
	buf_adds(out, "END:VCALENDAR\r\n");
}

void bench_event_name(unsigned n, struct buf *out)
{
	buf_printf(out, "event-%u.ics", n);
}
