/* What the functions of rows share: blocks of rows, and the order of a sum.

   A block is some rows that fit in L1, or one longer row. Along: the rows follow each other, row r is at p + r n. Across: the
   rows are side by side, element i of all rows is at p + i step. A kernel is written once for both layouts, with `across` as a
   constant. Kernels take 16 lanes at a time. Across, the number of rows is a multiple of 16. Along, the last 16 lanes of a row
   overlap the previous ones; a row of less than 16 elements reads and writes past its end, and the next row then overwrites the
   surplus.

   A sum has one order for all instruction sets, layouts and numbers of threads. Element i is in lane i % 16, except that the
   last n % 16 elements are in the last lanes (in the first lanes if n < 16). Four elements of a lane are added in REAL, in
   pairs; these sums are added one after the other in double; then the lanes are added as a tree. If REAL is double, the sums in
   double are compensated. A sum of 0 is +0: its sign would otherwise depend on the zeros that a layout adds. */
#ifndef FA_LANES_ONCE
#define FA_LANES_ONCE
#include "math/two_sum.h"
enum { ROW_LANES = 16, FOUR_LANES = 4 * ROW_LANES, BLOCK_ROWS = 256, SUM_ROWS = 64 };
#define FA_FOR_LANES(lanes) _Pragma("omp simd") for (int l = 0; l < (lanes); l++)
#define FA_LIST(...) __VA_ARGS__

/* What a sum is made of: values a; products a c; values other than `max_term`, whose number is given too; or values, and the
   largest sum of a lane is given too. */
enum { SUM_VALUES, SUM_PRODUCTS, SUM_WITHOUT_MAX, SUM_AND_MAX_LANE };
#endif

typedef struct {
    REAL *p;
    ptrdiff_t step;
} FN(rows_at);

/* 1 / temperature = high + low. */
typedef struct {
    REAL high, low;
} FN(row_scale);

/* What a kernel works on. If a form takes or gives one number per row, `first` or `out` is an array of these numbers. */
typedef struct {
    FN(rows_at) first, second, out;
    FN(rows_at) spare; /* scratch memory for all elements; p may be NULL */
    ptrdiff_t n;
    int count, valid_rows; /* rows, which may be more than the valid ones to make a multiple of 16 */
    int in_place;          /* out is an input */
    double *doubles;       /* scratch memory for n, if the form needs it */
    const FN(row_scale) *scale; /* NULL: 1 */
    FN(rows_at) low;            /* NULL, or the low parts of x; `scale` is then not NULL */
    const REAL *sink;           /* of softmax: NULL, or one number per row */
    REAL *sink_share, *sink_grad; /* the sink's part of the softmax; NULL, or the gradient with respect to it */
} FN(row_block);

/* Runs a statement for each element of a block; FA_ELEMENT(rows) is the element of row r. `once`: an element must not be computed
   twice, because the statement overwrites what it reads. */
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

