/* Kernels of this library under torch's own operators on CPU, such as aten::tanh.

   torch exports a C interface (torch/csrc/stable/c/shim.h and torch/csrc/inductor/aoti_torch/c/shim.h) that registers a C
   function as the kernel of an operator. Its functions are looked up at run time, so nothing of torch is needed to build.
   A kernel takes its arguments from a stack of 64-bit values, of which it owns the tensors and strings, and leaves its
   results there. It computes dense tensors of float32, float64, float16 and bfloat16. Any other call goes to torch's kernel,
   the C++ function at::cpu::NAME, which is looked up by its mangled name; its exceptions pass through this file, which is
   compiled with -fexceptions. An operator whose function is not found keeps torch's kernel.

   The C interface does not pass a Scalar, such as elu's alpha. Operators that take one are reached one level below: see the
   part on torch's tables of kernels. */
#include "torch/operators.h"

#include <string.h>

#ifdef _WIN32
int fa_torch_enable(const char *path, const char *capability, const fa_torch_calls *calls)
{
    (void)path, (void)capability, (void)calls;
    return -1;
}
void fa_torch_disable(void) {}
const char *fa_torch_operator(int k) { (void)k; return NULL; }
#else
#include <dlfcn.h>
#include <stdio.h>

typedef void *tensor;   /* a pointer to an at::Tensor */
typedef uint64_t value; /* an argument or a result: torch's StableIValue */
typedef void kernel(value *stack, uint64_t inputs, uint64_t outputs);

/* The functions of torch's C interface that are used; each returns 0, or 1 for an error. */
#define TORCH_FUNCTIONS(X)                                                                                                 \
    X(aoti_torch_library_init_impl, (const char *library, const char *key, const char *file, uint32_t line, void **made)) \
    X(aoti_torch_library_impl, (void *library, const char *name, kernel *function))                                       \
    X(aoti_torch_delete_library_object, (void *library))                                                                  \
    X(aoti_torch_delete_tensor_object, (tensor))                                                                          \
    X(aoti_torch_get_data_ptr, (tensor, void **))                                                                         \
    X(aoti_torch_get_numel, (tensor, int64_t *))                                                                          \
    X(aoti_torch_get_dtype, (tensor, int32_t *))                                                                          \
    X(aoti_torch_get_dim, (tensor, int64_t *))                                                                            \
    X(aoti_torch_get_sizes, (tensor, int64_t **))                                                                         \
    X(aoti_torch_get_strides, (tensor, int64_t **))                                                                       \
    X(aoti_torch_empty_strided, (int64_t dim, const int64_t *sizes, const int64_t *strides, int32_t dtype, int32_t device, \
                                 int32_t index, tensor *made))                                                            \
    X(torch_string_c_str, (void *string, const char **))                                                                  \
    X(torch_string_length, (void *string, size_t *))                                                                      \
    X(torch_delete_string, (void *string))
#define DECLARE(name, arguments) static int32_t(*name) arguments;
TORCH_FUNCTIONS(DECLARE)
static void *(*operator_new)(size_t); /* of C++: torch deletes the tensors */
static fa_torch_calls library_calls;
static const fa_activation *gelu_tanh, *exponential, *selu, *celu;

/* ---- tensors ---- */

enum { MAX_DIM = 32 };
typedef struct {
    int64_t n, dim, *sizes, *strides;
    int32_t torch_dtype;
    fa_dtype dtype;
    void *data;
} array;

static int dtype_of(int32_t torch_dtype, fa_dtype *dtype)
{
    switch (torch_dtype) { /* torch's numbers: c10::ScalarType */
    case 5: *dtype = FA_FLOAT16; return 1;
    case 6: *dtype = FA_FLOAT32; return 1;
    case 7: *dtype = FA_FLOAT64; return 1;
    case 15: *dtype = FA_BFLOAT16; return 1;
    default: return 0;
    }
}

/* Whether a tensor is contiguous, or with channels_last has the dimensions in the order 0, 2, 3, 1 in memory, and the strides
   of a new such tensor. Strides of dimensions with one element do not matter, nor do any of a tensor without elements. */
static int has_order(const array *a, int channels_last, int64_t strides[MAX_DIM])
{
    static const int8_t last[] = {1, 3, 2, 0};
    int64_t expected = 1;
    int same = 1;
    for (int64_t k = 0; k < a->dim; k++) {
        int64_t d = channels_last ? last[k] : a->dim - 1 - k;
        strides[d] = expected;
        same &= a->sizes[d] == 1 || a->strides[d] == expected;
        expected *= a->sizes[d] ? a->sizes[d] : 1;
    }
    return same || a->n == 0;
}

static int is_contiguous(const array *a)
{
    int64_t strides[MAX_DIM];
    return has_order(a, 0, strides);
}

/* Whether the elements fill one block of memory, each once, in whatever order of the dimensions. */
static int is_dense(const array *a)
{
    int64_t expected = 1, d;
    uint32_t seen = 0;
    if (is_contiguous(a))
        return 1;
    for (int64_t k = 0; k < a->dim; k++) {
        for (d = 0; d < a->dim; d++)
            if (!(seen >> d & 1) && (a->sizes[d] == 1 || a->strides[d] == expected))
                break;
        if (d == a->dim)
            return 0;
        seen |= (uint32_t)1 << d;
        expected *= a->sizes[d];
    }
    return 1;
}

