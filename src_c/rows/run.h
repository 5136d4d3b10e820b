/* The kernels of all functions of rows, and how a call is cut into blocks for them. Included once for each dtype and instruction
   set.

   Rows follow each other in memory if a call's `inner` is 1; then the kernel NAME_along runs. Otherwise `inner` rows are side by
   side, one element of each after the other, for NAME_across (lanes.h).

   A kernel works on the call's arrays directly if it can. Otherwise a block is copied first, and its results are copied back
   (not those of a masked or scaled value, if the layout is one for kernels: `writes`):
     with a mask, a temperature, a bias or for causal rows;
     rows that follow each other, of less than 16 elements;
     rows side by side, if there are less than 64 of them, and their number is no multiple of 16 or n is less than 8; what
       remains of 64 and more beyond a multiple of 16;
     rows side by side, one after the other: less than FEW_ROWS, as kernels compute 16 at a time, and those of a function without
       a kernel for this layout (sparsemax, entmax15). */
#include <stdlib.h>
#include "rows/lanes.h"
#include "rows/maxima.h"
#include "rows/short_rows.h"
#include "rows/terms.h"
#include "rows/softmax.h"
#include "rows/logsumexp.h"
#include "rows/log_softmax.h"
#include "rows/hardmax.h"
#include "rows/projection.h"
#include "rows/sparsemax.h"
#include "rows/entmax15.h"
#define BLOCK_ELEMENTS LIT(2048, 1024) /* four such blocks fit in L1 */
#ifndef FA_RUN_ROWS_ONCE
#define FA_RUN_ROWS_ONCE
enum { ROW_NONE, ROW_X, ROW_Y, ROW_GRAD, ROW_SCALAR }; /* what an array holds; ROW_SCALAR: one number per row */
enum { L2_ELEMENTS = 32768, SOME_DOUBLES = 1024, FEW_ROWS = 8 };
#endif

typedef void FN(row_kernel)(const FN(row_block) *b);

typedef struct {
    FN(row_kernel) *along, *across; /* across: NULL if rows side by side are first copied one after the other */
    int first_kind, second_kind, out_kind;
    REAL masked_out;   /* the result of each element of a row that is masked as a whole */
    int needs_doubles; /* scratch memory for n doubles */
} FN(row_form);

static const FN(row_form) FN(row_forms)[FA_ROW_FORM_COUNT] = {
#define FA_BOTH_LAYOUTS(name) FN(name##_along), FN(name##_across)
#define FA_ALONG_ONLY(name) FN(name##_along), NULL
    [FA_SOFTMAX] = {FA_BOTH_LAYOUTS(softmax), ROW_X, ROW_NONE, ROW_Y, 0, 0},
    [FA_SOFTMAX_BACKWARD] = {FA_BOTH_LAYOUTS(softmax_backward), ROW_GRAD, ROW_X, ROW_GRAD, 0, 0},
    [FA_SOFTMAX_BACKWARD_FROM_OUTPUT] = {FA_BOTH_LAYOUTS(softmax_backward_from_output), ROW_GRAD, ROW_Y, ROW_GRAD, 0, 0},
    [FA_LOG_SOFTMAX] = {FA_BOTH_LAYOUTS(log_softmax), ROW_X, ROW_NONE, ROW_Y, -INFINITY, 0},
    [FA_LOG_SOFTMAX_BACKWARD] = {FA_BOTH_LAYOUTS(log_softmax_backward), ROW_GRAD, ROW_X, ROW_GRAD, 0, 0},
    [FA_LOG_SOFTMAX_BACKWARD_FROM_OUTPUT] = {FA_BOTH_LAYOUTS(log_softmax_backward_from_output), ROW_GRAD, ROW_Y, ROW_GRAD, 0, 0},
    [FA_LOGSUMEXP] = {FA_BOTH_LAYOUTS(logsumexp), ROW_X, ROW_NONE, ROW_SCALAR, -INFINITY, 0},
    [FA_LOGSUMEXP_BACKWARD] = {FA_BOTH_LAYOUTS(logsumexp_backward), ROW_SCALAR, ROW_X, ROW_GRAD, 0, 0},
    [FA_HARDMAX] = {FA_BOTH_LAYOUTS(hardmax), ROW_X, ROW_NONE, ROW_Y, 0, 0},
    [FA_SPARSEMAX] = {FA_ALONG_ONLY(sparsemax), ROW_X, ROW_NONE, ROW_Y, 0, 1},
    [FA_SPARSEMAX_BACKWARD] = {FA_ALONG_ONLY(sparsemax_backward), ROW_GRAD, ROW_X, ROW_GRAD, 0, 1},
    [FA_SPARSEMAX_BACKWARD_FROM_OUTPUT] = {FA_ALONG_ONLY(sparsemax_backward_from_output), ROW_GRAD, ROW_Y, ROW_GRAD, 0, 1},
    [FA_ENTMAX15] = {FA_ALONG_ONLY(entmax15), ROW_X, ROW_NONE, ROW_Y, 0, 1},
    [FA_ENTMAX15_BACKWARD] = {FA_ALONG_ONLY(entmax15_backward), ROW_GRAD, ROW_X, ROW_GRAD, 0, 1},
    [FA_ENTMAX15_BACKWARD_FROM_OUTPUT] = {FA_ALONG_ONLY(entmax15_backward_from_output), ROW_GRAD, ROW_Y, ROW_GRAD, 0, 1},
#undef FA_BOTH_LAYOUTS
#undef FA_ALONG_ONLY
};

