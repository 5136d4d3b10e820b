/* Calls over float16 and bfloat16 arrays: blocks are widened to float, computed, and rounded to half. Included once for each
   instruction set.

   A float result that is close to a tie, the middle between two halves, may be rounded to the wrong half (half_types.h). Such
   lanes are put into a queue, and so are lanes whose x is near a zero of the derivative, or near 0. When the queue is full
   they are computed in double. So every value, derivative and backward is correctly rounded. Parameters are double, because
   most are not representable in half precision. Where the result depends much on the parameters, as a sine of alpha x does, all
   is computed in double, block by block, if a parameter is not a float. */
enum { HALF_BLOCK = 2048, F64_QUEUE = 256 };

/* How a float32 result becomes a half, with default parameters: CHECK_ROUNDING looks for ties, the other two round directly. */
enum { CHECK_ROUNDING, ROUNDS_CORRECTLY, ROUNDS_CORRECTLY_EXCEPT_NEAR_0 };

/* What the rounding of an activation's results depends on. Arrays are indexed by form. fastact/_build/codegen.py writes
   FA_BOUNDS, one row for each activation, in the order of the kernels. */
typedef struct {
    float ulp_bound[FA_LOOP_COUNT];      /* the largest float32 error in ULP; 0: the form is exact */
    signed char rounding[FA_LOOP_COUNT];
    float derivative_zero;               /* a zero of the derivative: near it the relative float32 error has no bound; 0: none */
    int copies;                          /* the value is x and the gradient is grad, so halves are copied */
    int in_double;                       /* computed in double if a parameter is not a float */
    double defaults[FA_MAX_PARAMETERS];
} half_bounds;

#define FA_BOUNDS_ROW(name, ...) {__VA_ARGS__},
static const half_bounds all_bounds[] = {FA_BOUNDS(FA_BOUNDS_ROW)};

static inline const half_bounds *bounds_of(const fa_call *call) { return &all_bounds[call->kernels - kernels_f32]; }

/* A call in a half type, and the calls in float and double that it is made of. */
typedef struct {
    const fa_call *call;
    fa_call f32_call, f64_call;
    fa_kernels kernels;           /* of f32_call, if the value has a kernel for half types */
    int in_double;                /* every element is computed in double */
    float margin[FA_MAX_OUTPUTS]; /* a bound of the relative error of the float result; 0: no check */
    float point[FA_MAX_OUTPUTS], distance[FA_MAX_OUTPUTS]; /* lanes with |x - point| < distance are computed in double too */
    _Alignas(64) float wide[FA_MAX_ARGUMENTS][HALF_BLOCK];
    _Alignas(64) uint16_t narrow[HALF_BLOCK];
    /* the lanes to compute in double: their inputs, the factor of the result, its address, and which argument it is */
    _Alignas(64) double queue[FA_MAX_ARGUMENTS][F64_QUEUE];
    double scale[F64_QUEUE];
    char *target[F64_QUEUE];
    int argument[F64_QUEUE], count;
} half_work;

static double parameter_at(const fa_call *call, int k, ptrdiff_t i)
{
    double value;
    __builtin_memcpy(&value, call->data[k] + i * call->steps[k], sizeof value);
    return value;
}

static float float_parameter_at(const fa_call *call, int k, ptrdiff_t i)
{
    double value = parameter_at(call, k, i);
    return value == value ? (float)value : __builtin_nanf(""); /* a NaN that remains one when it is rounded to half */
}

/* Elements [at, at + n) of input k as floats. The lanes up to the next multiple of HALF_STEP are 1. */
static inline void widen(const fa_call *call, int k, ptrdiff_t at, ptrdiff_t n, float *to, const int bfloat)
{
    uint16_t part[HALF_BLOCK];
    const char *from = call->data[k] + at * call->steps[k];
    ptrdiff_t whole = 0, padded = (n + HALF_STEP - 1) & -HALF_STEP;
    if (call->steps[k] == 2 && (uintptr_t)from % 2 == 0) {
        whole = n & -HALF_STEP;
        (bfloat ? bfloat16_to_float : float16_to_float)((const uint16_t *)from, to, whole);
    }
    if (whole == n)
        return;
    if (call->steps[k] == 4) { /* with a step that the compiler knows, the loop is vectorised */
        FA_SIMD_LOOP { __builtin_memcpy(part + i, from + i * 4, 2); }
    } else {
        for (ptrdiff_t i = whole; i < n; i++)
            __builtin_memcpy(part + i, from + i * call->steps[k], 2);
    }
    for (ptrdiff_t i = n; i < padded; i++)
        part[i] = bfloat ? 0x3f80 : 0x3c00;
    (bfloat ? bfloat16_to_float : float16_to_float)(part + whole, to + whole, padded - whole);
}