/* Fill `a` from a tensor; 0 where the library does not compute such a tensor. */
static int describe(tensor t, array *a)
{
    aoti_torch_get_dtype(t, &a->torch_dtype);
    if (!dtype_of(a->torch_dtype, &a->dtype))
        return 0;
    aoti_torch_get_numel(t, &a->n);
    aoti_torch_get_dim(t, &a->dim);
    aoti_torch_get_sizes(t, &a->sizes);
    aoti_torch_get_strides(t, &a->strides);
    aoti_torch_get_data_ptr(t, &a->data);
    return a->dim <= MAX_DIM && is_dense(a);
}

static int same_layout(const array *a, const array *b)
{
    if (a->torch_dtype != b->torch_dtype || a->dim != b->dim)
        return 0;
    for (int64_t d = 0; d < a->dim; d++)
        if (a->sizes[d] != b->sizes[d] || (a->sizes[d] > 1 && a->strides[d] != b->strides[d]))
            return 0;
    return 1;
}

/* The strides that torch gives the result of an operator with one input, or with inputs of one layout. */
static const int64_t *strides_of_result(const array *a, int64_t own[MAX_DIM])
{
    return has_order(a, 0, own) || (a->dim == 4 && has_order(a, 1, own)) ? own : a->strides;
}

/* A new tensor like `a`, and its data; 0 where there is no memory (torch's kernel then says so). */
static int new_like(const array *a, tensor *made, void **data)
{
    int64_t own[MAX_DIM];
    if (aoti_torch_empty_strided(a->dim, a->sizes, strides_of_result(a, own), a->torch_dtype, 0, -1, made))
        return 0;
    aoti_torch_get_data_ptr(*made, data);
    return 1;
}

/* Where torch's C++ function puts the tensor that it returns. */
static tensor new_result(void) { return operator_new(sizeof(void *)); }

/* A tensor of the std::tuple that torch's function returned; that of libstdc++ keeps the last member first. */
static tensor member(void **of_tuple)
{
    tensor made = new_result();
    *(void **)made = *of_tuple;
    return made;
}

/* ---- operators ---- */

/* Dtypes by which of the two libraries is quicker at a size. */
enum { WIDE, HALF, BRAIN, KINDS };
static int kind_of(fa_dtype dtype) { return dtype == FA_FLOAT16 ? HALF : dtype == FA_BFLOAT16 ? BRAIN : WIDE; }

typedef struct {
    const char *name, *signature; /* of at::cpu::NAME, mangled */
    const char *activation;
    int form;     /* an fa_form, or of functions of rows an fa_row_form */
    int64_t most[KINDS]; /* elements, beyond which torch's kernel is as quick or quicker */
    const fa_activation *function;
    void *torch_kernel;
} torch_operator;

/* A form of a function, in pieces that are small enough for the caches: the library writes larger results past them, while a
   network reads a result next. */
static int apply(const fa_activation *function, fa_form form, fa_dtype dtype, const char *first, const char *second, char *output,
                 int64_t n, const void *parameters)
{
    const int64_t size = dtype == FA_FLOAT32 ? 4 : dtype == FA_FLOAT64 ? 8 : 2, piece = (4 << 20) / size;
    for (int64_t done = 0, count; done < n; done += count) {
        const void *from[] = {first + done * size, second ? second + done * size : NULL};
        void *to = output + done * size;
        count = n - done < piece ? n - done : piece;
        if (library_calls.apply(function, form, dtype, from, &to, count, parameters) != FA_OK)
            return 0;
    }
    return 1;
}

static int compute(const torch_operator *op, const array *a, const void *first, const void *second, void *output)
{
    return apply(op->function, (fa_form)op->form, a->dtype, first, second, output, a->n, NULL);
}

static int is_quicker(const torch_operator *op, const array *a) { return a->n <= op->most[kind_of(a->dtype)]; }

/* y = f(x), of the memory layout of x; 0 where torch's kernel has to compute it */
static int elementwise(const torch_operator *op, tensor x, tensor *y)
{
    array a;
    void *data;
    if (!describe(x, &a) || !is_quicker(op, &a) || !new_like(&a, y, &data))
        return 0;
    if (compute(op, &a, a.data, NULL, data))
        return 1;
    aoti_torch_delete_tensor_object(*y);
    return 0;
}

static void unary(const torch_operator *op, value *stack)
{
    tensor x = (tensor)stack[0], y;
    if (!elementwise(op, x, &y))
        ((void (*)(tensor, tensor))op->torch_kernel)(y = new_result(), x);
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)y;
}

/* x = f(x), in place; the result on the stack is x itself */
static void in_place(const torch_operator *op, value *stack)
{
    tensor x = (tensor)stack[0];
    array a;
    if (!describe(x, &a) || !is_quicker(op, &a) || !compute(op, &a, a.data, NULL, a.data))
        ((tensor(*)(tensor))op->torch_kernel)(x);
}

