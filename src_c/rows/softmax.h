/* softmax along an axis: e^(x - m) / sum e^(x - m), m the row's maximum.

   x - m is taken with its rounding error, which e^ would multiply by |x - m|. Terms carry a factor
   2^ROW_SHIFT until they are multiplied by 1 / sum, so that each result is rounded once, subnormal
   ones too. Error below 3 ulp.

   A sum has one order whatever the instruction set and the layout: element i goes to lane i % 16;
   a lane adds 8 elements at a time in REAL, and these parts in double (with a compensation where
   REAL is double); the lanes are added as a tree. */
#undef ROW_SHIFT
#undef ROW_LOWEST
#define ROW_SHIFT LIT(100, 900)
#define ROW_LOWEST LIT(-130.0f, -800.0)
#ifndef FA_SOFTMAX_ONCE
#define FA_SOFTMAX_ONCE
#define ROW_LANES 16
#define ROW_PART (8 * ROW_LANES)
#define FA_ROW_TABLE(dtype) {softmax_##dtype, softmax_backward_##dtype, softmax_backward_from_output_##dtype}
#define LANES_LOOP(lanes) _Pragma("omp simd") for (int l = 0; l < (lanes); l++)
#endif

/* e^(x - m) 2^ROW_SHIFT for x <= m. */
INLINE REAL FN(softmax_term)(REAL x, REAL m)
{
    REAL d = x - m, back = d - x;
    REAL d_low = (x - (d - back)) - (m + back);
    d_low = d < ROW_LOWEST ? 0 : d_low;
    FN(exp_parts) e = FN(exp_short)(FN(at_least)(d, ROW_LOWEST), -ROW_SHIFT);
    REAL term = FN(fused)(e.q, e.scale, e.scale);
    return FN(fused)(term, d_low, term);
}

typedef struct {
    double sum[ROW_LANES], rest[ROW_LANES]; /* rest: what sum loses; used where REAL is double */
} FN(lanes);

INLINE void FN(add)(FN(lanes) *lanes, int l, double part)
{
#if FA_DOUBLE
    double s = lanes->sum[l] + part, back = s - lanes->sum[l];
    lanes->rest[l] += (lanes->sum[l] - (s - back)) + (part - back);
    lanes->sum[l] = s;
#else
    lanes->sum[l] += part;
#endif
}

INLINE double FN(total)(FN(lanes) *lanes)
{
#define FOLD(width)                                                                                             \
    LANES_LOOP(width)                                                                                           \
    {                                                                                                           \
        if (FA_DOUBLE)                                                                                          \
            lanes->rest[l] += lanes->rest[l + width];                                                           \
        FN(add)(lanes, l, lanes->sum[l + width]);                                                               \
    }
    FOLD(8) FOLD(4) FOLD(2) FOLD(1)
#undef FOLD
    return FA_DOUBLE ? lanes->sum[0] + lanes->rest[0] : lanes->sum[0];
}