/* Sets which lanes of an output are computed in double. `inexact`: a parameter is not exact in float. */
static void set_margin(half_work *w, int output, int inexact, int defaults, const int bfloat)
{
    const fa_call *call = w->call;
    const half_bounds *bounds = bounds_of(call);
    int form = call->form == FA_VALUE_AND_DERIVATIVE ? output ? FA_DERIVATIVE : FA_VALUE : (int)call->form;
    /* Where the value has a kernel for half types, rounding[FA_VALUE] is that kernel's, which only the form FA_VALUE calls. */
    int known = form < FA_LOOP_COUNT && (form != FA_VALUE || call->form == FA_VALUE || !call->kernels->half);
    int rounding = known && defaults ? bounds->rounding[form] : CHECK_ROUNDING;
    float ulp_bound = form < FA_LOOP_COUNT ? bounds->ulp_bound[form] : 3;
    /* The exact result is between the float result times 1 - margin and times 1 + margin. Half a unit is for rounding these two
       products, half a unit for inexact parameters. */
    w->margin[output] = rounding || (ulp_bound == 0 && !inexact) ? 0 : (ulp_bound + 0.5f + 0.5f * (float)inexact) * 0x1p-23f;
    w->point[output] = w->distance[output] = 0;
    if (rounding == ROUNDS_CORRECTLY_EXCEPT_NEAR_0) {
        /* |f(x)| <= |x|: twice the smallest float16, or twice the smallest normal bfloat16 */
        w->distance[output] = bfloat ? 0x1p-125f : 0x1p-23f;
    } else if (!rounding && (form == FA_DERIVATIVE || form == FA_BACKWARD)) {
        float steepness = call->parameters == 1 && call->steps[call->inputs] == 0 ? w->wide[call->inputs][0] : 1;
        int fast = form == FA_BACKWARD && call->kernels->backward_kind == FA_BACKWARD_FAST;
        w->point[output] = bounds->derivative_zero / steepness;
        w->distance[output] = bounds->derivative_zero == 0 ? 0 : fast ? 0.0025f : 0.01f;
    }
}

/* Sets up the calls in float and double, and the arguments that are the same for all n elements. */
NOINLINE void init_half_work(half_work *w, const fa_call *call, ptrdiff_t n, const int bfloat)
{
    const int outputs_at = call->inputs + call->parameters;
    int inexact = 0, defaults = 1, constants = 0;
    const double *default_of = bounds_of(call)->defaults;
    w->call = call;
    w->f32_call = w->f64_call = *call;
    w->f32_call.stream = w->f64_call.stream = 0;
    w->f64_call.kernels = kernels_f64 + (call->kernels - kernels_f32);
    if (call->form == FA_VALUE && call->kernels->half) {
        w->kernels = *call->kernels;
        w->kernels.scalar[FA_VALUE] = w->kernels.half;
        w->f32_call.kernels = &w->kernels;
    }
    w->count = 0;
    for (int k = 0; k < outputs_at + call->outputs; k++) {
        int constant = k < outputs_at && call->steps[k] == 0, parameter = k >= call->inputs && k < outputs_at;
        w->f32_call.data[k] = (char *)w->wide[k];
        w->f64_call.data[k] = (char *)w->queue[k];
        w->f32_call.steps[k] = constant && parameter ? 0 : sizeof(float);
        w->f64_call.steps[k] = constant && parameter ? 0 : sizeof(double);
        constants += constant && parameter;
        if (constant && parameter) {
            w->wide[k][0] = float_parameter_at(call, k, 0);
            w->queue[k][0] = parameter_at(call, k, 0);
        } else if (constant) {
            widen(call, k, 0, 1, w->wide[k], bfloat);
            for (int i = 1; i < HALF_BLOCK && i < n + HALF_STEP; i++)
                w->wide[k][i] = w->wide[k][0];
        }
        inexact |= parameter && (!constant || w->wide[k][0] != w->queue[k][0]);
        defaults &= !parameter || (constant && w->queue[k][0] == default_of[k - call->inputs]);
    }
    w->f32_call.scalars = w->f64_call.scalars = constants == call->parameters;
    w->f32_call.contiguous = w->f64_call.contiguous = constants == 0 || constants == call->parameters;
    w->in_double = inexact && bounds_of(call)->in_double;
    for (int k = 0; k < call->outputs; k++)
        set_margin(w, k, inexact, defaults, bfloat);
}

