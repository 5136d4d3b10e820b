/* The terms e^(x - m) of rows, where m is a row's maximum, times a factor of the row.

   e^ multiplies the rounding error of x - m by |x - m|, so x - m must be exact. If |m| <= ROW_FAR, the term is e^x 2^-k with 2^k
   close to e^m, and there is no difference. Otherwise x - m is exact for every x whose term counts. With a temperature the
   difference is needed, and its error is kept.

   Terms carry a factor 2^ROW_SHIFT, so that no term that counts is subnormal, and results are rounded once.

   Unshifted terms, e^x 2^UNSHIFTED_POWER, are tried first: they do not need the maximum. If their sum is between
   UNSHIFTED_SUM_MIN and UNSHIFTED_SUM_MAX, nothing has over- or underflowed, and the result has the same bits as with the
   maximum. Otherwise the terms are computed again, with the maximum. */
#define ROW_SHIFT LIT(100, 900)
#define ROW_UNIT LIT(0x1p100f, 0x1p900)
#define ROW_LOWEST LIT(-130.0f, -800.0) /* below, e^(x - m) is 0 in every result */
#define ROW_FAR LIT(260.0f, 1600.0)     /* 2 |ROW_LOWEST| */
#define UNSHIFTED_POWER LIT(60, 580)
#define UNSHIFTED_LOWEST LIT(-128.0f, -1100.0)
#define UNSHIFTED_HIGHEST LIT(44.0f, 300.0)
#define UNSHIFTED_SUM_MIN LIT(0x1p26, 0x1p70)    /* 2^UNSHIFTED_POWER e^-23.6 (-353.5): UNSHIFTED_LOWEST adds nothing to it */
#define UNSHIFTED_SUM_MAX LIT(0x1p123, 0x1p1012) /* 2^UNSHIFTED_POWER e^43.7 (299.4) */
#define UNSHIFTED_MAX_LEAST LIT(-23.0f, -350.0)  /* with a maximum from here */
#define UNSHIFTED_MAX_MOST LIT(43.0f, 256.0)     /* to here the sum of less than 2^60 terms is between the two */

/* The term of x is e^d with d = max(x - base, lowest); the exponent bits of `rounder` contain its factor. */
typedef struct {
    REAL base[BLOCK_ROWS], lowest[BLOCK_ROWS], rounder[BLOCK_ROWS];
} FN(row_shifts);

/* k with 2^k close to e^m; 0 if *far, when m is subtracted from x. */
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

/* e^d 2^s, where rounder = ROUNDER + EXPONENT_BIAS + s. */
INLINE REAL FN(row_exp)(REAL d, REAL rounder)
{
    REAL k = FN(fma)(d, LOG2_E, rounder), n = k - rounder;
    REAL scale = FN(from_bits)((BITS)((LIT(uint32_t, uint64_t))FN(to_bits)(k) << MANTISSA_BITS));
    REAL r = FN(fma)(n, -LN2_LO, FN(fma)(n, -LN2_HI, d)), r2 = r * r;
    return FN(fma)(FN(fma)(FN(exp_tail)(r, r2), r2, r), scale, scale);
}

/* row_exp of d + d_low, at least of ROW_LOWEST. */
INLINE REAL FN(row_exp_low)(REAL d, REAL d_low, REAL rounder)
{
    d_low = d < ROW_LOWEST ? 0 : d_low;
    REAL term = FN(row_exp)(FN(max)(d, ROW_LOWEST), rounder);
    return FN(fma)(term, d_low, term);
}

/* A positive NaN becomes UNSHIFTED_HIGHEST, whose sum is too large, so that the terms are computed again. */
INLINE REAL FN(row_unshifted_term)(REAL x)
{
    BITS d = FN(to_bits)(FN(max)(x, UNSHIFTED_LOWEST)), high = FN(to_bits)(UNSHIFTED_HIGHEST);
    return FN(row_exp)(FN(from_bits)(d < high ? d : high), ROUNDER + (EXPONENT_BIAS + UNSHIFTED_POWER));
}

