#include "policy/report/stats.h"

#include <math.h>

static const double z = 1.2816; /* 90th percentile of the normal distribution: 80 % between two */

static int64_t rounded(double share)
{
	return (int64_t)(share * SHARE_WHOLE + 0.5);
}

struct share_of share_of(int64_t count, int64_t of)
{
	struct share_of s = { count, of, -1, -1, -1 };
	double k = (double)count, n = (double)of, middle, half;

	if (of <= 0)
		return s;
	s.share = rounded(k / n);
	if (of < SHARE_LEAST)
		return s;
	middle = (k + z * z / 2) / (n + z * z);
	half = z / (n + z * z) * sqrt(k * (n - k) / n + z * z / 4);
	s.low = rounded(middle - half > 0 ? middle - half : 0);
	s.high = rounded(middle + half < 1 ? middle + half : 1);
	return s;
}