/* Computes the block [at, at + n) in double and writes it. */
NOINLINE void compute_in_double(half_work *w, ptrdiff_t at, ptrdiff_t n, const int bfloat)
{
    const fa_call *call = w->call;
    const int outputs_at = call->inputs + call->parameters;
    uint16_t halves[F64_QUEUE];
    for (ptrdiff_t first = 0; first < n; first += F64_QUEUE) {
        ptrdiff_t count = n - first < F64_QUEUE ? n - first : F64_QUEUE, padded = (count + 7) & -8;
        for (int k = 0; k < call->inputs; k++)
            for (ptrdiff_t i = 0; i < padded; i++)
                w->queue[k][i] = w->wide[k][first + i];
        for (int k = call->inputs; k < outputs_at; k++)
            for (ptrdiff_t i = 0; i < padded && call->steps[k]; i++)
                w->queue[k][i] = parameter_at(call, k, at + first + (i < count ? i : 0));
        run_elements_f64(&w->f64_call, 0, padded);
        for (int k = outputs_at; k < outputs_at + call->outputs; k++) {
            ptrdiff_t step = call->steps[k];
            char *target = call->data[k] + (at + first) * step;
            double_to_half(w->queue[k], halves, (int)padded, bfloat);
            if (call->stream)
                fa_stream_copy(target, (const char *)halves, count * 2);
            else if (step == 2)
                memcpy(target, halves, (size_t)count * 2);
            else
                for (ptrdiff_t i = 0; i < count; i++)
                    __builtin_memcpy(target + i * step, halves + i, 2);
        }
    }
}

/* Computes the lanes of the queue in double and writes the results. */
NOINLINE void flush_queue(half_work *w, const int bfloat)
{
    int n = w->count, padded = (n + 7) & -8, outputs_at = w->f64_call.inputs + w->f64_call.parameters;
    uint16_t halves[F64_QUEUE];
    for (int k = 0; k < outputs_at; k++)
        for (int i = n; i < padded; i++)
            w->queue[k][i] = w->queue[k][0];
    run_elements_f64(&w->f64_call, 0, padded);
    for (int k = outputs_at; k < outputs_at + w->f64_call.outputs; k++) {
        for (int i = 0; i < n && bfloat; i++)
            w->queue[k][i] *= w->scale[i];
        double_to_half(w->queue[k], halves, padded, bfloat);
        for (int i = 0; i < n; i++)
            if (w->argument[i] == k)
                __builtin_memcpy(w->target[i], halves + i, 2);
    }
    w->count = 0;
}

/* Puts lanes of the block that begins at element `at` into the queue. Their results in output k go to `target`, `step` bytes
   apart. */
