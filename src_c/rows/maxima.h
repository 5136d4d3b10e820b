/* A row's maximum. */
/* The largest element of a row, NaN ignored; -inf for NaN alone. */
INLINE REAL FN(row_maximum)(const REAL *x, ptrdiff_t n)
{
    enum { WIDE = 4 * ROW_LANES }; /* four chains: a comparison and a selection take several cycles */
    REAL m[ROW_LANES];
    ptrdiff_t i = ROW_LANES;
    if (n < ROW_LANES) {
        LANES_LOOP(ROW_LANES) m[l] = l < n && x[l] == x[l] ? x[l] : -INFINITY;
    } else {
        LANES_LOOP(ROW_LANES) m[l] = x[l] == x[l] ? x[l] : -INFINITY;
        if (n >= 2 * WIDE) {
            REAL wide[WIDE];
            LANES_LOOP(WIDE) wide[l] = -INFINITY;
            for (i = 0; i + WIDE <= n; i += WIDE)
                LANES_LOOP(WIDE) wide[l] = x[i + l] > wide[l] ? x[i + l] : wide[l];
            LANES_LOOP(32) wide[l] = wide[l + 32] > wide[l] ? wide[l + 32] : wide[l];
            LANES_LOOP(16) m[l] = wide[l + 16] > wide[l] ? wide[l + 16] : wide[l];
        }
        for (; i + ROW_LANES <= n; i += ROW_LANES)
            LANES_LOOP(ROW_LANES) m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
        i = n - ROW_LANES;
        LANES_LOOP(ROW_LANES) m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
    }
    LANES_LOOP(8) m[l] = m[l + 8] > m[l] ? m[l + 8] : m[l];
    LANES_LOOP(4) m[l] = m[l + 4] > m[l] ? m[l + 4] : m[l];
    LANES_LOOP(2) m[l] = m[l + 2] > m[l] ? m[l + 2] : m[l];
    return m[1] > m[0] ? m[1] : m[0];
}

/* The largest element of each row. */
INLINE void FN(row_maxima)(const FN(row_block) *b, int across, FN(rows_at) x, REAL *m)
{
    for (int r = 0; !across && r < b->count; r++)
        m[r] = FN(row_maximum)(x.p + r * b->n, b->n);
    for (int r = 0; across && r < b->count; r += ROW_LANES) {
        REAL most[4][ROW_LANES]; /* four chains */
        for (int j = 0; j < 4; j++)
            LANES_LOOP(ROW_LANES) most[j][l] = -INFINITY;
        ptrdiff_t i = 0;
        for (; i + 4 <= b->n; i += 4)
            for (int j = 0; j < 4; j++) {
                const REAL *here = x.p + (i + j) * x.step + r;
                LANES_LOOP(ROW_LANES) most[j][l] = here[l] > most[j][l] ? here[l] : most[j][l];
            }
        for (; i < b->n; i++) {
            const REAL *here = x.p + i * x.step + r;
            LANES_LOOP(ROW_LANES) most[0][l] = here[l] > most[0][l] ? here[l] : most[0][l];
        }
        LANES_LOOP(ROW_LANES) most[0][l] = most[1][l] > most[0][l] ? most[1][l] : most[0][l];
        LANES_LOOP(ROW_LANES) most[2][l] = most[3][l] > most[2][l] ? most[3][l] : most[2][l];
        LANES_LOOP(ROW_LANES) m[r + l] = most[2][l] > most[0][l] ? most[2][l] : most[0][l];
    }
}
