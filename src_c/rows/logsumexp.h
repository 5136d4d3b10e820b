/* logsumexp(x) = log sum e^x = m + log(1 + sum of the others' e^(x - m)), m the row's maximum.

   The maximum's own term, 1, is left out of the sum, which would swallow small others: their logarithm
   is as accurate where it is next to 0. Of -inf alone it is -inf, with a +inf it is inf; NaN gives NaN. */
#ifndef FA_LOGSUMEXP_ONCE
#define FA_LOGSUMEXP_ONCE
#define LN2_HIGH 0x1.62e42fefa38p-1    /* 0.6931471806: 42 bits, times k is exact */
#define LN2_LOW 0x1.ef35793c7673p-45   /* 5.497923019e-14 */
#define DOMINANT 0.6                   /* a float of the logarithm of the rest is then at least 2^-25 */
#define PLAIN_FROM 192                 /* elements */
#define LEAST_SHARE 0x1p-22            /* of the largest term: less than this is no difference of sums in double */
#define SQRT_HALF 0x3fe6a09e667f3bcdULL /* the bits of sqrt(1/2) */

/* log(1 + x) for x >= 0, within 1 ulp. 1 + x = 2^k (1 + r) with 1 + r in [sqrt(1/2), sqrt(2)), and
   log(1 + r) = 2 s + s R(s^2), s = r / (2 + r), written as r - r^2 / 2 + s (r^2 / 2 + R). R: error below
   2^-58, from coeffs/row_log.py; the arrangement is that of FreeBSD's msun, e_log.c. */
INLINE double fa_log1p(double x)
{
    double u = 1 + x, back = u - 1, lost = (1 - (u - back)) + (x - back), f, unit, k;
    uint64_t bits, power; /* unsigned: a shift of a negative number has no meaning in C */
    __builtin_memcpy(&bits, &u, 8);
    power = (bits - SQRT_HALF) >> 52;
    bits -= power << 52;
    __builtin_memcpy(&f, &bits, 8);
    bits = (1023 - power) << 52;
    __builtin_memcpy(&unit, &bits, 8);
    bits = power + 0x4330000000000000; /* 2^52 + k: AVX2 converts no long integers */
    __builtin_memcpy(&k, &bits, 8);
    k -= 0x1p52;
    double r = (f - 1) + lost * unit, half = 0.5 * r * r, s = r / (2 + r), z = s * s, w = z * z;
    double even = FA_FMA(FA_FMA(FA_FMA(0x1.2f0d5e2c92795p-3, w, 0x1.7466486178ecdp-3), w,
                                0x1.249249423c734p-2), w, 0x1.5555555555594p-1); /* 0.148 0.1818 0.2857 0.6667 */
    double odd = FA_FMA(FA_FMA(0x1.39a0ddfa994c2p-3, w, 0x1.c71c51d50fa2ap-3), w,
                               0x1.999999997f72dp-2); /* 0.1531 0.2222 0.4 */
    double tail = z * FA_FMA(odd, z, even);
    return k * LN2_HIGH - ((half - (s * (half + tail) + k * LN2_LOW)) - r);
}

/* x = 2^power (1 + f), x > 0: returns f, which is exact. */
INLINE double fa_split_power(double x, double *power)
{
    int64_t bits, exponent;
    double f;
    __builtin_memcpy(&bits, &x, 8);
    exponent = (int64_t)((uint64_t)bits >> 52) + 0x4330000000000000LL; /* 2^52 + it, as above */
    __builtin_memcpy(power, &exponent, 8);
    *power -= 0x1p52 + 1023;
    bits = (bits & 0xfffffffffffffLL) | 0x3ff0000000000000LL;
    __builtin_memcpy(&f, &bits, 8);
    return f - 1;
}

/* x[r] = log(1 + x[r]). */
NOINLINE void fa_log1p_of_rows(double *x, int count)
{
#pragma omp simd
    for (int r = 0; r < count; r++)
        x[r] = fa_log1p(x[r]);
}
#endif

/* The term of the maximum with all digits of a double, or nearly; for `quick` terms or others. */
INLINE double FN(exact_max_term)(REAL m, int scaled, int unshifted)
{
    int far;
    REAL k = FN(row_power_of)(m, scaled, &far);
    FN(exp_parts) e = FN(exp_split)(far ? 0 : m, unshifted ? -UNSHIFTED_POWER : (int)k - ROW_SHIFT);
    return (double)e.scale + ((double)e.q + (double)e.q_low) * (double)e.scale;
}