NOINLINE void enqueue(half_work *w, ptrdiff_t at, const uint16_t *lanes, ptrdiff_t count, int k, char *target, ptrdiff_t step,
                      const int bfloat)
{
    const fa_call *call = w->call;
    for (ptrdiff_t n; count; lanes += n, count -= n) {
        int first = w->count;
        n = count < F64_QUEUE - first ? count : F64_QUEUE - first;
        for (ptrdiff_t i = 0; i < n; i++) {
            w->target[first + i] = target + lanes[i] * step;
            w->argument[first + i] = k;
        }
        for (int j = 0; j < call->inputs; j++)
            for (ptrdiff_t i = 0; i < n; i++)
                w->queue[j][first + i] = w->wide[j][lanes[i]];
        for (int j = call->inputs; j < call->inputs + call->parameters; j++)
            for (ptrdiff_t i = 0; i < n && call->steps[j]; i++)
                w->queue[j][first + i] = parameter_at(call, j, at + lanes[i]);
        /* For a tiny |x| a function such as silu(x) = x/2 + x^2/4 may be so close to a tie that double cannot represent the
           second term. The function is then almost linear, and its sign at a larger x decides how the tie is rounded. So x is
           multiplied by 2^100, or by 2^104 if it is below 2^-130, and the result is divided by this factor. */
        for (ptrdiff_t i = 0; i < n && bfloat; i++) {
            int tiny = call->inputs == 1 && __builtin_fabsf(w->wide[0][lanes[i]]) < 0x1p-124f &&
                       __builtin_fabsf(w->wide[k][lanes[i]]) < 0x1p-126f;
            double factor = !tiny ? 1 : __builtin_fabsf(w->wide[0][lanes[i]]) < 0x1p-130f ? 0x1p104 : 0x1p100;
            w->queue[0][first + i] *= factor;
            w->scale[first + i] = 1 / factor;
        }
        w->count += (int)n;
        if (w->count == F64_QUEUE)
            flush_queue(w, bfloat);
    }
}

/* Rounds n results, up to a multiple of HALF_STEP, and lists the lanes that are near a tie. */
INLINE ptrdiff_t round_block(const float *from, uint16_t *to, ptrdiff_t n, float margin, uint16_t *lanes, const int bfloat)
{
    ptrdiff_t count = 0;
    if (!margin) {
        (bfloat ? float_to_bfloat16 : float_to_float16)(from, to, (n + HALF_STEP - 1) & -HALF_STEP);
        return 0;
    }
    for (ptrdiff_t i = 0; i < n; i += HALF_STEP) {
        uint32_t near_tie = bfloat ? step_to_bfloat16(from + i, to + i)
                                   : step_to_float16(from + i, to + i, 1 + margin, 1 - margin);
        for (; near_tie; near_tie &= near_tie - 1)
            lanes[count++] = (uint16_t)(i + __builtin_ctz(near_tie));
    }
    while (count && lanes[count - 1] >= n)
        count--;
    return count;
}

/* Adds the lanes with |x - point| < distance to the list. */
NOINLINE ptrdiff_t add_near(const float *x, ptrdiff_t n, float point, float distance, uint16_t *lanes, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < n; i += HALF_STEP)
        for (uint32_t near = step_near(x + i, point, distance); near; near &= near - 1)
            lanes[count++] = (uint16_t)(i + __builtin_ctz(near));
    while (count && lanes[count - 1] >= n)
        count--;
    return count;
}

/* Rounds output k of the block [at, at + n) and writes it. */
NOINLINE void write_half(half_work *w, ptrdiff_t at, ptrdiff_t n, int k, const int bfloat)
{
    const fa_call *call = w->call;
    int output = k - call->inputs - call->parameters;
    uint16_t lanes[2 * HALF_BLOCK], *to = w->narrow;
    ptrdiff_t step = call->steps[k], padded = (n + HALF_STEP - 1) & -HALF_STEP;
    char *target = call->data[k] + at * step;
    int direct = step == 2 && n == padded && (uintptr_t)target % 2 == 0 && !call->stream;
    if (direct)
        to = (uint16_t *)target;

    ptrdiff_t count = round_block(w->wide[k], to, n, w->margin[output], lanes, bfloat);
    if (w->distance[output])
        count = add_near(w->wide[call->inputs - 1], n, w->point[output], w->distance[output], lanes, count);
    /* before enqueue: it may flush the queue, which rewrites some of these elements */
    for (ptrdiff_t i = 0; i < n && !direct && !call->stream; i++)
        __builtin_memcpy(target + i * step, to + i, 2);
    enqueue(w, at, lanes, count, k, call->stream ? (char *)to : target, call->stream ? 2 : step, bfloat);
    if (call->stream) {
        if (w->count)
            flush_queue(w, bfloat);
        fa_stream_copy(target, (const char *)to, n * 2);
    }
}

