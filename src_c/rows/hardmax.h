/* hardmax(x) is 1 at the first maximum of a row and 0 elsewhere. A row with a NaN becomes NaN. The search for the maximum ends at
   the end of the row, because another thread may have changed x after the maximum was computed. */
static void FN(hardmax_along)(const FN(row_block) *b)
{
    for (int r = 0; r < b->count; r++) {
        const REAL *x = b->first.p + r * b->n;
        REAL *out = b->out.p + r * b->n, m = FN(row_maximum)(x, b->n);
        ptrdiff_t first = 0;
        int nan = 0;
#pragma omp simd reduction(| : nan)
        for (ptrdiff_t i = 0; i < b->n; i++)
            nan |= x[i] != x[i];
        while (!nan && first + ROW_LANES <= b->n && !FN(count_equal)(x + first, m, 0, ROW_LANES))
            first += ROW_LANES;
        while (!nan && first < b->n && x[first] != m)
            first++;
        REAL rest = nan ? NAN : 0;
#pragma omp simd
        for (ptrdiff_t i = 0; i < b->n; i++)
            out[i] = rest;
        if (!nan && first < b->n)
            out[first] = 1;
    }
}
