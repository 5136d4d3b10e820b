/* Losses: checking a call, and cutting it for threads. */
#include "internal.h"
#include "math/two_sum.h"
#include "runtime/fp_flags.h"

/* A sum is made of the sums of at most PARTS parts, whose borders depend on the size of the call alone. */
enum { PARTS = 256, PART_ELEMENTS = 4096 };

typedef struct {
    const void *call;
    double scale;
    ptrdiff_t n, size; /* elements or rows, of the call and of a part */
    double sums[PARTS];
} fa_parts;

/* The sum of a call; the size of a part is a multiple of `grain`. */
static double run_parts(fa_parts *parts, void (*task)(void *, ptrdiff_t, ptrdiff_t), ptrdiff_t grain, double ns)
{
    parts->size = (parts->n / PARTS / grain + 1) * grain;
    ptrdiff_t count = (parts->n + parts->size - 1) / parts->size;
    double sum = 0, lost = 0;
    unsigned flags = fa_flags();
    fa_parallel(task, parts, count, 1, ns);
    fa_restore_flags(flags);
    for (ptrdiff_t k = 0; k < count; k++)
        fa_add(&sum, &lost, parts->sums[k]);
    return fa_total(sum, lost);
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
    if (!call || call->loss < 0 || call->loss >= FA_LOSS_COUNT || !fa_is_float(call->dtype) ||
        !fa_count(call->dtype, call->n, 1, 1, &n) || (n && (!call->x || !call->target)))
        return FA_ERROR_ARGUMENT;
    fa_parts parts = {.call = call, .n = call->n};
    double sum = run_parts(&parts, run_loss, PART_ELEMENTS, fa_estimate(0.4, call->dtype, n));
    if (call->total)
        *call->total = sum;
    return FA_OK;
}

/* The sum of the weights of all targets that count. Returns 0 if a target is not a class. */
static int sum_weights(const fa_class_loss_call *call, double *sum)
{
    *sum = 0;
    for (ptrdiff_t row = 0; row < call->rows; row++) {
        const int64_t target = ((const volatile int64_t *)call->target)[row]; /* read once: see losses/list.h */
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
    if (!call || !fa_is_float(call->dtype) || call->classes < 1 || !fa_count(FA_FLOAT64, call->rows, call->classes, 1, &n) ||
        (n && (!call->x || (!call->target && !call->target_probs))) || (call->given_logs && call->target_probs))
        return FA_ERROR_ARGUMENT;
    double weights = (double)call->rows;
    if (call->target && !sum_weights(call, &weights))
        return FA_ERROR_ARGUMENT;
    double divisor = call->divisor != 0 ? call->divisor : weights;
    fa_parts parts = {.call = call, .n = call->rows, .scale = divisor == 0 ? 0 : 1 / divisor};
    double sum = run_parts(&parts, run_class_loss, (PART_ELEMENTS / call->classes / 16 + 1) * 16,
                           fa_estimate(0.6, call->dtype, n));
    if (call->total)
        *call->total = sum / divisor;
    return FA_OK;
}
