/* What functions of whole rows share: blocks of rows, and the order of a sum.

   A block is some rows that fit in L1, or one longer row. They lie one after the other, row r at p + r n;
   or side by side ("across"), element i of all rows at p + i step. Kernels are written once for both. They
   take 16 lanes at a time: across, the number of rows is a multiple of 16; along, the last lanes
   of a row are computed with their neighbours again, or, where there are less than 16 elements, with
   what follows in memory, and then the next row overwrites what that gives.

   A sum has one order whatever the instruction set, the layout and the threads. Its elements are taken by
   16, one a lane, and if the last ones are fewer they take the last lanes (the first lanes, in a
   row of less than 16). Of each lane four elements are added in REAL, in pairs; these sums one after the other,
   in double; and the lanes as a tree. Where REAL is double, sums in double are compensated. A sum of 0 is +0: which
   zeros are added to it, and so its sign, would depend on the layout. */
#ifndef FA_LANES_ONCE
#define FA_LANES_ONCE
enum { ROW_LANES = 16, FOURFOLD = 4 * ROW_LANES, BLOCK_ROWS = 256 };
#define FA_FOR_LANES(lanes) _Pragma("omp simd") for (int l = 0; l < (lanes); l++)

#endif

typedef struct {
    REAL *p;
    ptrdiff_t step;
} FN(rows_at);

/* 1 / temperature in two parts. */
typedef struct {
    REAL high, low;
} FN(row_scale);

/* What a kernel works on. Where a form takes or gives one number a row, `first` or `out` is an array of
   them. `spare` has room for the elements; `in_place`: out is an input. */
typedef struct {
    FN(rows_at) first, second, out, spare;
    ptrdiff_t n;
    int count, valid_rows, in_place; /* valid_rows: rows that exist; count fills them up to 16 */
    double *doubles;        /* room for n, where the form needs it */
    const FN(row_scale) *scale; /* NULL: 1 */
} FN(row_block);

/* A statement for each element of a block, that of row r at AT(rows); `once`: it must not be repeated, as where
   it overwrites what it reads. */
#define FA_ELEMENT(rows) ((rows).p[across ? i * (rows).step + r : k])
#define FA_FOR_EACH_ELEMENT(once, STATEMENT)                                                                    \
    for (ptrdiff_t i_ = 0; across && i_ < b->n; i_++) {                                                         \
        const ptrdiff_t i = i_, k = 0;                                                                          \
        for (ptrdiff_t r_ = 0; r_ < b->count; r_ += ROW_LANES)                                                  \
            FA_FOR_LANES(ROW_LANES) { const ptrdiff_t r = r_ + l; (void)k; STATEMENT }                          \
    }                                                                                                           \
    if (!across) {                                                                                              \
        const ptrdiff_t n_ = b->n, whole_ = n_ & -ROW_LANES, i = 0;                                             \
        const int repeats_ = (once);                                                                            \
        for (ptrdiff_t r = 0, at_ = 0; r < b->count; r++, at_ += n_) {                                          \
            ptrdiff_t k_ = at_;                                                                                 \
            if (repeats_) {                                                                                     \
                _Pragma("omp simd") for (ptrdiff_t k = at_; k < at_ + n_; k++) { (void)i; STATEMENT }           \
                continue;                                                                                       \
            }                                                                                                   \
            _Pragma("GCC unroll 1") for (; k_ < at_ + whole_; k_ += ROW_LANES)                                  \
                FA_FOR_LANES(ROW_LANES) { const ptrdiff_t k = k_ + l; (void)i; STATEMENT }                      \
            if (n_ > whole_) {                                                                                  \
                k_ = whole_ ? at_ + n_ - ROW_LANES : at_;                                                       \
                FA_FOR_LANES(ROW_LANES) { const ptrdiff_t k = k_ + l; (void)i; STATEMENT }                      \
            }                                                                                                   \
        }                                                                                                       \
    }

