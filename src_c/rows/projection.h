/* Projections onto the simplex, sparsemax and entmax15: max(z - t, 0) or its square, with a threshold t such that a row sums to
   1. z is the row less its maximum, and half of that for entmax15. All is computed in double. A row with a NaN or a +inf, or of
   -inf alone, becomes NaN. */
#ifndef FA_PROJECTION_ONCE
#define FA_PROJECTION_ONCE
enum { ADDED_AT_ONCE = 8 * ROW_LANES };

/* The sum of x - t or, if `square`, of their squares, for at most ADDED_AT_ONCE numbers, in an order that depends on n alone. */
INLINE double fa_sum_of_few(const double *x, ptrdiff_t n, double t, const int square)
{
    double part[ROW_LANES];
    ptrdiff_t i = 0;
    FA_FOR_LANES(ROW_LANES) part[l] = 0;
    for (; i + ROW_LANES <= n; i += ROW_LANES)
        FA_FOR_LANES(ROW_LANES) part[l] += square ? (x[i + l] - t) * (x[i + l] - t) : x[i + l] - t;
    for (ptrdiff_t k = i; k < n; k++)
        part[k - i] += square ? (x[k] - t) * (x[k] - t) : x[k] - t;
    FA_FOR_LANES(8) part[l] += part[l + 8];
    FA_FOR_LANES(4) part[l] += part[l + 4];
    FA_FOR_LANES(2) part[l] += part[l + 2];
    return part[0] + part[1];
}

/* The same for any number. */
INLINE double fa_sum_above(const double *x, ptrdiff_t n, double t, const int square)
{
    double sum = 0, lost = 0;
    for (ptrdiff_t at = 0; at < n; at += ADDED_AT_ONCE)
        fa_add(&sum, &lost, fa_sum_of_few(x + at, n - at < ADDED_AT_ONCE ? n - at : ADDED_AT_ONCE, t, square));
    return sum + lost;
}

/* Moves the z > t to the front, in their order, and returns their number. */
INLINE ptrdiff_t fa_keep_above(double *z, ptrdiff_t n, double t)
{
    ptrdiff_t kept = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double here = z[i];
        z[kept] = here;
        kept += here > t;
    }
    return kept;
}

static double fa_sum(const double *x, ptrdiff_t n) { return fa_sum_above(x, n, 0, 0); }

/* The kernels of a projection, from its threshold and the function NAME_gradient(b, grad, y, out). */
#define FA_PROJECTION_KERNELS(name, threshold, square)                                                          \
    static void FN(name##_along)(const FN(row_block) *b)                                                        \
    {                                                                                                           \
        FN(row_projection)(b, b->first.p, b->out.p, threshold, square);                                         \
    }                                                                                                           \
    static void FN(name##_backward_along)(const FN(row_block) *b)                                               \
    {                                                                                                           \
        REAL *y = b->spare.p ? b->spare.p : b->out.p;                                                           \
        FN(row_projection)(b, b->second.p, y, threshold, square);                                               \
        FN(name##_gradient)(b, b->first.p, y, b->out.p);                                                        \
    }                                                                                                           \
    static void FN(name##_backward_from_output_along)(const FN(row_block) *b)                                   \
    {                                                                                                           \
        FN(name##_gradient)(b, b->first.p, b->second.p, b->out.p);                                              \
    }
#endif

/* `threshold` gets the z > -1, which are all that can be above t, and overwrites them. */
INLINE void FN(row_projection)(const FN(row_block) *b, const REAL *x, REAL *out, double (*threshold)(double *z, ptrdiff_t n),
                               const int square)
{
    const double scale = (b->scale ? (double)b->scale->high + (double)b->scale->low : 1) * (square ? 0.5 : 1);
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
        t = nan ? NAN : threshold(z, kept);
#pragma omp simd
        for (ptrdiff_t i = 0; i < b->n; i++) {
            double p = ((double)x[i] - m) * scale - t;
            p = p < 0 ? 0 : p;
            out[i] = (REAL)(square ? p * p : p);
        }
    }
}
