/* The steps of optimisers: checking a step, and cutting it for threads. */
#include "internal.h"
#include "runtime/fp_flags.h"

static void run_step(void *context, ptrdiff_t begin, ptrdiff_t end)
{
    const fa_step_call *call = context;
    fa_table->step[call->dtype](call, begin, end);
}

fa_status fa_apply_step(const fa_step_call *call)
{
    ptrdiff_t n;
    if (!call || call->rule < FA_SGD || call->rule > FA_ADAGRAD || !fa_is_float(call->dtype) ||
        !fa_count(call->dtype, call->n, 1, 1, &n) ||
        (n && (!call->parameter || !call->grad || (call->rule != FA_SGD && !call->state[0]) ||
               (call->rule == FA_ADAM && !call->state[1]))))
        return FA_ERROR_ARGUMENT;
    unsigned flags = fa_flags();
    fa_parallel(run_step, (void *)call, n, FA_GRAIN, fa_estimate(0.3, call->dtype, n));
    fa_restore_flags(flags);
    return FA_OK;
}
