/* softmax(x) = e^(x - m) / sum e^(x - m), where m is the row's maximum, and its gradients. A sink s is one more element of the
   maximum and of the sum; its gradient is -e^(s - m) / sum times sum(grad y), and 0
   if it is -inf, whatever the row is.

   A row with a NaN or a +inf, or of -inf alone, becomes NaN; a -inf gives exactly 0. Masked elements arrive here as -inf:
   row_gather in rows/run.h writes it. */

/* y = softmax(x). `terms` is scratch memory and may be y. If it is x, the try without the maximum is skipped, because it would
   destroy x. */
INLINE void FN(row_softmax_of)(const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, FN(rows_at) y)
{
    double sum[BLOCK_ROWS];
    REAL m[BLOCK_ROWS], factor[BLOCK_ROWS];
    FN(row_terms_and_sums)(SUM_VALUES, b, across, x, terms, m, sum, NULL);
#pragma omp simd
    for (int r = 0; r < b->count; r++)
        factor[r] = (REAL)(1 / sum[r]);
    for (int r = 0; r < b->count && b->sink; r++)
        b->sink_share[r] *= factor[r];
    FA_FOR_EACH_ELEMENT(terms.p == y.p, FA_ELEMENT(y) = FA_ELEMENT(terms) * factor[r];)
}
FA_ROW_PART(row_softmax, FA_LIST(x, terms, y), FN(rows_at) x, FN(rows_at) terms, FN(rows_at) y)

/* For gradients: softmax of b->second, in memory that is not needed later. */
INLINE FN(rows_at) FN(softmax_for_gradient)(const FN(row_block) *b, int across)
{
    FN(rows_at) y = b->spare.p ? b->spare : b->out;
    FN(row_softmax)(b, across, b->second, b->in_place ? y : b->out, y);
    return y;
}

/* out = y (grad - sum(grad y)). */
INLINE void FN(softmax_gradient)(const FN(row_block) *b, int across, FN(rows_at) grad, FN(rows_at) y)
{
    double sum[BLOCK_ROWS];
    REAL dot[BLOCK_ROWS];
    FN(rows_at) out = b->out;
    FN(row_sums)(SUM_PRODUCTS, b, across, grad, y, NULL, sum, NULL);
    for (int r = 0; r < b->count; r++)
        dot[r] = (REAL)sum[r];
    for (int r = 0; r < b->valid_rows && b->sink_grad; r++)
        b->sink_grad[r] = b->sink[r] == -INFINITY ? 0 : 0 - b->sink_share[r] * dot[r];
    FA_FOR_EACH_ELEMENT(out.p == y.p || out.p == grad.p, FA_ELEMENT(out) = FA_ELEMENT(y) * (FA_ELEMENT(grad) - dot[r]);)
}

INLINE void FN(softmax)(const FN(row_block) *b, int across)
{
    FN(row_softmax)(b, across, b->first, b->spare.p ? b->spare : b->out, b->out);
}

INLINE void FN(softmax_backward)(const FN(row_block) *b, int across)
{
    FN(softmax_gradient)(b, across, b->first, FN(softmax_for_gradient)(b, across));
}

INLINE void FN(softmax_backward_from_output)(const FN(row_block) *b, int across)
{
    double sum[BLOCK_ROWS];
    if (b->sink_grad) /* the sink's share is what the others leave */
        FN(row_sums)(SUM_VALUES, b, across, b->second, b->second, NULL, sum, NULL);
    for (int r = 0; r < b->count && b->sink_grad; r++)
        b->sink_share[r] = (REAL)(1 - sum[r]);
    FN(softmax_gradient)(b, across, b->first, b->second);
}

FA_ROW_KERNEL(softmax)
FA_ROW_KERNEL(softmax_backward)
FA_ROW_KERNEL(softmax_backward_from_output)