/* Rows [at, at + count) of a call, and the layout of their copies. Across: `step` elements lie between an element and the next
   one of the same row. Along: `step` elements lie between two rows. */
typedef struct {
    const fa_row_call *call;
    ptrdiff_t at, step;
    int count, across;
    const unsigned char *mask; /* NULL, or of the element in_call at [in_call - mask_from] */
    ptrdiff_t mask_from;
} FN(row_place);

INLINE ptrdiff_t FN(row_offset_of)(const fa_row_call *call, ptrdiff_t row)
{
    return row / call->inner * call->n * call->inner + row % call->inner;
}

/* Runs a statement for each element, whose index is `in_call` in the call's arrays and `in_copy` in a copy. Rows that are side
   by side in memory are copied together. If they go one after the other, they are read as they lie: row by row, each cache line
   would be read for every row (sparsemax along axis 0 of 64 x 1024 takes twice as long). A few rows are copied one by one. */
#define FA_FOR_EACH_COPY(STATEMENT)                                                                    \
    do {                                                                                               \
        const ptrdiff_t n = place->call->n, inner = place->call->inner, step = place->step;            \
        for (ptrdiff_t r = 0, together; r < place->count; r += together) {                             \
            const ptrdiff_t row = place->at + r, to_edge = inner - row % inner;                        \
            const ptrdiff_t base = FN(row_offset_of)(place->call, row);                                \
            together = inner > 1 && to_edge < place->count - r ? to_edge : place->count - r;           \
            if (inner == 1) {                                                                          \
                _Pragma("omp simd") for (ptrdiff_t in_copy = 0; in_copy < place->count * n; in_copy++) \
                {                                                                                      \
                    const ptrdiff_t in_call = base + in_copy;                                          \
                    STATEMENT                                                                          \
                }                                                                                      \
            } else if (place->across) {                                                                \
                for (ptrdiff_t i = 0; i < n; i++) {                                                    \
                    _Pragma("omp simd") for (ptrdiff_t k = 0; k < together; k++)                       \
                    {                                                                                  \
                        const ptrdiff_t in_call = base + i * inner + k, in_copy = i * step + r + k;    \
                        STATEMENT                                                                      \
                    }                                                                                  \
                }                                                                                      \
            } else {                                                                                   \
                for (ptrdiff_t i = 0; i < n && together >= FEW_ROWS; i++)                              \
                    for (ptrdiff_t k = 0; k < together; k++) {                                         \
                        const ptrdiff_t in_call = base + i * inner + k, in_copy = (r + k) * step + i;  \
                        STATEMENT                                                                      \
                    }                                                                                  \
                for (ptrdiff_t k = 0; k < together && together < FEW_ROWS; k++)                        \
                    for (ptrdiff_t i = 0; i < n; i++) {                                                \
                        const ptrdiff_t in_call = base + i * inner + k, in_copy = (r + k) * step + i;  \
                        STATEMENT                                                                      \
                    }                                                                                  \
            }                                                                                          \
        }                                                                                              \
    } while (0)