/* A kernel for each layout. */
#define FA_ROW_KERNEL(name)                                                                                     \
    static void FN(name##_along)(const FN(row_block) *b) { FN(name)(b, 0); }                                    \
    static void FN(name##_across)(const FN(row_block) *b) { FN(name)(b, 1); }

/* What a row's sum is made of: numbers a; products a c; the numbers other than `top`, and the number of those
   that are; or numbers, and the largest sum of a lane. */
#ifndef FA_SUMS_ONCE
#define FA_SUMS_ONCE
enum { SUM_VALUES, SUM_PRODUCTS, SUM_WITHOUT_MAX, SUM_AND_MAX_LANE };
#endif

/* sum += part; `rest` gathers what rounding loses, where REAL is double. */
INLINE void FN(row_add)(double *sum, double *rest, double part)
{
    if (FA_DOUBLE) {
        double s = *sum + part, back = s - *sum;
        *rest += (*sum - (s - back)) + (part - back);
        *sum = s;
    } else {
        *sum += part;
    }
}

/* What an element adds to a sum, and what four of a lane do. */
INLINE REAL FN(row_item)(int kind, REAL a, REAL c, REAL max_term)
{
    return kind == SUM_PRODUCTS ? a * c : ((kind == SUM_WITHOUT_MAX) & (a == max_term)) ? 0 : a;
}

INLINE REAL FN(row_four)(int kind, REAL a0, REAL a1, REAL a2, REAL a3, REAL c0, REAL c1, REAL c2, REAL c3, REAL max_term)
{
    REAL first = FN(row_item)(kind, a0, c0, max_term), third = FN(row_item)(kind, a2, c2, max_term);
    if (kind == SUM_PRODUCTS)
        return FN(fma)(a1, c1, first) + FN(fma)(a3, c3, third);
    return (first + FN(row_item)(kind, a1, c1, max_term)) + (third + FN(row_item)(kind, a3, c3, max_term));
}

/* How many of 16 elements are `top`. */
INLINE int FN(count_equal)(const REAL *a, REAL max_term, int from, int to)
{
#if defined(__x86_64__) && FA_VECTOR_BYTES == 64 && !FA_DOUBLE
    unsigned found = _mm512_cmpeq_ps_mask(_mm512_loadu_ps(a), _mm512_set1_ps(max_term));
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 64
    __m512d wide = _mm512_set1_pd(max_term);
    unsigned found = _mm512_cmpeq_pd_mask(_mm512_loadu_pd(a), wide);
    found |= (unsigned)_mm512_cmpeq_pd_mask(_mm512_loadu_pd(a + 8), wide) << 8;
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 32 && !FA_DOUBLE
    __m256 wide = _mm256_set1_ps(max_term);
    unsigned found = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a), wide, _CMP_EQ_OQ)) |
                     (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a + 8), wide, _CMP_EQ_OQ)) << 8;
#else
    unsigned found = 0;
    for (int l = 0; l < ROW_LANES; l++)
        found |= (unsigned)(a[l] == max_term) << l;
#endif
    return __builtin_popcount(found >> from & ((1u << (to - from)) - 1));
}

