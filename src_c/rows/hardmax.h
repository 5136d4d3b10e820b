/* hardmax(x) is 1 at the first maximum of a row and 0 elsewhere. A row with a NaN becomes NaN.

   Another thread may change x after the maximum was computed, so the search along a row ends at the end of the row. */
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

/* `rest` is 0, or NaN if the row has one; `left` is 1 until the maximum is found. */
static void FN(hardmax_across)(const FN(row_block) *b)
{
    const FN(rows_at) x = b->first, out = b->out;
    REAL m[BLOCK_ROWS], rest[BLOCK_ROWS], left[BLOCK_ROWS];
    FN(row_maxima)(b, 1, x, m);
    for (int r = 0; r < b->count; r++)
        rest[r] = 0, left[r] = 1;
    const int across = 1;
    FA_FOR_EACH_ELEMENT(1, rest[r] = FA_ELEMENT(x) == FA_ELEMENT(x) ? rest[r] : NAN;)
    FA_FOR_EACH_ELEMENT(1, REAL found = FA_ELEMENT(x) == m[r] ? left[r] : 0; left[r] -= found;
                        FA_ELEMENT(out) = found + rest[r];)
}