/* Copies x / temperature + bias; `low`, which has the bias, gets the rounding errors. */
static void FN(row_gather_sum)(const FN(row_place) *place, const FN(row_scale) *scale, const REAL *x, REAL *copy, REAL *low)
{
    const unsigned char *mask = place->mask;
    const ptrdiff_t from = place->mask_from;
    const REAL high = place->call->with.temperature < 0 ? -scale->high : scale->high;
    const REAL rest = place->call->with.temperature < 0 ? -scale->low : scale->low;
    FA_FOR_EACH_COPY(REAL value = x[in_call]; REAL bias = low[in_copy]; REAL t = value * high; REAL error;
                     REAL t_low = FN(fma)(value, high, -t) + value * rest; REAL sum = FN(two_diff)(t, -bias, &error);
                     const int counts = !mask || mask[in_call - from] || value != value || bias != bias;
                     copy[in_copy] = counts ? sum : -INFINITY; low[in_copy] = sum - sum == 0 ? error + t_low : 0;);
}

/* Copies an input, of kind ROW_X, ROW_Y or ROW_GRAD; x by row_gather_sum if there is a `low`. */
static void FN(row_gather)(const FN(row_place) *place, int kind, const REAL *x, REAL *copy, const FN(row_scale) *scale, REAL *low)
{
    if (kind == ROW_X && low) {
        FN(row_gather_sum)(place, scale, x, copy, low);
        return;
    }
    const unsigned char *mask = kind == ROW_Y ? NULL : place->mask;
    const ptrdiff_t from = place->mask_from;
    const REAL sign = kind == ROW_X && place->call->with.temperature < 0 ? -1 : 1, masked = kind == ROW_X ? -INFINITY : 0;
    if (!mask)
        FA_FOR_EACH_COPY(copy[in_copy] = x[in_call] * sign;);
    else /* a NaN in x always propagates, also if it is masked */
        FA_FOR_EACH_COPY(REAL value = x[in_call] * sign;
                         copy[in_copy] = mask[in_call - from] || (value != value && kind == ROW_X) ? value : masked;);
}

/* Makes the mask of a block from the mask of the call, the bias and the order of causal rows; `low` gets the bias. */
static void FN(row_make_mask)(FN(row_place) *place, unsigned char *mask, REAL *low)
{
    const fa_row_options *with = &place->call->with;
    const ptrdiff_t n = place->call->n;
    place->mask = mask;
    place->mask_from = place->at * n;
    for (int r = 0; r < place->count; r++, mask += n, low += n) {
        const ptrdiff_t row = place->call->before + place->at + r;
        const ptrdiff_t seen = with->queries && row % with->queries < n ? row % with->queries + 1 : n;
        const unsigned char *given = with->mask ? with->mask + (place->at + r) * n : NULL;
        const REAL *bias = with->bias ? (const REAL *)with->bias + row / with->bias_repeats % with->bias_rows * n : NULL;
        __builtin_memset(mask, 1, (size_t)seen);
        if (given)
            __builtin_memcpy(mask, given, (size_t)seen);
        __builtin_memset(mask + seen, 0, (size_t)(n - seen));
        for (ptrdiff_t i = 0; i < n && bias; i++) {
            low[i] = bias[i];
            mask[i] = bias[i] == -INFINITY ? 0 : mask[i];
        }
    }
}

static void FN(row_scatter)(const FN(row_place) *place, int kind, const REAL *copy, REAL *out)
{
    const unsigned char *mask = kind == ROW_Y ? NULL : place->mask;
    const ptrdiff_t from = place->mask_from;
    const REAL factor = kind == ROW_Y ? 1 : (REAL)(1 / place->call->with.temperature);
    if (!mask)
        FA_FOR_EACH_COPY(out[in_call] = copy[in_copy] * factor;);
    else
        FA_FOR_EACH_COPY(REAL value = copy[in_copy] * factor; out[in_call] = mask[in_call - from] ? value : 0;);
}

