/* Losses: the checks, and how a call is cut for threads. */
#include <math.h>
#include "runtime/fp_flags.h"
#include "internal.h"

/* A sum is made of parts, whose borders depend on the size of the call alone. */
enum { PARTS = 256, PART_ELEMENTS = 4096 };

typedef struct {
    const void *call;
    double scale;
    ptrdiff_t n, size; /* elements or rows, in all and in a part */
    double sums[PARTS];
} fa_parts;

/* The sum of a call of n units, of which a part is a multiple of `grain`. */
static double run_parts(fa_parts *parts, void (*task)(void *, ptrdiff_t, ptrdiff_t), ptrdiff_t grain, double ns)
{
    parts->size = (parts->n / PARTS / grain + 1) * grain;
    ptrdiff_t count = (parts->n + parts->size - 1) / parts->size;
    double sum = 0, lost = 0;
    unsigned flags = fa_flags();
    fa_parallel(task, parts, count, 1, ns);
    fa_restore_flags(flags);
    for (ptrdiff_t k = 0; k < count; k++) {
        double total = sum + parts->sums[k], back = total - sum;
        lost += (sum - (total - back)) + (parts->sums[k] - back);
        sum = total;
    }
    return isfinite(sum) ? sum + lost : sum; /* infinities lose NaN */
}

static ptrdiff_t end_of(const fa_parts *parts, ptrdiff_t k)
{
    return (k + 1) * parts->size < parts->n ? (k + 1) * parts->size : parts->n;
}

static void run_loss(void *context, ptrdiff_t begin, ptrdiff_t end)
{
    fa_parts *parts = context;
    const fa_loss_call *call = parts->call;
    for (ptrdiff_t k = begin; k < end; k++)
        parts->sums[k] = fa_table->loss[call->dtype](call, k * parts->size, end_of(parts, k));
}

fa_status fa_apply_loss(const fa_loss_call *call)
{
    ptrdiff_t n;
    if (!call || call->loss < 0 || call->loss >= FA_LOSS_COUNT || (call->dtype != FA_FLOAT32 && call->dtype != FA_FLOAT64) ||
        !fa_count(call->dtype, call->n, 1, 1, &n) || (n && (!call->x || !call->target)))
        return FA_ERROR_ARGUMENT;
    fa_parts parts = {.call = call, .n = call->n};
    double sum = run_parts(&parts, run_loss, PART_ELEMENTS, 0.4 * (double)call->n * (call->dtype == FA_FLOAT64 ? 2 : 1));
    if (call->total)
        *call->total = sum;
    return FA_OK;
}

/* The sum of the factors of all targets that count; 0 is returned where one is no class. */
static int sum_factors(const fa_class_loss_call *call, double *sum)
{
    *sum = 0;
    for (ptrdiff_t row = 0; row < call->rows; row++) {
        const int64_t target = ((const volatile int64_t *)call->target)[row]; /* one read: see losses/list.h */
        if (target == call->ignore)
            continue;
        if (target < 0 || target >= call->classes)
            return 0;
        *sum += !call->weight ? 1
                : call->dtype == FA_FLOAT64 ? ((const double *)call->weight)[target] : ((const float *)call->weight)[target];
    }
    return 1;
}

static void run_class_loss(void *context, ptrdiff_t begin, ptrdiff_t end)
{
    fa_parts *parts = context;
    const fa_class_loss_call *call = parts->call;
    fa_class_loss_runner *run = fa_table->class_loss[call->dtype][call->given_logs != 0];
    for (ptrdiff_t k = begin; k < end; k++)
        parts->sums[k] = run(call, parts->scale, k * parts->size, end_of(parts, k));
}

fa_status fa_apply_class_loss(const fa_class_loss_call *call)
{
    ptrdiff_t n;
    if (!call || (call->dtype != FA_FLOAT32 && call->dtype != FA_FLOAT64) || call->classes < 1 ||
        !fa_count(FA_FLOAT64, call->rows, call->classes, 1, &n) || (n && (!call->x || (!call->target && !call->share))) ||
        (call->given_logs && call->share))
        return FA_ERROR_ARGUMENT;
    double factors = (double)call->rows;
    if (call->target && !sum_factors(call, &factors))
        return FA_ERROR_ARGUMENT;
    double divisor = call->divisor != 0 ? call->divisor : factors;
    double ns = 0.6 * (double)call->rows * (double)call->classes * (call->dtype == FA_FLOAT64 ? 2 : 1);
    fa_parts parts = {.call = call, .n = call->rows, .scale = divisor == 0 ? 0 : 1 / divisor};
    double sum = run_parts(&parts, run_class_loss, (PART_ELEMENTS / call->classes / 16 + 1) * 16, ns);
    if (call->total)
        *call->total = sum / divisor;
    return FA_OK;
}
