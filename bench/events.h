/*
 * Made-up events for measurements, the same ones each time: event n of a calendar of any size, three
 * years from 2025 on. Of 20, 16 are single ones, 3 recurring with exceptions, 1 has its time zone,
 * alarms and attendees with it; 0.6 to 4 KB.
 */
#ifndef DEDIT_BENCH_EVENTS_H
#define DEDIT_BENCH_EVENTS_H

#include "base/buf.h"

/* Appends event n as an object of its own; version: what is changed in it, 0 at first. */
void bench_event(unsigned n, unsigned version, struct buf *out);
/* Appends its last path segment: "event-7.ics". */
void bench_event_name(unsigned n, struct buf *out);

#endif
