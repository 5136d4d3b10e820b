/* entmax15(x) = max(x / 2 - t, 0)^2 with a threshold t such that the row sums to 1 (Peters et al. 2019, arXiv:1905.05702). With
   s = sqrt(y) its gradient is s (grad - sum(grad s) / sum(s)), and 0 where the output is.

   sum max(z - t, 0)^2 - 1 is convex in t. Newton's method finds its zero from below; each step drops elements, and they need not
   be sorted. A step ends the search if no element is between t and the zero of the sum over those that are left, which a square
   root gives. */
#ifndef FA_ENTMAX15_ONCE
#define FA_ENTMAX15_ONCE
/* The threshold t of n > 0 numbers of at most 0, which are overwritten. It is at least -1, as one of them is 0. */
static double fa_entmax_threshold(double *z, ptrdiff_t n)
{
    for (double t = -1;;) {
        double sum = fa_sum_above(z, n, t, 0), excess = fa_sum_above(z, n, t, 1) - 1, step = excess / (2 * sum);
        double root = sum * sum - (double)n * excess, least = 0;
#pragma omp simd reduction(min : least)
        for (ptrdiff_t i = 0; i < n; i++)
            least = z[i] < least ? z[i] : least;
        if (root >= 0 && t + excess / (sum + __builtin_sqrt(root)) <= least)
            return t + excess / (sum + __builtin_sqrt(root));
        if (!(t + step > t))
            return t;
        t += step;
        n = fa_keep_above(z, n, t);
    }
}
#endif

INLINE void FN(entmax15_gradient)(const FN(row_block) *b, const REAL *grad, const REAL *y, REAL *out)
{
    double *root = b->doubles, product[ADDED_AT_ONCE];
    for (int r = 0; r < b->count; r++, grad += b->n, y += b->n, out += b->n) {
        double sum = 0, sum_lost = 0, dot = 0, dot_lost = 0;
        for (ptrdiff_t at = 0, count; at < b->n; at += count) {
            count = b->n - at < ADDED_AT_ONCE ? b->n - at : ADDED_AT_ONCE;
#pragma omp simd
            for (ptrdiff_t i = 0; i < count; i++) {
                root[at + i] = __builtin_sqrt(y[at + i]);
                product[i] = y[at + i] <= 0 ? 0 : grad[at + i] * root[at + i];
            }
            fa_add(&sum, &sum_lost, fa_sum_of_few(root + at, count, 0, 0));
            fa_add(&dot, &dot_lost, fa_sum_of_few(product, count, 0, 0));
        }
        const double mean = (dot + dot_lost) / (sum + sum_lost);
#pragma omp simd
        for (ptrdiff_t i = 0; i < b->n; i++)
            out[i] = y[i] <= 0 ? 0 : (REAL)(root[i] * (grad[i] - mean));
    }
}

FA_PROJECTION_KERNELS(entmax15, fa_entmax_threshold, 1)
