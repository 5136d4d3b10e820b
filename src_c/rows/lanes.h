/* What functions of whole rows share: blocks of rows, the order of a sum, a row's maximum.

   A block is some rows that fit in L1, or one longer row. They lie one after the other, row r at p + r n;
   or side by side ("across"), element i of all rows at p + i step. Kernels are written once for both. They
   take 16 lanes at a time: across, the number of rows is a multiple of 16; along, the last lanes
   of a row are computed with their neighbours again, or, where there are less than 16 elements, with
   what follows in memory, and then the next row overwrites what that gives.

   A sum has one order whatever the instruction set, the layout and the threads. Its elements are taken by
   16, one a lane, and if the last ones are fewer they take the last lanes (the first lanes, in a
   row of less than 16). Eight times 16 elements are added in REAL, lane by lane; these sums as a tree, in
   double; and the trees one after the other, with a compensation where REAL is double. */
#ifndef FA_LANES_ONCE
#define FA_LANES_ONCE
enum { ROW_LANES = 16, ROW_PART = 8 * ROW_LANES, BLOCK_ROWS = 256 };
#define FA_PLAIN static inline __attribute__((always_inline))
#define FA_APART static __attribute__((noinline))
#define LANES_LOOP(lanes) _Pragma("omp simd") for (int l = 0; l < (lanes); l++)

/* sum += part; `rest` gathers what rounding loses. */
FA_PLAIN void fa_accumulate(double *sum, double *rest, double part)
{
    double s = *sum + part, back = s - *sum;
    *rest += (*sum - (s - back)) + (part - back);
    *sum = s;
}
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
    int count, numbers, in_place; /* numbers: rows that exist; count fills them up to 16 */
    double *doubles;        /* room for n, where the form needs it */
    const FN(row_scale) *scale; /* NULL: 1 */
} FN(row_block);

/* A statement for each element of a block, that of row r at AT(rows); `once`: it must not be repeated, as where
   it overwrites what it reads. */
#define AT(rows) ((rows).p[across ? i * (rows).step + r : k])
#define FA_EACH(once, STATEMENT)                                                                                \
    for (ptrdiff_t i_ = 0; across && i_ < b->n; i_++) {                                                         \
        const ptrdiff_t i = i_, k = 0;                                                                          \
        for (int r_ = 0; r_ < b->count; r_ += ROW_LANES)                                                        \
            LANES_LOOP(ROW_LANES) { const int r = r_ + l; (void)k; STATEMENT }                                  \
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
                LANES_LOOP(ROW_LANES) { const ptrdiff_t k = k_ + l; (void)i; STATEMENT }                        \
            if (n_ > whole_) {                                                                                  \
                k_ = whole_ ? at_ + n_ - ROW_LANES : at_;                                                       \
                LANES_LOOP(ROW_LANES) { const ptrdiff_t k = k_ + l; (void)i; STATEMENT }                        \
            }                                                                                                   \
        }                                                                                                       \
    }

