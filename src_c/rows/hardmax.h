/* hardmax(x): 1 at a row's first maximum, 0 elsewhere. A row with a NaN becomes NaN. Rows one after the other. The
   search for the maximum ends with the row, since another thread may have written to x after it was found. */
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
