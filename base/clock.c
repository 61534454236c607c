#include "base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/util.h"

enum { JUMP = 300, DAY = 86400, DAYS_OF_400_YEARS = 146097 };

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what has four digits of year. */
#define FIRST_WRITABLE INT64_C(-62167219200)
#define LAST_WRITABLE INT64_C(253402300799)

struct moment {
	int64_t days;
	int year, month, day, hour, minute, second;
};

static int64_t (*_Atomic replaced_clock)(void);
static int64_t (*_Atomic replaced_steady)(void);

static pthread_mutex_t distance_lock = PTHREAD_MUTEX_INITIALIZER;
/* How far the wall clock was from the steady one when they were last compared. */
static int64_t last_distance;
static bool compared, jumped;

static const char weekday_names[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char month_names[][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

void clock_set(int64_t (*fn)(void))
{
	atomic_store(&replaced_clock, fn);
	clock_accept();
}

void clock_set_steady(int64_t (*fn)(void))
{
	atomic_store(&replaced_steady, fn);
	clock_accept();
}

int64_t clock_now(void)
{
	int64_t (*fn)(void) = atomic_load(&replaced_clock);
	struct timespec ts;

	if (fn != NULL)
		return fn();
	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

int64_t clock_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

void clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

bool clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us)
{
	const struct timespec until = { until_us / 1000000, until_us % 1000000 * 1000 };

	return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}

/* Goes on while the machine sleeps. */
static int64_t steady_now(void)
{
	int64_t (*fn)(void) = atomic_load(&replaced_steady);
	struct timespec ts;

	if (fn == NULL)
		fn = atomic_load(&replaced_clock);
	if (fn != NULL)
		return fn();
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

bool clock_jumped(void)
{
	pthread_mutex_lock(&distance_lock);
	int64_t distance = clock_now() - steady_now();
	int64_t step = compared ? distance - last_distance : 0;
	last_distance = distance;
	compared = true;
	jumped = jumped || step > JUMP || step < -JUMP;
	bool told = jumped;
	pthread_mutex_unlock(&distance_lock);
	return told;
}

void clock_accept(void)
{
	pthread_mutex_lock(&distance_lock);
	compared = jumped = false;
	pthread_mutex_unlock(&distance_lock);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Both count in eras of 400 years and in years that begin in March, so that the leap day is
 * the last one. 719468 is the days from 0000-03-01 to 1970-01-01.
 */
int64_t days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = floor_div(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	/* unsigned: at the ends of the range the sum passes int64_t on its way to a fitting result */
	return (int64_t)((uint64_t)era * DAYS_OF_400_YEARS + (uint64_t)day_of_era - 719468);
}

void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t era = floor_div(days, DAYS_OF_400_YEARS);
	int64_t doe = days % DAYS_OF_400_YEARS;
	doe += doe < 0 ? DAYS_OF_400_YEARS : 0;
	/* 719468 = 4 eras and 135080 days; added in two parts, for the ends of the range */
	doe += 719468 - 4 * DAYS_OF_400_YEARS;
	era += 4 + doe / DAYS_OF_400_YEARS;
	doe %= DAYS_OF_400_YEARS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int mp = (int)(5 * doy + 2) / 153;
	*day = (int)doy - (153 * mp + 2) / 5 + 1;
	*month = mp + (mp < 10 ? 3 : -9);
	*year = yoe + era * 400 + (*month <= 2);
}

int days_in_month(int64_t year, int month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int weekday_from_days(int64_t days)
{
	/* 1970-01-01 was a Thursday */
	return (int)((days % 7 + 7 + 3) % 7);
}

/* Years without four digits are cut to the nearest writable instant. */
static struct moment moment_of(int64_t when)
{
	struct moment m;
	int64_t year;

	when = when < FIRST_WRITABLE ? FIRST_WRITABLE : when > LAST_WRITABLE ? LAST_WRITABLE : when;
	m.days = floor_div(when, DAY);
	int second = (int)(when - m.days * DAY);
	civil_from_days(m.days, &year, &m.month, &m.day);
	m.year = (int)year;
	m.hour = second / 3600;
	m.minute = second / 60 % 60;
	m.second = second % 60;
	return m;
}

void http_date(int64_t when, char out[HTTP_DATE_SIZE])
{
	struct moment m = moment_of(when);

	snprintf(out, HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT",
		weekday_names[weekday_from_days(m.days)], (unsigned)m.day % 100,
		month_names[m.month - 1], (unsigned)m.year % 10000, (unsigned)m.hour % 100,
		(unsigned)m.minute % 100, (unsigned)m.second % 100);
}

void iso_date(int64_t when, char out[ISO_DATE_SIZE])
{
	struct moment m = moment_of(when);

	snprintf(out, ISO_DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)m.year % 10000,
		(unsigned)m.month % 100, (unsigned)m.day % 100, (unsigned)m.hour % 100,
		(unsigned)m.minute % 100, (unsigned)m.second % 100);
}

void ical_utc(int64_t when, char out[ICAL_UTC_SIZE])
{
	struct moment m = moment_of(when);

	snprintf(out, ICAL_UTC_SIZE, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)m.year % 10000,
		(unsigned)m.month % 100, (unsigned)m.day % 100, (unsigned)m.hour % 100,
		(unsigned)m.minute % 100, (unsigned)m.second % 100);
}

static int digits(const char *s, size_t len)
{
	uint64_t value;

	return parse_u64n(s, len, 0, 9999, &value) < 0 ? -1 : (int)value;
}

/* -1 if a field is no number or out of its range (a leap second is none we can keep). */
static int moment_join(const struct moment *m, int64_t *out)
{
	if (m->year < 0 || m->month < 1 || m->month > 12)
		return -1;
	if (m->day < 1 || m->day > days_in_month(m->year, m->month))
		return -1;
	if (m->hour < 0 || m->hour > 23 || m->minute < 0 || m->minute > 59)
		return -1;
	if (m->second < 0 || m->second > 59)
		return -1;
	*out = days_from_civil(m->year, m->month, m->day) * DAY + m->hour * 3600 + m->minute * 60 +
		m->second;
	return 0;
}

static int month_by_name(const char *s)
{
	for (int i = 0; i < 12; i++) {
		if (memcmp(s, month_names[i], 3) == 0)
			return i + 1;
	}
	return -1;
}

/* RFC 9110 §5.6.7. Writing the result again checks the weekday and all that stands between. */
int http_date_parse(const char *text, int64_t *out)
{
	char again[HTTP_DATE_SIZE];
	int64_t when;

	if (strlen(text) != HTTP_DATE_SIZE - 1)
		return -1;
	struct moment m = {
		.day = digits(text + 5, 2), .month = month_by_name(text + 8), .year = digits(text + 12, 4),
		.hour = digits(text + 17, 2), .minute = digits(text + 20, 2), .second = digits(text + 23, 2),
	};
	if (moment_join(&m, &when) < 0)
		return -1;
	http_date(when, again);
	if (strcmp(text, again) != 0)
		return -1;
	*out = when;
	return 0;
}

int iso_date_parse(const char *text, int64_t *out)
{
	char again[ISO_DATE_SIZE];
	int64_t when;

	if (strlen(text) != strlen("1994-11-06T08:49:37Z"))
		return -1;
	struct moment m = {
		.year = digits(text, 4), .month = digits(text + 5, 2), .day = digits(text + 8, 2),
		.hour = digits(text + 11, 2), .minute = digits(text + 14, 2), .second = digits(text + 17, 2),
	};
	if (moment_join(&m, &when) < 0)
		return -1;
	iso_date(when, again);
	if (strcmp(text, again) != 0)
		return -1;
	*out = when;
	return 0;
}

int date_parse(const char *text, int64_t *days)
{
	char midnight[ISO_DATE_SIZE];
	int64_t when;

	if (strlen(text) != strlen("1994-11-06"))
		return -1;
	snprintf(midnight, sizeof(midnight), "%sT00:00:00Z", text);
	if (iso_date_parse(midnight, &when) != 0)
		return -1;
	*days = when / 86400;
	return 0;
}