/* dx from grad and x, of the memory layout that both share; 0 where torch's kernel has to compute it */
static int gradient(const torch_operator *op, tensor grad, tensor x, tensor *dx)
{
    array g, a;
    void *data;
    if (!describe(x, &a) || !describe(grad, &g) || !is_quicker(op, &a) || !same_layout(&g, &a) || !new_like(&a, dx, &data))
        return 0;
    if (compute(op, &a, g.data, a.data, data))
        return 1;
    aoti_torch_delete_tensor_object(*dx);
    return 0;
}

static void backward(const torch_operator *op, value *stack)
{
    tensor grad = (tensor)stack[0], x = (tensor)stack[1], dx;
    if (!gradient(op, grad, x, &dx))
        ((void (*)(tensor, tensor, tensor))op->torch_kernel)(dx = new_result(), grad, x);
    aoti_torch_delete_tensor_object(grad);
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)dx;
}

/* gelu takes the name of its formula: "none" or "tanh". */
typedef struct {
    size_t length;
    const char *text;
} string_view; /* std::string_view of libstdc++ */

static torch_operator gelu_of(const torch_operator *op, void *string, string_view *formula)
{
    torch_operator chosen = *op;
    torch_string_c_str(string, &formula->text);
    torch_string_length(string, &formula->length);
    if (formula->length == 4 && memcmp(formula->text, "tanh", 4) == 0)
        chosen.function = gelu_tanh, chosen.most[WIDE] = chosen.most[HALF] = chosen.most[BRAIN] = INT64_MAX;
    else if (formula->length != 4 || memcmp(formula->text, "none", 4) != 0)
        chosen.most[WIDE] = chosen.most[HALF] = chosen.most[BRAIN] = -1; /* torch raises its error */
    return chosen;
}

static void gelu_value(const torch_operator *op, value *stack)
{
    tensor x = (tensor)stack[0], y;
    void *string = (void *)stack[1];
    string_view formula;
    torch_operator chosen = gelu_of(op, string, &formula);
    if (!elementwise(&chosen, x, &y))
        ((void (*)(tensor, tensor, string_view))op->torch_kernel)(y = new_result(), x, formula);
    torch_delete_string(string);
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)y;
}

static void gelu_gradient(const torch_operator *op, value *stack)
{
    tensor grad = (tensor)stack[0], x = (tensor)stack[1], dx;
    void *string = (void *)stack[2];
    string_view formula;
    torch_operator chosen = gelu_of(op, string, &formula);
    if (!gradient(&chosen, grad, x, &dx))
        ((void (*)(tensor, tensor, tensor, string_view))op->torch_kernel)(dx = new_result(), grad, x, formula);
    torch_delete_string(string);
    aoti_torch_delete_tensor_object(grad);
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)dx;
}

/* Rows along the dimension `dim` of a contiguous tensor: a shape of (outer, n, inner). */
static int rows_along(const array *a, int64_t dim, ptrdiff_t shape[3])
{
    if (dim < 0)
        dim += a->dim;
    if (dim < 0 || dim >= a->dim || a->n == 0 || !is_contiguous(a))
        return 0;
    shape[0] = shape[2] = 1, shape[1] = a->sizes[dim];
    for (int64_t d = 0; d < a->dim; d++)
        if (d != dim)
            shape[d < dim ? 0 : 2] *= a->sizes[d];
    return 1;
}

/* y = the function of the rows of x; 0 where torch's kernel has to compute it, also where memory runs out */
static int along_rows(const torch_operator *op, tensor x, int64_t dim, tensor *y)
{
    array a;
    ptrdiff_t shape[3];
    void *data;
    if (!describe(x, &a) || !rows_along(&a, dim, shape) || !new_like(&a, y, &data))
        return 0;
    if (library_calls.rows((fa_row_form)op->form, a.dtype, a.data, NULL, data, shape[0], shape[1], shape[2]) == FA_OK)
        return 1;
    aoti_torch_delete_tensor_object(*y);
    return 0;
}

/* (x, dim, half_to_float) */
static void row_value(const torch_operator *op, value *stack)
{
    tensor x = (tensor)stack[0], y;
    int64_t dim = (int64_t)stack[1];
    int half_to_float = (int)(stack[2] & 1);
    if (half_to_float || !along_rows(op, x, dim, &y))
        ((void (*)(tensor, tensor, int64_t, int))op->torch_kernel)(y = new_result(), x, dim, half_to_float);
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)y;
}

/* The magnitudes with a minus sign, which is the highest bit of an element. */
static void negative_magnitudes(const array *a, void *out)
{
    const uint16_t *x16 = a->data;
    const uint32_t *x32 = a->data;
    const uint64_t *x64 = a->data;
    for (int64_t i = 0; a->dtype >= FA_FLOAT16 && i < a->n; i++)
        ((uint16_t *)out)[i] = x16[i] | 0x8000;
    for (int64_t i = 0; a->dtype == FA_FLOAT32 && i < a->n; i++)
        ((uint32_t *)out)[i] = x32[i] | (uint32_t)1 << 31;
    for (int64_t i = 0; a->dtype == FA_FLOAT64 && i < a->n; i++)
        ((uint64_t *)out)[i] = x64[i] | (uint64_t)1 << 63;
}

