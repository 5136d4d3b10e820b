/* Maxima and sums of short rows of float. Every element is added in double, so the largest term does not swallow the others and
   can be subtracted from the sum again. Elements belong to lanes as in lanes.h; a lane adds its elements one after the other,
   and the lanes are added as a tree. */

/* Runs a statement with the length of a row as `length`, which is a constant for 16, 32 and 64 elements, so that the loops have
   no remainder and stay in registers. */
#ifndef FA_BY_LENGTH
#define FA_LENGTH(constant, STATEMENT) case constant: { const ptrdiff_t length = constant; STATEMENT } break;
#define FA_BY_LENGTH(n, STATEMENT)                                                                              \
    switch (n) {                                                                                                \
        FA_LENGTH(16, STATEMENT) FA_LENGTH(32, STATEMENT) FA_LENGTH(64, STATEMENT)                              \
    default: { const ptrdiff_t length = n; STATEMENT }                                                          \
    }
#endif

/* The sum of one row. */
INLINE double FN(short_sum)(const REAL *a, ptrdiff_t n)
{
    enum { G = ROW_LANES };
    const ptrdiff_t whole = n & -G, tail = n % G, last = n < G ? 0 : n - G;
    double sum[G] = {0};
    for (ptrdiff_t i = 0; i < whole; i += G)
        FA_FOR_LANES(G) sum[l] += a[i + l];
    if (tail) {
        const ptrdiff_t from = n < G ? 0 : G - tail, to = n < G ? tail : G;
        FA_FOR_LANES(G) sum[l] += ((l >= from) & (l < to)) ? a[last + l] : 0;
    }
    FA_FOR_LANES(8) sum[l] += sum[l + 8];
    FA_FOR_LANES(4) sum[l] += sum[l + 4];
    FA_FOR_LANES(2) sum[l] += sum[l + 2];
    return sum[0] + sum[1];
}

/* The sums of rows side by side; absent lanes add 0. */
INLINE void FN(short_sums_across)(const REAL *a, ptrdiff_t step, ptrdiff_t n, int count, double *sums)
{
    enum { G = ROW_LANES };
    const ptrdiff_t whole = n & -G, tail = n % G, shift = n < G ? 0 : G - tail;
    double tree[5][BLOCK_ROWS]; /* a lane, and the sums of lanes that are 8, 4, 2 and 1 apart */
    _Pragma("GCC unroll 16") for (int leaf = 0; leaf < G; leaf++) {
        const int k = (leaf & 1) << 3 | (leaf & 2) << 1 | (leaf & 4) >> 1 | (leaf & 8) >> 3;
        for (int r = 0; r < count; r += G) {
            double lane[G] = {0};
            for (ptrdiff_t i = k; i < whole; i += G)
                FA_FOR_LANES(G) lane[l] += a[i * step + r + l];
            if (k >= shift && k - shift < tail)
                FA_FOR_LANES(G) lane[l] += a[(whole + k - shift) * step + r + l];
            int depth = 0;
            for (; leaf >> depth & 1; depth++)
                FA_FOR_LANES(G) lane[l] = tree[depth][r + l] + lane[l];
            FA_FOR_LANES(G) tree[depth][r + l] = lane[l];
        }
    }
    for (int r = 0; r < count; r++)
        sums[r] = tree[4][r];
}

INLINE void FN(short_sums)(const FN(row_block) *b, int across, FN(rows_at) a, double *sums)
{
    if (across)
        FA_BY_LENGTH(b->n, const int few = length > 2 * ROW_LANES ? b->count : ROW_LANES; /* the trees of 16 stay in registers */
                     for (int r = 0; r < b->count; r += few)
                         FN(short_sums_across)(a.p + r, a.step, length, few, sums + r);)
    else
        FA_BY_LENGTH(b->n, for (int r = 0; r < b->count; r++) sums[r] = FN(short_sum)(a.p + r * length, length);)
}

INLINE void FN(short_maxima)(const FN(row_block) *b, int across, FN(rows_at) x, REAL *m)
{
    if (across)
        FN(row_maxima)(b, 1, x, m);
    else
        FA_BY_LENGTH(b->n, for (int r = 0; r < b->count; r++) m[r] = FN(row_maximum)(x.p + r * length, length);)
}
