/* sparsemax(x) is the point of the simplex nearest to x: max(x - t, 0) with a threshold t such that the row sums to 1 (Martins
   and Astudillo 2016, arXiv:1602.02068). Its gradient is grad - mean(grad) where the output is positive, the mean being over
   these elements, and 0 elsewhere.

   t = (sum of the x > t, minus 1) / (their number). Newton's method for the convex function sum max(x - t, 0) - 1 finds it from
   below in a few steps (Michelot 1986); each step drops elements, and they need not be sorted. Elements with x - m <= -1 are
   dropped first. All is computed in double. A row with a NaN or a +inf, or of -inf alone, becomes NaN. */
#ifndef FA_SPARSEMAX_ONCE
#define FA_SPARSEMAX_ONCE
/* The sum of n numbers, in an order that depends on n alone. */
static double fa_sum(const double *x, ptrdiff_t n)
{
    enum { AT_ONCE = 8 * ROW_LANES };
    double sum = 0, lost = 0;
    for (ptrdiff_t at = 0; at < n; at += AT_ONCE) {
        double part[ROW_LANES];
        ptrdiff_t end = n - at < AT_ONCE ? n : at + AT_ONCE, i = at;
        FA_FOR_LANES(ROW_LANES) part[l] = 0;
        for (; i + ROW_LANES <= end; i += ROW_LANES)
            FA_FOR_LANES(ROW_LANES) part[l] += x[i + l];
        for (ptrdiff_t k = i; k < end; k++)
            part[k - i] += x[k];
        FA_FOR_LANES(8) part[l] += part[l + 8];
        FA_FOR_LANES(4) part[l] += part[l + 4];
        FA_FOR_LANES(2) part[l] += part[l + 2];
        fa_add(&sum, &lost, part[0] + part[1]);
    }
    return sum + lost;
}

/* The threshold t of n > 0 numbers, which are overwritten. */
static double fa_sparse_threshold(double *z, ptrdiff_t n)
{
    for (;;) {
        double t = (fa_sum(z, n) - 1) / (double)n;
        ptrdiff_t kept = 0;
        for (ptrdiff_t i = 0; i < n; i++) {
            double here = z[i];
            z[kept] = here;
            kept += here > t;
        }
        if (kept == n || kept == 0)
            return t;
        n = kept;
    }
}
#endif

INLINE void FN(row_sparsemax)(const FN(row_block) *b, const REAL *x, REAL *out)
{
    const double scale = b->scale ? (double)b->scale->high + (double)b->scale->low : 1;
    double *z = b->doubles;
    for (int r = 0; r < b->count; r++, x += b->n, out += b->n) {
        double m = FN(row_maximum)(x, b->n), t;
        ptrdiff_t kept = 0;
        int nan = 0;
        for (ptrdiff_t i = 0; i < b->n; i++) {
            double d = ((double)x[i] - m) * scale;
            z[kept] = d;
            kept += d > -1;
            nan |= d != d;
        }
        t = nan ? NAN : fa_sparse_threshold(z, kept);
#pragma omp simd
        for (ptrdiff_t i = 0; i < b->n; i++) {
            double p = ((double)x[i] - m) * scale - t;
            out[i] = (REAL)(p < 0 ? 0 : p);
        }
    }
}

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

static void FN(sparsemax_along)(const FN(row_block) *b) { FN(row_sparsemax)(b, b->first.p, b->out.p); }

static void FN(sparsemax_backward_along)(const FN(row_block) *b)
{
    REAL *y = b->spare.p ? b->spare.p : b->out.p;
    FN(row_sparsemax)(b, b->second.p, y);
    FN(sparsemax_gradient)(b, b->first.p, y, b->out.p);
}

static void FN(sparsemax_backward_from_output_along)(const FN(row_block) *b)
{
    FN(sparsemax_gradient)(b, b->first.p, b->second.p, b->out.p);
}
