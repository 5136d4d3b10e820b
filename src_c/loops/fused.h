/* The composed forms, gated and biased: loops of the activation and a sum or a product around them, over blocks that stay in L1.
   They need nothing from a kernel header, and read and write memory once. Included once for each dtype and instruction set,
   after loops/elementwise.h. */

/* A block of a composed form, half of BLOCK: it has more arrays, and changing from one array to the next more often keeps memory
   busy. From memory, blocks of 1 and 4 KiB were slower, and prefetching the next block gained nothing. */
#undef FUSED_BLOCK
#define FUSED_BLOCK (BLOCK / 2)

/* A call and its parameters: either scalars, or `arrays` of them are arrays that follow the inputs. */
typedef struct {
    const fa_call *call;
    int arrays;
    REAL scalars[FA_MAX_PARAMETERS];
} FN(work);

INLINE fa_kernel *FN(kernel_of)(const FN(work) *w, fa_form form)
{
    return (w->arrays ? w->call->kernels->array : w->call->kernels->scalar)[form];
}

/* One loop over n elements of a, and of b if the loop has two inputs. `at` is the index of the first element in the call's
   arrays `in`, from which the parameters are taken. */
static void FN(run_kernel)(const FN(work) *w, fa_form form, const void *const *in, ptrdiff_t at, const REAL *a,
                           const REAL *b, REAL *y, REAL *z, ptrdiff_t n)
{
    const void *from[2 + FA_MAX_PARAMETERS] = {a, b};
    void *to[FA_MAX_OUTPUTS] = {y, z};
    for (int k = 0; k < w->arrays; k++)
        from[(b ? 2 : 1) + k] = (const REAL *)in[w->call->inputs + k] + at;
    FN(kernel_of)(w, form)(from, to, n, w->scalars);
}

/* Elements [at, at + n) of a composed form, n at most FUSED_BLOCK. An output may be an input, so only the last statement of a
   case writes to outputs. */
NOINLINE void FN(run_fused)(const FN(work) *w, const void *const *in, void *const *out, ptrdiff_t at, ptrdiff_t n)
{
    const fa_backward_kind kind = w->call->kernels->backward_kind;
    _Alignas(64) REAL t[FUSED_BLOCK], s[FUSED_BLOCK];
    const REAL *a = (const REAL *)in[0] + at, *b = (const REAL *)in[1] + at, *c;
    REAL *y = (REAL *)out[0] + at, *z;
    switch (w->call->form) {
    case FA_GATED: /* a = gate, b = up */
        FN(run_kernel)(w, FA_VALUE, in, at, a, NULL, t, NULL, n);
        FA_SIMD_LOOP { y[i] = t[i] * b[i]; }
        break;
    case FA_GATED_BACKWARD: /* a = grad, b = gate, c = up */
        c = (const REAL *)in[2] + at, z = (REAL *)out[1] + at;
        /* If the product grad * up is NaN, it is replaced by the same NaN on every processor, since a masked gradient takes its
           sign. */
        if (kind == FA_BACKWARD_FAST || kind == FA_BACKWARD_MASKED_ZEROS) {
            FN(run_kernel)(w, FA_VALUE, in, at, b, NULL, t, NULL, n);
            FA_SIMD_LOOP
            {
                REAL product = a[i] * c[i];
                s[i] = product == product ? product : NAN;
            }
            FN(run_kernel)(w, FA_BACKWARD, in, at, s, b, s, NULL, n);
            FA_SIMD_LOOP
            {
                REAL grad = a[i];
                y[i] = s[i];
                z[i] = grad * t[i];
            }
            break;
        }
        FN(run_kernel)(w, FA_VALUE_AND_DERIVATIVE, in, at, b, NULL, t, s, n);
        if (kind == FA_BACKWARD_MASKED)
            FA_SIMD_LOOP
            {
                REAL grad = a[i], product = grad * c[i];
                product = product == product ? product : NAN;
                y[i] = FN(product_if)(!(s[i] == 0), product, s[i]);
                z[i] = grad * t[i];
            }
        else
            FA_SIMD_LOOP
            {
                REAL grad = a[i];
                y[i] = grad * c[i] * s[i];
                z[i] = grad * t[i];
            }
        break;
    case FA_BIASED: /* a = x, b = bias */
        FA_SIMD_LOOP { t[i] = a[i] + b[i]; }
        FN(run_kernel)(w, FA_VALUE, in, at, t, NULL, y, NULL, n);
        break;
    default: /* FA_BIASED_BACKWARD: a = grad, b = x, c = bias */
        c = (const REAL *)in[2] + at;
        FA_SIMD_LOOP { t[i] = b[i] + c[i]; }
        FN(run_kernel)(w, FA_BACKWARD, in, at, a, t, y, NULL, n);
    }
}

/* The same with limits of gate and up: of limited copies, and gradients beyond the limits are 0. NaN is beyond no limit. */
NOINLINE void FN(run_clamped)(const FN(work) *w, const void *const *in, void *const *out, ptrdiff_t at, ptrdiff_t n)
{
    const int gate_at = w->call->form == FA_GATED_BACKWARD, inputs = w->call->inputs;
    const REAL limit = (REAL)w->call->clamp->limit, offset = (REAL)w->call->clamp->offset;
    const REAL *a = (const REAL *)in[gate_at] + at, *b = (const REAL *)in[gate_at + 1] + at;
    REAL *y = (REAL *)out[0] + at, *z;
    _Alignas(64) REAL gate[FUSED_BLOCK], up[FUSED_BLOCK], dgate[FUSED_BLOCK], dup[FUSED_BLOCK];
    FA_SIMD_LOOP
    {
        REAL g = a[i], u = b[i];
        u = u > limit ? limit : u;
        gate[i] = g > limit ? limit : g;
        up[i] = (u < -limit ? -limit : u) + offset;
    }
    const void *limited[FA_MAX_ARGUMENTS] = {(const REAL *)in[0] + at};
    limited[gate_at] = gate;
    limited[gate_at + 1] = up;
    for (int k = inputs; k < inputs + w->arrays; k++)
        limited[k] = (const REAL *)in[k] + at;
    if (!gate_at) {
        FN(run_fused)(w, limited, (void *[]){y}, 0, n);
        return;
    }
    z = (REAL *)out[1] + at;
    FN(run_fused)(w, limited, (void *[]){dgate, dup}, 0, n);
    FA_SIMD_LOOP
    {
        REAL g = a[i], u = b[i];
        y[i] = g > limit ? 0 : dgate[i];
        z[i] = FN(fabs)(u) > limit ? 0 : dup[i];
    }
}

/* Any form over contiguous arrays; n is a multiple of LANES. */
static inline void FN(run_form)(const FN(work) *w, const void *const *in, void *const *out, ptrdiff_t n)
{
    if (w->call->form < FA_LOOP_COUNT)
        FN(kernel_of)(w, w->call->form)(in, out, n, w->scalars);
    else
        for (ptrdiff_t at = 0; at < n; at += FUSED_BLOCK)
            (w->call->clamp ? FN(run_clamped) : FN(run_fused))(w, in, out, at, n - at < FUSED_BLOCK ? n - at : FUSED_BLOCK);
}
