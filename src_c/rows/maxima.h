/* The largest elements of rows. NaN is ignored; a row of NaN alone has -inf. */

/* The largest element of one row. */
INLINE REAL FN(row_maximum)(const REAL *x, ptrdiff_t n)
{
    REAL m[ROW_LANES];
    ptrdiff_t i = ROW_LANES;
    if (n < ROW_LANES) {
        FA_FOR_LANES(ROW_LANES) m[l] = l < n && x[l] == x[l] ? x[l] : -INFINITY;
    } else {
        FA_FOR_LANES(ROW_LANES) m[l] = x[l] == x[l] ? x[l] : -INFINITY;
        if (n >= 2 * FOUR_LANES) { /* four chains, because a comparison and a selection take several cycles */
            REAL wide[FOUR_LANES];
            FA_FOR_LANES(FOUR_LANES) wide[l] = -INFINITY;
            for (i = 0; i + FOUR_LANES <= n; i += FOUR_LANES)
                FA_FOR_LANES(FOUR_LANES) wide[l] = x[i + l] > wide[l] ? x[i + l] : wide[l];
            FA_FOR_LANES(32) wide[l] = wide[l + 32] > wide[l] ? wide[l + 32] : wide[l];
            FA_FOR_LANES(16) m[l] = wide[l + 16] > wide[l] ? wide[l + 16] : wide[l];
        }
        for (; i + ROW_LANES <= n; i += ROW_LANES)
            FA_FOR_LANES(ROW_LANES) m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
        i = n - ROW_LANES;
        FA_FOR_LANES(ROW_LANES) m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
    }
    FA_FOR_LANES(8) m[l] = m[l + 8] > m[l] ? m[l + 8] : m[l];
    FA_FOR_LANES(4) m[l] = m[l + 4] > m[l] ? m[l + 4] : m[l];
    FA_FOR_LANES(2) m[l] = m[l + 2] > m[l] ? m[l + 2] : m[l];
    return m[1] > m[0] ? m[1] : m[0];
}

/* The largest elements of 64 rows side by side, with a chain for each 16 rows. */
INLINE void FN(maxima_of_64)(const REAL *x, ptrdiff_t step, ptrdiff_t n, REAL *m)
{
    REAL most[FOUR_LANES];
    FA_FOR_LANES(FOUR_LANES) most[l] = -INFINITY;
    for (ptrdiff_t i = 0; i < n; i++)
        FA_FOR_LANES(FOUR_LANES) most[l] = x[i * step + l] > most[l] ? x[i * step + l] : most[l];
    FA_FOR_LANES(FOUR_LANES) m[l] = most[l];
}

/* The largest elements of 16 rows side by side, in four chains of every fourth element. */
INLINE void FN(maxima_of_16)(const REAL *x, ptrdiff_t step, ptrdiff_t n, REAL *m)
{
    REAL most[4][ROW_LANES];
    ptrdiff_t i = 0;
    for (int j = 0; j < 4; j++)
        FA_FOR_LANES(ROW_LANES) most[j][l] = -INFINITY;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++)
            FA_FOR_LANES(ROW_LANES)
            most[j][l] = x[(i + j) * step + l] > most[j][l] ? x[(i + j) * step + l] : most[j][l];
    for (; i < n; i++)
        FA_FOR_LANES(ROW_LANES) most[0][l] = x[i * step + l] > most[0][l] ? x[i * step + l] : most[0][l];
    FA_FOR_LANES(ROW_LANES) most[0][l] = most[1][l] > most[0][l] ? most[1][l] : most[0][l];
    FA_FOR_LANES(ROW_LANES) most[2][l] = most[3][l] > most[2][l] ? most[3][l] : most[2][l];
    FA_FOR_LANES(ROW_LANES) m[l] = most[2][l] > most[0][l] ? most[2][l] : most[0][l];
}

/* The largest element of each row. Rows side by side are taken 64 at a time, because the elements of a row may be far apart. */
INLINE void FN(row_maxima)(const FN(row_block) *b, int across, FN(rows_at) x, REAL *m)
{
    int r = 0;
    for (; !across && r < b->count; r++)
        m[r] = FN(row_maximum)(x.p + r * b->n, b->n);
    for (; r + FOUR_LANES <= b->count; r += FOUR_LANES)
        FN(maxima_of_64)(x.p + r, x.step, b->n, m + r);
    for (; r < b->count; r += ROW_LANES)
        FN(maxima_of_16)(x.p + r, x.step, b->n, m + r);
}
