/* Elementwise calls: finding an activation, checking a call, and running it. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* O3 unrolls the loops over a few arguments, and a short call takes 4 to 10 ns more */
#endif
#include <string.h>
#include "internal.h"
#include "runtime/fp_flags.h"

const char *fa_version(void) { return FA_VERSION; }

const char *fa_status_text(fa_status status)
{
    switch (status) {
    case FA_OK: return "no error";
    case FA_ERROR_ARGUMENT: return "an argument is out of range";
    case FA_ERROR_NO_SUCH_FORM: return "there is no such activation, or it has no such form";
    case FA_ERROR_MEMORY: return "memory ran out";
    }
    return "no status of fastact";
}

/* ---- the activations ---- */

#define FA_INDEX(name, ...) index_of_##name,
#define FA_DESCRIBE(name, np, from_output, kind, second, half, value_loop, derivative_loop, cost)               \
    {#name, index_of_##name, np, from_output, FA_SECOND_##second, cost},
#define FA_ALIAS(alias, name) {#alias, index_of_##name},
enum { FA_ACTIVATIONS(FA_INDEX) activation_count };
static const fa_activation activations[] = {FA_ACTIVATIONS(FA_DESCRIBE)};
static const struct {
    const char *name;
    int index;
} aliases[] = {FA_ALIASES(FA_ALIAS)};

const fa_activation *const fa_speed_probe = &activations[index_of_sigmoid];
const fa_activation *fa_activation_by_index(int index) { return &activations[index]; }

const fa_activation *fa_find(const char *name)
{
    if (!name)
        return NULL;
    for (int i = 0; i < activation_count; i++)
        if (strcmp(activations[i].name, name) == 0)
            return &activations[i];
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].name, name) == 0)
            return &activations[aliases[i].index];
    return NULL;
}

const char *fa_name(const fa_activation *activation) { return activation ? activation->name : NULL; }
int fa_parameter_count(const fa_activation *activation) { return activation ? activation->parameters : 0; }
int fa_has_form(const fa_activation *activation, fa_form form)
{
    return activation && form >= 0 && form < FA_FORM_COUNT && (form != FA_BACKWARD_FROM_OUTPUT || activation->from_output) &&
           (form != FA_SECOND_DERIVATIVE || activation->second);
}

/* ---- the forms ---- */

#define FA_CHECK_FORM(name, number, ...) _Static_assert(FA_##name == number, "fa_form differs from FORMS in registry.py");
#define FA_INPUTS(name, number, inputs, ...) [FA_##name] = inputs,
#define FA_OUTPUTS(name, number, inputs, outputs, ...) [FA_##name] = outputs,
#define FA_BIAS_ROW(name, number, inputs, outputs, bias_row, cost) [FA_##name] = bias_row,
#define FA_FORM_COST(name, number, inputs, outputs, bias_row, cost) [FA_##name] = cost,
FA_FORMS(FA_CHECK_FORM)
static const int inputs_of[] = {FA_FORMS(FA_INPUTS)}, outputs_of[] = {FA_FORMS(FA_OUTPUTS)};
static const int bias_row_of[] = {FA_FORMS(FA_BIAS_ROW)};
static const double relative_cost_of[] = {FA_FORMS(FA_FORM_COST)}; /* relative to the value, median of all activations */

int fa_inputs_of(fa_form form) { return inputs_of[form]; }
int fa_outputs_of(fa_form form) { return outputs_of[form]; }
int fa_bias_row_of(fa_form form) { return bias_row_of[form]; }

double fa_cost_of(const fa_activation *activation, fa_form form, fa_dtype dtype)
{
    return fa_estimate(activation->cost * relative_cost_of[form], dtype, 1) + (fa_is_float(dtype) ? 0 : 0.06);
}

/* ---- how the outputs of a call overlap its inputs ---- */