/* The kernel of each layout, NAME_along and NAME_across, from the function NAME(b, across). */
#define FA_ROW_KERNEL(name)                                                                                     \
    static void FN(name##_along)(const FN(row_block) *b) { FN(name)(b, 0); }                                    \
    static void FN(name##_across)(const FN(row_block) *b) { FN(name)(b, 1); }

/* The same for a part of kernels that is compiled once for each layout, as it is large: NAME(b, across, ...) calls NAME_along or
   NAME_across, which contain NAME_of(b, across, ...). `arguments` is a FA_LIST of the parameters that follow. */
#define FA_ROW_PART(name, arguments, ...)                                                                       \
    NOINLINE void FN(name##_along)(const FN(row_block) *b, __VA_ARGS__) { FN(name##_of)(b, 0, arguments); }     \
    NOINLINE void FN(name##_across)(const FN(row_block) *b, __VA_ARGS__) { FN(name##_of)(b, 1, arguments); }    \
    INLINE void FN(name)(const FN(row_block) *b, int across, __VA_ARGS__)                                       \
    {                                                                                                           \
        (across ? FN(name##_across) : FN(name##_along))(b, arguments);                                          \
    }

/* sum += part; if REAL is double, *lost adds up the rounding errors. */
INLINE void FN(row_add)(double *sum, double *lost, double part)
{
    if (FA_DOUBLE)
        fa_add(sum, lost, part);
    else
        *sum += part;
}

/* What one element adds to a sum, and what four elements of a lane do. */
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

#include "rows/count_equal.h"

/* The sum of one row. It begins with the elements that do not make a full four of each lane, also in pairs. `extra` is the number
   of elements equal to max_term, or the largest sum of a lane. */
INLINE double FN(row_sum)(int kind, const REAL *a, const REAL *c, ptrdiff_t n, REAL max_term, double *extra)
{
    enum { G = ROW_LANES };
    const ptrdiff_t fours = n & -FOUR_LANES, last = n < G ? 0 : n - G;
    const int groups = (int)(n - fours) / G, tail = (int)(n % G), from = n < G ? 0 : G - tail, to = n < G ? tail : G;
    double sum[G], lost[G];
    ptrdiff_t found = 0;
    if (groups == 1 && !tail) { /* rows of 16 elements, for speed */
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
    FA_FOR_LANES(G) lost[l] = 0;
    _Pragma("GCC unroll 1") for (ptrdiff_t i = 0; i < fours; i += FOUR_LANES) {
        const REAL *here = a + i, *with = c + i;
        FA_FOR_LANES(G)
        FN(row_add)(&sum[l], &lost[l],
                    FN(row_four)(kind, here[l], here[l + G], here[l + 2 * G], here[l + 3 * G], with[l], with[l + G],
                                 with[l + 2 * G], with[l + 3 * G], max_term));
        for (int j = 0; j < 4 && kind == SUM_WITHOUT_MAX; j++)
            found += FN(count_equal)(here + j * G, max_term, 0, G);
    }
    if (kind == SUM_WITHOUT_MAX)
        *extra = (double)found;
    if (kind == SUM_AND_MAX_LANE) {
        FA_FOR_LANES(8) lost[l] = sum[l + 8] > sum[l] ? sum[l + 8] : sum[l];
        FA_FOR_LANES(4) lost[l] = lost[l + 4] > lost[l] ? lost[l + 4] : lost[l];
        FA_FOR_LANES(2) lost[l] = lost[l + 2] > lost[l] ? lost[l + 2] : lost[l];
        *extra = lost[1] > lost[0] ? lost[1] : lost[0];
    }
    /* The rounding errors of two lanes are added where the lanes are, as in row_trees. */
#define FA_ADD_LANES(lanes)                                                                                     \
    FA_FOR_LANES(lanes) FN(row_add)(&sum[l], &lost[l], sum[l + (lanes)]);                                       \
    FA_FOR_LANES(FA_DOUBLE ? (lanes) : 0) lost[l] += lost[l + (lanes)];
    FA_ADD_LANES(8) FA_ADD_LANES(4) FA_ADD_LANES(2) FA_ADD_LANES(1)
#undef FA_ADD_LANES
    return (FA_DOUBLE ? sum[0] + lost[0] : sum[0]) + 0.0;
}

/* Adds the lanes of 16 rows as a tree; the lanes from `lanes` on are 0 and not stored. */
INLINE void FN(row_trees)(double (*sum)[ROW_LANES], double (*lost)[ROW_LANES], int lanes, double *sums)
{
    for (int width = ROW_LANES / 2; width > 0; width /= 2)
        for (int k = 0; k < width && k + width < lanes; k++) {
            FA_FOR_LANES(ROW_LANES) FN(row_add)(&sum[k][l], &lost[k][l], sum[k + width][l]);
            if (FA_DOUBLE)
                FA_FOR_LANES(ROW_LANES) lost[k][l] += lost[k + width][l];
        }
    FA_FOR_LANES(ROW_LANES) sums[l] = (FA_DOUBLE ? sum[0][l] + lost[0][l] : sum[0][l]) + 0.0;
}

/* The first sum of lane k of rows side by side: of the 1 to 4 elements that do not make a full four of each lane, in pairs. */
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

/* The sums of at most SUM_ROWS rows side by side: sum[r][k][l] is lane k of row 16 r + l. */
INLINE void FN(row_sums_across)(int kind, FN(rows_at) a, FN(rows_at) c, ptrdiff_t n, int count, const REAL *max_term,
                                double *sums, double *extra)
{
    enum { G = ROW_LANES };
    double sum[SUM_ROWS / G][G][G], lost[SUM_ROWS / G][G][G];
    REAL found[SUM_ROWS];
    const REAL nothing[ROW_LANES] = {0};
    const ptrdiff_t fours = n & -FOUR_LANES;
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
            FA_FOR_LANES(G) lost[r][k][l] = 0;
        }
        switch (items) { /* each number has a loop of its own */
#define FA_SUM_ITEMS(number) case number: FN(row_lane_remainder)(kind, number, here, with, count, t, k, sum, found); break;
            FA_SUM_ITEMS(1) FA_SUM_ITEMS(2) FA_SUM_ITEMS(3) FA_SUM_ITEMS(4)
#undef FA_SUM_ITEMS
        }
    }
    for (ptrdiff_t i = 0; i < fours; i += FOUR_LANES)
        for (int k = 0; k < G; k++)
            for (int r = 0; r < count; r += G) {
                const REAL *x = a.p + (i + k) * a.step + r, *y = c.p + (i + k) * c.step + r;
                const REAL *t = kind == SUM_WITHOUT_MAX ? max_term + r : nothing;
                const ptrdiff_t u = G * a.step, v = G * c.step;
                FA_FOR_LANES(G)
                FN(row_add)(&sum[r / G][k][l], &lost[r / G][k][l],
                            FN(row_four)(kind, x[l], x[u + l], x[2 * u + l], x[3 * u + l], y[l], y[v + l], y[2 * v + l],
                                         y[3 * v + l], t[l]));
                if (kind == SUM_WITHOUT_MAX)
                    FA_FOR_LANES(G)
                    found[r + l] += ((x[l] == t[l] ? 1 : 0) + (REAL)(x[u + l] == t[l] ? 1 : 0)) +
                                    ((x[2 * u + l] == t[l] ? 1 : 0) + (REAL)(x[3 * u + l] == t[l] ? 1 : 0));
            }
    for (int r = 0; r < count; r += G) {
        if (kind == SUM_AND_MAX_LANE) {
            FA_FOR_LANES(G) extra[r + l] = sum[r / G][0][l];
            for (int k = 1; k < lanes; k++)
                FA_FOR_LANES(G) extra[r + l] = sum[r / G][k][l] > extra[r + l] ? sum[r / G][k][l] : extra[r + l];
        }
        FN(row_trees)(sum[r / G], lost[r / G], lanes, sums + r);
        if (kind == SUM_WITHOUT_MAX)
            FA_FOR_LANES(G) extra[r + l] = found[r + l];
    }
}

/* The sum of each row; max_term and extra have one number per row. Side by side SUM_ROWS rows are summed at a time, whose lanes
   take 8 KiB; those of all BLOCK_ROWS fill L1 (the gradient of softmax for rows of 16 takes 1.3 times as long with them). */
INLINE void FN(row_sums)(int kind, const FN(row_block) *b, int across, FN(rows_at) a, FN(rows_at) c, const REAL *max_term,
                         double *sums, double *extra)
{
    for (int r = 0; across && r < b->count; r += SUM_ROWS) {
        const int count = b->count - r < SUM_ROWS ? b->count - r : SUM_ROWS;
        FN(row_sums_across)(kind, (FN(rows_at)){a.p + r, a.step}, (FN(rows_at)){c.p + r, c.step}, b->n, count,
                            kind == SUM_WITHOUT_MAX ? max_term + r : NULL, sums + r,
                            kind == SUM_WITHOUT_MAX || kind == SUM_AND_MAX_LANE ? extra + r : NULL);
    }
    for (int r = 0; !across && r < b->count; r++)
        sums[r] = FN(row_sum)(kind, a.p + r * b->n, c.p + r * b->n, b->n, kind == SUM_WITHOUT_MAX ? max_term[r] : 0,
                              kind == SUM_WITHOUT_MAX || kind == SUM_AND_MAX_LANE ? extra + r : NULL);
}