/* Writes `value` to the rows of a block that are masked as a whole; x is the copy of the input. */
static void FN(row_fill_masked)(const FN(row_place) *place, const FN(row_block) *b, const REAL *x, REAL value)
{
    REAL m[BLOCK_ROWS];
    const ptrdiff_t n = b->n, row = place->across ? 1 : n, element = place->across ? place->step : 1;
    const ptrdiff_t out_element = place->across ? b->out.step : 1;
    FN(row_maxima)(b, place->across, b->first, m);
    for (int r = 0; r < place->count; r++) {
        const unsigned char *mask = place->mask + FN(row_offset_of)(place->call, place->at + r) - place->mask_from;
        int unmasked = m[r] != -INFINITY; /* an element is not masked, or is NaN */
        for (ptrdiff_t i = 0; i < n && !unmasked; i++) {
            REAL here = x[r * row + i * element];
            unmasked = here != here || mask[i * place->call->inner];
        }
        for (ptrdiff_t i = 0; i < n && !unmasked; i++)
            b->out.p[r * row + i * out_element] = value;
    }
}

/* 1 / |temperature|, limited to the normal numbers. */
INLINE FN(row_scale) FN(row_scale_of)(double temperature)
{
    const double most = LARGEST, least = LIT(0x1p-126, 0x1p-1022);
    double t = temperature < 0 ? -temperature : temperature, s = 1 / t;
    double correction = s > most || s < least ? 0 : LIT(0, FA_FMA(-s, t, 1) * s);
    s = s > most ? most : s < least ? least : s;
    REAL high = (REAL)s;
    return (FN(row_scale)){high, (REAL)((s - high) + correction)};
}

/* The largest number of rows of a block that is copied. Across it is a multiple of ROW_LANES. */
INLINE ptrdiff_t FN(most_rows_copied)(ptrdiff_t n, int across)
{
    const ptrdiff_t fit = BLOCK_ELEMENTS / n, least = across ? ROW_LANES : 1;
    if (fit > 64)
        return 64;
    return fit <= least ? least : across ? fit & -ROW_LANES : fit;
}

/* The largest number of rows side by side in a block that is not copied. If the kernel writes elsewhere than it reads, all rows
   that stay in L2 may be one block. */
INLINE ptrdiff_t FN(most_rows_direct)(ptrdiff_t n, ptrdiff_t most_copied)
{
    const ptrdiff_t fit = L2_ELEMENTS / n;
    if (fit < most_copied)
        return most_copied;
    return fit < BLOCK_ROWS ? fit & -ROW_LANES : BLOCK_ROWS;
}

/* What all blocks of a call have in common. */
typedef struct {
    const fa_row_call *call;
    const FN(row_form) *form;
    int across, in_place;
    int may_be_direct; /* a kernel can read and write the call's arrays */
    int may_write;     /* it can write a value there, whatever it reads */
    int makes_mask;    /* each block gets a mask of its own: with a bias, and for causal rows */
    int has_low;       /* copies of x have low parts: with a bias, and for a sink beside a temperature */
    int is_scaled;     /* the kernel scales x; never with has_low, when the copy is scaled */
    FN(row_scale) scale;
    ptrdiff_t most_copied, most_direct; /* rows of a block */
} FN(row_plan);