enum overlap {
    NO_OVERLAP,   /* not at all, or an output is an input */
    FORWARD_SAFE, /* a loop from the front reads each element before it is overwritten */
    SEQUENTIAL    /* each element must be finished before the next is read: the arrays of ufunc.accumulate and reduce */
};

/* Sets *low to the first byte of n elements, *high to the byte after the last. */
static void extent(const char *data, ptrdiff_t step, ptrdiff_t size, ptrdiff_t n, const char **low, const char **high)
{
    ptrdiff_t reach = step * (n - 1);
    *low = data + (reach < 0 ? reach : 0);
    *high = data + (reach > 0 ? reach : 0) + size;
}

static enum overlap overlap_of(const fa_call *call, ptrdiff_t n)
{
    enum overlap worst = NO_OVERLAP;
    const ptrdiff_t size = fa_size_of(call->dtype);
    int outputs_at = call->inputs + call->parameters;
    for (int k = outputs_at; k < outputs_at + call->outputs; k++)
        for (int j = 0; j < outputs_at; j++) {
            const char *a = call->data[j], *b = call->data[k], *a_low, *a_high, *b_low, *b_high;
            ptrdiff_t step = call->steps[j];
            extent(a, step, j < call->inputs ? size : 8, n, &a_low, &a_high); /* a parameter has at most 8 bytes */
            extent(b, call->steps[k], size, n, &b_low, &b_high);
            if (a_high <= b_low || b_high <= a_low || (a == b && step == call->steps[k] && step != 0))
                continue;
            int forward_safe = step == call->steps[k] && (step > 0 ? b < a : b > a) && step != 0;
            enum overlap here = forward_safe ? FORWARD_SAFE : SEQUENTIAL;
            worst = here > worst ? here : worst;
        }
    return worst;
}

/* ---- running a call ---- */

/* Whether to write contiguous results past the caches: if that is quicker for arrays of this size and the call is not in place. */
int fa_should_stream(const fa_call *call, ptrdiff_t n)
{
    const ptrdiff_t size = fa_size_of(call->dtype);
    if (n * size < (1 << 20))
        return 0;
    int outputs_at = call->inputs + call->parameters, arrays = call->outputs;
    int alternate = call->outputs == 2 && fa_outputs_alternate(call);
    for (int k = 0; k < call->inputs; k++)
        arrays += call->steps[k] != 0;
    for (int k = 0; k < call->outputs; k++) {
        if (call->steps[outputs_at + k] != size && !alternate)
            return 0;
        for (int j = 0; j < call->inputs; j++)
            if (call->data[j] == call->data[outputs_at + k])
                return 0;
    }
    return fa_writes_past_caches(n * size * arrays);
}

INLINE void prepare(fa_call *call, const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                    const ptrdiff_t *steps)
{
    const ptrdiff_t size = fa_size_of(dtype), parameter_size = fa_parameter_size_of(dtype);
    const int inputs = inputs_of[form], outputs_at = inputs + activation->parameters, count = outputs_at + outputs_of[form];
    call->kernels = &fa_table->kernels[dtype == FA_FLOAT64][activation->index];
    call->form = form;
    call->dtype = dtype;
    call->inputs = inputs;
    call->parameters = activation->parameters;
    call->outputs = outputs_of[form];
    call->stream = 0;
    call->clamp = NULL;
    call->columns = 0;
    call->contiguous = call->scalars = 1;
    if (!steps) {
        for (int k = 0; k < count; k++) {
            call->data[k] = data[k];
            call->steps[k] = k >= inputs && k < outputs_at ? 0 : size;
        }
        return;
    }
    int arrays = 1;
    for (int k = 0; k < count; k++) {
        const int parameter = k >= inputs && k < outputs_at;
        call->data[k] = data[k];
        call->steps[k] = steps[k];
        call->contiguous &= parameter || steps[k] == size;
        call->scalars &= !parameter || steps[k] == 0;
        arrays &= !parameter || steps[k] == parameter_size;
    }
    call->contiguous &= call->scalars || arrays;
}

