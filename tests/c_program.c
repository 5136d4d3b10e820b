/* Calls every part of fastact.h and prints what the test compares. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "fastact.h"

static int failures;

static void expect(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "failed: %s\n", what);
        failures++;
    }
}

/* The composed forms against the loops that they are made of, over a matrix with a bias and two halves. */
static void composed(const fa_activation *silu, const fa_activation *elu)
{
    enum { ROWS = 5, COLUMNS = 7, SIZE = ROWS * COLUMNS };
    float x[SIZE], grad[SIZE], sum[SIZE], bias[COLUMNS], f[SIZE], d[SIZE], y[SIZE], z[SIZE], dbias[COLUMNS];
    const float alpha = 0.5f;
    for (int i = 0; i < SIZE; i++) {
        x[i] = (float)(i % 11) / 2 - 3;
        grad[i] = (float)(i % 5) - 2;
        bias[i % COLUMNS] = (float)(i % COLUMNS) / 4;
        sum[i] = x[i] + bias[i % COLUMNS];
    }
    const void *inputs[3] = {x, NULL, NULL};
    void *outputs[2] = {f, d};
    fa_apply(elu, FA_VALUE_AND_DERIVATIVE, FA_FLOAT32, inputs, outputs, SIZE, &alpha);
    const void *gated[3] = {grad, x, sum};
    void *both[2] = {y, z};
    expect(fa_apply(elu, FA_GATED_BACKWARD, FA_FLOAT32, gated, both, SIZE, &alpha) == FA_OK, "gated backward");
    for (int i = 0; i < SIZE; i++)
        expect(y[i] == grad[i] * sum[i] * d[i] && z[i] == grad[i] * f[i], "gradients of a gated form");
    expect(fa_apply(elu, FA_GATED, FA_FLOAT32, gated + 1, both, SIZE, &alpha) == FA_OK, "gated");
    for (int i = 0; i < SIZE; i++)
        expect(y[i] == f[i] * sum[i], "f(gate) up");

    inputs[0] = sum;
    fa_apply(elu, FA_VALUE, FA_FLOAT32, inputs, outputs, SIZE, &alpha);
    const ptrdiff_t one = sizeof(float), row = COLUMNS * sizeof(float);
    char *data[5] = {(char *)x, (char *)bias, (char *)&alpha, (char *)y};
    expect(fa_apply_matrix(elu, FA_BIASED, FA_FLOAT32, data, (ptrdiff_t[]){one, one, 0, one},
                           (ptrdiff_t[]){row, 0, 0, row}, ROWS, COLUMNS) == FA_OK, "biased");
    expect(memcmp(y, f, sizeof y) == 0, "f(x + bias)");
    inputs[0] = grad;
    inputs[1] = sum;
    fa_apply(elu, FA_BACKWARD, FA_FLOAT32, inputs, outputs, SIZE, &alpha);
    char *three[5] = {(char *)grad, (char *)x, (char *)bias, (char *)&alpha, (char *)y};
    expect(fa_biased_backward(elu, FA_FLOAT32, three, (ptrdiff_t[]){one, one, one, 0, one},
                              (ptrdiff_t[]){row, row, 0, 0, row}, ROWS, COLUMNS, dbias) == FA_OK, "biased backward");
    expect(memcmp(y, f, sizeof y) == 0, "grad f'(x + bias)");
    for (int c = 0; c < COLUMNS; c++) {
        float total = 0;
        for (int r = 0; r < ROWS; r++)
            total += y[r * COLUMNS + c];
        expect(fabsf(total - dbias[c]) < 1e-5f, "the gradient of a bias");
    }

    /* [a, b] -> a silu(b), halves of three columns in rows of seven */
    char *halves[3] = {(char *)(x + 3), (char *)x, (char *)y};
    expect(fa_apply_matrix(silu, FA_GATED, FA_FLOAT32, halves, (ptrdiff_t[]){one, one, one},
                           (ptrdiff_t[]){row, row, 3 * one}, ROWS, 3) == FA_OK, "halves");
    inputs[0] = x;
    fa_apply(silu, FA_VALUE, FA_FLOAT32, inputs, outputs, SIZE, NULL);
    for (int i = 0; i < 3 * ROWS; i++)
        expect(y[i] == x[i / 3 * COLUMNS + i % 3] * f[i / 3 * COLUMNS + 3 + i % 3], "a silu(b)");
    expect(fa_apply_matrix(silu, FA_GATED, FA_FLOAT32, halves, &one, &row, -1, 3) == FA_ERROR_ARGUMENT, "rows");

    /* with limits, gate and up alternating in 17 pairs: silu(min(g, 1)) (u limited to [-1, 1] + 0.5), and its gradients */
    const fa_clamp clamp = {1, 0.5};
    const ptrdiff_t pairs[5] = {2 * one, 2 * one, one};
    char *alternating[3] = {(char *)x, (char *)(x + 1), (char *)y};
    expect(fa_apply_clamped(silu, FA_GATED, FA_FLOAT32, alternating, pairs, pairs, 1, SIZE / 2, &clamp) == FA_OK, "limits");
    const ptrdiff_t with_grad[5] = {one, 2 * one, 2 * one, 2 * one, 2 * one};
    char *backward[5] = {(char *)grad, (char *)x, (char *)(x + 1), (char *)d, (char *)(d + 1)};
    expect(fa_apply_clamped(silu, FA_GATED_BACKWARD, FA_FLOAT32, backward, with_grad, with_grad, 1, SIZE / 2, &clamp) == FA_OK,
           "gradients with limits");
    for (int i = 0; i < SIZE / 2; i++) {
        float g = fminf(x[2 * i], 1), u = fmaxf(fminf(x[2 * i + 1], 1), -1) + 0.5f, to_gate, to_up;
        const void *plain[3] = {grad + i, &g, &u};
        void *gradients[2] = {&to_gate, &to_up};
        fa_apply(silu, FA_GATED_BACKWARD, FA_FLOAT32, plain, gradients, 1, NULL);
        expect(d[2 * i] == (x[2 * i] > 1 ? 0 : to_gate) && d[2 * i + 1] == (fabsf(x[2 * i + 1]) > 1 ? 0 : to_up), "gradients");
        fa_apply(silu, FA_GATED, FA_FLOAT32, plain + 1, gradients, 1, NULL);
        expect(y[i] == to_gate, "values with limits");
    }
    expect(fa_apply_clamped(silu, FA_VALUE, FA_FLOAT32, alternating, pairs, pairs, 1, 2, &clamp) == FA_ERROR_NO_SUCH_FORM,
           "only gated forms have limits");
    const fa_clamp wrong[] = {{-1, 0}, {NAN, 0}, {1, NAN}, {1, INFINITY}};
    for (int i = 0; i < 4; i++)
        expect(fa_apply_clamped(silu, FA_GATED, FA_FLOAT32, alternating, pairs, pairs, 1, 2, wrong + i) == FA_ERROR_ARGUMENT,
               "wrong limits");
    expect(fa_apply_clamped(silu, FA_GATED, FA_FLOAT32, alternating, pairs, pairs, 1, 2, NULL) == FA_ERROR_ARGUMENT, "no clamp");
    expect(fa_biased_backward(silu, FA_FLOAT16, three, &one, &row, 1, 1, dbias) == FA_ERROR_ARGUMENT, "half types");
}

