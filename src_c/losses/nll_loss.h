/* -x[target] of rows of log-probabilities, times the weight of the target, and its gradient. */
static double FN(run_nll_loss)(const fa_class_loss_call *call, double scale, ptrdiff_t begin, ptrdiff_t end)
{
    const ptrdiff_t n = call->classes;
    const REAL *x = call->x, *weight = call->weight;
    REAL *grad = call->grad, *values = call->values;
    double sum = 0, lost = 0;
    for (ptrdiff_t row = begin; row < end; row++) {
        ptrdiff_t target;
        const int counts = fa_class_of_row(call, row, &target);
        const REAL factor = weight ? weight[target] : 1, value = counts ? -FN(weighted)(factor, x[row * n + target]) : 0;
        if (grad) {
            REAL *here = grad + row * n;
            FA_SIMD_LOOP here[i] = 0;
            here[target] = counts ? -factor * (REAL)scale : 0;
        }
        if (values)
            values[row] = value;
        fa_add(&sum, &lost, value);
    }
    return fa_total(sum, lost);
}