/* The sum of one row. It begins with what is left over by fours, also in pairs. */
INLINE double FN(row_sum)(int kind, const REAL *a, const REAL *c, ptrdiff_t n, REAL max_term, double *max_count)
{
    enum { G = ROW_LANES };
    const ptrdiff_t fours = n & -FOURFOLD, last = n < G ? 0 : n - G;
    const int groups = (int)(n - fours) / G, tail = (int)(n % G), from = n < G ? 0 : G - tail, to = n < G ? tail : G;
    double sum[G], rest[G];
    ptrdiff_t found = 0;
    if (groups == 1 && !tail) { /* of 16, for speed */
        FA_FOR_LANES(G) sum[l] = FN(row_item)(kind, a[fours + l], c[fours + l], max_term);
        if (kind == SUM_WITHOUT_MAX)
            found = FN(count_equal)(a + fours, max_term, 0, G);
    } else {
        REAL pairs[2][G] = {{0}};
        for (int j = 0; j < groups; j++) {
            const REAL *here = a + fours + j * G, *with = c + fours + j * G;
            FA_FOR_LANES(G) pairs[j / 2][l] += FN(row_item)(kind, here[l], with[l], max_term);
            if (kind == SUM_WITHOUT_MAX)
                found += FN(count_equal)(here, max_term, 0, G);
        }
        if (tail) {
            const REAL *here = a + last, *with = c + last;
            FA_FOR_LANES(G) pairs[groups / 2][l] += ((l >= from) & (l < to)) ? FN(row_item)(kind, here[l], with[l], max_term) : 0;
            if (kind == SUM_WITHOUT_MAX)
                found += FN(count_equal)(here, max_term, from, to);
        }
        FA_FOR_LANES(G) sum[l] = pairs[0][l] + pairs[1][l];
    }
    FA_FOR_LANES(G) rest[l] = 0;
    _Pragma("GCC unroll 1") for (ptrdiff_t i = 0; i < fours; i += FOURFOLD) {
        const REAL *here = a + i, *with = c + i;
        FA_FOR_LANES(G)
        FN(row_add)(&sum[l], &rest[l],
                    FN(row_four)(kind, here[l], here[l + G], here[l + 2 * G], here[l + 3 * G], with[l], with[l + G],
                                 with[l + 2 * G], with[l + 3 * G], max_term));
        for (int j = 0; j < 4 && kind == SUM_WITHOUT_MAX; j++)
            found += FN(count_equal)(here + j * G, max_term, 0, G);
    }
    if (kind == SUM_WITHOUT_MAX)
        *max_count = (double)found;
    if (kind == SUM_AND_MAX_LANE) {
        FA_FOR_LANES(8) rest[l] = sum[l + 8] > sum[l] ? sum[l + 8] : sum[l];
        FA_FOR_LANES(4) rest[l] = rest[l + 4] > rest[l] ? rest[l + 4] : rest[l];
        FA_FOR_LANES(2) rest[l] = rest[l + 2] > rest[l] ? rest[l + 2] : rest[l];
        *max_count = rest[1] > rest[0] ? rest[1] : rest[0];
    }
    /* The lost parts of two lanes meet where the lanes do, as in row_trees. */
#define FA_ADD_LANES(lanes)                                                                                     \
    FA_FOR_LANES(lanes) FN(row_add)(&sum[l], &rest[l], sum[l + (lanes)]);                                       \
    FA_FOR_LANES(FA_DOUBLE ? (lanes) : 0) rest[l] += rest[l + (lanes)];
    FA_ADD_LANES(8) FA_ADD_LANES(4) FA_ADD_LANES(2) FA_ADD_LANES(1)
#undef FA_ADD_LANES
    return (FA_DOUBLE ? sum[0] + rest[0] : sum[0]) + 0.0;
}

/* The tree of 16 rows' lanes; those from `lanes` on are 0, and not there. */
INLINE void FN(row_trees)(double (*sum)[ROW_LANES], double (*rest)[ROW_LANES], int lanes, double *sums)
{
    for (int width = ROW_LANES / 2; width > 0; width /= 2)
        for (int k = 0; k < width && k + width < lanes; k++) {
            FA_FOR_LANES(ROW_LANES) FN(row_add)(&sum[k][l], &rest[k][l], sum[k + width][l]);
            if (FA_DOUBLE)
                FA_FOR_LANES(ROW_LANES) rest[k][l] += rest[k + width][l];
        }
    FA_FOR_LANES(ROW_LANES) sums[l] = (FA_DOUBLE ? sum[0][l] + rest[0][l] : sum[0][l]) + 0.0;
}

/* Lane k of rows side by side begins with the 1 to 4 elements of it that are left over by fours, in pairs. */
INLINE void FN(row_lane_remainder)(int kind, int items, const REAL *const *a, const REAL *const *c, int count,
                                   const REAL *max_term, int k, double (*sum)[ROW_LANES][ROW_LANES], REAL *found)
{
    for (int r = 0; r < count; r += ROW_LANES) {
        const REAL *t = max_term + (kind == SUM_WITHOUT_MAX ? r : 0);
        REAL both[ROW_LANES];
        FA_FOR_LANES(ROW_LANES)
        {
            REAL item[4] = {0, 0, 0, 0};
            for (int j = 0; j < items; j++)
                item[j] = FN(row_item)(kind, a[j][r + l], c[j][r + l], t[l]);
            both[l] = items == 1 ? item[0] : items == 2 ? item[0] + item[1] : (item[0] + item[1]) + (item[2] + item[3]);
        }
        FA_FOR_LANES(ROW_LANES) sum[r / ROW_LANES][k][l] = both[l];
        REAL max_count[ROW_LANES] = {0};
        for (int j = 0; j < items && kind == SUM_WITHOUT_MAX; j++)
            FA_FOR_LANES(ROW_LANES) max_count[l] += a[j][r + l] == t[l] ? 1 : 0;
        if (kind == SUM_WITHOUT_MAX)
            FA_FOR_LANES(ROW_LANES) found[r + l] += max_count[l];
    }
}

