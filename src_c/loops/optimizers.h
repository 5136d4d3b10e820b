/* The optimisers' rules, torch's, each one pass over a parameter and what is kept for it.

   g is the gradient (its sign turned for maximize), with weight_decay times the parameter added to it.
   The numbers of a step are those of fa_step_call. */
#define FA_STEP_LOOP _Pragma("omp simd") for (ptrdiff_t i = begin; i < end; i++)
#define FA_STEP_GRADIENT FN(fma)(decay, p[i], sign * grad[i])

/* momentum: buffer = momentum buffer + gain g, and the step is along it or, for nesterov, along
   g + momentum buffer. */
INLINE void FN(sgd)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end, int momentum, int nesterov)
{
    REAL *p = call->parameter, *buffer = call->state[0];
    const REAL *grad = call->grad, sign = call->maximize ? -1 : 1, decay = (REAL)call->weight_decay;
    const REAL lr = (REAL)call->lr, keep = (REAL)call->momentum, gain = (REAL)call->gain;
    FA_STEP_LOOP
    {
        REAL g = FA_STEP_GRADIENT;
        REAL along = g;
        if (momentum) {
            REAL b = FN(fma)(keep, buffer[i], gain * g);
            buffer[i] = b;
            along = nesterov ? FN(fma)(keep, b, g) : b;
        }
        p[i] = FN(fma)(-lr, along, p[i]);
    }
}

/* mean and square are running means of g and g^2; p = shrink p - lr mean / (sqrt(square) + eps), where lr and eps
   hold the corrections for the start at 0, and amsgrad takes the largest square so far. */
INLINE void FN(adam)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end, int amsgrad)
{
    REAL *p = call->parameter, *mean = call->state[0], *square = call->state[1], *largest = call->state[2];
    const REAL *grad = call->grad, sign = call->maximize ? -1 : 1, decay = (REAL)call->weight_decay;
    const REAL lr = (REAL)call->lr, eps = (REAL)call->eps, shrink = (REAL)call->shrink;
    const REAL keep = (REAL)call->beta2, gain1 = (REAL)(1 - call->beta1), gain2 = (REAL)(1 - call->beta2);
    FA_STEP_LOOP
    {
        REAL g = FA_STEP_GRADIENT;
        REAL m = FN(fma)(gain1, g - mean[i], mean[i]), s = FN(fma)(keep, square[i], gain2 * g * g), top = s;
        mean[i] = m;
        square[i] = s;
        if (amsgrad)
            largest[i] = top = s < largest[i] ? largest[i] : s;
        p[i] = FN(fma)(-lr, m / (FN(sqrt)(top) + eps), p[i] * shrink);
    }
}

/* p -= lr g / (sqrt(square) + eps), square the running mean of g^2, less the squared mean of g where centered;
   with a momentum these steps gather in a buffer. */
INLINE void FN(rmsprop)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end, int centered, int momentum)
{
    REAL *p = call->parameter, *square = call->state[0], *buffer = call->state[1], *mean = call->state[2];
    const REAL *grad = call->grad, sign = call->maximize ? -1 : 1, decay = (REAL)call->weight_decay;
    const REAL lr = (REAL)call->lr, eps = (REAL)call->eps, keep = (REAL)call->momentum;
    const REAL alpha = (REAL)call->beta2, gain = (REAL)(1 - call->beta2);
    FA_STEP_LOOP
    {
        REAL g = FA_STEP_GRADIENT;
        REAL s = FN(fma)(alpha, square[i], gain * g * g), spread = s;
        square[i] = s;
        if (centered) {
            REAL m = FN(fma)(gain, g - mean[i], mean[i]);
            mean[i] = m;
            spread = FN(max)(FN(fma)(-m, m, s), 0); /* torch takes a root of what rounding left below 0 */
        }
        REAL along = g / (FN(sqrt)(spread) + eps);
        if (momentum)
            buffer[i] = along = FN(fma)(keep, buffer[i], along);
        p[i] = FN(fma)(-lr, along, p[i]);
    }
}

/* p -= lr g / (sqrt(sum) + eps), sum that of all g^2. */
INLINE void FN(adagrad)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    REAL *p = call->parameter, *sum = call->state[0];
    const REAL *grad = call->grad, sign = call->maximize ? -1 : 1, decay = (REAL)call->weight_decay;
    const REAL lr = (REAL)call->lr, eps = (REAL)call->eps;
    FA_STEP_LOOP
    {
        REAL g = FA_STEP_GRADIENT;
        REAL s = FN(fma)(g, g, sum[i]);
        sum[i] = s;
        p[i] = FN(fma)(-lr, g / (FN(sqrt)(s) + eps), p[i]);
    }
}

/* Elements [begin, end) of a step. */
static void FN(run_optimizer)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    switch (call->rule) {
    case FA_SGD:
        if (!call->state[0])
            FN(sgd)(call, begin, end, 0, 0);
        else if (!call->nesterov)
            FN(sgd)(call, begin, end, 1, 0);
        else
            FN(sgd)(call, begin, end, 1, 1);
        break;
    case FA_ADAM:
        if (!call->state[2])
            FN(adam)(call, begin, end, 0);
        else
            FN(adam)(call, begin, end, 1);
        break;
    case FA_RMSPROP:
        if (call->state[1] && call->state[2])
            FN(rmsprop)(call, begin, end, 1, 1);
        else if (call->state[1])
            FN(rmsprop)(call, begin, end, 0, 1);
        else if (call->state[2])
            FN(rmsprop)(call, begin, end, 1, 0);
        else
            FN(rmsprop)(call, begin, end, 0, 0);
        break;
    case FA_ADAGRAD:
        FN(adagrad)(call, begin, end);
        break;
    }
}
#undef FA_STEP_LOOP
#undef FA_STEP_GRADIENT