/* Contiguous matrices with a bias: fa_apply_biased against fa_apply of the sums. */
static void biased(const fa_activation *elu, fa_dtype dtype)
{
    enum { ROWS = 9, COLUMNS = 5, SIZE = ROWS * COLUMNS };
    double x[SIZE], grad[SIZE], sum[SIZE], bias[COLUMNS], y[SIZE], f[SIZE], dbias[COLUMNS], alpha = 2;
    float *xf = (float *)x, *gf = (float *)grad, *sf = (float *)sum, *bf = (float *)bias, *af = (float *)&alpha;
    const int wide = dtype == FA_FLOAT64;
    const size_t bytes = SIZE * (wide ? sizeof(double) : sizeof(float));
    for (int i = 0; i < SIZE; i++) {
        double a = i % 11 - 5, b = (i % COLUMNS) / 2.0;
        if (wide)
            x[i] = a, sum[i] = a + b, bias[i % COLUMNS] = b, grad[i] = 1;
        else
            xf[i] = (float)a, sf[i] = (float)(a + b), bf[i % COLUMNS] = (float)b, gf[i] = 1;
    }
    if (!wide)
        *af = 2;
    const void *in[3] = {x, bias, NULL}, *backward[3] = {grad, x, bias}, *sums[2] = {sum, NULL}, *two[2] = {grad, sum};
    void *out[2] = {y, dbias}, *expected[1] = {f};
    expect(fa_apply_biased(elu, FA_BIASED, dtype, in, out, ROWS, COLUMNS, &alpha) == FA_OK, "fa_apply_biased");
    fa_apply(elu, FA_VALUE, dtype, sums, expected, SIZE, &alpha);
    expect(memcmp(y, f, bytes) == 0, "f(x + bias)");
    expect(fa_apply_biased(elu, FA_BIASED_BACKWARD, dtype, backward, out, ROWS, COLUMNS, &alpha) == FA_OK, "its backward");
    fa_apply(elu, FA_BACKWARD, dtype, two, expected, SIZE, &alpha);
    expect(memcmp(y, f, bytes) == 0, "f'(x + bias)");
    for (int c = 0; c < COLUMNS; c++) {
        double total = 0;
        for (int r = 0; r < ROWS; r++)
            total += wide ? y[r * COLUMNS + c] : ((float *)y)[r * COLUMNS + c];
        expect(fabs(total - (wide ? dbias[c] : ((float *)dbias)[c])) < 1e-4, "the gradient of a bias");
    }
    out[0] = x; /* in place */
    memcpy(f, x, sizeof f);
    expect(fa_apply_biased(elu, FA_BIASED, dtype, in, out, 0, COLUMNS, &alpha) == FA_OK, "no rows");
    expect(fa_apply_biased(elu, FA_BIASED, dtype, in, out, -1, COLUMNS, &alpha) == FA_ERROR_ARGUMENT, "rows");
    expect(fa_apply_biased(elu, FA_VALUE, dtype, in, out, ROWS, COLUMNS, &alpha) == FA_ERROR_ARGUMENT, "no biased form");
    expect(fa_apply_biased(elu, FA_BIASED, dtype, in, out, ROWS, COLUMNS, NULL) == FA_ERROR_ARGUMENT, "no parameters");
    expect(fa_apply_biased(NULL, FA_BIASED, dtype, in, out, ROWS, COLUMNS, NULL) == FA_ERROR_NO_SUCH_FORM, "nothing");
    expect(fa_apply_biased(elu, FA_BIASED_BACKWARD, FA_FLOAT16, backward, out, 1, 1, &alpha) == FA_ERROR_ARGUMENT, "half");
    expect(memcmp(x, f, sizeof f) == 0, "an error writes nothing");
}

