/* The little statistics that reports need. Pure functions. */
#ifndef DEDIT_POLICY_REPORT_STATS_H
#define DEDIT_POLICY_REPORT_STATS_H

#include <stdint.h>

/* Shares are in ten-thousandths. */
enum { SHARE_WHOLE = 10000, SHARE_LEAST = 5 }; /* below five there is none */

/* low and high -1: no interval. */
struct share_of { int64_t count, of, share, low, high; };

/* count of `of` with Wilson's 80 % interval (z = 1.2816); share -1 where of is 0. */
struct share_of share_of(int64_t count, int64_t of);

#endif