/* log_sigmoid and e^-|x|, which torch's backward takes. */
static void log_sigmoid_value(const torch_operator *op, value *stack)
{
    tensor x = (tensor)stack[0], y = NULL, buffer = NULL;
    array a;
    void *data, *exponentials;
    if (describe(x, &a) && is_contiguous(&a) && new_like(&a, &y, &data) && new_like(&a, &buffer, &exponentials)) {
        compute(op, &a, a.data, NULL, data);
        negative_magnitudes(&a, exponentials);
        apply(exponential, FA_VALUE, a.dtype, exponentials, NULL, exponentials, a.n, NULL);
    } else {
        void *pair[2];
        if (y)
            aoti_torch_delete_tensor_object(y);
        ((void (*)(void **, tensor))op->torch_kernel)(pair, x);
        y = member(&pair[1]), buffer = member(&pair[0]);
    }
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)y;
    stack[1] = (value)buffer;
}

/* glu(x, dim): the first half of x along a dimension, times sigmoid of the second; torch's kernel is quicker for short rows. */
static int gated(const torch_operator *op, tensor x, int64_t dim, tensor *y)
{
    array a;
    ptrdiff_t shape[3];
    int64_t sizes[MAX_DIM], strides[MAX_DIM], stride = 1;
    char *data;
    if (!describe(x, &a) || !is_quicker(op, &a) || !rows_along(&a, dim, shape) || shape[1] % 2
        || shape[1] / 2 * shape[2] < 256)
        return 0;
    for (int64_t d = a.dim - 1; d >= 0; d--) {
        sizes[d] = d == (dim < 0 ? dim + a.dim : dim) ? a.sizes[d] / 2 : a.sizes[d];
        strides[d] = stride;
        stride *= sizes[d];
    }
    array half = {stride, a.dim, sizes, strides, a.torch_dtype, a.dtype, NULL};
    if (!new_like(&half, y, (void **)&data))
        return 0;
    ptrdiff_t size = a.dtype == FA_FLOAT32 ? 4 : 8, columns = shape[1] / 2 * shape[2], row = columns * size;
    char *arrays[] = {(char *)a.data + row, a.data, data};
    const ptrdiff_t steps[] = {size, size, size}, row_steps[] = {2 * row, 2 * row, row};
    if (library_calls.matrix(op->function, FA_GATED, a.dtype, arrays, steps, row_steps, shape[0], columns) == FA_OK)
        return 1;
    aoti_torch_delete_tensor_object(*y);
    return 0;
}

static void glu_value(const torch_operator *op, value *stack)
{
    tensor x = (tensor)stack[0], y;
    int64_t dim = (int64_t)stack[1];
    if (!gated(op, x, dim, &y))
        ((void (*)(tensor, tensor, int64_t))op->torch_kernel)(y = new_result(), x, dim);
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)y;
}

/* Whether `new_like` makes a tensor with the strides of x, which those of prelu's results are in torch. */
static int keeps_strides(const array *x)
{
    int64_t own[MAX_DIM];
    return memcmp(strides_of_result(x, own), x->strides, (size_t)x->dim * sizeof *own) == 0;
}

/* prelu's weight has one number, or one for each channel, the second dimension of x. */
static void prelu_value(const torch_operator *op, value *stack)
{
    tensor x = (tensor)stack[0], weight = (tensor)stack[1], y;
    array a, w;
    void *data;
    int done = 0;
    if (describe(x, &a) && describe(weight, &w) && w.n == 1 && w.dtype == a.dtype && is_quicker(op, &a) && keeps_strides(&a)
        && new_like(&a, &y, &data) && !(done = apply(op->function, FA_VALUE, a.dtype, a.data, NULL, data, a.n, w.data)))
        aoti_torch_delete_tensor_object(y);
    if (!done)
        ((void (*)(tensor, tensor, tensor))op->torch_kernel)(y = new_result(), x, weight);
    aoti_torch_delete_tensor_object(x);
    aoti_torch_delete_tensor_object(weight);
    stack[0] = (value)y;
}

/* The gradients of prelu with respect to x and, for each element, to the weight that n elements share. torch's kernel calls a
   function for each element. */
#define PRELU_GRADIENTS(REAL)                                                                                              \
    static void prelu_gradients_##REAL(const REAL *restrict grad, const REAL *restrict x, REAL weight, ptrdiff_t n,        \
                                       REAL *restrict dx, REAL *restrict dweight)                                          \
    {                                                                                                                      \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                                \
            const REAL sloped = weight * grad[i], to_weight = x[i] * grad[i];                                              \
            dx[i] = x[i] > 0 ? grad[i] : sloped;                                                                           \
            dweight[i] = x[i] > 0 ? 0 : to_weight;                                                                         \
        }                                                                                                                  \
    }
PRELU_GRADIENTS(float)
PRELU_GRADIENTS(double)

