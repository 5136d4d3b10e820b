/* Functions of rows: the checks, and how a call is cut for threads. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* as in api/elementwise.c */
#endif
#include <math.h>
#include <string.h>
#include "runtime/fp_flags.h"
#include "internal.h"


/* One and minus infinity, whose first bytes are those of a dtype. */
static const union {
    float single;
    double wide;
    uint16_t half;
} ones[] = {{.single = 1}, {.wide = 1}, {.half = 0x3c00}, {.half = 0x3f80}},
  bottoms[] = {{.single = -INFINITY}, {.wide = -INFINITY}, {.half = 0xfc00}, {.half = 0xff80}};

/* Of each form: how many inputs it has, whether it takes a temperature, and ns an element, one thread in cache, float32. */
#define FA_CHECK_ROW_FORM(name, number, ...) _Static_assert(FA_##name == number, "fa_row_form differs from ROWS in registry.py");
#define FA_ROW_FORM(name, number, inputs, temperature, cost) [FA_##name] = {inputs, temperature, cost},
FA_ROW_FORMS(FA_CHECK_ROW_FORM)
static const struct {
    int inputs, temperature;
    double cost;
} row_forms[FA_ROW_FORM_COUNT] = {FA_ROW_FORMS(FA_ROW_FORM)};

typedef struct {
    fa_row_runner *run;
    ptrdiff_t size;
    const void *one;
    fa_row_call call;
} fa_row_job;

/* Where all elements that count are -inf, hardmax has its 1 at the first of the row, which a mask may hide: it goes
   to the first that counts. */
static void move_hidden_ones(const fa_row_job *job, ptrdiff_t begin, ptrdiff_t end)
{
    const ptrdiff_t n = job->call.n, inner = job->call.inner;
    const size_t size = (size_t)job->size;
    for (ptrdiff_t row = begin; row < end; row++) {
        const ptrdiff_t at = row / inner * n * inner + row % inner;
        char *out = (char *)job->call.out + at * job->size;
        const unsigned char *mask = job->call.mask + at;
        ptrdiff_t first = 0;
        while (first < n && !mask[first * inner])
            first++;
        for (ptrdiff_t i = 0; i < n && first < n; i++)
            if (!mask[i * inner] && memcmp(out + i * inner * job->size, job->one, size) == 0) {
                memset(out + i * inner * job->size, 0, size);
                memcpy(out + first * inner * job->size, job->one, size);
                break;
            }
    }
}

static void run_rows(void *context, ptrdiff_t begin, ptrdiff_t end)
{
    const fa_row_job *job = context;
    job->run(&job->call, begin, end);
    if (job->call.mask && job->call.form == FA_HARDMAX)
        move_hidden_ones(job, begin, end);
}

fa_status fa_rows_where(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                        ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const unsigned char *mask, double temperature)
{
    const double size = temperature < 0 ? -temperature : temperature;
    ptrdiff_t elements = 0, rows = 0;
    if (form < 0 || form >= FA_ROW_FORM_COUNT || dtype < FA_FLOAT32 || dtype > FA_BFLOAT16 ||
        !fa_count(dtype, outer, n, inner, &elements) || !fa_count(dtype, outer, 1, inner, &rows) ||
        !(size > 0 && size * 0 == 0) || (!row_forms[form].temperature && size != 1))
        return FA_ERROR_ARGUMENT;
    if ((elements && (!first || (row_forms[form].inputs == 2 && !second))) || ((elements || (form == FA_LOGSUMEXP && rows)) && !out))
        return FA_ERROR_ARGUMENT;
    if (form == FA_LOGSUMEXP && n == 0) /* the logarithm of an empty sum */
        for (ptrdiff_t i = 0; i < rows; i++)
            memcpy((char *)out + i * fa_size_of(dtype), &bottoms[dtype], (size_t)fa_size_of(dtype));
    if (outer == 0 || n == 0 || inner == 0)
        return FA_OK;
    int failed = 0;
    fa_row_job job = {fa_table->rows[dtype], fa_size_of(dtype), &ones[dtype],
                      {form, {first, second}, out, outer, n, inner, mask, temperature, &failed}};
    double ns = row_forms[form].cost * (dtype == FA_FLOAT64 ? 2 : 1) * (double)outer * (double)n * (double)inner;
    /* Whole blocks of rows: of 64, or, of longer ones that lie one after the other, of 2048 elements. */
    ptrdiff_t grain = inner > 1 || n <= 64 ? ((4096 / n) | 63) + 1 : n > 2048 ? 1 : 2048 / n * 2;
    unsigned flags = fa_flags();
    fa_parallel(run_rows, &job, rows, grain, ns);
    fa_restore_flags(flags);
    fa_restore_overflow(flags);
    return failed ? FA_ERROR_MEMORY : FA_OK;
}

fa_status fa_rows(fa_row_form form, fa_dtype dtype, const void *first, const void *second, void *out,
                  ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner)
{
    return fa_rows_where(form, dtype, first, second, out, outer, n, inner, NULL, 1);
}
