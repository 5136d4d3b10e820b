/* How the elements of a call get to FN(run_form), which takes whole vectors of contiguous arrays. Included once for each dtype
   and instruction set, after loops/fused.h.

   FN(run_elements) runs elements [begin, end) of a call:
     contiguous arrays            directly; the last partial vector is copied to a padded block
     streamed outputs             in blocks in L1, which are then written past the caches
     strided arrays and matrices  in blocks in L1: load, compute, store */

/* Rows of at least LONG_ROW elements are blocks of their own. If a chunk has more than PREFETCH_FROM elements, which come from
   memory then, rows are prefetched PREFETCH_AHEAD elements ahead. */
#undef LONG_ROW
#undef PREFETCH_AHEAD
#undef PREFETCH_FROM
#define LONG_ROW 256
#define PREFETCH_AHEAD (4 * FUSED_BLOCK)
#define PREFETCH_FROM 65536

/* A position in argument k of a call: `left` elements follow, `step` bytes apart, before the next row, which begins at `next`. */
typedef struct {
    char *at, *next;
    ptrdiff_t left, step;
} FN(cursor);

/* Whether argument k is a matrix whose rows do not follow each other in memory. */
static int FN(has_row_gaps)(const fa_call *call, int k)
{
    return call->columns && call->row_steps[k] != call->columns * call->steps[k] && !(call->repeated >> k & 1);
}

static FN(cursor) FN(cursor_at)(const fa_call *call, int k, ptrdiff_t at)
{
    ptrdiff_t columns = call->columns, step = call->steps[k];
    if (!FN(has_row_gaps)(call, k)) {
        ptrdiff_t first = columns && call->repeated >> k & 1 ? at % columns : at;
        return (FN(cursor)){call->data[k] + first * step, NULL, PTRDIFF_MAX, step};
    }
    char *row = call->data[k] + at / columns * call->row_steps[k];
    return (FN(cursor)){row + at % columns * step, row + call->row_steps[k], columns - at % columns, step};
}

/* Moves a cursor over n elements, or to the end of its row if that is nearer; returns the number of elements. */
static ptrdiff_t FN(advance)(const fa_call *call, int k, FN(cursor) *at, ptrdiff_t n)
{
    if (n < at->left) {
        at->at += n * at->step;
        at->left -= n;
        return n;
    }
    n = at->left;
    at->at = at->next;
    at->next += call->row_steps[k];
    at->left = call->columns;
    return n;
}

/* Strided copies; elements may be misaligned. */
static void FN(gather)(const char *from, ptrdiff_t step, REAL *to, ptrdiff_t n)
{
    if (step == sizeof(REAL) && n > 32) {
        memcpy(to, from, (size_t)n * sizeof(REAL));
        return;
    }
    if (step == 2 * sizeof(REAL)) { /* with a step that the compiler knows, the loop is vectorised */
        FA_SIMD_LOOP { __builtin_memcpy(to + i, from + i * 2 * (ptrdiff_t)sizeof(REAL), sizeof(REAL)); }
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++)
        __builtin_memcpy(to + i, from + i * step, sizeof(REAL));
}

static void FN(scatter)(const REAL *from, char *to, ptrdiff_t step, ptrdiff_t n)
{
    if (step == sizeof(REAL) && n > 32) {
        memcpy(to, from, (size_t)n * sizeof(REAL));
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++)
        __builtin_memcpy(to + i * step, from + i, sizeof(REAL));
}

/* Elements [at, at + n) of an input: where they are, if they are contiguous whole vectors, else copied to `block`. The lanes
   beyond n hold 1, for which every activation is finite. */
static const void *FN(load)(const fa_call *call, int k, ptrdiff_t at, ptrdiff_t n, REAL *block)
{
    FN(cursor) from = FN(cursor_at)(call, k, at);
    if (from.step == sizeof(REAL) && from.left >= n && n % LANES == 0)
        return from.at;
    for (ptrdiff_t done = 0; done < n;) {
        const char *here = from.at;
        ptrdiff_t count = FN(advance)(call, k, &from, n - done);
        FN(gather)(here, from.step, block + done, count);
        done += count;
    }
    for (ptrdiff_t i = n; i % LANES; i++)
        block[i] = 1;
    return block;
}

/* Where the loop writes elements [at, at + n) of an output: where they belong, or to `block`, which FN(store) copies. */
static void *FN(output_of)(const fa_call *call, int k, ptrdiff_t at, ptrdiff_t n, REAL *block)
{
    FN(cursor) to = FN(cursor_at)(call, k, at);
    return to.step == sizeof(REAL) && to.left >= n && n % LANES == 0 && !call->stream ? (void *)to.at : block;
}

