/* The loops over elementwise losses. Included once for each dtype and instruction set.

   A loss's value and derivative are computed into blocks in L1. Weights, the sum and the scale of the gradient are applied there,
   so the headers of losses do not contain them. */
#define LOSS_BLOCK LIT(1024, 512)

#define FA_LOSS_ARGUMENTS const REAL *x, const REAL *t, const REAL *option, REAL *value, REAL *derivative, ptrdiff_t n
#define FA_LOSS_KERNELS(name, id)                                                                               \
    static void FN(name##_values)(FA_LOSS_ARGUMENTS)                                                            \
    {                                                                                                           \
        (void)derivative;                                                                                       \
        n &= -ROW_LANES;                                                                                        \
        FA_SIMD_LOOP { value[i] = FN(name)(x[i], t[i], option[i]).value; }                                      \
    }                                                                                                           \
    static void FN(name##_values_and_derivatives)(FA_LOSS_ARGUMENTS)                                            \
    {                                                                                                           \
        n &= -ROW_LANES;                                                                                        \
        FA_SIMD_LOOP                                                                                            \
        {                                                                                                       \
            FN(loss) found = FN(name)(x[i], t[i], option[i]);                                                   \
            value[i] = found.value;                                                                             \
            derivative[i] = found.derivative;                                                                   \
        }                                                                                                       \
    }
FA_LOSSES(FA_LOSS_KERNELS)
#undef FA_LOSS_KERNELS

typedef void FN(loss_kernel)(FA_LOSS_ARGUMENTS);
static FN(loss_kernel) *const FN(loss_kernels)[FA_LOSS_COUNT][2] = {
#define FA_LOSS_ENTRY(name, id) [id] = {FN(name##_values), FN(name##_values_and_derivatives)},
    FA_LOSSES(FA_LOSS_ENTRY)
#undef FA_LOSS_ENTRY
#undef FA_LOSS_ARGUMENTS
};

/* n elements from `at` on: where they are if n is a multiple of 16, else copied and padded with 1, for which every loss is
   finite. */
INLINE const REAL *FN(whole_lanes)(const void *array, ptrdiff_t at, ptrdiff_t n, REAL *copy)
{
    const REAL *from = (const REAL *)array + at;
    if (n % ROW_LANES == 0)
        return from;
    for (ptrdiff_t i = 0; i < ROW_LANES; i++)
        copy[i] = i < n ? from[i] : 1;
    return copy;
}

INLINE void FN(multiply_weights)(const REAL *weight, REAL *value, ptrdiff_t n)
{
    FA_SIMD_LOOP { value[i] = FN(weighted)(weight[i], value[i]); }
}

INLINE double FN(lanes_sum)(const REAL *value, ptrdiff_t n)
{
    double lanes[ROW_LANES];
    FA_FOR_LANES(ROW_LANES) lanes[l] = 0;
    for (ptrdiff_t i = 0; i < n; i += ROW_LANES)
        FA_FOR_LANES(ROW_LANES) lanes[l] += value[i + l];
    return fa_tree_16(lanes);
}

/* Elements [begin, end); returns the sum of their losses. */
static double FN(run_loss)(const fa_loss_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    _Alignas(64) REAL value[LOSS_BLOCK], derivative[LOSS_BLOCK], constant[LOSS_BLOCK], last[4][ROW_LANES];
    FN(loss_kernel) *kernel = FN(loss_kernels)[call->loss][call->grad != NULL];
    REAL *values = call->values, *grad = call->grad, scale = (REAL)call->scale, option = (REAL)call->option;
    double sum = 0, lost = 0;
    for (ptrdiff_t i = 0; !call->pos_weight && i < LOSS_BLOCK && i < end - begin + ROW_LANES; i += ROW_LANES)
        FA_FOR_LANES(ROW_LANES) constant[i + l] = option;
    for (ptrdiff_t at = begin, n; at < end; at += n) {
        n = end - at >= LOSS_BLOCK ? LOSS_BLOCK : end - at >= ROW_LANES ? (end - at) & -ROW_LANES : end - at;
        ptrdiff_t padded = (n + ROW_LANES - 1) & -ROW_LANES;
        const REAL *x = FN(whole_lanes)(call->x, at, n, last[0]), *t = FN(whole_lanes)(call->target, at, n, last[1]);
        kernel(x, t, call->pos_weight ? FN(whole_lanes)(call->pos_weight, at, n, last[2]) : constant, value, derivative, padded);
        if (call->weight) {
            const REAL *weight = FN(whole_lanes)(call->weight, at, n, last[3]);
            FN(multiply_weights)(weight, value, padded);
            if (grad)
                FN(multiply_weights)(weight, derivative, padded);
        }
        for (ptrdiff_t i = n; i < padded; i++)
            value[i] = 0;
        if (call->total)
            fa_add(&sum, &lost, FN(lanes_sum)(value, padded));
        if (values)
            FA_SIMD_LOOP values[at + i] = value[i];
        if (grad)
            FA_SIMD_LOOP grad[at + i] = derivative[i] * scale;
    }
    return fa_total(sum, lost);
}
