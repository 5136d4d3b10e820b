/* Sums with their rounding errors, in double. */
#ifndef FASTACT_TWO_SUM_H
#define FASTACT_TWO_SUM_H
#include "internal.h"

/* a + b, and as *error what rounding it loses (Knuth's two-sum; exact unless it overflows). */
INLINE double fa_two_sum(double a, double b, double *error)
{
    double sum = a + b, back = sum - a;
    *error = (a - (sum - back)) + (b - back);
    return sum;
}

/* Adds `part` to a sum whose rounding errors are added up in *lost. */
INLINE void fa_add(double *sum, double *lost, double part)
{
    double error;
    *sum = fa_two_sum(*sum, part, &error);
    *lost += error;
}

/* The sum with its rounding errors. If it is infinite, *lost is NaN and must not be added. */
INLINE double fa_total(double sum, double lost) { return sum - sum == 0 ? sum + lost : sum; }
#endif
