/* Functions of rows of float16 and bfloat16: blocks are widened to float, computed, and rounded to half once. Included once for
   each instruction set, after loops/half_types.h. */
enum { HALF_ROW_ELEMENTS = 2048 };

static void widen_row(const uint16_t *from, float *to, ptrdiff_t n, const int bfloat)
{
    ptrdiff_t whole = bfloat ? n : n & -16;
    (bfloat ? bfloat16_to_float : float16_to_float)(from, to, whole);
    if (whole < n) {
        uint16_t last[16] = {0};
        float wide[16];
        __builtin_memcpy(last, from + whole, (size_t)(n - whole) * 2);
        float16_to_float(last, wide, 16);
        __builtin_memcpy(to + whole, wide, (size_t)(n - whole) * 4);
    }
}

static void narrow_row(const float *from, uint16_t *to, ptrdiff_t n, const int bfloat)
{
    ptrdiff_t i = 0;
    if (bfloat) {
        float_to_bfloat16(from, to, n);
        return;
    }
    for (; i + 16 <= n; i += 16)
        float16_from_16(from + i, to + i, 1, 1);
    for (; i < n; i++)
        to[i] = float16_of(from[i]);
}

/* Rows [at, at + count) of an array of halves to floats, which have the same layout; and back. */
static void widen_rows(const fa_row_call *call, const uint16_t *x, ptrdiff_t at, ptrdiff_t count, float *to, const int bfloat)
{
    ptrdiff_t offset = row_offset_of_f32(call, at);
    if (call->inner == 1)
        widen_row(x + offset, to, count * call->n, bfloat);
    for (ptrdiff_t i = 0; i < call->n && call->inner > 1; i++)
        widen_row(x + offset + i * call->inner, to + i * count, count, bfloat);
}

static void narrow_rows(const fa_row_call *call, const float *from, ptrdiff_t at, ptrdiff_t count, uint16_t *out,
                        const int bfloat)
{
    ptrdiff_t offset = row_offset_of_f32(call, at);
    if (call->inner == 1)
        narrow_row(from, out + offset, count * call->n, bfloat);
    for (ptrdiff_t i = 0; i < call->n && call->inner > 1; i++)
        narrow_row(from + i * count, out + offset + i * call->inner, count, bfloat);
}

static inline void run_row_blocks_half(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end, const int bfloat)
{
    const row_form_f32 *form = &row_forms_f32[call->form];
    const ptrdiff_t n = call->n, inner = call->inner, fit = HALF_ROW_ELEMENTS / n;
    const ptrdiff_t most = inner > 1 ? fit < 16 ? 16 : fit < 64 ? fit : 64 : fit ? fit : 1, size = most * n;
    const uint16_t *first = call->in[0], *second = call->in[1];
    float stack[3 * HALF_ROW_ELEMENTS], *work = stack;
    const unsigned char *given = call->with.mask;
    unsigned char some_mask[HALF_ROW_ELEMENTS], *mask = some_mask;
    if (size > HALF_ROW_ELEMENTS) {
        work = malloc((size_t)size * (3 * sizeof(float) + 1));
        mask = (unsigned char *)(work + 3 * size);
        if (!work) {
            *call->failed = 1;
            return;
        }
    }
    for (ptrdiff_t at = begin, count; at < end; at += count) {
        const ptrdiff_t left = inner > 1 ? inner - at % inner : end - at, offset = row_offset_of_f32(call, at);
        fa_row_call single = *call;
        count = end - at < most ? end - at : most;
        count = count < left ? count : left;
        single.in[0] = work;
        single.in[1] = work + size;
        single.out = work + 2 * size;
        single.outer = inner == 1 ? count : 1;
        single.inner = inner == 1 ? 1 : count;
        if (form->first_kind == ROW_SCALAR)
            widen_row(first + at, work, count, bfloat);
        else
            widen_rows(call, first, at, count, work, bfloat);
        if (form->second_kind)
            widen_rows(call, second, at, count, work + size, bfloat);
        if (given)
            single.with.mask = inner == 1 ? given + offset : mask;
        for (ptrdiff_t i = 0; i < n && given && inner > 1; i++)
            __builtin_memcpy(mask + i * count, given + offset + i * inner, (size_t)count);
        single.before = at;
        single.with.sink = call->with.sink ? (const float *)call->with.sink + at : NULL;
        single.with.sink_grad = call->with.sink_grad ? (float *)call->with.sink_grad + at : NULL;
        run_row_blocks_f32(&single, 0, count);
        if (form->out_kind == ROW_SCALAR)
            narrow_row(single.out, (uint16_t *)call->out + at, count, bfloat);
        else
            narrow_rows(call, single.out, at, count, call->out, bfloat);
    }
    if (work != stack)
        free(work);
}

static void run_row_blocks_float16(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    run_row_blocks_half(call, begin, end, 0);
}

static void run_row_blocks_bfloat16(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    run_row_blocks_half(call, begin, end, 1);
}