void fa_prepare(fa_call *call, const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                const ptrdiff_t *steps)
{
    prepare(call, activation, form, dtype, data, steps);
}

void fa_run_call(void *context, ptrdiff_t begin, ptrdiff_t end)
{
    const fa_call *call = context;
    fa_table->run[call->dtype](call, begin, end);
}

INLINE fa_status run_call(fa_call *call, const fa_activation *activation, enum overlap overlap, ptrdiff_t n)
{
    unsigned flags = fa_flags();
    if (overlap == SEQUENTIAL) {
        for (ptrdiff_t i = 0; i < n; i++)
            fa_run_call(call, i, i + 1);
    } else if (overlap == FORWARD_SAFE || n <= FA_GRAIN) {
        fa_table->run[call->dtype](call, 0, n);
    } else {
        call->stream = fa_should_stream(call, n);
        fa_parallel(fa_run_call, call, n, FA_GRAIN, (double)n * fa_cost_of(activation, call->form, call->dtype));
    }
    fa_restore_flags(flags);
    if (!fa_is_float(call->dtype))
        fa_restore_overflow(flags);
    return FA_OK;
}

fa_status fa_run_no_overlap(fa_call *call, const fa_activation *activation, ptrdiff_t n)
{
    return n ? run_call(call, activation, NO_OVERLAP, n) : FA_OK;
}

fa_status fa_apply_no_overlap(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                              const ptrdiff_t *steps, ptrdiff_t n)
{
    fa_call call;
    if (n == 0)
        return FA_OK;
    prepare(&call, activation, form, dtype, data, steps);
    return run_call(&call, activation, NO_OVERLAP, n);
}

fa_status fa_check(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                   const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns)
{
    ptrdiff_t n;
    if (!fa_has_form(activation, form))
        return FA_ERROR_NO_SUCH_FORM;
    if (!fa_is_dtype(dtype) || !data || !steps || !fa_count(dtype, rows, columns, 1, &n))
        return FA_ERROR_ARGUMENT;
    for (int k = 0; n && k < inputs_of[form] + activation->parameters + outputs_of[form]; k++)
        if (!data[k] || !fa_can_reach(steps[k], columns) || (row_steps && !fa_can_reach(row_steps[k], rows)))
            return FA_ERROR_ARGUMENT;
    return FA_OK;
}

fa_status fa_apply_strided(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                           const ptrdiff_t *steps, ptrdiff_t n)
{
    fa_call call;
    fa_status status = fa_check(activation, form, dtype, data, steps, NULL, 1, n);
    if (status || n == 0)
        return status;
    prepare(&call, activation, form, dtype, data, steps);
    return run_call(&call, activation, n == 1 ? NO_OVERLAP : overlap_of(&call, n), n);
}

void fa_list_arguments(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                       void *const *outputs, const void *parameters, char **data)
{
    for (int i = 0; i < inputs_of[form]; i++)
        *data++ = (char *)inputs[i];
    for (int i = 0; i < activation->parameters; i++)
        *data++ = (char *)parameters + i * fa_parameter_size_of(dtype);
    for (int i = 0; i < outputs_of[form]; i++)
        *data++ = outputs[i];
}

fa_status fa_apply(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                   void *const *outputs, ptrdiff_t n, const void *parameters)
{
    static const ptrdiff_t steps[FA_MAX_ARGUMENTS]; /* fa_check looks at pointers and n, since n elements are contiguous */
    char *data[FA_MAX_ARGUMENTS];
    if (!fa_has_form(activation, form))
        return FA_ERROR_NO_SUCH_FORM;
    if (!inputs || !outputs || (activation->parameters && !parameters))
        return FA_ERROR_ARGUMENT;
    fa_list_arguments(activation, form, dtype, inputs, outputs, parameters, data);
    fa_status status = fa_check(activation, form, dtype, data, steps, NULL, 1, n);
    return status ? status : fa_apply_no_overlap(activation, form, dtype, data, NULL, n);
}
