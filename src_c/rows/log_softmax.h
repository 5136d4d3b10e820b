/* log_softmax(x) = x - logsumexp(x), and its gradient grad - softmax(x) sum(grad).

   logsumexp(x) is high + low, so the difference keeps its digits next to the maximum: a row (x, 0) gives e^-x. A row with a NaN
   or a +inf, or of -inf alone, becomes NaN; a -inf stays. */
INLINE void FN(log_softmax)(const FN(row_block) *b, int across)
{
    FN(rows_at) x = b->first, out = b->out;
    const FN(row_scale) *scale = b->scale;
    double log_sum[BLOCK_ROWS];
    REAL m[BLOCK_ROWS], high[BLOCK_ROWS], low[BLOCK_ROWS];
    FN(log_sums)(b, across, x, b->spare.p ? b->spare : out, m, log_sum);
    for (int r = 0; r < b->count; r++) /* m - m is 0, or NaN if m is infinite */
        high[r] = FN(split_sum)(scale ? m[r] - m[r] : m[r], log_sum[r], &low[r]);
    if (scale) {
        REAL s = scale->high, s_low = scale->low;
        FA_FOR_EACH_ELEMENT(out.p == x.p, REAL d_low; REAL d = FN(two_diff)(FA_ELEMENT(x), m[r], &d_low); REAL t = d * s;
                            REAL t_low = FN(fma)(d, s, -t) + FN(fma)(d, s_low, d_low * s);
                            FA_ELEMENT(out) = (t - high[r]) + ((t_low == t_low ? t_low : 0) - low[r]);)
        return;
    }
    FA_FOR_EACH_ELEMENT(out.p == x.p, FA_ELEMENT(out) = (FA_ELEMENT(x) - high[r]) - low[r];)
}

/* out = grad - p sum(grad), where y is the softmax p or, if is_log, its logarithm. */
INLINE void FN(log_softmax_gradient)(const FN(row_block) *b, int across, FN(rows_at) grad, FN(rows_at) y, int is_log)
{
    double sum[BLOCK_ROWS];
    REAL total[BLOCK_ROWS];
    FN(rows_at) out = b->out;
    const int once = out.p == y.p || out.p == grad.p;
    FN(row_sums)(SUM_VALUES, b, across, grad, grad, NULL, sum, NULL);
    for (int r = 0; r < b->count; r++)
        total[r] = (REAL)sum[r];
    if (is_log) {
        const REAL rounder = ROUNDER + (EXPONENT_BIAS + ROW_SHIFT);
        FA_FOR_EACH_ELEMENT(once, REAL d = FN(min)(FN(max)(FA_ELEMENT(y), ROW_LOWEST), 1);
                            REAL p = FN(row_exp)(d, rounder) * (1 / ROW_UNIT);
                            FA_ELEMENT(out) = FN(fma)(-p, total[r], FA_ELEMENT(grad));)
        return;
    }
    FA_FOR_EACH_ELEMENT(once, FA_ELEMENT(out) = FN(fma)(-FA_ELEMENT(y), total[r], FA_ELEMENT(grad));)
}

INLINE void FN(log_softmax_backward)(const FN(row_block) *b, int across)
{
    FN(log_softmax_gradient)(b, across, b->first, FN(softmax_for_gradient)(b, across), 0);
}

INLINE void FN(log_softmax_backward_from_output)(const FN(row_block) *b, int across)
{
    FN(log_softmax_gradient)(b, across, b->first, b->second, 1);
}

FA_ROW_KERNEL(log_softmax)
FA_ROW_KERNEL(log_softmax_backward)
FA_ROW_KERNEL(log_softmax_backward_from_output)
