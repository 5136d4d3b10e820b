/* logsumexp(x) = log sum e^x = m + log(1 + sum of the other e^(x - m)), where m is the row's maximum.

   The term of the maximum, 1, is not part of the sum, in which it would swallow small terms: so the logarithm is accurate where
   it is close to 0. A row of -inf alone gives -inf, a row with a +inf gives inf; NaN gives NaN.

   In this file sum_without_max is the sum of the terms that differ from max_term, the term of the maximum, and max_count the
   number of those that do not. Then log sum e^(x - m) = log1p(sum_without_max / max_term + max_count - 1). */
#define MAX_SHARE 0.6        /* if no term has more of the sum, the float of its logarithm is at least 2^-25 */
#define LONG_ROW_FROM 192    /* elements */
#define LEAST_SHARE 0x1p-22  /* of max_term: a smaller difference of a sum and max_term is not exact in double */
#ifndef FA_LOG1P_OF_ROWS
#define FA_LOG1P_OF_ROWS
/* x[r] = log(1 + x[r]). */
NOINLINE void fa_log1p_of_rows(double *x, int count)
{
#pragma omp simd
    for (int r = 0; r < count; r++)
        x[r] = fa_log1p(x[r]);
}
#endif

/* The term of the maximum, with nearly all digits of a double. */
INLINE double FN(exact_max_term)(REAL m, int scaled, int unshifted)
{
    int far;
    REAL k = FN(row_power_of)(m, scaled, &far);
    FN(exp_parts) e = FN(exp_split)(far ? 0 : m, unshifted ? -UNSHIFTED_POWER : (int)k - ROW_SHIFT);
    return (double)e.scale + ((double)e.q + (double)e.q_low) * (double)e.scale;
}

/* Computes sum_without_max and max_count again, for the rows where sum_without_max is the difference of the sum and max_term and
   is too small for that. */
INLINE void FN(exact_sums_without_max)(const FN(row_block) *b, int across, FN(rows_at) terms, const REAL *max_term,
                                       double *sum_without_max, double *max_count)
{
    FN(row_block) some = *b;
    some.count = across ? ROW_LANES : 1;
    for (int r = 0; r < b->count; r += some.count) {
        const FN(rows_at) here = {terms.p + (across ? r : r * b->n), terms.step};
        double sum[ROW_LANES], count[ROW_LANES];
        int known = 0;
        for (int l = 0; l < some.count; l++) {
            if (sum_without_max[r + l] >= max_term[r + l] * LEAST_SHARE)
                continue;
            if (!known++)
                FN(row_sums)(SUM_WITHOUT_MAX, &some, across, here, here, max_term + r, sum, count);
            sum_without_max[r + l] = sum[l];
            max_count[r + l] = count[l];
        }
    }
}

/* Sets m to each row's maximum, and log_sum; overwrites `terms`. */
INLINE void FN(log_sums_without_max)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m,
                                     double *log_sum)
{
    double sum_without_max[BLOCK_ROWS], max_count[BLOCK_ROWS];
    REAL max_term[BLOCK_ROWS];
    const int is_short = !FA_DOUBLE && b->n < LONG_ROW_FROM;
    int unshifted = !b->scale && terms.p != x.p, inexact = 0;
    (is_short ? FN(short_maxima) : FN(row_maxima))(b, across, x, m);
    for (int r = 0; r < b->count; r++)
        unshifted &= (m[r] >= UNSHIFTED_MAX_LEAST) & (m[r] <= UNSHIFTED_MAX_MOST);
    for (int done = 0; !done; unshifted = 0) {
        FN(row_terms)(b, across, unshifted, x, terms, m);
        FN(row_terms_of_scalars)(b, unshifted, m, m, max_term);
        if (is_short)
            FN(short_sums)(b, across, terms, sum_without_max);
        else
            FN(row_sums)(SUM_WITHOUT_MAX, b, across, terms, terms, max_term, sum_without_max, max_count);
        for (int r = 0; r < b->count && is_short; r++) {
            sum_without_max[r] -= max_term[r];
            max_count[r] = 1;
        }
        done = 1;
        for (int r = 0; r < b->count && unshifted; r++) {
            done &= sum_without_max[r] <= UNSHIFTED_SUM_MAX; /* false for a NaN, as in row_terms_and_sums */
            log_sum[r] = FN(exact_max_term)(m[r], 0, 1);
        }
        for (int r = 0; r < b->count && !unshifted; r++)
            log_sum[r] = FN(exact_max_term)(m[r], b->scale != NULL, 0);
    }
    for (int r = 0; r < b->count && is_short; r++)
        inexact |= !(sum_without_max[r] >= max_term[r] * LEAST_SHARE);
    if (inexact)
        FN(exact_sums_without_max)(b, across, terms, max_term, sum_without_max, max_count);
    for (int r = 0; r < b->count; r++)
        log_sum[r] = sum_without_max[r] / log_sum[r] + (max_count[r] - 1);
    fa_log1p_of_rows(log_sum, b->count);
}