/* A kernel for each layout. */
#define FA_ROW_KERNEL(name)                                                                                     \
    static void FN(name##_along)(const FN(row_block) *b) { FN(name)(b, 0); }                                        \
    static void FN(name##_across)(const FN(row_block) *b) { FN(name)(b, 1); }

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
    for (int r = 0; across && r < b->count; r++)
        m[r] = -INFINITY;
    for (ptrdiff_t i = 0; across && i < b->n; i++)
        for (int r = 0; r < b->count; r += ROW_LANES)
            LANES_LOOP(ROW_LANES) m[r + l] = x.p[i * x.step + r + l] > m[r + l] ? x.p[i * x.step + r + l] : m[r + l];
}

/* What a row's sum is made of: numbers a; products a c; or the numbers other than `top`, and the number of
   those that are. */
#ifndef FA_SUMS_ONCE
#define FA_SUMS_ONCE
enum { SUM_NUMBERS, SUM_PRODUCTS, SUM_OTHERS };
#endif

INLINE REAL FN(row_add)(int kind, const REAL *a, const REAL *c, REAL top, REAL sum)
{
    return kind == SUM_PRODUCTS ? FN(fused)(*a, *c, sum) : sum + ((kind == SUM_OTHERS) & (*a == top) ? 0 : *a);
}

/* Adds 16 lanes, as a tree, to a row's sum; it overwrites them. */
INLINE void FN(row_add_tree)(REAL *part, double *sum, double *rest)
{
    double t[4];
    LANES_LOOP(8) part[l] += part[l + 8];
    LANES_LOOP(4) t[l] = part[l] + part[l + 4];
    LANES_LOOP(2) t[l] += t[l + 2];
    if (FA_DOUBLE)
        fa_accumulate(sum, rest, t[0] + t[1]);
    else
        *sum += t[0] + t[1];
}

/* How many of 16 elements are `top`. */
INLINE int FN(count_top)(const REAL *a, REAL top, int from, int to)
{
#if defined(__x86_64__) && FA_VECTOR_BYTES == 64 && !FA_DOUBLE
    unsigned found = _mm512_cmpeq_ps_mask(_mm512_loadu_ps(a), _mm512_set1_ps(top));
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 64
    __m512d wide = _mm512_set1_pd(top);
    unsigned found = _mm512_cmpeq_pd_mask(_mm512_loadu_pd(a), wide) | (unsigned)_mm512_cmpeq_pd_mask(_mm512_loadu_pd(a + 8), wide) << 8;
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 32 && !FA_DOUBLE
    __m256 wide = _mm256_set1_ps(top);
    unsigned found = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a), wide, _CMP_EQ_OQ)) |
                     (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a + 8), wide, _CMP_EQ_OQ)) << 8;
#else
    unsigned found = 0;
    for (int l = 0; l < ROW_LANES; l++)
        found |= (unsigned)(a[l] == top) << l;
#endif
    return __builtin_popcount(found >> from & ((1u << (to - from)) - 1));
}

/* The sum of one row. */
INLINE double FN(row_sum)(int kind, const REAL *a, const REAL *c, ptrdiff_t n, REAL top, double *tops)
{
    double sum = 0, rest = 0;
    ptrdiff_t i = 0, found = 0;
    while (i < n) {
        const ptrdiff_t end = n - i < ROW_PART ? n : i + ROW_PART;
        REAL part[ROW_LANES];
        LANES_LOOP(ROW_LANES) part[l] = 0;
        _Pragma("GCC unroll 1") for (; i + 4 * ROW_LANES <= end; i += 4 * ROW_LANES) { /* four stay in registers */
            LANES_LOOP(ROW_LANES)
            {
                REAL s = part[l];
                s = FN(row_add)(kind, a + i + l, c + i + l, top, s);
                s = FN(row_add)(kind, a + i + l + ROW_LANES, c + i + l + ROW_LANES, top, s);
                s = FN(row_add)(kind, a + i + l + 2 * ROW_LANES, c + i + l + 2 * ROW_LANES, top, s);
                part[l] = FN(row_add)(kind, a + i + l + 3 * ROW_LANES, c + i + l + 3 * ROW_LANES, top, s);
            }
            for (int j = 0; j < 4 && kind == SUM_OTHERS; j++)
                found += FN(count_top)(a + i + j * ROW_LANES, top, 0, ROW_LANES);
        }
        _Pragma("GCC unroll 1") for (; i + ROW_LANES <= end; i += ROW_LANES) {
            LANES_LOOP(ROW_LANES) part[l] = FN(row_add)(kind, a + i + l, c + i + l, top, part[l]);
            if (kind == SUM_OTHERS)
                found += FN(count_top)(a + i, top, 0, ROW_LANES);
        }
        if (i < end) { /* selected into another array: a load cannot follow a masked store quickly */
            REAL more[ROW_LANES], some[ROW_LANES];
            const int tail = (int)(n - i), from = i ? ROW_LANES - tail : 0, to = i ? ROW_LANES : tail;
            const ptrdiff_t last = i ? n - ROW_LANES : 0;
            LANES_LOOP(ROW_LANES) more[l] = FN(row_add)(kind, a + last + l, c + last + l, top, part[l]);
            LANES_LOOP(ROW_LANES) some[l] = (l >= from) & (l < to) ? more[l] : part[l];
            if (kind == SUM_OTHERS)
                found += FN(count_top)(a + last, top, from, to);
            FN(row_add_tree)(some, &sum, &rest);
            break;
        }
        FN(row_add_tree)(part, &sum, &rest);
    }
    if (kind == SUM_OTHERS)
        *tops = (double)found;
    return FA_DOUBLE ? sum + rest : sum;
}