static FN(row_plan) FN(plan_rows)(const fa_row_call *call, ptrdiff_t rows)
{
    const fa_row_options *with = &call->with;
    const ptrdiff_t n = call->n, inner = call->inner;
    const int scaled = with->temperature != 1 && with->temperature != -1;
    FN(row_plan) p = {.call = call, .form = &FN(row_forms)[call->form]};
    p.across = inner > 1 && p.form->across && rows >= FEW_ROWS;
    p.in_place = call->out == call->in[0] || call->out == call->in[1];
    p.makes_mask = with->bias || with->queries;
    p.has_low = with->bias || (with->sink && scaled);
    p.is_scaled = scaled && !p.has_low;
    p.scale = scaled ? FN(row_scale_of)(with->temperature) : (FN(row_scale)){1, 0};
    const int fits = inner == 1 ? n >= ROW_LANES : p.across && (inner >= 64 || (inner % ROW_LANES == 0 && n >= 8));
    p.may_be_direct = fits && !p.makes_mask && !with->mask && with->temperature == 1;
    p.may_write = fits && (inner == 1 || inner >= 64) && p.form->out_kind == ROW_Y && !p.in_place;
    p.most_copied = FN(most_rows_copied)(n, p.across);
    p.most_direct = p.in_place || p.form->out_kind == ROW_SCALAR ? p.most_copied : FN(most_rows_direct)(n, p.most_copied);
    return p;
}

/* Scratch memory of a call. */
typedef struct {
    REAL *spare, *first, *second, *out; /* the kernel's, and copies of its arrays; each of `size` numbers */
    REAL *low;                          /* NULL, or the low parts of x */
    unsigned char *mask;                /* where a block's own mask is made */
    double *doubles;
    void *allocated[3];
    ptrdiff_t size;
} FN(row_memory);

enum { FN(ROW_STACK) = 4 * (BLOCK_ELEMENTS + 2 * ROW_LANES) };

/* Arrays that fit are in `stack` and `some_doubles`. Returns whether there was memory. */
static int FN(get_row_memory)(const FN(row_plan) *p, REAL *stack, double *some_doubles, FN(row_memory) *memory)
{
    const ptrdiff_t n = p->call->n, size = (p->most_copied * n + 2 * ROW_LANES) & -ROW_LANES;
    const int copies = !p->may_be_direct || (p->across && p->call->inner % ROW_LANES);
    const int keeps_spare = size <= BLOCK_ELEMENTS || p->in_place || p->form->out_kind == ROW_SCALAR;
    const int arrays = copies ? 4 : keeps_spare, fits = size <= FN(ROW_STACK) / 4, few = n <= SOME_DOUBLES;
    void **allocated = memory->allocated;
    int failed = 0;
    if (arrays && !fits)
        failed |= !(allocated[0] = malloc((size_t)(arrays * size) * sizeof(REAL)));
    if (p->makes_mask || p->has_low)
        failed |= !(allocated[1] = calloc((size_t)size, sizeof(REAL) + 1));
    if (p->form->needs_doubles && !few)
        failed |= !(allocated[2] = malloc((size_t)n * sizeof(double)));
    REAL *all = fits ? stack : allocated[0];
    memory->size = size;
    memory->spare = fits || arrays ? all : NULL;
    memory->first = fits || copies ? all + size : NULL;
    memory->second = fits || copies ? all + 2 * size : NULL;
    memory->out = fits || copies ? all + 3 * size : NULL;
    memory->low = allocated[1];
    memory->mask = allocated[1] ? (unsigned char *)(memory->low + size) : NULL;
    memory->doubles = few ? some_doubles : allocated[2];
    if (copies && !failed && (p->across || n < ROW_LANES)) /* kernels read surplus lanes beside the rows */
        __builtin_memset(memory->first, 0, (size_t)(2 * size) * sizeof(REAL));
    return !failed;
}

/* The next block begins with row `at`. Returns its number of rows, and whether the kernel works on the call's arrays or at least
   writes there. Across, such a block ends where the rows are no longer side by side, and has a multiple of 16. */
INLINE ptrdiff_t FN(next_rows)(const FN(row_plan) *p, ptrdiff_t at, ptrdiff_t end, int *direct, int *writes)
{
    const ptrdiff_t inner = p->call->inner, left = end - at, to_edge = inner - at % inner, rows = left < to_edge ? left : to_edge;
    const ptrdiff_t most = p->may_be_direct ? p->most_direct : p->most_copied, count = rows < most ? rows : most;
    *direct = p->may_be_direct;
    *writes = p->may_write;
    if (!p->across || !(*direct || *writes))
        return left < p->most_copied ? left : p->most_copied;
    *direct &= count >= ROW_LANES;
    *writes &= count >= ROW_LANES;
    return *direct || *writes ? count & -ROW_LANES : count;
}