/* The largest element, NaN ignored (it comes back through the sum); -inf for a row of NaN alone. */
static REAL FN(row_maximum)(const REAL *x, ptrdiff_t n)
{
    enum { WIDE = 4 * ROW_LANES }; /* four chains: a comparison and a selection take several cycles */
    REAL m[ROW_LANES];
    ptrdiff_t i = 0;
    LANES_LOOP(ROW_LANES) m[l] = -INFINITY;
    if (n >= 2 * WIDE) {
        REAL wide[WIDE];
        LANES_LOOP(WIDE) wide[l] = -INFINITY;
        for (; i + WIDE <= n; i += WIDE)
            LANES_LOOP(WIDE) wide[l] = x[i + l] > wide[l] ? x[i + l] : wide[l];
        LANES_LOOP(32) wide[l] = wide[l + 32] > wide[l] ? wide[l + 32] : wide[l];
        LANES_LOOP(16) m[l] = wide[l + 16] > wide[l] ? wide[l + 16] : wide[l];
    }
    for (; i + ROW_LANES <= n; i += ROW_LANES)
        LANES_LOOP(ROW_LANES) m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
    LANES_LOOP(8) m[l] = m[l + 8] > m[l] ? m[l + 8] : m[l];
    LANES_LOOP(4) m[l] = m[l + 4] > m[l] ? m[l + 4] : m[l];
    LANES_LOOP(2) m[l] = m[l + 2] > m[l] ? m[l + 2] : m[l];
    REAL largest = m[1] > m[0] ? m[1] : m[0];
    for (; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    return largest;
}

/* A contiguous row; its last partial group of 16 goes through a padded copy. */
static void FN(softmax_row)(const REAL *x, REAL *y, ptrdiff_t n)
{
    REAL m = FN(row_maximum)(x, n);
    FN(lanes) lanes = {{0}, {0}};
    for (ptrdiff_t start = 0; start < n; start += ROW_PART) {
        ptrdiff_t end = n - start < ROW_PART ? n : start + ROW_PART, i = start;
        REAL part[ROW_LANES];
        LANES_LOOP(ROW_LANES) part[l] = 0;
        for (; i + ROW_LANES <= end; i += ROW_LANES)
            LANES_LOOP(ROW_LANES)
            {
                REAL term = FN(softmax_term)(x[i + l], m);
                y[i + l] = term;
                part[l] += term;
            }
        if (i < end) {
            REAL last[ROW_LANES];
            LANES_LOOP(ROW_LANES) last[l] = m;
            for (ptrdiff_t k = i; k < end; k++)
                last[k - i] = x[k];
            LANES_LOOP(ROW_LANES) last[l] = FN(softmax_term)(last[l], m);
            LANES_LOOP(ROW_LANES) part[l] += l < end - i ? last[l] : 0;
            for (ptrdiff_t k = i; k < end; k++)
                y[k] = last[k - i];
        }
        LANES_LOOP(ROW_LANES) FN(add)(&lanes, l, part[l]);
    }
    REAL inverse = (REAL)(1 / FN(total)(&lanes));
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] *= inverse;
}

/* dx = y (grad - sum grad y). */
static void FN(softmax_row_gradient)(const REAL *grad, const REAL *y, REAL *dx, ptrdiff_t n)
{
    FN(lanes) lanes = {{0}, {0}};
    for (ptrdiff_t start = 0; start < n; start += ROW_PART) {
        ptrdiff_t end = n - start < ROW_PART ? n : start + ROW_PART, i = start;
        REAL part[ROW_LANES];
        LANES_LOOP(ROW_LANES) part[l] = 0;
        for (; i + ROW_LANES <= end; i += ROW_LANES)
            LANES_LOOP(ROW_LANES) part[l] = FN(fused)(grad[i + l], y[i + l], part[l]);
        for (ptrdiff_t k = i; k < end; k++)
            part[k - i] = FN(fused)(grad[k], y[k], part[k - i]);
        LANES_LOOP(ROW_LANES) FN(add)(&lanes, l, part[l]);
    }
    REAL dot = (REAL)FN(total)(&lanes);
#pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++)
        dx[i] = y[i] * (grad[i] - dot);
}

/* Rows across memory: 16 neighbouring columns whose elements i lie `inner` apart. The same sums, for
   16 rows side by side: lane k of column l is parts[k][l]. `columns` is 16 or, at the edge, fewer. */
typedef struct {
    REAL part[ROW_LANES][ROW_LANES];
    FN(lanes) lanes[ROW_LANES];
} FN(column_sums);

INLINE void FN(flush_columns)(FN(column_sums) *sums)
{
    for (int k = 0; k < ROW_LANES; k++)
        LANES_LOOP(ROW_LANES)
        {
            FN(add)(&sums->lanes[k], l, sums->part[k][l]);
            sums->part[k][l] = 0;
        }
}