/* Copies the first input, x or grad, to the output. */
static void copy_halves(const fa_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    const ptrdiff_t from_step = call->steps[0], to_step = call->steps[call->inputs];
    const char *from = call->data[0] + begin * from_step;
    char *to = call->data[call->inputs] + begin * to_step;
    if (from_step != 2 || to_step != 2) {
        for (ptrdiff_t i = 0; i < end - begin; i++)
            __builtin_memcpy(to + i * to_step, from + i * from_step, 2);
    } else if (call->stream) {
        fa_stream_copy(to, from, (end - begin) * 2);
        fa_stream_fence();
    } else {
        __builtin_memmove(to, from, (size_t)(end - begin) * 2);
    }
}

static fa_runner run_elements_float16, run_elements_bfloat16;

/* A call whose two outputs alternate in memory, which are written together, block by block. */
NOINLINE void run_alternating_half(const fa_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    const int first = call->inputs + call->parameters, swapped = call->data[first + 1] < call->data[first];
    uint16_t parts[2][HALF_BLOCK], *even = parts[swapped], *odd = parts[!swapped];
    fa_call part = *call;
    part.stream = 0;
    for (int k = 0; k < 2; k++) {
        part.data[first + k] = (char *)parts[k];
        part.steps[first + k] = 2;
    }
    for (ptrdiff_t at = begin; at < end; at += HALF_BLOCK) {
        ptrdiff_t n = end - at < HALF_BLOCK ? end - at : HALF_BLOCK;
        for (int k = 0; k < first; k++)
            part.data[k] = call->data[k] + at * call->steps[k];
        (call->dtype == FA_FLOAT16 ? run_elements_float16 : run_elements_bfloat16)(&part, 0, n);
        char *to = call->data[first + swapped] + at * 4;
        FA_SIMD_LOOP
        {
            __builtin_memcpy(to + 4 * i, even + i, 2);
            __builtin_memcpy(to + 4 * i + 2, odd + i, 2);
        }
    }
}

static inline void run_elements_half(const fa_call *call, ptrdiff_t begin, ptrdiff_t end, const int bfloat)
{
    half_work w;
    if (call->outputs == 2 && fa_outputs_alternate(call)) {
        run_alternating_half(call, begin, end);
        return;
    }
    if (bounds_of(call)->copies &&
        (call->form == FA_VALUE || call->form == FA_BACKWARD || call->form == FA_BACKWARD_FROM_OUTPUT)) {
        copy_halves(call, begin, end);
        return;
    }
    init_half_work(&w, call, end - begin, bfloat);
    int outputs_at = call->inputs + call->parameters;
    for (ptrdiff_t at = begin; at < end; at += HALF_BLOCK) {
        ptrdiff_t n = end - at < HALF_BLOCK ? end - at : HALF_BLOCK, padded = (n + HALF_STEP - 1) & -HALF_STEP;
        for (int k = 0; k < outputs_at; k++) {
            if (call->steps[k] && k < call->inputs)
                widen(call, k, at, n, w.wide[k], bfloat);
            for (ptrdiff_t i = 0; i < padded && call->steps[k] && k >= call->inputs && !w.in_double; i++)
                w.wide[k][i] = float_parameter_at(call, k, at + (i < n ? i : 0));
        }
        if (w.in_double) {
            compute_in_double(&w, at, n, bfloat);
            continue;
        }
        run_elements_f32(&w.f32_call, 0, padded);
        for (int k = outputs_at; k < outputs_at + call->outputs; k++)
            write_half(&w, at, n, k, bfloat);
    }
    if (w.count)
        flush_queue(&w, bfloat);
    if (call->stream)
        fa_stream_fence();
}

static void run_elements_float16(const fa_call *call, ptrdiff_t begin, ptrdiff_t end) { run_elements_half(call, begin, end, 0); }
static void run_elements_bfloat16(const fa_call *call, ptrdiff_t begin, ptrdiff_t end) { run_elements_half(call, begin, end, 1); }
