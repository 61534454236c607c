/*
 * Time: the one place that asks for it, and dates without locale or global zone.
 * Instants are seconds since 1970-01-01T00:00:00Z in int64_t.
 */
#ifndef DEDIT_BASE_CLOCK_H
#define DEDIT_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_DATE_SIZE = 30, ISO_DATE_SIZE = 24, ICAL_UTC_SIZE = 20 };

/* Whole seconds, cut (policy.md 3.2). A test program links its own clock by clock_set(). */
int64_t clock_now(void);
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/* A condition to be waited for with clock_wait(). */
void clock_cond_init(pthread_cond_t *cond);
/* Until cond is signalled, or for nothing, or until that time of clock_monotonic_us(): false once it came.
 * Called with the lock. */
bool clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);
/* Tests only: fn replaces the wall clock; NULL restores it. The daemon never calls it. A steady one of a
 * test's own is what clock_jumped() holds it against; without one, it is as steady as itself. */
void clock_set(int64_t (*fn)(void));
void clock_set_steady(int64_t (*fn)(void));

/* Has the wall clock jumped by more than five minutes against a clock that only goes on, since the first call
 * or clock_accept() (doc/architecture.md 15.25)? Small steps are followed, so it has to be asked now and
 * then. */
bool clock_jumped(void);
void clock_accept(void);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. Any int64 day is fine. */
int64_t days_from_civil(int64_t year, int month, int day);
void civil_from_days(int64_t days, int64_t *year, int *month, int *day);
int days_in_month(int64_t year, int month);
/* 0 = Monday … 6 = Sunday. */
int weekday_from_days(int64_t days);

void http_date(int64_t when, char out[HTTP_DATE_SIZE]);  /* "Sun, 06 Nov 1994 08:49:37 GMT" */
int http_date_parse(const char *text, int64_t *out);     /* IMF-fixdate only; -1 if not one */
void iso_date(int64_t when, char out[ISO_DATE_SIZE]);    /* "1994-11-06T08:49:37Z" */
int iso_date_parse(const char *text, int64_t *out);
/* "2026-06-10" in days since 1970; -1 if it is no date. */
int date_parse(const char *text, int64_t *days);
void ical_utc(int64_t when, char out[ICAL_UTC_SIZE]);    /* "19941106T084937Z" */

#endif
