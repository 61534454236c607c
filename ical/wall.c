/* Wall-clock time as plain arithmetic. */
#include "base/clock.h"
#include "ical/zone.h"

enum { DAY = 86400 };

/* Ends of what fits into struct wall's year, roughly. */
#define SECONDS_MAX (INT64_C(2000000000) * 31556952)

int64_t wall_seconds(const struct wall *w)
{
	int sec = w->sec > 59 ? 59 : w->sec;

	return days_from_civil(w->year, w->month, w->day) * DAY + w->hour * 3600 + w->min * 60 + sec;
}

void wall_from_seconds(int64_t seconds, struct wall *out)
{
	int64_t year;

	seconds = seconds > SECONDS_MAX ? SECONDS_MAX : seconds < -SECONDS_MAX ? -SECONDS_MAX : seconds;
	int64_t day = seconds / DAY - (seconds % DAY < 0);
	int rest = (int)(seconds - day * DAY);

	civil_from_days(day, &year, &out->month, &out->day);
	out->year = (int)year;
	out->hour = rest / 3600;
	out->min = rest / 60 % 60;
	out->sec = rest % 60;
}
