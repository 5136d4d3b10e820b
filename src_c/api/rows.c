/* Functions of rows: checking a call, and cutting it for threads. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* as in api/elementwise.c */
#endif
#include <math.h>
#include <string.h>
#include "internal.h"
#include "runtime/fp_flags.h"

/* 1 and minus infinity in each dtype, in the first bytes. */
static const union {
    float single;
    double wide;
    uint16_t half;
} ones[] = {{.single = 1}, {.wide = 1}, {.half = 0x3c00}, {.half = 0x3f80}},
  bottoms[] = {{.single = -INFINITY}, {.wide = -INFINITY}, {.half = 0xfc00}, {.half = 0xff80}};

/* Of each form: its number of inputs, whether it takes a temperature, and ns an element, one thread in cache, float32. */
#define FA_CHECK_ROW_FORM(name, number, ...) _Static_assert(FA_##name == number, "fa_row_form differs from ROWS in registry.py");
#define FA_ROW_FORM(name, number, inputs, temperature, cost) [FA_##name] = {inputs, temperature, cost},
FA_ROW_FORMS(FA_CHECK_ROW_FORM)
static const struct {
    int inputs, temperature;
    double cost;
} form_facts[FA_ROW_FORM_COUNT] = {FA_ROW_FORMS(FA_ROW_FORM)};

/* If all elements of a row that the mask leaves are -inf, hardmax has written its 1 to the first element, which may be masked.
   This moves it to the first element that is not. */
static void move_masked_ones(const fa_row_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    const ptrdiff_t n = call->n, inner = call->inner, size = fa_size_of(call->dtype), step = inner * size;
    const void *one = &ones[call->dtype];
    for (ptrdiff_t row = begin; row < end; row++) {
        const ptrdiff_t at = row / inner * n * inner + row % inner;
        char *out = (char *)call->out + at * size;
        const unsigned char *mask = call->with.mask + at;
        ptrdiff_t first = 0;
        while (first < n && !mask[first * inner])
            first++;
        for (ptrdiff_t i = 0; i < n && first < n; i++)
            if (!mask[i * inner] && memcmp(out + i * step, one, (size_t)size) == 0) {
                memset(out + i * step, 0, (size_t)size);
                memcpy(out + first * step, one, (size_t)size);
                break;
            }
    }
}

static void run_row_call(void *context, ptrdiff_t begin, ptrdiff_t end)
{
    const fa_row_call *call = context;
    fa_table->rows[call->dtype](call, begin, end);
    if (call->with.mask && call->form == FA_HARDMAX)
        move_masked_ones(call, begin, end);
}

/* Whether the form takes the options that are only softmax's, and these are in range. */
static int are_valid(const fa_row_options *with, fa_row_form form, ptrdiff_t inner)
{
    const int is_softmax = form <= FA_SOFTMAX_BACKWARD_FROM_OUTPUT, by_row = with->bias || with->queries;
    if (with->queries < 0 || (with->bias && (with->bias_rows <= 0 || with->bias_repeats <= 0)))
        return 0;
    return is_softmax ? (inner == 1 || !by_row) && (form != FA_SOFTMAX || !with->sink_grad) && (with->sink || !with->sink_grad)
                      : !by_row && !with->sink && !with->sink_grad;
}

fa_status fa_rows_with(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                       ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const fa_row_options *options)
{
    const double size = options->temperature < 0 ? -options->temperature : options->temperature;
    ptrdiff_t elements = 0, rows = 0;
    if (form < 0 || form >= FA_ROW_FORM_COUNT || !fa_is_dtype(dtype) || !fa_count(dtype, outer, n, inner, &elements) ||
        !fa_count(dtype, outer, 1, inner, &rows) || !(size > 0 && size * 0 == 0) ||
        (!form_facts[form].temperature && size != 1) || !are_valid(options, form, inner))
        return FA_ERROR_ARGUMENT;
    if ((elements && (!first || (form_facts[form].inputs == 2 && !second))) ||
        ((elements || (form == FA_LOGSUMEXP && rows)) && !out))
        return FA_ERROR_ARGUMENT;
    if (form == FA_LOGSUMEXP && n == 0) /* log(0), since the sum is empty */
        for (ptrdiff_t i = 0; i < rows; i++)
            memcpy((char *)out + i * fa_size_of(dtype), &bottoms[dtype], (size_t)fa_size_of(dtype));
    if (outer == 0 || n == 0 || inner == 0)
        return FA_OK;
    int failed = 0;
    fa_row_call call = {form, dtype, {first, second}, out, outer, n, inner, *options, 0, &failed};
    /* A thread takes whole blocks: 64 rows, or 2048 elements of longer rows that follow each other in memory. */
    ptrdiff_t grain = inner > 1 || n <= 64 ? ((4096 / n) | 63) + 1 : n > 2048 ? 1 : 2048 / n * 2;
    unsigned flags = fa_flags();
    fa_parallel(run_row_call, &call, rows, grain, fa_estimate(form_facts[form].cost, dtype, elements));
    fa_restore_flags(flags);
    fa_restore_overflow(flags);
    return failed ? FA_ERROR_MEMORY : FA_OK;
}

fa_status fa_rows_where(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                        ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const unsigned char *mask, double temperature)
{
    const fa_row_options options = {.mask = mask, .temperature = temperature};
    return fa_rows_with(form, dtype, first, second, out, outer, n, inner, &options);
}

fa_status fa_rows(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner)
{
    return fa_rows_where(form, dtype, first, second, out, outer, n, inner, NULL, 1);
}
