/* e^(x - m), m a row's maximum, times a factor of the row.

   e^ would multiply a rounding error of x - m by |x - m|, so none is made. A maximum below
   ROW_FAR is left out of the difference: e^x 2^-k does as well, 2^k near e^m. Farther from 0, x - m is
   exact, for all x that matter. A temperature needs the difference itself: then its error is taken along.

   Terms carry a factor 2^ROW_SHIFT, so that no term that shows in a result is subnormal, and the results
   are rounded once. Where no x is far from 0, the maximum need not be known: a first look takes
   e^x 2^UNSHIFTED_POWER, and its sum tells whether that was right. The bits are the same. */
#undef ROW_SHIFT
#undef ROW_LOWEST
#undef ROW_FAR
#undef UNSHIFTED_POWER
#undef UNSHIFTED_LOWEST
#undef UNSHIFTED_HIGHEST
#undef UNSHIFTED_SUM_MIN
#undef UNSHIFTED_SUM_MAX
#undef UNSHIFTED_MAX_LEAST
#undef UNSHIFTED_MAX_MOST
#define ROW_SHIFT LIT(100, 900)
#define ROW_LOWEST LIT(-130.0f, -800.0) /* below, e^(x - m) is 0 in every result */
#define ROW_FAR LIT(260.0f, 1600.0)     /* 2 |ROW_LOWEST| */
#define UNSHIFTED_POWER LIT(60, 580)
#define UNSHIFTED_LOWEST LIT(-128.0f, -1100.0)
#define UNSHIFTED_HIGHEST LIT(44.0f, 300.0)
#define UNSHIFTED_SUM_MIN LIT(0x1p26, 0x1p70)    /* 2^UNSHIFTED_POWER e^-23.6 (-353.5): UNSHIFTED_LOWEST is 0 beside it */
#define UNSHIFTED_MAX_LEAST LIT(-23.0f, -350.0) /* maxima in between, of less than 2^60 terms, will do */
#define UNSHIFTED_MAX_MOST LIT(43.0f, 256.0)
#define UNSHIFTED_SUM_MAX LIT(0x1p123, 0x1p1012) /* 2^UNSHIFTED_POWER e^43.7 (299.4) */

/* x - base, not below `lowest`, has the exponent bits of its term as those of `rounder`. */
typedef struct {
    REAL base[BLOCK_ROWS], lowest[BLOCK_ROWS], rounder[BLOCK_ROWS];
} FN(row_shifts);

/* 2^k near e^m, as k; 0 where m stays in the difference. */
INLINE REAL FN(row_power_of)(REAL m, int scaled, int *far)
{
    *far = scaled || !(FN(fabs)(m) <= ROW_FAR);
    return FN(fma)(*far ? 0 : m, LOG2_E, ROUNDER) - ROUNDER;
}

INLINE void FN(row_set_shift)(FN(row_shifts) *s, ptrdiff_t r, REAL m, int scaled)
{
    int far;
    REAL k = FN(row_power_of)(m, scaled, &far);
    s->base[r] = far ? m : 0;
    s->lowest[r] = far ? ROW_LOWEST : m + ROW_LOWEST;
    s->rounder[r] = ROUNDER + (EXPONENT_BIAS + ROW_SHIFT) - k;
}

/* e^d, its exponent from `rounder`. */
INLINE REAL FN(row_exp)(REAL d, REAL rounder)
{
    REAL k = FN(fma)(d, LOG2_E, rounder), n = k - rounder;
    REAL scale = FN(from_bits)((BITS)((LIT(uint32_t, uint64_t))FN(to_bits)(k) << MANTISSA_BITS));
    REAL r = FN(fma)(n, -LN2_LO, FN(fma)(n, -LN2_HI, d)), r2 = r * r;
    return FN(fma)(FN(fma)(FN(exp_tail)(r, r2), r2, r), scale, scale);
}

/* The first look. A positive NaN becomes UNSHIFTED_HIGHEST, which is found out as well. */
INLINE REAL FN(row_unshifted_term)(REAL x)
{
    BITS d = FN(to_bits)(FN(max)(x, UNSHIFTED_LOWEST)), high = FN(to_bits)(UNSHIFTED_HIGHEST);
    return FN(row_exp)(FN(from_bits)(d < high ? d : high), ROUNDER + (EXPONENT_BIAS + UNSHIFTED_POWER));
}