INLINE void FN(column_totals)(FN(column_sums) *sums, ptrdiff_t n, double *totals)
{
    if (n % ROW_PART)
        FN(flush_columns)(sums);
    for (int width = ROW_LANES / 2; width > 0; width /= 2)
        for (int k = 0; k < width; k++)
            LANES_LOOP(ROW_LANES)
            {
                if (FA_DOUBLE)
                    sums->lanes[k].rest[l] += sums->lanes[k + width].rest[l];
                FN(add)(&sums->lanes[k], l, sums->lanes[k + width].sum[l]);
            }
    LANES_LOOP(ROW_LANES) totals[l] = FA_DOUBLE ? sums->lanes[0].sum[l] + sums->lanes[0].rest[l] : sums->lanes[0].sum[l];
}

INLINE void FN(copy_columns)(const REAL *from, REAL *to, int columns)
{
#pragma omp simd
    for (int l = 0; l < columns; l++)
        to[l] = from[l];
}

INLINE void FN(softmax_columns)(const REAL *x, REAL *y, ptrdiff_t n, ptrdiff_t inner, int columns)
{
    REAL m[ROW_LANES], here[ROW_LANES] = {0};
    double totals[ROW_LANES];
    FN(column_sums) sums = {0};
    LANES_LOOP(ROW_LANES) m[l] = -INFINITY;
    for (ptrdiff_t i = 0; i < n; i++) {
        FN(copy_columns)(x + i * inner, here, columns);
        LANES_LOOP(ROW_LANES) m[l] = here[l] > m[l] ? here[l] : m[l];
    }
    for (ptrdiff_t i = 0; i < n; i++) {
        REAL *part = sums.part[i % ROW_LANES];
        FN(copy_columns)(x + i * inner, here, columns);
        LANES_LOOP(ROW_LANES) here[l] = FN(softmax_term)(here[l], m[l]);
        LANES_LOOP(ROW_LANES) part[l] += here[l];
        FN(copy_columns)(here, y + i * inner, columns);
        if (i % ROW_PART == ROW_PART - 1)
            FN(flush_columns)(&sums);
    }
    FN(column_totals)(&sums, n, totals);
    LANES_LOOP(ROW_LANES) m[l] = (REAL)(1 / totals[l]);
    for (ptrdiff_t i = 0; i < n; i++) {
#pragma omp simd
        for (int l = 0; l < columns; l++)
            y[i * inner + l] *= m[l];
    }
}

INLINE void FN(softmax_columns_gradient)(const REAL *grad, const REAL *y, REAL *dx, ptrdiff_t n, ptrdiff_t inner,
                                         int columns)
{
    REAL g[ROW_LANES] = {0}, here[ROW_LANES] = {0}, dot[ROW_LANES];
    double totals[ROW_LANES];
    FN(column_sums) sums = {0};
    for (ptrdiff_t i = 0; i < n; i++) {
        REAL *part = sums.part[i % ROW_LANES];
        FN(copy_columns)(grad + i * inner, g, columns);
        FN(copy_columns)(y + i * inner, here, columns);
        LANES_LOOP(ROW_LANES) part[l] = FN(fused)(g[l], here[l], part[l]);
        if (i % ROW_PART == ROW_PART - 1)
            FN(flush_columns)(&sums);
    }
    FN(column_totals)(&sums, n, totals);
    LANES_LOOP(ROW_LANES) dot[l] = (REAL)totals[l];
    for (ptrdiff_t i = 0; i < n; i++) {
#pragma omp simd
        for (int l = 0; l < columns; l++)
            dx[i * inner + l] = y[i * inner + l] * (grad[i * inner + l] - dot[l]);
    }
}

static void FN(softmax_tile)(const REAL *x, REAL *y, ptrdiff_t n, ptrdiff_t inner, int columns)
{
    if (columns == ROW_LANES)
        FN(softmax_columns)(x, y, n, inner, ROW_LANES);
    else
        FN(softmax_columns)(x, y, n, inner, columns);
}

static void FN(softmax_tile_gradient)(const REAL *grad, const REAL *y, REAL *dx, ptrdiff_t n, ptrdiff_t inner,
                                      int columns)
{
    if (columns == ROW_LANES)
        FN(softmax_columns_gradient)(grad, y, dx, n, inner, ROW_LANES);
    else
        FN(softmax_columns_gradient)(grad, y, dx, n, inner, columns);
}