static void FN(store)(const fa_call *call, int k, ptrdiff_t at, ptrdiff_t n, const REAL *block)
{
    FN(cursor) to = FN(cursor_at)(call, k, at);
    for (ptrdiff_t done = 0; done < n;) {
        char *here = to.at;
        ptrdiff_t count = FN(advance)(call, k, &to, n - done);
        if (call->stream)
            fa_stream_copy(here, (const char *)(block + done), count * (ptrdiff_t)sizeof(REAL));
        else
            FN(scatter)(block + done, here, to.step, count);
        done += count;
    }
}

/* FN(store) of two outputs that alternate in memory, which are written together. */
static void FN(store_alternating)(const fa_call *call, ptrdiff_t at, ptrdiff_t n, void *const *out)
{
    const int k = call->inputs + call->parameters, swapped = call->data[k + 1] < call->data[k];
    const REAL *even = out[swapped], *odd = out[!swapped];
    char *to = call->data[k + swapped] + at * call->steps[k];
    _Alignas(64) REAL block[2 * BLOCK];
    char *pairs = call->stream ? (char *)block : to;
    FA_SIMD_LOOP
    {
        __builtin_memcpy(pairs + 2 * i * (ptrdiff_t)sizeof(REAL), even + i, sizeof(REAL));
        __builtin_memcpy(pairs + (2 * i + 1) * (ptrdiff_t)sizeof(REAL), odd + i, sizeof(REAL));
    }
    if (call->stream)
        fa_stream_copy(to, pairs, 2 * n * (ptrdiff_t)sizeof(REAL));
}

/* The number of elements of the block that begins at `at`. A block has elements of one long row, up to its last partial vector,
   or of several short rows. If the output is streamed, the first block ends at a border of cache lines. */
static ptrdiff_t FN(block_length)(const fa_call *call, int by_rows, ptrdiff_t at, ptrdiff_t end)
{
    ptrdiff_t n = call->form < FA_LOOP_COUNT ? BLOCK : FUSED_BLOCK;
    n = end - at < n ? end - at : n;
    if (by_rows && n > call->columns - at % call->columns)
        n = call->columns - at % call->columns;
    if (call->stream) {
        FN(cursor) to = FN(cursor_at)(call, call->inputs + call->parameters, at);
        ptrdiff_t ahead = (64 - (ptrdiff_t)((uintptr_t)to.at % 64) + to.step - 1) / to.step % (64 / to.step);
        n = ahead && ahead < n ? ahead : n;
    }
    return n > LANES && (by_rows || call->stream) ? n & -LANES : n;
}

/* Adds `total` elements of an output to the sums of their columns; the first is in column at % columns. */
static void FN(add_columns)(const REAL *from, ptrdiff_t total, REAL *sums, ptrdiff_t columns, ptrdiff_t at)
{
    for (ptrdiff_t done = 0, n; done < total; done += n) {
        ptrdiff_t column = (at + done) % columns;
        n = total - done < columns - column ? total - done : columns - column;
        const REAL *x = from + done;
        REAL *sum = sums + column;
        FA_SIMD_LOOP { sum[i] += x[i]; }
    }
}

/* Whether gate and up alternate in memory. */
static int FN(inputs_alternate)(const fa_call *call)
{
    return call->form >= FA_LOOP_COUNT && call->steps[call->inputs - 1] == 2 * sizeof(REAL) && !call->columns;
}

/* Prefetches a block of a matrix with gaps between its rows, because the processor's own prefetching stops at the end of each
   row, and of arrays that alternate, of which it reads a page for a block and no further. The halves of a gated linear unit that
   come from memory take half of the time. INLINE, because GCC removes calls of a function that only prefetches. */
INLINE void FN(prefetch)(const fa_call *call, int k, ptrdiff_t at)
{
    const ptrdiff_t step = call->steps[k] == 2 * sizeof(REAL) ? 2 * sizeof(REAL) : sizeof(REAL);
    if (!FN(has_row_gaps)(call, k) && step == sizeof(REAL))
        return;
    FN(cursor) from = FN(cursor_at)(call, k, at);
    ptrdiff_t bytes = (from.left < FUSED_BLOCK ? from.left : FUSED_BLOCK) * step;
    for (ptrdiff_t i = 0; i < bytes; i += 64)
        if (k < call->inputs + call->parameters)
            __builtin_prefetch(from.at + i, 0);
        else
            __builtin_prefetch(from.at + i, 1);
}