/* Runs a block of `count` rows. */
INLINE void FN(run_row_block)(const FN(row_plan) *p, const FN(row_memory) *memory, ptrdiff_t at, ptrdiff_t count, int direct,
                              int writes)
{
    const fa_row_call *call = p->call;
    const fa_row_options *with = &call->with;
    const FN(row_form) *form = p->form;
    const ptrdiff_t n = call->n, offset = FN(row_offset_of)(call, at), step_in_call = call->inner == 1 ? n : call->inner;
    FN(row_place) place = {call, at, p->across ? p->most_copied : n, (int)count, p->across, with->mask, 0};
    const ptrdiff_t step = direct ? step_in_call : place.step;
    REAL *first = (REAL *)call->in[0], *second = (REAL *)call->in[1], *out = call->out;
    REAL scalars[BLOCK_ROWS], sink_share[BLOCK_ROWS];
    const FN(row_scale) one = {1, 0};

    FN(row_block) b = {.n = n, .valid_rows = (int)count, .in_place = direct && p->in_place};
    b.count = p->across ? (int)((count + ROW_LANES - 1) & -ROW_LANES) : (int)count;
    b.doubles = memory->doubles;
    b.scale = p->has_low ? &one : p->is_scaled ? &p->scale : NULL;
    b.low = (FN(rows_at)){p->has_low ? memory->low : NULL, step};
    b.spare = (FN(rows_at)){count <= p->most_copied ? memory->spare : NULL, p->across ? b.count : n};
    b.first = (FN(rows_at)){direct ? first + offset : memory->first, step};
    b.second = (FN(rows_at)){direct ? second + offset : memory->second, step};
    b.out = (FN(rows_at)){direct || writes ? out + offset : memory->out, writes ? step_in_call : step};
    if (form->out_kind == ROW_SCALAR)
        b.out.p = out + at;
    b.sink_share = sink_share;
    b.sink_grad = with->sink_grad ? (REAL *)with->sink_grad + at : NULL;
    for (ptrdiff_t r = 0; r < b.count && with->sink; r++)
        scalars[r] = r < count ? ((const REAL *)with->sink)[at + r] : -INFINITY;
    b.sink = with->sink ? scalars : NULL;

    if (p->has_low && !with->bias)
        __builtin_memset(memory->low, 0, (size_t)memory->size * sizeof(REAL));
    if (p->makes_mask)
        FN(row_make_mask)(&place, memory->mask, memory->low);
    if (form->first_kind == ROW_SCALAR) {
        for (ptrdiff_t r = 0; r < b.count; r++)
            scalars[r] = r < count ? first[at + r] : 0;
        b.first.p = scalars;
    } else if (!direct) {
        FN(row_gather)(&place, form->first_kind, first, memory->first, &p->scale, b.low.p);
    }
    if (!direct && form->second_kind)
        FN(row_gather)(&place, form->second_kind, second, memory->second, &p->scale, b.low.p);
    (p->across ? form->across : form->along)(&b);
    if (place.mask && form->out_kind == ROW_Y)
        FN(row_fill_masked)(&place, &b, memory->first, form->masked_out);
    if (!direct && !writes && form->out_kind != ROW_SCALAR)
        FN(row_scatter)(&place, form->out_kind, memory->out, out);
}

/* Runs rows [begin, end). */
static void FN(run_row_blocks)(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    const FN(row_plan) plan = FN(plan_rows)(call, end - begin);
    REAL stack[FN(ROW_STACK)];
    double some_doubles[SOME_DOUBLES];
    FN(row_memory) memory = {0};
    if (FN(get_row_memory)(&plan, stack, some_doubles, &memory)) {
        for (ptrdiff_t at = begin, count; at < end; at += count) {
            int direct, writes;
            count = FN(next_rows)(&plan, at, end, &direct, &writes);
            FN(run_row_block)(&plan, &memory, at, count, direct, writes);
        }
    } else {
        *call->failed = 1;
    }
    for (int k = 0; k < 3; k++)
        free(memory.allocated[k]);
}