/* sum[r] and tops[r] as SUM_WITHOUT_MAX has them, for the rows whose difference of sum and largest term is too small. */
INLINE void FN(exact_sums_without_max)(const FN(row_block) *b, int across, FN(rows_at) terms, const REAL *max_term,
                                       double *sum, double *max_count)
{
    FN(row_block) some = *b;
    some.count = across ? ROW_LANES : 1;
    for (int r = 0; r < b->count; r += some.count) {
        const FN(rows_at) here = {terms.p + (across ? r : r * b->n), terms.step};
        double sum_without_max[ROW_LANES], their_count[ROW_LANES];
        int known = 0;
        for (int l = 0; l < some.count; l++) {
            if (sum[r + l] >= max_term[r + l] * LEAST_SHARE)
                continue;
            if (!known++)
                FN(row_sums)(SUM_WITHOUT_MAX, &some, across, here, here, max_term + r, sum_without_max, their_count);
            sum[r + l] = sum_without_max[l];
            max_count[r + l] = their_count[l];
        }
    }
}

/* Of each row m and log sum e^(x - m), m its maximum; `terms` is overwritten. */
INLINE void FN(careful_sums)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)
{
    double sum[BLOCK_ROWS], max_count[BLOCK_ROWS];
    REAL max_term[BLOCK_ROWS];
    const int is_short = !FA_DOUBLE && b->n < PLAIN_FROM;
    int unshifted = !b->scale && terms.p != x.p, doubt = 0;
    (is_short ? FN(short_maxima) : FN(row_maxima))(b, across, x, m);
    for (int r = 0; r < b->count; r++)
        unshifted &= (m[r] >= UNSHIFTED_MAX_LEAST) & (m[r] <= UNSHIFTED_MAX_MOST);
    for (int done = 0; !done; unshifted = 0) {
        FN(row_terms)(b, across, unshifted, x, terms, m);
        FN(row_terms_of_maxima)(b, unshifted, m, max_term);
        if (is_short)
            FN(short_sums)(b, across, terms, sum);
        else
            FN(row_sums)(SUM_WITHOUT_MAX, b, across, terms, terms, max_term, sum, max_count);
        for (int r = 0; r < b->count && is_short; r++) {
            sum[r] -= max_term[r];
            max_count[r] = 1;
        }
        done = 1;
        for (int r = 0; r < b->count && unshifted; r++) {
            done &= sum[r] <= UNSHIFTED_SUM_MAX; /* a NaN is found out, as in softmax */
            log_sum[r] = FN(exact_max_term)(m[r], 0, 1);
        }
        for (int r = 0; r < b->count && !unshifted; r++)
            log_sum[r] = FN(exact_max_term)(m[r], b->scale != NULL, 0);
    }
    for (int r = 0; r < b->count && is_short; r++)
        doubt |= !(sum[r] >= max_term[r] * LEAST_SHARE);
    if (doubt)
        FN(exact_sums_without_max)(b, across, terms, max_term, sum, max_count);
    for (int r = 0; r < b->count; r++)
        log_sum[r] = sum[r] / log_sum[r] + (max_count[r] - 1);
    fa_log1p_of_rows(log_sum, b->count);
}

/* The same for long rows of float, where no lane of a row has more than DOMINANT of its sum, so that no term
   has: then the logarithm of the sum itself will do, and m is 0, unless it is far from 0. Other rows go on as above.
   Short rows would lose more by the branch than they gain: 16 elements took .87 ns each, not .55. */
