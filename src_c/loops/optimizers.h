/* The optimisers' rules, which are torch's, each one pass over a parameter and its state. Included once for each dtype and
   instruction set. g is the gradient, with its sign turned for maximize, plus weight_decay times the parameter. The other names
   are those of fa_step_call. */
#define FA_STEP_LOOP _Pragma("omp simd") for (ptrdiff_t i = begin; i < end; i++)
#define FA_STEP_GRADIENT FN(fma)(decay, p[i], sign * grad[i])

/* p -= lr g, or with a momentum: buffer = momentum buffer + one_minus_dampening g and p -= lr buffer, or for nesterov
   p -= lr (g + momentum buffer). */
INLINE void FN(sgd)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end, int momentum, int nesterov)
{
    REAL *p = call->parameter, *buffer = call->state[0];
    const REAL *grad = call->grad, sign = call->maximize ? -1 : 1, decay = (REAL)call->weight_decay;
    const REAL lr = (REAL)call->lr, mu = (REAL)call->momentum, undamped = (REAL)call->one_minus_dampening;
    FA_STEP_LOOP
    {
        REAL g = FA_STEP_GRADIENT;
        REAL direction = g;
        if (momentum) {
            REAL b = FN(fma)(mu, buffer[i], undamped * g);
            buffer[i] = b;
            direction = nesterov ? FN(fma)(mu, b, g) : b;
        }
        p[i] = FN(fma)(-lr, direction, p[i]);
    }
}

/* mean and square are running means of g and g^2. p = shrink p - lr mean / (sqrt(square) + eps), where lr and eps contain the
   corrections for the start at 0. For amsgrad, square is the largest so far. */
INLINE void FN(adam)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end, int amsgrad)
{
    REAL *p = call->parameter, *mean = call->state[0], *square = call->state[1], *largest = call->state[2];
    const REAL *grad = call->grad, sign = call->maximize ? -1 : 1, decay = (REAL)call->weight_decay;
    const REAL lr = (REAL)call->lr, eps = (REAL)call->eps, shrink = (REAL)call->shrink;
    const REAL beta2 = (REAL)call->beta2;
    const REAL one_minus_beta1 = (REAL)(1 - call->beta1), one_minus_beta2 = (REAL)(1 - call->beta2);
    FA_STEP_LOOP
    {
        REAL g = FA_STEP_GRADIENT;
        REAL m = FN(fma)(one_minus_beta1, g - mean[i], mean[i]), s = FN(fma)(beta2, square[i], one_minus_beta2 * g * g);
        REAL most = s;
        mean[i] = m;
        square[i] = s;
        if (amsgrad)
            largest[i] = most = s < largest[i] ? largest[i] : s;
        p[i] = FN(fma)(-lr, m / (FN(sqrt)(most) + eps), p[i] * shrink);
    }
}

/* p -= lr g / (sqrt(square) + eps), where square is the running mean of g^2, minus the squared running mean of g if centered.
   With a momentum, buffer = momentum buffer + g / (...) and p -= lr buffer. */
INLINE void FN(rmsprop)(const fa_step_call *call, ptrdiff_t begin, ptrdiff_t end, int centered, int momentum)
{
    REAL *p = call->parameter, *square = call->state[0], *buffer = call->state[1], *mean = call->state[2];
    const REAL *grad = call->grad, sign = call->maximize ? -1 : 1, decay = (REAL)call->weight_decay;
    const REAL lr = (REAL)call->lr, eps = (REAL)call->eps, mu = (REAL)call->momentum;
    const REAL alpha = (REAL)call->beta2, one_minus_alpha = (REAL)(1 - call->beta2);
    FA_STEP_LOOP
    {
        REAL g = FA_STEP_GRADIENT;
        REAL s = FN(fma)(alpha, square[i], one_minus_alpha * g * g), variance = s;
        square[i] = s;
        if (centered) {
            REAL m = FN(fma)(one_minus_alpha, g - mean[i], mean[i]);
            mean[i] = m;
            variance = FN(max)(FN(fma)(-m, m, s), 0); /* rounding may leave it below 0, whose root is NaN in torch */
        }
        REAL direction = g / (FN(sqrt)(variance) + eps);
        if (momentum)
            buffer[i] = direction = FN(fma)(mu, buffer[i], direction);
        p[i] = FN(fma)(-lr, direction, p[i]);
    }
}

/* p -= lr g / (sqrt(sum) + eps), where sum is the sum of all g^2. */
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

/* Elements [begin, end) of a step. The flags are constants in each call, so that each case is a loop of its own. */
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