/* Elements [begin, end), in blocks in L1. */
NOINLINE void FN(run_blocks)(const FN(work) *w, ptrdiff_t begin, ptrdiff_t end)
{
    const fa_call *call = w->call;
    _Alignas(64) REAL block[FA_MAX_ARGUMENTS][BLOCK];
    const void *in[FA_MAX_ARGUMENTS];
    void *out[FA_MAX_OUTPUTS];
    int outputs_at = call->inputs + call->parameters, by_rows = 0;
    const int alternate = call->outputs == 2 && fa_outputs_alternate(call), prefetches = FN(inputs_alternate)(call);
    for (int k = 0; k < outputs_at + call->outputs && call->columns >= LONG_ROW; k++)
        by_rows |= FN(has_row_gaps)(call, k);
    for (ptrdiff_t at = begin, n; at < end; at += n) {
        n = FN(block_length)(call, by_rows, at, end);
        for (int k = 0; k < call->inputs + w->arrays; k++)
            in[k] = FN(load)(call, k, at, n, block[k]);
        for (int k = 0; k < call->outputs; k++)
            out[k] = FN(output_of)(call, outputs_at + k, at, n, block[outputs_at + k]);
        if ((by_rows || prefetches) && end - begin > PREFETCH_FROM && at + PREFETCH_AHEAD < end)
            for (int k = 0; k < outputs_at + (call->stream ? 0 : call->outputs); k++)
                FN(prefetch)(call, k, at + PREFETCH_AHEAD);
        FN(run_form)(w, in, out, (n + LANES - 1) & -LANES);
        if (call->columns && call->sums)
            FN(add_columns)(out[0], n, (REAL *)call->sums + begin / call->group * call->wide, call->wide, at - begin);
        if (alternate)
            FN(store_alternating)(call, at, n, out);
        for (int k = 0; k < call->outputs && !alternate; k++)
            if (out[k] == block[outputs_at + k])
                FN(store)(call, outputs_at + k, at, n, out[k]);
    }
    if (call->stream)
        fa_stream_fence();
}

/* The last n elements of contiguous arrays, from `at` on: less than a vector. */
NOINLINE void FN(run_tail)(const FN(work) *w, const void *const *in, void *const *out,
                                                   ptrdiff_t at, ptrdiff_t n)
{
    _Alignas(64) REAL block[FA_MAX_ARGUMENTS][LANES];
    const void *from[FA_MAX_ARGUMENTS];
    void *to[FA_MAX_OUTPUTS];
    int inputs = w->call->inputs + w->arrays;
    for (int k = 0; k < inputs; k++) {
        for (ptrdiff_t i = 0; i < LANES; i++)
            block[k][i] = 1;
        FN(gather)((const char *)in[k] + at * sizeof(REAL), sizeof(REAL), block[k], n);
        from[k] = block[k];
    }
    for (int k = 0; k < w->call->outputs; k++)
        to[k] = block[inputs + k];
    FN(run_form)(w, from, to, LANES);
    for (int k = 0; k < w->call->outputs; k++)
        FN(scatter)(to[k], (char *)out[k] + at * sizeof(REAL), sizeof(REAL), n);
}

static void FN(run_elements)(const fa_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    FN(work) w;
    const int outputs_at = call->inputs + call->parameters;
    w.call = call;
    w.arrays = call->scalars ? 0 : call->parameters;
    for (int k = 0; k < call->parameters && k < FA_MAX_PARAMETERS && call->scalars; k++)
        __builtin_memcpy(w.scalars + k, call->data[call->inputs + k], sizeof(REAL));

    if (call->contiguous && !call->stream) {
        const ptrdiff_t offset = begin * (ptrdiff_t)sizeof(REAL), whole = (end - begin) & -LANES;
        const void *in[FA_MAX_ARGUMENTS];
        void *out[FA_MAX_OUTPUTS];
        for (int k = 0; k < call->inputs + w.arrays; k++)
            in[k] = call->data[k] + offset;
        for (int k = 0; k < call->outputs; k++)
            out[k] = call->data[outputs_at + k] + offset;
        if (whole)
            FN(run_form)(&w, in, out, whole);
        if (begin + whole < end)
            FN(run_tail)(&w, in, out, whole, end - begin - whole);
        return;
    }
    ptrdiff_t size = call->columns && call->sums ? call->group : end - begin; /* each group has its own sums */
    for (; begin < end; begin += size)
        FN(run_blocks)(&w, begin, end - begin < size ? end : begin + size);
}
