/* Elementwise calls: activations by name, the checks of a call, and how it is run. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* O3 unrolls the loops over a few arguments, and a short call takes 4 to 10 ns more */
#endif
#include <stdlib.h>
#include <string.h>
#include "runtime/fp_flags.h"
#include "internal.h"

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
#define FA_DESCRIBE(name, np, from_output, kind, second, half, piecewise, cost)                                  \
    {#name, index_of_##name, np, from_output, FA_SECOND_##second, cost},
#define FA_ALIAS(alias, name) {#alias, index_of_##name},
enum { FA_ACTIVATIONS(FA_INDEX) activation_count };
static const fa_activation activations[] = {FA_ACTIVATIONS(FA_DESCRIBE)};
static const struct {
    const char *name;
    int index;
} aliases[] = {FA_ALIASES(FA_ALIAS)};

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

/* ---- elementwise calls ---- */

#define FA_CHECK_FORM(name, number, ...) _Static_assert(FA_##name == number, "fa_form differs from FORMS in registry.py");
#define FA_INPUTS(name, number, inputs, ...) [FA_##name] = inputs,
#define FA_OUTPUTS(name, number, inputs, outputs, ...) [FA_##name] = outputs,
#define FA_BIAS_ROW(name, number, inputs, outputs, bias_row, cost) [FA_##name] = bias_row,
FA_FORMS(FA_CHECK_FORM)
static const int inputs_of[] = {FA_FORMS(FA_INPUTS)}, outputs_of[] = {FA_FORMS(FA_OUTPUTS)}, bias_row_of[] = {FA_FORMS(FA_BIAS_ROW)};

int fa_inputs_of(fa_form form) { return inputs_of[form]; }
int fa_outputs_of(fa_form form) { return outputs_of[form]; }
int fa_bias_row_of(fa_form form) { return bias_row_of[form]; }

void fa_run_job(void *context, ptrdiff_t begin, ptrdiff_t end)
{
    const fa_job *job = context;
    job->run(&job->call, begin, end);
}

/* How the outputs of a call lie to its inputs: apart or element on element; behind, so that a loop from
   the front reads each element before it is overwritten; or so that each element must be finished
   before the next is read (the arrays of ufunc.accumulate and reduce). */
enum overlap { NO_OVERLAP, FORWARD_SAFE, SEQUENTIAL };

/* The first byte of n elements and the byte after their last. */
static void extent(const char *data, ptrdiff_t step, ptrdiff_t size, ptrdiff_t n, const char **low, const char **high)
{
    ptrdiff_t reach = step * (n - 1);
    *low = data + (reach < 0 ? reach : 0);
    *high = data + (reach > 0 ? reach : 0) + size;
}

static enum overlap overlap_of(const fa_call *call, ptrdiff_t size, ptrdiff_t n)
{
    enum overlap worst = NO_OVERLAP;
    int outputs_at = call->inputs + call->parameters;
    for (int k = outputs_at; k < outputs_at + call->outputs; k++)
        for (int j = 0; j < outputs_at; j++) { /* a parameter is at most 8 bytes: room for the widest */
            const char *a = call->data[j], *b = call->data[k], *a_low, *a_high, *b_low, *b_high;
            ptrdiff_t step = call->steps[j];
            extent(a, step, j < call->inputs ? size : 8, n, &a_low, &a_high);
            extent(b, call->steps[k], size, n, &b_low, &b_high);
            if (a_high <= b_low || b_high <= a_low || (a == b && step == call->steps[k] && step != 0))
                continue;
            int behind = step == call->steps[k] && (step > 0 ? b < a : b > a) && step != 0;
            enum overlap here = behind ? FORWARD_SAFE : SEQUENTIAL;
            worst = here > worst ? here : worst;
        }
    return worst;
}

/* Contiguous results that the caches cannot hold anyway are written past them, unless in place. */
int fa_should_stream(const fa_call *call, ptrdiff_t size, ptrdiff_t n)
{
    static _Atomic ptrdiff_t cache; /* asked when first needed, by whichever thread */
    if (n * size < (1 << 20))
        return 0;
    if (!cache)
        cache = fa_last_level_cache();
    int outputs_at = call->inputs + call->parameters, arrays = call->outputs;
    for (int k = 0; k < call->inputs; k++)
        arrays += call->steps[k] != 0;
    for (int k = 0; k < call->outputs; k++) {
        if (call->steps[outputs_at + k] != size)
            return 0;
        for (int j = 0; j < call->inputs; j++)
            if (call->data[j] == call->data[outputs_at + k])
                return 0;
    }
    return n * size * arrays > cache;
}

/* How many times as long as the value the other forms take, in the median of all activations. */
#define FA_FORM_COST(name, number, inputs, outputs, bias_row, cost) [FA_##name] = cost,
static const double times_of[] = {FA_FORMS(FA_FORM_COST)};

double fa_cost_of(const fa_activation *activation, fa_form form, fa_dtype dtype)
{
    return activation->cost * times_of[form] * (dtype == FA_FLOAT64 ? 2 : 1) + (dtype >= FA_FLOAT16 ? 0.06 : 0);
}

enum { SHORT = 4096 }; /* elements: fewer are one thread's, and are not streamed */

INLINE fa_status prepare(fa_job *job, const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                         const ptrdiff_t *steps)
{
    if (dtype < FA_FLOAT32 || dtype > FA_BFLOAT16)
        return FA_ERROR_ARGUMENT;
    if (!fa_has_form(activation, form))
        return FA_ERROR_NO_SUCH_FORM;
    job->run = fa_table->run[dtype];
    job->call.kernels = &fa_table->kernels[dtype == FA_FLOAT64][activation->index];
    job->call.form = form;
    job->call.inputs = inputs_of[form];
    job->call.parameters = activation->parameters;
    job->call.outputs = outputs_of[form];
    job->call.stream = 0;
    job->call.columns = 0;
    int count = job->call.inputs + job->call.parameters + job->call.outputs;
    for (int k = 0; k < count; k++) {
        job->call.data[k] = data[k];
        job->call.steps[k] = steps[k];
    }
    return FA_OK;
}

fa_status fa_prepare(fa_job *job, const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                     const ptrdiff_t *steps)
{
    return prepare(job, activation, form, dtype, data, steps);
}

INLINE fa_status apply(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                       const ptrdiff_t *steps, ptrdiff_t n, int no_overlap)
{
    fa_job job;
    fa_status status = n < 0 ? FA_ERROR_ARGUMENT : prepare(&job, activation, form, dtype, data, steps);
    if (status || n == 0)
        return status;
    enum overlap overlap = no_overlap || n == 1 ? NO_OVERLAP : overlap_of(&job.call, fa_size_of(dtype), n);
    unsigned flags = fa_flags();
    if (overlap == SEQUENTIAL) {
        for (ptrdiff_t i = 0; i < n; i++)
            fa_run_job(&job, i, i + 1);
    } else if (overlap == FORWARD_SAFE || n <= SHORT) {
        job.run(&job.call, 0, n);
    } else {
        job.call.stream = fa_should_stream(&job.call, fa_size_of(dtype), n);
        fa_parallel(fa_run_job, &job, n, SHORT, (double)n * fa_cost_of(activation, form, dtype));
    }
    fa_restore_flags(flags);
    if (dtype >= FA_FLOAT16)
        fa_restore_overflow(flags);
    return FA_OK;
}

fa_status fa_check(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data, const ptrdiff_t *steps,
                   const ptrdiff_t *row_steps, ptrdiff_t rows, ptrdiff_t columns)
{
    ptrdiff_t n;
    if (!fa_has_form(activation, form))
        return FA_ERROR_NO_SUCH_FORM;
    if (dtype < FA_FLOAT32 || dtype > FA_BFLOAT16 || !data || !steps || !fa_count(dtype, rows, columns, 1, &n))
        return FA_ERROR_ARGUMENT;
    for (int k = 0; n && k < inputs_of[form] + activation->parameters + outputs_of[form]; k++)
        if (!data[k] || !fa_can_reach(steps[k], columns) || (row_steps && !fa_can_reach(row_steps[k], rows)))
            return FA_ERROR_ARGUMENT;
    return FA_OK;
}

fa_status fa_apply_strided(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                           const ptrdiff_t *steps, ptrdiff_t n)
{
    fa_status status = fa_check(activation, form, dtype, data, steps, NULL, 1, n);
    if (status)
        return status;
    return apply(activation, form, dtype, data, steps, n, 0);
}

fa_status fa_apply_no_overlap(const fa_activation *activation, fa_form form, fa_dtype dtype, char *const *data,
                         const ptrdiff_t *steps, ptrdiff_t n)
{
    return apply(activation, form, dtype, data, steps, n, 1);
}

void fa_contiguous(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                   void *const *outputs, const void *parameters, char **data, ptrdiff_t *steps)
{
    const ptrdiff_t size = fa_size_of(dtype), parameter_size = dtype == FA_FLOAT32 ? 4 : 8;
    int k = 0;
    for (int i = 0; i < inputs_of[form]; i++, k++) {
        data[k] = (char *)inputs[i];
        steps[k] = size;
    }
    for (int i = 0; i < activation->parameters; i++, k++) {
        data[k] = (char *)parameters + i * parameter_size;
        steps[k] = 0;
    }
    for (int i = 0; i < outputs_of[form]; i++, k++) {
        data[k] = outputs[i];
        steps[k] = size;
    }
}

fa_status fa_apply(const fa_activation *activation, fa_form form, fa_dtype dtype, const void *const *inputs,
                   void *const *outputs, ptrdiff_t n, const void *parameters)
{
    char *data[FA_MAX_ARGUMENTS];
    ptrdiff_t steps[FA_MAX_ARGUMENTS];
    if (!fa_has_form(activation, form))
        return FA_ERROR_NO_SUCH_FORM;
    if (!inputs || !outputs || (activation->parameters && !parameters))
        return FA_ERROR_ARGUMENT;
    fa_contiguous(activation, form, dtype, inputs, outputs, parameters, data, steps);
    fa_status status = fa_check(activation, form, dtype, data, steps, NULL, 1, n);
    if (status)
        return status;
    return fa_apply_no_overlap(activation, form, dtype, data, steps, n);
}