INLINE void FN(plain_sums)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)
{
    double sum[BLOCK_ROWS], sum_without_max[BLOCK_ROWS], lane[BLOCK_ROWS], max_count[BLOCK_ROWS];
    double power[BLOCK_ROWS], shift[BLOCK_ROWS];
    REAL max_term[BLOCK_ROWS];
    int most = 0, far, unshifted = FN(row_terms_and_sums)(SUM_AND_MAX_LANE, b, across, x, terms, m, sum, lane);
    for (int r = 0; r < b->count; r++)
        shift[r] = unshifted ? -UNSHIFTED_POWER : FN(row_power_of)(m[r], 0, &far) - ROW_SHIFT;
#pragma omp simd reduction(| : most)
    for (int r = 0; r < b->count; r++) {
        log_sum[r] = fa_split_power(sum[r], &power[r]);
        power[r] += shift[r];
        most |= !(lane[r] <= DOMINANT * sum[r]);
    }
    for (int r = 0; most && across && r < b->count; r += ROW_LANES) {
        FN(row_block) some = *b;
        FN(rows_at) here = {terms.p + r, terms.step}, from = {x.p + r, x.step};
        int here_most = 0;
        some.count = ROW_LANES;
        FA_FOR_LANES(ROW_LANES) here_most |= !(lane[r + l] <= DOMINANT * sum[r + l]);
        if (here_most && unshifted)
            FN(row_maxima)(&some, 1, from, m + r);
        if (here_most) {
            FN(row_maxima)(&some, 1, here, max_term + r);
            FN(row_sums)(SUM_WITHOUT_MAX, &some, 1, here, here, max_term + r, sum_without_max + r, max_count + r);
        }
    }
    for (int r = 0; r < b->count; r++) {
        if (lane[r] <= DOMINANT * sum[r]) {
            m[r] = !unshifted && (FN(row_power_of)(m[r], 0, &far), far) ? m[r] : 0;
            continue;
        }
        const REAL *row = terms.p + r * b->n;
        if (!across) {
            m[r] = unshifted ? FN(row_maximum)(x.p + r * b->n, b->n) : m[r];
            max_term[r] = FN(row_maximum)(row, b->n);
            sum_without_max[r] = FN(row_sum)(SUM_WITHOUT_MAX, row, row, b->n, max_term[r], max_count + r);
        }
        log_sum[r] = sum_without_max[r] / FN(exact_max_term)(m[r], 0, unshifted) + (max_count[r] - 1);
        power[r] = 0;
    }
    fa_log1p_of_rows(log_sum, b->count);
#pragma omp simd
    for (int r = 0; r < b->count; r++)
        log_sum[r] = power[r] * LN2_HIGH + (log_sum[r] + power[r] * LN2_LOW);
}

INLINE void FN(log_sums_of)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)
{
    if (FA_DOUBLE || b->scale || b->n < PLAIN_FROM)
        FN(careful_sums)(b, across, x, terms, m, log_sum);
    else
        FN(plain_sums)(b, across, x, terms, m, log_sum);
}

NOINLINE void FN(log_sums_along)(const FN(row_block) *b, FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)
{
    FN(log_sums_of)(b, 0, x, terms, m, log_sum);
}

NOINLINE void FN(log_sums_across)(const FN(row_block) *b, FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)
{
    FN(log_sums_of)(b, 1, x, terms, m, log_sum);
}

INLINE void FN(log_sums)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)
{
    (across ? FN(log_sums_across) : FN(log_sums_along))(b, x, terms, m, log_sum);
}

/* m + log_sum, rounded, and what that loses. */
INLINE REAL FN(split_sum)(REAL m, double log_sum, REAL *low)
{
    double sum = m + log_sum, back = sum - m, lost = (m - (sum - back)) + (log_sum - back);
    REAL high = (REAL)sum;
    *low = (REAL)((sum - high) + lost);
    return high;
}

/* A number a row. */
INLINE void FN(logsumexp)(const FN(row_block) *b, int across)
{
    FN(rows_at) x = b->first;
    double log_sum[BLOCK_ROWS];
    REAL m[BLOCK_ROWS], low;
    FN(log_sums)(b, across, x, b->spare, m, log_sum);
    for (int r = 0; r < b->valid_rows; r++) {
        REAL result = FN(split_sum)(m[r], log_sum[r], &low);
        if (FN(fabs)(m[r]) == INFINITY) {
            result = m[r];
            for (ptrdiff_t i = 0; i < b->n; i++) {
                REAL here = x.p[across ? i * x.step + r : r * b->n + i];
                result = here == here ? result : here;
            }
        }
        b->out.p[r] = result;
    }
}

/* softmax(x) times a gradient a row. */
INLINE void FN(logsumexp_backward)(const FN(row_block) *b, int across)
{
    FN(rows_at) y = FN(softmax_for_gradient)(b, across), out = b->out;
    const REAL *grad = b->first.p;
    FA_FOR_EACH_ELEMENT(y.p == out.p, FA_ELEMENT(out) = FA_ELEMENT(y) * grad[r];)
}

FA_ROW_KERNEL(logsumexp)
FA_ROW_KERNEL(logsumexp_backward)
