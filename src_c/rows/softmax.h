/* softmax(x) = e^(x - m) / sum e^(x - m), m the row's maximum; and its gradient from the output.

   A row with a NaN or a +inf, or of -inf alone, becomes NaN; a -inf gives exactly 0. */

/* softmax of `x` in `y`, by way of `terms`; these may be one, and x, but then there is no first look. */
INLINE void FN(softmax_by)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, FN(rows_at) y)
{
    double sum[BLOCK_ROWS];
    REAL m[BLOCK_ROWS], factor[BLOCK_ROWS];
    FN(row_terms_and_sums)(SUM_VALUES, b, across, x, terms, m, sum, NULL);
#pragma omp simd
    for (int r = 0; r < b->count; r++)
        factor[r] = (REAL)(1 / sum[r]);
    FA_FOR_EACH_ELEMENT(terms.p == y.p, FA_ELEMENT(y) = FA_ELEMENT(terms) * factor[r];)
}

NOINLINE void FN(softmax_by_along)(const FN(row_block) *b, FN(rows_at) x, FN(rows_at) terms, FN(rows_at) y)
{
    FN(softmax_by)(b, 0, x, terms, y);
}

NOINLINE void FN(softmax_by_across)(const FN(row_block) *b, FN(rows_at) x, FN(rows_at) terms, FN(rows_at) y)
{
    FN(softmax_by)(b, 1, x, terms, y);
}

/* For gradients: softmax of `second`, where it does not disturb what is still needed. */
INLINE FN(rows_at) FN(softmax_for_gradient)(const FN(row_block) *b, int across)
{
    FN(rows_at) y = b->spare.p ? b->spare : b->out, terms = b->in_place ? y : b->out;
    if (across)
        FN(softmax_by_across)(b, b->second, terms, y);
    else
        FN(softmax_by_along)(b, b->second, terms, y);
    return y;
}

/* y (grad - sum grad y). */
INLINE void FN(softmax_gradient)(const FN(row_block) *b, int across, FN(rows_at) grad, FN(rows_at) y)
{
    double sum[BLOCK_ROWS];
    REAL dot[BLOCK_ROWS];
    FN(rows_at) out = b->out;
    FN(row_sums)(SUM_PRODUCTS, b, across, grad, y, NULL, sum, NULL);
    for (int r = 0; r < b->count; r++)
        dot[r] = (REAL)sum[r];
    FA_FOR_EACH_ELEMENT(out.p == y.p || out.p == grad.p, FA_ELEMENT(out) = FA_ELEMENT(y) * (FA_ELEMENT(grad) - dot[r]);)
}

INLINE void FN(softmax)(const FN(row_block) *b, int across)
{
    FN(rows_at) terms = b->spare.p ? b->spare : b->out;
    if (across)
        FN(softmax_by_across)(b, b->first, terms, b->out);
    else
        FN(softmax_by_along)(b, b->first, terms, b->out);
}

INLINE void FN(softmax_backward)(const FN(row_block) *b, int across)
{
    FN(softmax_gradient)(b, across, b->first, FN(softmax_for_gradient)(b, across));
}

INLINE void FN(softmax_backward_from_output)(const FN(row_block) *b, int across)
{
    FN(softmax_gradient)(b, across, b->first, b->second);
}

FA_ROW_KERNEL(softmax)
FA_ROW_KERNEL(softmax_backward)
FA_ROW_KERNEL(softmax_backward_from_output)