INLINE REAL FN(row_term)(REAL x, const FN(row_shifts) *s, ptrdiff_t r, const FN(row_scale) *scale)
{
    REAL d = x - s->base[r];
    if (!scale)
        return FN(row_exp)(FN(max)(d, s->lowest[r]), s->rounder[r]);
    REAL back = d - x, d_low = (x - (d - back)) - (s->base[r] + back), t = d * scale->high;
    REAL t_low = FN(fma)(d, scale->high, -t) + FN(fma)(d, scale->low, d_low * scale->high);
    t_low = t < ROW_LOWEST ? 0 : t_low;
    REAL term = FN(row_exp)(FN(max)(t, ROW_LOWEST), s->rounder[r]);
    return FN(fma)(term, t_low, term);
}

/* Terms of rows with the maxima m, or quick ones, which know none. */
INLINE void FN(row_terms_of)(const FN(row_block) *b, int across, const FN(row_scale) *scale, FN(rows_at) x, FN(rows_at) to,
                         const REAL *m)
{
    FN(row_shifts) s;
    for (int r = 0; r < b->count; r++)
        FN(row_set_shift)(&s, r, m[r], scale != NULL);
    FA_FOR_EACH_ELEMENT(to.p == x.p, FA_ELEMENT(to) = FN(row_term)(FA_ELEMENT(x), &s, r, scale);)
}

NOINLINE void FN(row_terms_along)(const FN(row_block) *b, int unshifted, FN(rows_at) x, FN(rows_at) to, const REAL *m)
{
    const ptrdiff_t all = b->count * b->n; /* quick ones: rows without gaps are as good as one */
#pragma omp simd
    for (ptrdiff_t i = 0; i < (unshifted ? all : 0); i++)
        to.p[i] = FN(row_unshifted_term)(x.p[i]);
    if (!unshifted && b->scale)
        FN(row_terms_of)(b, 0, b->scale, x, to, m);
    else if (!unshifted)
        FN(row_terms_of)(b, 0, NULL, x, to, m);
}

NOINLINE void FN(row_terms_across)(const FN(row_block) *b, int unshifted, FN(rows_at) x, FN(rows_at) to, const REAL *m)
{
    const int across = 1;
    if (unshifted) {
        FA_FOR_EACH_ELEMENT(0, FA_ELEMENT(to) = FN(row_unshifted_term)(FA_ELEMENT(x));)
    } else if (b->scale) {
        FN(row_terms_of)(b, 1, b->scale, x, to, m);
    } else {
        FN(row_terms_of)(b, 1, NULL, x, to, m);
    }
}

INLINE void FN(row_terms)(const FN(row_block) *b, int across, int unshifted, FN(rows_at) x, FN(rows_at) to, const REAL *m)
{
    (across ? FN(row_terms_across) : FN(row_terms_along))(b, unshifted, x, to, m);
}

/* The terms of the maxima themselves. */
NOINLINE void FN(row_terms_of_maxima)(const FN(row_block) *b, int unshifted, const REAL *m, REAL *to)
{
    FN(row_block) row = *b;
    FN(rows_at) x = {(REAL *)m, b->count}, terms = {to, b->count};
    row.n = 1;
    row.count = (b->count + ROW_LANES - 1) & -ROW_LANES;
    FN(row_terms_across)(&row, unshifted, x, terms, m);
}

/* Whether the terms of the first look have the right sum. */
INLINE int FN(unshifted_sums_ok)(double sum) { return sum >= UNSHIFTED_SUM_MIN && sum <= UNSHIFTED_SUM_MAX; }

/* The terms of rows and their sums, of a kind without `top`. Returns whether the first look did; else m has the
   maxima. */
INLINE int FN(row_terms_and_sums)(int kind, const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m,
                                  double *sum, double *lane)
{
    for (int unshifted = !b->scale && terms.p != x.p, done;; unshifted = 0) {
        if (!unshifted)
            FN(row_maxima)(b, across, x, m);
        FN(row_terms)(b, across, unshifted, x, terms, m);
        FN(row_sums)(kind, b, across, terms, terms, NULL, sum, lane);
        done = 1;
        for (int r = 0; r < b->count && unshifted; r++)
            done &= FN(unshifted_sums_ok)(sum[r]);
        if (done)
            return unshifted;
    }
}