/* Short rows are turned on their side, 16 at a time: a row of its own would leave most lanes empty. */
#define SHORT_ROW 12
INLINE void FN(turn)(const REAL *from, REAL *to, int rows, int n)
{
    for (int l = 0; l < rows; l++)
        for (int i = 0; i < n; i++)
            to[i * ROW_LANES + l] = from[l * n + i];
}

INLINE void FN(turn_back)(const REAL *from, REAL *to, int rows, int n)
{
    for (int l = 0; l < rows; l++)
        for (int i = 0; i < n; i++)
            to[l * n + i] = from[i * ROW_LANES + l];
}

/* Work items: groups of 16 rows where inner is 1, else tiles of 16 columns of each outer index. The
   statements see a, b and out with n, inner, columns for a tile; one row is a tile of one. */
#define FA_ROW_RUNNER(name, ROW_STATEMENT, TILE_STATEMENT)                                                      \
    static void FN(name)(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end)                               \
    {                                                                                                           \
        const REAL *first = call->in[0], *second = call->in[1];                                                 \
        REAL *target = call->out, turned[3][SHORT_ROW * ROW_LANES];                                             \
        ptrdiff_t n = call->n, tiles = (call->inner + ROW_LANES - 1) / ROW_LANES;                               \
        for (ptrdiff_t item = begin; item < end; item++) {                                                      \
            if (call->inner > 1) {                                                                              \
                ptrdiff_t inner = call->inner, column = item % tiles * ROW_LANES;                               \
                ptrdiff_t at = item / tiles * n * inner + column;                                               \
                int columns = (int)(inner - column < ROW_LANES ? inner - column : ROW_LANES);                   \
                const REAL *a = first + at, *b = second ? second + at : NULL;                                   \
                REAL *out = target + at;                                                                        \
                (void)b;                                                                                        \
                TILE_STATEMENT                                                                                  \
                continue;                                                                                       \
            }                                                                                                   \
            ptrdiff_t row = item * ROW_LANES;                                                                   \
            int rows = (int)(call->outer - row < ROW_LANES ? call->outer - row : ROW_LANES);                    \
            if (n <= SHORT_ROW && rows > 1) {                                                                   \
                const REAL *a = turned[0], *b = turned[1];                                                      \
                REAL *out = turned[2];                                                                          \
                ptrdiff_t inner = ROW_LANES;                                                                    \
                int columns = ROW_LANES;                                                                        \
                __builtin_memset(turned, 0, sizeof turned);                                                     \
                FN(turn)(first + row * n, turned[0], rows, (int)n);                                             \
                if (second)                                                                                     \
                    FN(turn)(second + row * n, turned[1], rows, (int)n);                                        \
                (void)b;                                                                                        \
                TILE_STATEMENT                                                                                  \
                FN(turn_back)(turned[2], target + row * n, rows, (int)n);                                       \
                continue;                                                                                       \
            }                                                                                                   \
            for (ptrdiff_t at = row * n; at < (row + rows) * n; at += n) {                                      \
                const REAL *a = first + at, *b = second ? second + at : NULL;                                   \
                REAL *out = target + at;                                                                        \
                (void)b;                                                                                        \
                ROW_STATEMENT                                                                                   \
            }                                                                                                   \
        }                                                                                                       \
    }

FA_ROW_RUNNER(softmax, FN(softmax_row)(a, out, n);, FN(softmax_tile)(a, out, n, inner, columns);)
FA_ROW_RUNNER(softmax_backward, FN(softmax_row)(b, out, n); FN(softmax_row_gradient)(a, out, out, n);,
              FN(softmax_tile)(b, out, n, inner, columns);
              FN(softmax_tile_gradient)(a, out, out, n, inner, columns);)
FA_ROW_RUNNER(softmax_backward_from_output, FN(softmax_row_gradient)(a, b, out, n);,
              FN(softmax_tile_gradient)(a, b, out, n, inner, columns);)
#undef FA_ROW_RUNNER