/* log_sum for long rows of float. If no lane has more than MAX_SHARE of a row's sum, no term has, and log_sum is the logarithm of
   the sum of all terms; m is then 0, or the maximum if it was subtracted. Other rows are treated as above. For short rows the
   branch costs more than it saves: rows of 16 take .87 ns an element with it, .55 without. */
INLINE void FN(log_sums_of_long_rows)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m,
                                      double *log_sum)
{
    double sum[BLOCK_ROWS], sum_without_max[BLOCK_ROWS], lane[BLOCK_ROWS], max_count[BLOCK_ROWS];
    double power[BLOCK_ROWS], shift[BLOCK_ROWS];
    REAL max_term[BLOCK_ROWS];
    int any_large = 0, far, unshifted = FN(row_terms_and_sums)(SUM_AND_MAX_LANE, b, across, x, terms, m, sum, lane);
    for (int r = 0; r < b->count; r++)
        shift[r] = unshifted ? -UNSHIFTED_POWER : FN(row_power_of)(m[r], 0, &far) - ROW_SHIFT;
#pragma omp simd reduction(| : any_large)
    for (int r = 0; r < b->count; r++) {
        log_sum[r] = fa_split_power(sum[r], &power[r]);
        power[r] += shift[r];
        any_large |= !(lane[r] <= MAX_SHARE * sum[r]);
    }
    for (int r = 0; any_large && across && r < b->count; r += ROW_LANES) {
        FN(row_block) some = *b;
        FN(rows_at) here = {terms.p + r, terms.step}, from = {x.p + r, x.step};
        int large = 0;
        some.count = ROW_LANES;
        FA_FOR_LANES(ROW_LANES) large |= !(lane[r + l] <= MAX_SHARE * sum[r + l]);
        if (large && unshifted)
            FN(row_maxima)(&some, 1, from, m + r);
        if (large) {
            FN(row_maxima)(&some, 1, here, max_term + r);
            FN(row_sums)(SUM_WITHOUT_MAX, &some, 1, here, here, max_term + r, sum_without_max + r, max_count + r);
        }
    }
    for (int r = 0; r < b->count; r++) {
        if (lane[r] <= MAX_SHARE * sum[r]) {
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
        log_sum[r] = power[r] * LOG_2_HIGH_DOUBLE + (log_sum[r] + power[r] * LOG_2_LOW_DOUBLE);
}

/* Sets m and log_sum such that log_sum = log sum e^((x - m) / temperature). */
INLINE void FN(log_sums_of)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)
{
    if (FA_DOUBLE || b->scale || b->n < LONG_ROW_FROM)
        FN(log_sums_without_max)(b, across, x, terms, m, log_sum);
    else
        FN(log_sums_of_long_rows)(b, across, x, terms, m, log_sum);
}
FA_ROW_PART(log_sums, FA_LIST(x, terms, m, log_sum), FN(rows_at) x, FN(rows_at) terms, REAL *m, double *log_sum)

/* m + log_sum as a REAL and, as *low, its rounding error. */
INLINE REAL FN(split_sum)(REAL m, double log_sum, REAL *low)
{
    double lost, sum = fa_two_sum(m, log_sum, &lost);
    REAL high = (REAL)sum;
    *low = (REAL)((sum - high) + lost);
    return high;
}

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

/* out = softmax(x) times the gradient of its row. */
INLINE void FN(logsumexp_backward)(const FN(row_block) *b, int across)
{
    FN(rows_at) y = FN(softmax_for_gradient)(b, across), out = b->out;
    const REAL *grad = b->first.p;
    FA_FOR_EACH_ELEMENT(y.p == out.p, FA_ELEMENT(out) = FA_ELEMENT(y) * grad[r];)
}

FA_ROW_KERNEL(logsumexp)
FA_ROW_KERNEL(logsumexp_backward)