/* Half types are the bits in uint16_t. */
static void halves(void)
{
    const uint16_t x[3] = {0xbc00, 0x0000, 0x4000}, b[3] = {0xbf80, 0x0000, 0x4000}; /* -1, 0, 2 */
    uint16_t y[3];
    const void *in[] = {x}, *brain[] = {b};
    void *out[] = {y};
    expect(fa_apply(fa_find("relu"), FA_VALUE, FA_FLOAT16, in, out, 3, NULL) == FA_OK, "float16");
    expect(y[0] == 0 && y[1] == 0 && y[2] == 0x4000, "relu of float16");
    expect(fa_apply(fa_find("relu"), FA_VALUE, FA_BFLOAT16, brain, out, 3, NULL) == FA_OK, "bfloat16");
    expect(y[0] == 0 && y[1] == 0 && y[2] == 0x4000, "relu of bfloat16");
    expect(fa_rows(FA_HARDMAX, FA_FLOAT16, x, NULL, y, 1, 3, 1) == FA_OK && y[2] == 0x3c00 && !y[0] && !y[1], "rows");
}

static void losses(void)
{
    const float x[4] = {1, 2, 3, 4}, target[4] = {1, 0, 3, 2};
    float grad[4];
    double total;
    fa_loss_call call = {FA_MSE_LOSS, FA_FLOAT32, 4, x, target, NULL, 0, NULL, &total, NULL, grad, 0.25};
    expect(fa_apply_loss(&call) == FA_OK && total == 8, "the sum of squares");
    expect(grad[0] == 0 && grad[1] == 1 && grad[2] == 0 && grad[3] == 1, "the gradient of their mean");
    call.dtype = FA_FLOAT16;
    expect(fa_apply_loss(&call) == FA_ERROR_ARGUMENT, "losses take float32 and float64");
}