/* The first `lanes` lanes of 16 rows side by side: adds their trees to the rows' sums, and makes them 0. */
INLINE void FN(row_add_trees)(REAL (*parts)[ROW_LANES], int lanes, double *sums, double *rest)
{
    double t[4][ROW_LANES];
    for (int k = 8; k < lanes; k++)
        LANES_LOOP(ROW_LANES) parts[k - 8][l] += parts[k][l];
    for (int k = 0; k < 4; k++)
        LANES_LOOP(ROW_LANES) t[k][l] = parts[k][l] + parts[k + 4][l];
    for (int k = 0; k < 2; k++)
        LANES_LOOP(ROW_LANES) t[k][l] += t[k + 2][l];
    LANES_LOOP(ROW_LANES)
    {
        if (FA_DOUBLE)
            fa_accumulate(&sums[l], &rest[l], t[0][l] + t[1][l]);
        else
            sums[l] += t[0][l] + t[1][l];
    }
    for (int k = 0; k < lanes; k++)
        LANES_LOOP(ROW_LANES) parts[k][l] = 0;
}

/* The sums of rows side by side. */
INLINE void FN(row_sums_across)(int kind, FN(rows_at) a, FN(rows_at) c, ptrdiff_t n, int count, const REAL *top, double *sums,
                            double *tops)
{
    REAL parts[BLOCK_ROWS / ROW_LANES][ROW_LANES][ROW_LANES], found[BLOCK_ROWS];
    double rest[BLOCK_ROWS];
    const int lanes = n < 8 ? 8 : n < ROW_LANES ? (int)n : ROW_LANES;
    const int to_the_end = n < ROW_LANES ? 0 : (int)(ROW_LANES - n % ROW_LANES);
    for (int r = 0; r < count; r += ROW_LANES) {
        for (int k = 0; k < lanes; k++)
            LANES_LOOP(ROW_LANES) parts[r / ROW_LANES][k][l] = 0;
        LANES_LOOP(ROW_LANES) sums[r + l] = rest[r + l] = 0;
        if (kind == SUM_OTHERS)
            LANES_LOOP(ROW_LANES) tops[r + l] = found[r + l] = 0;
    }
    for (ptrdiff_t i = 0; i < n; i++) {
        const int k = (int)(i % ROW_LANES) + (i < (n & -ROW_LANES) ? 0 : to_the_end);
        for (int r = 0; r < count; r += ROW_LANES) {
            const REAL *ai = a.p + i * a.step + r, *ci = c.p + i * c.step + r;
            REAL *part = parts[r / ROW_LANES][k];
            LANES_LOOP(ROW_LANES)
            part[l] = FN(row_add)(kind, ai + l, ci + l, kind == SUM_OTHERS ? top[r + l] : 0, part[l]);
            if (kind == SUM_OTHERS)
                LANES_LOOP(ROW_LANES) found[r + l] += ai[l] == top[r + l] ? 1 : 0;
        }
        if (i % ROW_PART != ROW_PART - 1 && i != n - 1)
            continue;
        for (int r = 0; r < count; r += ROW_LANES) {
            FN(row_add_trees)(parts[r / ROW_LANES], lanes, sums + r, rest + r);
            if (kind == SUM_OTHERS)
                LANES_LOOP(ROW_LANES) tops[r + l] += found[r + l], found[r + l] = 0;
        }
    }
    for (int r = 0; FA_DOUBLE && r < count; r++)
        sums[r] += rest[r];
}

/* The sum of each row. */
INLINE void FN(row_sums)(int kind, const FN(row_block) *b, int across, FN(rows_at) a, FN(rows_at) c, const REAL *top,
                     double *sums, double *tops)
{
    if (across)
        FN(row_sums_across)(kind, a, c, b->n, b->count, top, sums, tops);
    for (int r = 0; !across && r < b->count; r++)
        sums[r] = FN(row_sum)(kind, a.p + r * b->n, c.p + r * b->n, b->n, kind == SUM_OTHERS ? top[r] : 0,
                              kind == SUM_OTHERS ? tops + r : NULL);
}