static int prelu_gradients(const torch_operator *op, tensor grad, tensor x, tensor weight, tensor *dx, tensor *dweight)
{
    array g, a, w;
    ptrdiff_t shape[3];
    void *to_x, *to_weight;
    if (!describe(x, &a) || !describe(weight, &w) || !describe(grad, &g) || !same_layout(&g, &a) || w.dtype != a.dtype
        || !is_quicker(op, &a) || !keeps_strides(&a))
        return 0;
    shape[0] = shape[1] = 1, shape[2] = a.n;
    if (w.n != 1 && (w.dim != a.dim || a.dim < 2 || w.sizes[1] != w.n || w.n != a.sizes[1] || !rows_along(&a, 1, shape)
                     || shape[2] == 1))
        return 0;
    if (!new_like(&a, dx, &to_x))
        return 0;
    if (!new_like(&a, dweight, &to_weight)) {
        aoti_torch_delete_tensor_object(*dx);
        return 0;
    }
    for (ptrdiff_t r = 0; r < shape[0] * shape[1]; r++) {
        ptrdiff_t at = r * shape[2], channel = r % shape[1];
        if (a.dtype == FA_FLOAT32)
            prelu_gradients_float((float *)g.data + at, (float *)a.data + at, ((float *)w.data)[channel], shape[2],
                                  (float *)to_x + at, (float *)to_weight + at);
        else
            prelu_gradients_double((double *)g.data + at, (double *)a.data + at, ((double *)w.data)[channel], shape[2],
                                   (double *)to_x + at, (double *)to_weight + at);
    }
    return 1;
}

static void prelu_gradient(const torch_operator *op, value *stack)
{
    tensor grad = (tensor)stack[0], x = (tensor)stack[1], weight = (tensor)stack[2], dx, dweight;
    if (!prelu_gradients(op, grad, x, weight, &dx, &dweight)) {
        void *pair[2];
        ((void (*)(void **, tensor, tensor, tensor))op->torch_kernel)(pair, grad, x, weight);
        dx = member(&pair[1]), dweight = member(&pair[0]);
    }
    aoti_torch_delete_tensor_object(grad);
    aoti_torch_delete_tensor_object(x);
    aoti_torch_delete_tensor_object(weight);
    stack[0] = (value)dx;
    stack[1] = (value)dweight;
}

#define TENSOR "RKNS_6TensorE"
#define MUTABLE "RNS_6TensorE"
#define STRING "St17basic_string_viewIcSt11char_traitsIcEE"
#define ANY INT64_MAX
/* X(operator, function of this file, signature, activation, form, most of float32 and float64, of float16, of bfloat16): the
   operators on which the library is quicker. */
#define OPERATORS(X)                                                                                   \
    X(sigmoid, unary, TENSOR, "sigmoid", FA_VALUE, ANY, ANY, ANY)                                      \
    X(sigmoid_, in_place, MUTABLE, "sigmoid", FA_VALUE, ANY, ANY, ANY)                                 \
    X(tanh, unary, TENSOR, "tanh", FA_VALUE, ANY, ANY, ANY)                                            \
    X(tanh_, in_place, MUTABLE, "tanh", FA_VALUE, ANY, ANY, ANY)                                       \
    X(silu, unary, TENSOR, "silu", FA_VALUE, ANY, ANY, ANY)                                            \
    X(silu_, in_place, MUTABLE, "silu", FA_VALUE, ANY, ANY, ANY)                                       \
    X(silu_backward, backward, TENSOR "S3_", "silu", FA_BACKWARD, ANY, 0, 1 << 19)                     \
    X(mish, unary, TENSOR, "mish", FA_VALUE, ANY, ANY, ANY)                                            \
    X(mish_, in_place, MUTABLE, "mish", FA_VALUE, ANY, ANY, ANY)                                       \
    X(mish_backward, backward, TENSOR "S3_", "mish", FA_BACKWARD, ANY, ANY, ANY)                       \
    X(hardswish, unary, TENSOR, "hard_silu", FA_VALUE, 1 << 19, 1 << 19, 1 << 19)                      \
    X(hardswish_, in_place, MUTABLE, "hard_silu", FA_VALUE, 1 << 19, 1 << 19, 1 << 19)                 \
    X(hardswish_backward, backward, TENSOR "S3_", "hard_silu", FA_BACKWARD, 1 << 19, 0, 0)             \
    X(erf, unary, TENSOR, "erf", FA_VALUE, ANY, ANY, ANY)                                              \
    X(erf_, in_place, MUTABLE, "erf", FA_VALUE, ANY, ANY, ANY)                                         \
    X(gelu, gelu_value, TENSOR STRING, "gelu", FA_VALUE, 1 << 15, 1 << 15, 1 << 15)                    \
    X(gelu_backward, gelu_gradient, TENSOR "S3_" STRING, "gelu", FA_BACKWARD, ANY, 1 << 18, 1 << 18)   \
    X(glu, glu_value, TENSOR "l", "sigmoid", FA_GATED, 1 << 16, 0, 0)                                  \
    X(_prelu_kernel, prelu_value, TENSOR "S3_", "prelu", FA_VALUE, 1 << 14, 0, 0)                      \
    X(_prelu_kernel_backward, prelu_gradient, TENSOR "S3_S3_", NULL, FA_BACKWARD, ANY, 0, 0)           \
    X(log_sigmoid_forward, log_sigmoid_value, TENSOR, "log_sigmoid", FA_VALUE, ANY, ANY, ANY)          \
    X(_softmax, row_value, TENSOR "lb", NULL, FA_SOFTMAX, ANY, ANY, ANY)                               \
    X(_log_softmax, row_value, TENSOR "lb", NULL, FA_LOG_SOFTMAX, ANY, ANY, ANY)

