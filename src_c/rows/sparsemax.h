/* sparsemax(x) is the point of the simplex nearest to x: max(x - t, 0) with a threshold t such that the row sums to 1 (Martins
   and Astudillo 2016, arXiv:1602.02068). Its gradient is grad - mean(grad) where the output is positive, the mean being over
   these elements, and 0 elsewhere.

   t = (sum of the x > t, minus 1) / (their number). Newton's method for the convex function sum max(x - t, 0) - 1 finds it from
   below in a few steps (Michelot 1986); each step drops elements, and they need not be sorted. */
#ifndef FA_SPARSEMAX_ONCE
#define FA_SPARSEMAX_ONCE
/* The threshold t of n > 0 numbers, which are overwritten. */
static double fa_sparse_threshold(double *z, ptrdiff_t n)
{
    for (;;) {
        double t = (fa_sum(z, n) - 1) / (double)n;
        ptrdiff_t kept = fa_keep_above(z, n, t);
        if (kept == n || kept == 0)
            return t;
        n = kept;
    }
}
#endif

INLINE void FN(sparsemax_gradient)(const FN(row_block) *b, const REAL *grad, const REAL *y, REAL *out)
{
    double *inside = b->doubles;
    for (int r = 0; r < b->count; r++, grad += b->n, y += b->n, out += b->n) {
        double kept = 0;
#pragma omp simd reduction(+ : kept)
        for (ptrdiff_t i = 0; i < b->n; i++) { /* y - y is NaN if y is */
            inside[i] = y[i] <= 0 ? 0 : grad[i] + (y[i] - y[i]);
            kept += y[i] <= 0 ? 0 : 1;
        }
        REAL mean = (REAL)(fa_sum(inside, b->n) / kept);
#pragma omp simd
        for (ptrdiff_t i = 0; i < b->n; i++)
            out[i] = y[i] <= 0 ? 0 : grad[i] - mean;
    }
}

FA_PROJECTION_KERNELS(sparsemax, fa_sparse_threshold, 0)