/* The sums of rows side by side, 16 of which have sum[k] as lane k. */
INLINE void FN(row_sums_across)(int kind, FN(rows_at) a, FN(rows_at) c, ptrdiff_t n, int count, const REAL *max_term,
                                double *sums, double *max_count)
{
    enum { G = ROW_LANES };
    double sum[BLOCK_ROWS / G][G][G], rest[BLOCK_ROWS / G][G][G];
    REAL found[BLOCK_ROWS];
    const REAL nothing[BLOCK_ROWS] = {0};
    const ptrdiff_t fours = n & -FOURFOLD;
    const int groups = (int)(n - fours) / G, tail = (int)(n % G), shift = n < G ? 0 : G - tail, lanes = n < G ? (int)n : G;
    for (int r = 0; r < count; r++)
        found[r] = 0;
    for (int k = 0; k < lanes; k++) {
        const REAL *here[4], *with[4], *t = kind == SUM_WITHOUT_MAX ? max_term : nothing;
        int items = 0;
        for (; items < groups; items++) {
            here[items] = a.p + (fours + items * G + k) * a.step;
            with[items] = c.p + (fours + items * G + k) * c.step;
        }
        if (tail && k >= shift) {
            here[items] = a.p + (fours + items * G + k - shift) * a.step;
            with[items] = c.p + (fours + items * G + k - shift) * c.step;
            items++;
        }
        for (int r = 0; r < count / G; r++) {
            if (!items)
                FA_FOR_LANES(G) sum[r][k][l] = 0;
            FA_FOR_LANES(G) rest[r][k][l] = 0;
        }
        switch (items) { /* each a loop of its own */
#define FA_SUM_ITEMS(number) case number: FN(row_lane_remainder)(kind, number, here, with, count, t, k, sum, found); break;
            FA_SUM_ITEMS(1) FA_SUM_ITEMS(2) FA_SUM_ITEMS(3) FA_SUM_ITEMS(4)
#undef FA_SUM_ITEMS
        }
    }
    for (ptrdiff_t i = 0; i < fours; i += FOURFOLD)
        for (int k = 0; k < G; k++)
            for (int r = 0; r < count; r += G) {
                const REAL *x = a.p + (i + k) * a.step + r, *y = c.p + (i + k) * c.step + r;
                const REAL *t = kind == SUM_WITHOUT_MAX ? max_term + r : nothing;
                const ptrdiff_t u = G * a.step, v = G * c.step;
                FA_FOR_LANES(G)
                FN(row_add)(&sum[r / G][k][l], &rest[r / G][k][l],
                            FN(row_four)(kind, x[l], x[u + l], x[2 * u + l], x[3 * u + l], y[l], y[v + l], y[2 * v + l],
                                         y[3 * v + l], t[l]));
                if (kind == SUM_WITHOUT_MAX)
                    FA_FOR_LANES(G)
                    found[r + l] += ((x[l] == t[l] ? 1 : 0) + (REAL)(x[u + l] == t[l] ? 1 : 0)) +
                                    ((x[2 * u + l] == t[l] ? 1 : 0) + (REAL)(x[3 * u + l] == t[l] ? 1 : 0));
            }
    for (int r = 0; r < count; r += G) {
        if (kind == SUM_AND_MAX_LANE) {
            FA_FOR_LANES(G) max_count[r + l] = sum[r / G][0][l];
            for (int k = 1; k < lanes; k++)
                FA_FOR_LANES(G) max_count[r + l] = sum[r / G][k][l] > max_count[r + l] ? sum[r / G][k][l] : max_count[r + l];
        }
        FN(row_trees)(sum[r / G], rest[r / G], lanes, sums + r);
        if (kind == SUM_WITHOUT_MAX)
            FA_FOR_LANES(G) max_count[r + l] = found[r + l];
    }
}

/* The sum of each row. */
INLINE void FN(row_sums)(int kind, const FN(row_block) *b, int across, FN(rows_at) a, FN(rows_at) c, const REAL *max_term,
                     double *sums, double *max_count)
{
    if (across)
        FN(row_sums_across)(kind, a, c, b->n, b->count, max_term, sums, max_count);
    for (int r = 0; !across && r < b->count; r++)
        sums[r] = FN(row_sum)(kind, a.p + r * b->n, c.p + r * b->n, b->n, kind == SUM_WITHOUT_MAX ? max_term[r] : 0,
                              kind == SUM_WITHOUT_MAX || kind == SUM_AND_MAX_LANE ? max_count + r : NULL);
}