/* The 1 of a row whose counting elements are -inf alone is at the first that counts. */
static void hardmax(void)
{
    const double x[4] = {5, -INFINITY, 3, -INFINITY};
    const unsigned char mask[4] = {0, 1, 0, 1};
    double y[4];
    expect(fa_rows_where(FA_HARDMAX, FA_FLOAT64, x, NULL, y, 1, 4, 1, mask, 1) == FA_OK, "hardmax");
    expect(y[0] == 0 && y[1] == 1 && y[2] == 0 && y[3] == 0, "a hidden maximum");
}

/* What is missing, or has no size that can be, is an error before anything is read. */
static void refusals(const fa_activation *elu)
{
    enum { N = 6 };
    const ptrdiff_t huge = PTRDIFF_MAX, quarter = (ptrdiff_t)1 << (sizeof(ptrdiff_t) * 8 - 2);
    float x[N] = {0}, y[N] = {7, 7, 7, 7, 7, 7}, same[N];
    double wide = 0.5;
    const float alpha = 1;
    const int64_t classes[N] = {0};
    const void *in[3] = {x, x, x}, *hole[3] = {x, NULL, x};
    void *out[2] = {y, y}, *none[2] = {NULL, NULL}, *half[2] = {y, NULL};
    const ptrdiff_t one[6] = {4, 4, 0, 4, 4, 4}, far[6] = {huge, 4, 0, 4, 4, 4}, zero[6] = {0};
    char *data[6] = {(char *)x, (char *)&alpha, (char *)y, (char *)y, (char *)y, (char *)y}, *absent[6] = {(char *)x, NULL};
    memcpy(same, y, sizeof y);
#define REFUSED(CALL) expect((CALL) == FA_ERROR_ARGUMENT, #CALL)
    expect(!fa_find(NULL) && !fa_name(NULL) && fa_parameter_count(NULL) == 0 && !fa_has_form(NULL, FA_VALUE), "no activation");
    REFUSED(fa_apply(elu, FA_VALUE, FA_FLOAT32, NULL, out, N, &alpha));
    REFUSED(fa_apply(elu, FA_VALUE, FA_FLOAT32, in, NULL, N, &alpha));
    REFUSED(fa_apply(elu, FA_VALUE, FA_FLOAT32, in, none, N, &alpha));
    REFUSED(fa_apply(elu, FA_BACKWARD, FA_FLOAT32, hole, out, N, &alpha));
    REFUSED(fa_apply(elu, FA_VALUE_AND_DERIVATIVE, FA_FLOAT32, in, half, N, &alpha));
    REFUSED(fa_apply(elu, FA_VALUE, FA_FLOAT32, in, out, huge, &alpha));
    REFUSED(fa_apply(elu, FA_VALUE, FA_FLOAT64, in, out, quarter / 4, &wide));
    expect(fa_apply(elu, FA_VALUE, FA_FLOAT32, hole + 1, none, 0, &alpha) == FA_OK, "no element needs no array");
    REFUSED(fa_apply_strided(elu, FA_VALUE, FA_FLOAT32, NULL, one, N));
    REFUSED(fa_apply_strided(elu, FA_VALUE, FA_FLOAT32, data, NULL, N));
    REFUSED(fa_apply_strided(elu, FA_VALUE, FA_FLOAT32, absent, one, N));
    REFUSED(fa_apply_strided(elu, FA_VALUE, FA_FLOAT32, data, far, N));
    REFUSED(fa_apply_strided(elu, FA_VALUE, FA_FLOAT32, data, one, -1));
    REFUSED(fa_apply_biased(elu, FA_BIASED, FA_FLOAT32, in, out, quarter, 4, &alpha));
    REFUSED(fa_apply_biased(elu, FA_BIASED, FA_FLOAT32, in, out, 4, quarter, &alpha));
    REFUSED(fa_apply_biased(elu, FA_BIASED, FA_FLOAT32, in, out, 1, huge, &alpha));
    REFUSED(fa_apply_biased(elu, FA_BIASED, FA_FLOAT32, NULL, out, 2, 3, &alpha));
    REFUSED(fa_apply_biased(elu, FA_BIASED, FA_FLOAT32, hole, out, 2, 3, &alpha));
    REFUSED(fa_apply_biased(elu, FA_BIASED, FA_FLOAT32, in, none, 2, 3, &alpha));
    REFUSED(fa_apply_biased(elu, FA_BIASED_BACKWARD, FA_FLOAT32, in, half, 2, 3, &alpha));
    REFUSED(fa_apply_biased(elu, FA_BIASED_BACKWARD, FA_FLOAT32, in, out, quarter, 4, &alpha));
    REFUSED(fa_apply_matrix(elu, FA_VALUE, FA_FLOAT32, data, one, zero, quarter, 4));
    REFUSED(fa_apply_matrix(elu, FA_VALUE, FA_FLOAT32, data, one, far, 3, 2));
    REFUSED(fa_apply_matrix(elu, FA_VALUE, FA_FLOAT32, data, one, NULL, 3, 2));
    REFUSED(fa_apply_matrix(elu, FA_VALUE, FA_FLOAT32, NULL, one, one, 3, 2));
    REFUSED(fa_biased_backward(elu, FA_FLOAT32, data, one, zero, 3, 2, NULL));
    REFUSED(fa_biased_backward(elu, FA_FLOAT32, absent, one, zero, 3, 2, y));
    REFUSED(fa_rows(FA_SOFTMAX, FA_FLOAT32, x, NULL, y, quarter, 4, 1));
    REFUSED(fa_rows(FA_SOFTMAX, FA_FLOAT32, x, NULL, y, 2, quarter, 4));
    REFUSED(fa_rows(FA_SOFTMAX, FA_FLOAT32, x, NULL, y, -1, 3, 1));
    REFUSED(fa_rows(FA_SOFTMAX, FA_FLOAT32, NULL, NULL, y, 2, 3, 1));
    REFUSED(fa_rows(FA_SOFTMAX, FA_FLOAT32, x, NULL, NULL, 2, 3, 1));
    REFUSED(fa_rows(FA_LOGSUMEXP, FA_FLOAT32, x, NULL, NULL, 2, 0, 1));
    REFUSED(fa_rows_where(FA_SOFTMAX, FA_FLOAT32, x, NULL, y, 2, 3, 1, NULL, NAN));
    const fa_row_options sink = {.temperature = 1, .sink = x}, no_rows = {.temperature = 1, .bias = x, .bias_repeats = 1};
    const fa_row_options causal = {.temperature = 1, .queries = 2}, no_sink = {.temperature = 1, .sink_grad = y};
    REFUSED(fa_rows_with(FA_LOG_SOFTMAX, FA_FLOAT32, x, NULL, y, 2, 3, 1, &sink));
    REFUSED(fa_rows_with(FA_SOFTMAX, FA_FLOAT32, x, NULL, y, 2, 3, 1, &no_rows));
    REFUSED(fa_rows_with(FA_SOFTMAX, FA_FLOAT32, x, NULL, y, 1, 3, 2, &causal));
    REFUSED(fa_rows_with(FA_SOFTMAX_BACKWARD, FA_FLOAT32, x, x, y, 2, 3, 1, &no_sink));
/* The call with one of its fields changed. */
#define REFUSED_WITH(TYPE, CALL, FIELD, VALUE, APPLY)                           \
    do {                                                                        \
        TYPE other = CALL;                                                      \
        other.FIELD = VALUE;                                                    \
        expect(APPLY(&other) == FA_ERROR_ARGUMENT, #APPLY " of " #FIELD " " #VALUE); \
    } while (0)
#define LOSS(FIELD, VALUE) REFUSED_WITH(fa_loss_call, loss, FIELD, VALUE, fa_apply_loss)
    const fa_loss_call loss = {FA_MSE_LOSS, FA_FLOAT32, N, x, x, NULL, 0, NULL, &wide, NULL, y, 1};
    REFUSED(fa_apply_loss(NULL));
    LOSS(loss, FA_LOSS_COUNT);
    LOSS(loss, (fa_loss)-1);
    LOSS(dtype, FA_FLOAT16);
    LOSS(dtype, FA_BFLOAT16);
    LOSS(dtype, (fa_dtype)4);
    LOSS(n, huge);
    LOSS(n, -1);
    LOSS(x, NULL);
    LOSS(target, NULL);
#define ROWS(FIELD, VALUE) REFUSED_WITH(fa_class_loss_call, rows, FIELD, VALUE, fa_apply_class_loss)
    const int64_t beyond[2] = {0, 3}, below[2] = {-1, 0};
    const fa_class_loss_call rows = {FA_FLOAT32, 0, 2, 3, x, classes, NULL, NULL, -100, 1, &wide, NULL, y};
    REFUSED(fa_apply_class_loss(NULL));
    ROWS(dtype, FA_FLOAT16);
    ROWS(dtype, (fa_dtype)4);
    ROWS(rows, quarter);
    ROWS(rows, -1);
    ROWS(classes, 0);
    ROWS(classes, quarter);
    ROWS(x, NULL);
    ROWS(target, NULL);
    ROWS(target, beyond);
    ROWS(target, below);
    fa_class_loss_call probs = rows;
    probs.target = NULL, probs.target_probs = x, probs.given_logs = 1;
    REFUSED(fa_apply_class_loss(&probs));
#define STEP(FIELD, VALUE) REFUSED_WITH(fa_step_call, step, FIELD, VALUE, fa_apply_step)
    const fa_step_call step = {FA_SGD, FA_FLOAT32, 0, 0, N, y, x, {NULL, NULL, NULL}, 1, 0, 1, 0, 1, 0.9, 0.999, 1e-8};
    REFUSED(fa_apply_step(NULL));
    STEP(rule, (fa_rule)4);
    STEP(rule, (fa_rule)-1);
    STEP(rule, FA_ADAM);
    STEP(rule, FA_RMSPROP);
    STEP(rule, FA_ADAGRAD);
    STEP(dtype, FA_FLOAT16);
    STEP(dtype, (fa_dtype)4);
    STEP(n, huge);
    STEP(n, -1);
    STEP(parameter, NULL);
    STEP(grad, NULL);
    fa_step_call adam = step;
    adam.rule = FA_ADAM, adam.state[0] = y; /* and no mean of the squares */
    REFUSED(fa_apply_step(&adam));
    expect(memcmp(y, same, sizeof y) == 0, "an error writes nothing");
    fa_loss_call no_elements = {FA_MSE_LOSS, FA_FLOAT32, 0, NULL, NULL, NULL, 0, NULL, &wide, NULL, NULL, 1};
    expect(fa_apply_loss(&no_elements) == FA_OK && wide == 0, "the loss of no elements");
    expect(fa_apply_loss(&loss) == FA_OK && fa_apply_class_loss(&rows) == FA_OK && fa_apply_step(&step) == FA_OK, "what is right");
    expect(fa_set_num_threads(fa_most_threads() + 1) == -1 && fa_set_num_threads(-1) == -1, "threads that cannot be");
    expect(fa_most_threads() >= 64 && fa_set_num_threads(0) == 0, "the setting is as it was");
}

int main(void)
{
    enum { N = 37 };
    double x[N], y[N], slope[N], grad[N], both[2][N];
    float single[N], out[N];
    for (int i = 0; i < N; i++) {
        x[i] = i / 4.0 - 4.5;
        single[i] = (float)x[i];
        grad[i] = 2;
    }

    const fa_activation *elu = fa_find("elu"), *sigmoid = fa_find("expit"), *silu = fa_find("silu");
    expect(fa_find("nothing") == NULL, "an unknown name gives NULL");
    expect(elu && strcmp(fa_name(elu), "elu") == 0, "fa_find");
    expect(sigmoid == fa_find("sigmoid"), "an alias");
    expect(fa_parameter_count(elu) == 1 && fa_parameter_count(silu) == 0, "fa_parameter_count");
    expect(fa_has_form(elu, FA_BACKWARD_FROM_OUTPUT) && !fa_has_form(silu, FA_BACKWARD_FROM_OUTPUT), "fa_has_form");

    const double alpha = 0.5;
    const void *inputs[2] = {x, NULL};
    void *outputs[2] = {y, NULL};
    expect(fa_apply(elu, FA_VALUE, FA_FLOAT64, inputs, outputs, N, &alpha) == FA_OK, "value");
    for (int i = 0; i < N; i++)
        printf("elu %a %a\n", x[i], y[i]);
    outputs[0] = slope;
    expect(fa_apply(elu, FA_DERIVATIVE, FA_FLOAT64, inputs, outputs, N, &alpha) == FA_OK, "derivative");
    void *pair[2] = {both[0], both[1]};
    expect(fa_apply(elu, FA_VALUE_AND_DERIVATIVE, FA_FLOAT64, inputs, pair, N, &alpha) == FA_OK, "both");
    expect(memcmp(both[0], y, sizeof y) == 0 && memcmp(both[1], slope, sizeof slope) == 0, "both are the same");
    const void *two[2] = {grad, x};
    outputs[0] = grad; /* in place */
    expect(fa_apply(elu, FA_BACKWARD, FA_FLOAT64, two, outputs, N, &alpha) == FA_OK, "backward");
    for (int i = 0; i < N; i++)
        expect(grad[i] == 2 * slope[i], "backward is grad times derivative");

    inputs[0] = single;
    outputs[0] = out;
    expect(fa_apply(sigmoid, FA_VALUE, FA_FLOAT32, inputs, outputs, N, NULL) == FA_OK, "float32");
    for (int i = 0; i < N; i++)
        printf("sigmoid %a %a\n", single[i], out[i]);

    /* every second element, backwards, into a contiguous array */
    char *data[2] = {(char *)(single + N - 1), (char *)out};
    ptrdiff_t steps[2] = {-2 * (ptrdiff_t)sizeof(float), sizeof(float)};
    expect(fa_apply_strided(silu, FA_VALUE, FA_FLOAT32, data, steps, N / 2) == FA_OK, "strided");
    for (int i = 0; i < N / 2; i++)
        printf("silu %a %a\n", single[N - 1 - 2 * i], out[i]);

    expect(fa_apply(silu, FA_BACKWARD_FROM_OUTPUT, FA_FLOAT32, two, outputs, N, NULL) == FA_ERROR_NO_SUCH_FORM, "form");
    expect(fa_apply(silu, (fa_form)10, FA_FLOAT32, two, outputs, N, NULL) == FA_ERROR_NO_SUCH_FORM, "number of the form");
    composed(silu, elu);
    biased(elu, FA_FLOAT32);
    biased(elu, FA_FLOAT64);
    expect(fa_apply(NULL, FA_VALUE, FA_FLOAT32, inputs, outputs, N, NULL) == FA_ERROR_NO_SUCH_FORM, "no activation");
    expect(fa_apply(elu, FA_VALUE, FA_FLOAT32, inputs, outputs, N, NULL) == FA_ERROR_ARGUMENT, "no parameters");
    expect(fa_apply(silu, FA_VALUE, (fa_dtype)9, inputs, outputs, N, NULL) == FA_ERROR_ARGUMENT, "dtype");
    expect(fa_apply(silu, FA_VALUE, FA_FLOAT32, inputs, outputs, -1, NULL) == FA_ERROR_ARGUMENT, "negative length");
    expect(fa_apply(silu, FA_VALUE, FA_FLOAT32, inputs, outputs, 0, NULL) == FA_OK, "no elements");

    double p[N], g[N], dx[N], dy[N];
    expect(fa_rows(FA_SOFTMAX, FA_FLOAT64, x, NULL, p, 1, N, 1) == FA_OK, "softmax");
    double total = 0;
    for (int i = 0; i < N; i++) {
        total += p[i];
        g[i] = sin(i);
        printf("softmax %a %a\n", x[i], p[i]);
    }
    expect(fabs(total - 1) < 1e-15, "softmax sums to 1");
    expect(fa_rows(FA_SOFTMAX_BACKWARD, FA_FLOAT64, g, x, dx, 1, N, 1) == FA_OK, "softmax backward");
    expect(fa_rows(FA_SOFTMAX_BACKWARD_FROM_OUTPUT, FA_FLOAT64, g, p, dy, 1, N, 1) == FA_OK, "from output");
    expect(memcmp(dx, dy, sizeof dx) == 0, "both gradients of softmax agree");
    /* an output may be either input */
    memcpy(dy, g, sizeof g);
    fa_rows(FA_SOFTMAX_BACKWARD, FA_FLOAT64, dy, x, dy, 1, N, 1);
    expect(memcmp(dx, dy, sizeof dx) == 0, "softmax backward in place of grad");
    memcpy(dy, x, sizeof x);
    fa_rows(FA_SOFTMAX_BACKWARD, FA_FLOAT64, g, dy, dy, 1, N, 1);
    expect(memcmp(dx, dy, sizeof dx) == 0, "softmax backward in place of x");
    expect(fa_rows(FA_SOFTMAX_BACKWARD, FA_FLOAT64, g, NULL, dx, 1, N, 1) == FA_ERROR_ARGUMENT, "second is missing");
    expect(fa_rows(FA_SOFTMAX, (fa_dtype)4, x, NULL, p, 1, N, 1) == FA_ERROR_ARGUMENT, "row dtype");
    expect(fa_rows(FA_ROW_FORM_COUNT, FA_FLOAT64, x, x, p, 1, N, 1) == FA_ERROR_ARGUMENT, "row form");

    expect(fa_set_num_threads(2) == 0 && fa_get_num_threads() == 2, "threads");
    expect(fa_set_num_threads(0) == 2 && fa_get_num_threads() >= 1, "default threads");
    expect(strlen(fa_isa()) > 0, "fa_isa");
    expect(strcmp(fa_version(), FA_VERSION) == 0, "fa_version");
    for (int status = FA_OK; status <= FA_ERROR_MEMORY; status++)
        for (int other = FA_OK; other < status; other++)
            expect(strcmp(fa_status_text((fa_status)status), fa_status_text((fa_status)other)) != 0, "fa_status_text");
    expect(strlen(fa_status_text((fa_status)99)) > 0, "text of an unknown status");
    halves();
    losses();
    hardmax();
    refusals(elu);
    return failures;
}