INLINE REAL FN(row_term)(REAL x, REAL low, const FN(row_shifts) *s, ptrdiff_t r, const FN(row_scale) *scale)
{
    if (!scale)
        return FN(row_exp)(FN(max)(x - s->base[r], s->lowest[r]), s->rounder[r]);
    REAL d_low, d = FN(two_diff)(x, s->base[r], &d_low), t = d * scale->high;
    REAL t_low = FN(fma)(d, scale->high, -t) + FN(fma)(d, scale->low, d_low * scale->high) + low;
    return FN(row_exp_low)(t, t_low, s->rounder[r]);
}

/* The terms of rows with the maxima m. */
INLINE void FN(row_shifted_terms)(const FN(row_block) *b, int across, const FN(row_scale) *scale, FN(rows_at) x,
                                  FN(rows_at) to, const REAL *m)
{
    FN(row_shifts) s;
    for (int r = 0; r < b->count; r++)
        FN(row_set_shift)(&s, r, m[r], scale != NULL);
    if (scale && b->low.p) {
        const FN(rows_at) low = b->low;
        FA_FOR_EACH_ELEMENT(to.p == x.p, FA_ELEMENT(to) = FN(row_term)(FA_ELEMENT(x), FA_ELEMENT(low), &s, r, scale);)
        return;
    }
    FA_FOR_EACH_ELEMENT(to.p == x.p, FA_ELEMENT(to) = FN(row_term)(FA_ELEMENT(x), 0, &s, r, scale);)
}

/* The terms of rows, unshifted or with the maxima m. */
INLINE void FN(row_terms_of)(const FN(row_block) *b, int across, int unshifted, FN(rows_at) x, FN(rows_at) to, const REAL *m)
{
    if (unshifted && across) {
        FA_FOR_EACH_ELEMENT(0, FA_ELEMENT(to) = FN(row_unshifted_term)(FA_ELEMENT(x));)
    } else if (unshifted) { /* all rows at once */
        const ptrdiff_t all = b->count * b->n;
#pragma omp simd
        for (ptrdiff_t i = 0; i < all; i++)
            to.p[i] = FN(row_unshifted_term)(x.p[i]);
    } else if (b->scale) {
        FN(row_shifted_terms)(b, across, b->scale, x, to, m);
    } else {
        FN(row_shifted_terms)(b, across, NULL, x, to, m);
    }
}
FA_ROW_PART(row_terms, FA_LIST(unshifted, x, to, m), int unshifted, FN(rows_at) x, FN(rows_at) to, const REAL *m)

/* The term of one number per row. */
NOINLINE void FN(row_terms_of_scalars)(const FN(row_block) *b, int unshifted, const REAL *scalars, const REAL *m, REAL *to)
{
    FN(row_block) row = *b;
    FN(rows_at) x = {(REAL *)scalars, b->count}, terms = {to, b->count};
    row.n = 1;
    row.low.p = NULL;
    row.count = (b->count + ROW_LANES - 1) & -ROW_LANES;
    FN(row_terms_across)(&row, unshifted, x, terms, m);
}

/* The terms of rows and their sums, SUM_VALUES or SUM_AND_MAX_LANE, with the sinks, whose terms become sink_share. Returns
   whether the terms are unshifted; otherwise m has the maxima. x must differ from `terms` for unshifted ones. */
INLINE int FN(row_terms_and_sums)(int kind, const FN(row_block) *b, int across, FN(rows_at) x, FN(rows_at) terms, REAL *m,
                                  double *sum, double *lane)
{
    for (int unshifted = !b->scale && terms.p != x.p, done;; unshifted = 0) {
        if (!unshifted)
            FN(row_maxima)(b, across, x, m);
        for (int r = 0; r < b->count && b->sink && !unshifted; r++)
            m[r] = b->sink[r] > m[r] ? b->sink[r] : m[r];
        FN(row_terms)(b, across, unshifted, x, terms, m);
        FN(row_sums)(kind, b, across, terms, terms, NULL, sum, lane);
        if (b->sink)
            FN(row_terms_of_scalars)(b, unshifted, b->sink, m, b->sink_share);
        for (int r = 0; r < b->count && b->sink; r++)
            sum[r] += b->sink_share[r];
        done = 1;
        for (int r = 0; r < b->count && unshifted; r++)
            done &= sum[r] >= UNSHIFTED_SUM_MIN && sum[r] <= UNSHIFTED_SUM_MAX;
        if (done)
            return unshifted;
    }
}