#define INDEX(name, ...) INDEX_##name,
enum { OPERATORS(INDEX) OPERATOR_COUNT };
#define ENTRY(name, function, signature, activation, form, ...) \
    {#name, signature, activation, form, {__VA_ARGS__}, NULL, NULL},
static torch_operator operators[] = {OPERATORS(ENTRY)};
#define KERNEL(name, function, ...)                                            \
    static void name##_kernel(value *stack, uint64_t inputs, uint64_t outputs) \
    {                                                                          \
        (void)inputs, (void)outputs;                                           \
        function(&operators[INDEX_##name], stack);                             \
    }
OPERATORS(KERNEL)
#define POINTER(name, ...) name##_kernel,
static kernel *const kernels[] = {OPERATORS(POINTER)};

/* ---- torch's tables of kernels, for operators that take a Scalar ----

   torch has a table for each elementwise kernel, at::native::NAME_stub (ATen/native/DispatchStub.h): its first field is the
   address that calls use, unless it is NULL; static members hold the versions for each instruction set. All overloads of an
   operator, in place and with out= too, call it with an at::TensorIteratorBase. torch has checked its operands, brought them to
   one shape and dtype, and made one dimension of them where their memory allows it. Scalars are passed by address. */
typedef const unsigned char *iterator;
typedef struct {
    int32_t tag; /* c10::Scalar::Tag */
    int32_t padding[3];
    union {
        double real;
        int64_t integer;
        double complex_number[2];
    } value;
} scalar;
enum { SCALAR_REAL, SCALAR_INTEGER };

/* A kernel has as many of these arguments as its signature says. The others come in registers, which it does not read. */
typedef void table_kernel(iterator operands, const scalar *first, const scalar *second, const scalar *third, _Bool from_output);

#define ITERATOR_FUNCTIONS(X)                                           \
    X(data_ptr, void *, "K", "8data_ptrEl", (iterator, int64_t operand)) \
    X(numel, int64_t, "K", "5numelEv", (iterator))                       \
    X(is_one_block, _Bool, "K", "13is_contiguousEv", (iterator))         \
    X(cast_outputs, void, "", "12cast_outputsEv", (iterator)) /* to the dtype of out=, as every kernel of torch's does */
#define DECLARE_METHOD(name, type, qualifier, symbol, arguments) static type(*name) arguments;
ITERATOR_FUNCTIONS(DECLARE_METHOD)
static int dtype_offset; /* of the dtype in an iterator, which no function of torch gives: `find_dtype` does */

typedef struct {
    const char *name, *signature; /* the kernel's arguments, mangled */
    const char *activation;
    fa_form form;
    int64_t least, most[KINDS]; /* elements, below and beyond which torch's kernel is as quick or quicker */
    const fa_activation *function;
    void **address, *before; /* the first field of torch's table, and what it held */
    table_kernel *torch_kernel;
} torch_table;

static int number(const scalar *s, double *out)
{
    *out = s->tag == SCALAR_REAL ? s->value.real : (double)s->value.integer;
    return s->tag == SCALAR_REAL || s->tag == SCALAR_INTEGER;
}

/* The library's function for an operator's Scalars, and its parameters; NULL where it has none. */
typedef const fa_activation *chooser(const torch_table *, const scalar *const *scalars, double *parameters);

static const fa_activation *with_sixth(const torch_table *table, const scalar *const *scalars, double *parameters)
{
    (void)scalars, parameters[0] = 1. / 6, parameters[1] = 0.5; /* torch's hardsigmoid */
    return table->function;
}

static const fa_activation *with_one(const torch_table *table, const scalar *const *scalars, double *parameters)
{
    return number(scalars[0], parameters) ? table->function : NULL;
}

/* softplus(x, beta, threshold). torch's is x beyond the threshold; at the default of 20 ours is, too, in float32. */
static const fa_activation *with_beta(const torch_table *table, const scalar *const *scalars, double *parameters)
{
    double threshold;
    return number(scalars[0], parameters) && number(scalars[1], &threshold) && parameters[0] > 0 && threshold == 20
        ? table->function : NULL;
}

/* torch's elu, scale (x > 0 ? x : alpha expm1(input_scale x)), is elu, selu or celu. */
static const fa_activation *with_alpha(const torch_table *table, const scalar *const *scalars, double *parameters)
{
    double alpha, scale, input_scale;
    if (!number(scalars[0], &alpha) || !number(scalars[1], &scale) || !number(scalars[2], &input_scale))
        return NULL;
    parameters[0] = alpha;
    if (scale == 1 && input_scale == 1)
        return table->function;
    if (input_scale == 1 && alpha == 1.6732632423543772848170429916717 && scale == 1.0507009873554804934193349852946)
        return selu;
    return scale == 1 && alpha != 0 && input_scale == 1 / alpha ? celu : NULL;
}

static void run_table(const torch_table *table, chooser *choose, iterator operands, const scalar *first, const scalar *second,
                      const scalar *third, _Bool from_output)
{
    double parameters[2] = {0};
    fa_dtype dtype;
    const fa_activation *function = choose(table, (const scalar *[]){first, second, third}, parameters);
    if (function && !(choose == with_alpha && table->form == FA_BACKWARD && from_output)
        && dtype_of(operands[dtype_offset], &dtype) && is_one_block(operands)) {
        int64_t n = numel(operands);
        float rounded[] = {(float)parameters[0], (float)parameters[1]};
        if (n >= table->least && n <= table->most[kind_of(dtype)]
            && apply(function, table->form, dtype, data_ptr(operands, 1), table->form == FA_VALUE ? NULL : data_ptr(operands, 2),
                     data_ptr(operands, 0), n, dtype == FA_FLOAT32 ? (const void *)rounded : parameters)) {
            cast_outputs(operands);
            return;
        }
    }
    table->torch_kernel(operands, first, second, third, from_output);
}

#define ITERATOR "RNS_18TensorIteratorBaseE"
#define SCALAR "RKN3c106ScalarE"
/* X(operator, signature, activation, form, chooser, least, most of float32 and float64, of float16, of bfloat16): the operators
   on which the library is quicker. */
#define TABLES(X)                                                                                               \
    X(softplus, ITERATOR SCALAR "S7_", "softplus", FA_VALUE, with_beta, 0, ANY, ANY, ANY)                       \
    X(softplus_backward, ITERATOR SCALAR "S7_", "softplus", FA_BACKWARD, with_beta, 0, ANY, 0, ANY)             \
    X(elu, ITERATOR SCALAR "S7_S7_", "elu", FA_VALUE, with_alpha, 0, ANY, ANY, ANY)                             \
    X(elu_backward, ITERATOR SCALAR "S7_S7_b", "elu", FA_BACKWARD, with_alpha, 0, ANY, ANY, ANY)                \
    X(softshrink, ITERATOR SCALAR, "soft_shrink", FA_VALUE, with_one, 0, 1 << 18, 1 << 19, ANY)                 \
    X(hardshrink, ITERATOR SCALAR, "hard_shrink", FA_VALUE, with_one, 1 << 15, 1 << 17, 1 << 19, 1 << 19)       \
    X(leaky_relu, ITERATOR SCALAR, "leaky_relu", FA_VALUE, with_one, 1 << 15, 1 << 17, 1 << 18, 1 << 19)        \
    X(hardsigmoid, ITERATOR, "hard_sigmoid", FA_VALUE, with_sixth, 0, 1 << 18, 1 << 18, 1 << 19)

#define TABLE_INDEX(name, ...) TABLE_##name,
enum { TABLES(TABLE_INDEX) TABLE_COUNT };
#define TABLE(name, signature, activation, form, choose, least, ...) \
    {#name, signature, activation, form, least, {__VA_ARGS__}, NULL, NULL, NULL, NULL},
static torch_table tables[] = {TABLES(TABLE)};
#define TABLE_KERNEL(name, signature, activation, form, choose, ...)                                                        \
    static void name##_in_table(iterator operands, const scalar *first, const scalar *second, const scalar *third, _Bool last) \
    {                                                                                                                       \
        run_table(&tables[TABLE_##name], choose, operands, first, second, third, last);                                     \
    }
TABLES(TABLE_KERNEL)
#define TABLE_POINTER(name, ...) name##_in_table,
static table_kernel *const table_kernels[] = {TABLES(TABLE_POINTER)};

/* torch's table of an operator's kernels, and the version that this processor takes; 0 where this torch has none. */
static int find_table(void *torch, const char *capability, torch_table *table)
{
    const char *versions[] = {capability, "AVX2", "DEFAULT"};
    char type[64], symbol[256];
    snprintf(symbol, sizeof symbol, "_ZN2at6native%zu%s_stubE", strlen(table->name) + 5, table->name);
    if (!(table->address = dlsym(torch, symbol)))
        return 0;
    table->torch_kernel = NULL;
    snprintf(type, sizeof type, "%s_stub_DECLARE_DISPATCH_type", table->name);
    for (int k = 0; k < 3 && !table->torch_kernel; k++) {
        snprintf(symbol, sizeof symbol, "_ZN2at6native12DispatchStubIPFv%sENS0_%zu%sEE%zu%sE", table->signature, strlen(type),
                 type, strlen(versions[k]), versions[k]);
        void **version = strcmp(capability, "DEFAULT") == 0 && k == 1 ? NULL : dlsym(torch, symbol);
        if (version)
            *(void **)&table->torch_kernel = *version;
    }
    return table->torch_kernel != NULL;
}

/* Where an iterator has its dtype: the first byte that has torch's number of it in calls with tensors of four dtypes. */
enum { SEARCHED = 512 };
static _Thread_local int searched_dtype; /* of this thread's call; 0: none */
static unsigned char may_be_dtype[SEARCHED];
static const scalar searched_beta = {SCALAR_REAL, {0}, {.real = 0.7}};
static const scalar searched_threshold = {SCALAR_INTEGER, {0}, {.integer = 21}};

static void search(iterator operands, const scalar *beta, const scalar *threshold, const scalar *third, _Bool last)
{
    double b, t;
    for (int k = 0; searched_dtype && k < SEARCHED; k++)
        may_be_dtype[k] &= operands[k] == searched_dtype && number(beta, &b) && number(threshold, &t) && b == 0.7 && t == 21;
    tables[TABLE_softplus].torch_kernel(operands, beta, threshold, third, last);
}

static int find_dtype(void *torch)
{
    static const int32_t numbers[] = {6, 7, 5, 15}; /* as in dtype_of */
    const int64_t size = 16, stride = 1;
    void **address = tables[TABLE_softplus].address;
    void (*softplus_out)(tensor, tensor, const scalar *, const scalar *);
    *(void **)&softplus_out = dlsym(torch, "_ZN2at3cpu12softplus_outERNS_6TensorERKS1_RKN3c106ScalarES8_");
    if (!softplus_out)
        return 0;
    memset(may_be_dtype, 1, SEARCHED);
    void *before = __atomic_exchange_n(address, (void *)search, __ATOMIC_RELAXED);
    for (int k = 0; k < 4; k++) {
        tensor x;
        void *data;
        if (aoti_torch_empty_strided(1, &size, &stride, numbers[k], 0, -1, &x)) {
            memset(may_be_dtype, 0, SEARCHED);
            break;
        }
        aoti_torch_get_data_ptr(x, &data);
        memset(data, 0, (size_t)size * 2);
        searched_dtype = numbers[k];
        softplus_out(x, x, &searched_beta, &searched_threshold);
        searched_dtype = 0;
        aoti_torch_delete_tensor_object(x);
    }
    __atomic_store_n(address, before, __ATOMIC_RELAXED);
    const unsigned char *found = memchr(may_be_dtype, 1, SEARCHED);
    dtype_offset = found ? (int)(found - may_be_dtype) : -1;
    return found != NULL;
}

static int put_tables(void *torch, const char *capability)
{
    int taken = 0;
#define FIND_METHOD(name, type, qualifier, symbol, arguments)                                     \
    if (!(*(void **)&name = dlsym(torch, "_ZN" qualifier "2at18TensorIteratorBase" symbol))) \
        return 0;
    ITERATOR_FUNCTIONS(FIND_METHOD)
    for (int k = 0; k < TABLE_COUNT; k++) {
        torch_table *table = &tables[k];
        if (!find_table(torch, capability, table))
            table->address = NULL;
        table->function = library_calls.find(table->activation);
    }
    if (!tables[TABLE_softplus].address || (!dtype_offset && !find_dtype(torch)) || dtype_offset < 0)
        return 0;
    for (int k = 0; k < TABLE_COUNT; k++) {
        torch_table *table = &tables[k];
        if (table->address) {
            table->before = __atomic_exchange_n(table->address, (void *)table_kernels[k], __ATOMIC_RELAXED);
            taken++;
        }
    }
    return taken;
}

static void *library;

static void *load(const char *path, const fa_torch_calls *calls)
{
    void *torch = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    if (!torch || !(*(void **)&operator_new = dlsym(torch, "_Znwm")))
        return NULL;
#define LOOK_UP(name, arguments)                          \
    if (!(*(void **)&name = dlsym(torch, #name))) \
        return NULL;
    TORCH_FUNCTIONS(LOOK_UP)
    library_calls = *calls;
    return torch;
}

int fa_torch_enable(const char *path, const char *capability, const fa_torch_calls *calls)
{
    int taken = 0;
    void *torch = load(path, calls);
    if (!torch || aoti_torch_library_init_impl("aten", "CPU", __FILE__, __LINE__, &library))
        return -1;
    gelu_tanh = calls->find("gelu_tanh");
    exponential = calls->find("exponential");
    selu = calls->find("selu");
    celu = calls->find("celu");
    for (int k = 0; k < OPERATOR_COUNT; k++) {
        torch_operator *op = &operators[k];
        char symbol[160];
        snprintf(symbol, sizeof symbol, "_ZN2at3cpu%zu%sE%s", strlen(op->name), op->name, op->signature);
        op->function = op->activation ? calls->find(op->activation) : NULL;
        op->torch_kernel = dlsym(torch, symbol);
        if (op->torch_kernel)
            taken += aoti_torch_library_impl(library, op->name, kernels[k]) == 0;
    }
    return taken + put_tables(torch, capability);
}

const char *fa_torch_operator(int k)
{
    return k < OPERATOR_COUNT ? operators[k].name : k - OPERATOR_COUNT < TABLE_COUNT ? tables[k - OPERATOR_COUNT].name : NULL;
}

void fa_torch_disable(void)
{
    aoti_torch_delete_library_object(library);
    library = NULL;
    for (int k = 0; k < TABLE_COUNT; k++)
        if (tables[k].address)
            __atomic_store_n(tables[k].address, tables[k].before, __ATOMIC_RELAXED);
}
#endif
