/* float16 arrays: widened to float, computed there, rounded to half. Included once an instruction set.

   Rounding a float result again goes wrong about once in 5000: where float's error crosses a tie, the
   middle between two halves. So the lanes next to a tie are computed in double, and every value and
   derivative is correctly rounded, for 0.2 ns an element. Parameters are doubles: few are halves. */
enum { HALF_BLOCK = 1024 };

static double parameter_at(const fa_call *call, int k, ptrdiff_t i)
{
    double value;
    __builtin_memcpy(&value, call->data[k] + i * call->steps[k], sizeof value);
    return value;
}

/* Computes the lanes near a tie of one output again, from the float call that computed it first; its
   first element is element `begin` of the half call. */
static void settle_ties(const fa_call *call, ptrdiff_t begin, const fa_call *single, int output, uint16_t *narrow,
                        ptrdiff_t n)
{
    _Alignas(64) double wide[FA_MAX_ARGUMENTS][HALF_BLOCK];
    _Alignas(64) uint8_t near[HALF_BLOCK];
    ptrdiff_t lanes[HALF_BLOCK], count = 0;
    __builtin_memset(near + (n & -8), 0, 8 * (n % 8 != 0));
    fa_near_ties((const float *)single->data[output], near, n);
    for (ptrdiff_t at = 0; at < n; at += 8) {
        uint64_t eight;
        __builtin_memcpy(&eight, near + at, 8);
        for (ptrdiff_t i = at; eight && i < at + 8; i++)
            if (near[i])
                lanes[count++] = i;
    }
    if (!count)
        return;
    fa_call twice = *single;
    twice.kernels = kernels_f64 + (single->kernels - kernels_f32);
    int outputs_at = single->inputs + single->parameters;
    for (int k = 0; k < outputs_at + single->outputs; k++) {
        twice.data[k] = (char *)wide[k];
        twice.steps[k] = single->steps[k] ? sizeof(double) : 0;
        const float *from = (const float *)single->data[k];
        for (ptrdiff_t i = 0; i < count && k < outputs_at; i++)
            wide[k][i] = k < single->inputs ? from[single->steps[k] ? lanes[i] : 0]
                                            : parameter_at(call, k, begin + lanes[i]);
    }
    run_f64(&twice, 0, count);
    for (ptrdiff_t i = 0; i < count; i++)
        narrow[lanes[i]] = fa_double_to_half(wide[output][i]);
}

static void run_half(const fa_call *call, ptrdiff_t begin, ptrdiff_t end)
{
    _Alignas(64) float wide[FA_MAX_ARGUMENTS][HALF_BLOCK];
    _Alignas(64) uint16_t narrow[HALF_BLOCK];
    fa_call inner = *call;
    int outputs_at = call->inputs + call->parameters;
    for (ptrdiff_t at = begin; at < end; at += HALF_BLOCK) {
        ptrdiff_t n = end - at < HALF_BLOCK ? end - at : HALF_BLOCK;
        for (int k = 0; k < outputs_at; k++) {
            const char *from = call->data[k] + at * call->steps[k];
            ptrdiff_t count = call->steps[k] ? n : 1;
            if (k >= call->inputs) {
                for (ptrdiff_t i = 0; i < count; i++)
                    wide[k][i] = (float)parameter_at(call, k, at + i);
                continue;
            }
            for (ptrdiff_t i = 0; i < count; i++)
                __builtin_memcpy(narrow + i, from + i * call->steps[k], sizeof(uint16_t));
            fa_half_to_float(narrow, wide[k], count);
        }
        for (int k = 0; k < outputs_at + call->outputs; k++) {
            inner.data[k] = (char *)wide[k];
            inner.steps[k] = call->steps[k] || k >= outputs_at ? sizeof(float) : 0;
        }
        inner.stream = 0;
        run_f32(&inner, 0, n);
        for (int k = outputs_at; k < outputs_at + call->outputs; k++) {
            char *to = call->data[k] + at * call->steps[k];
            fa_float_to_half(wide[k], narrow, n);
            settle_ties(call, at, &inner, k, narrow, n);
            for (ptrdiff_t i = 0; i < n; i++)
                __builtin_memcpy(to + i * call->steps[k], narrow + i, sizeof(uint16_t));
        }
    }
}
