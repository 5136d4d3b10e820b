/* Kernels of this library under torch's own operators on CPU, such as aten::tanh.

   torch exports a C interface (torch/csrc/stable/c/shim.h and torch/csrc/inductor/aoti_torch/c/shim.h) that registers a C
   function as the kernel of an operator. Its functions are looked up at run time, so nothing of torch is needed to build.
   A kernel takes its arguments from a stack of 64-bit values, of which it owns the tensors and strings, and leaves its
   results there. It computes dense tensors of float32, float64, float16 and bfloat16. Any other call goes to torch's kernel,
   the C++ function at::cpu::NAME, which is looked up by its mangled name; its exceptions pass through this file, which is
   compiled with -fexceptions. An operator whose function is not found keeps torch's kernel. */
#include "torch/operators.h"

#include <string.h>

#ifdef _WIN32
int fa_torch_enable(const char *path, const fa_torch_calls *calls) { (void)path, (void)calls; return -1; }
void fa_torch_disable(void) {}
const char *fa_torch_operator(int k) { (void)k; return NULL; }
int fa_torch_define(const char *path, const fa_torch_calls *calls) { (void)path, (void)calls; return -1; }
#else
#include <dlfcn.h>
#include <stdio.h>

typedef void *tensor;   /* a pointer to an at::Tensor */
typedef uint64_t value; /* an argument or a result: torch's StableIValue */
typedef void kernel(value *stack, uint64_t inputs, uint64_t outputs);

/* The functions of torch's C interface that are used; each returns 0, or 1 for an error. */
#define TORCH_FUNCTIONS(X)                                                                                                 \
    X(aoti_torch_library_init_impl, (const char *library, const char *key, const char *file, uint32_t line, void **made)) \
    X(aoti_torch_library_init_def, (const char *library, const char *file, uint32_t line, void **made))                   \
    X(aoti_torch_library_def, (void *library, const char *schema))                                                        \
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
static const fa_activation *gelu_tanh, *exponential;

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

static int is_contiguous(const array *a)
{
    int64_t expected = 1;
    for (int64_t d = a->dim - 1; d >= 0; d--) {
        if (a->sizes[d] != 1 && a->strides[d] != expected)
            return 0;
        expected *= a->sizes[d];
    }
    return 1;
}

/* Whether the elements fill one block of memory, each once, in whatever order of the dimensions. */
static int is_dense(const array *a)
{
    int64_t expected = 1, d;
    uint32_t seen = 0;
    if (a->n == 0 || is_contiguous(a))
        return 1;
    if (a->dim > MAX_DIM)
        return 0;
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
    return is_dense(a);
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

/* A new tensor like `a`, and its data; 0 where there is no memory (torch's kernel then says so). */
static int new_like(const array *a, tensor *made, void **data)
{
    if (aoti_torch_empty_strided(a->dim, a->sizes, a->strides, a->torch_dtype, 0, -1, made))
        return 0;
    aoti_torch_get_data_ptr(*made, data);
    return 1;
}

/* Where torch's C++ function puts the tensor that it returns. */
static tensor new_result(void) { return operator_new(sizeof(void *)); }

/* ---- operators ---- */

typedef struct {
    const char *name, *signature; /* of at::cpu::NAME, mangled */
    const char *activation;
    int form;     /* an fa_form, or of functions of rows an fa_row_form */
    int64_t most; /* elements; beyond them torch's kernel is as quick or quicker */
    const fa_activation *function;
    void *torch_kernel;
} torch_operator;

static int compute(const torch_operator *op, const array *a, const void *const *inputs, void *output)
{
    return library_calls.apply(op->function, (fa_form)op->form, a->dtype, inputs, &output, a->n, NULL) == FA_OK;
}

/* y = f(x), of the memory layout of x; 0 where torch's kernel has to compute it */
static int elementwise(const torch_operator *op, tensor x, tensor *y)
{
    array a;
    void *data;
    if (!describe(x, &a) || a.n > op->most || !new_like(&a, y, &data))
        return 0;
    if (compute(op, &a, (const void *[]){a.data}, data))
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
    if (!describe(x, &a) || a.n > op->most || !compute(op, &a, (const void *[]){a.data}, a.data))
        ((tensor(*)(tensor))op->torch_kernel)(x);
}

/* dx from grad and x, of the memory layout that both share; 0 where torch's kernel has to compute it */
static int gradient(const torch_operator *op, tensor grad, tensor x, tensor *dx)
{
    array g, a;
    void *data;
    if (!describe(x, &a) || !describe(grad, &g) || a.n > op->most || !same_layout(&g, &a) || !new_like(&a, dx, &data))
        return 0;
    if (compute(op, &a, (const void *[]){g.data, a.data}, data))
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
        chosen.function = gelu_tanh, chosen.most = INT64_MAX;
    else if (formula->length != 4 || memcmp(formula->text, "none", 4) != 0)
        chosen.most = -1; /* torch raises its error */
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
        compute(op, &a, (const void *[]){a.data}, data);
        negative_magnitudes(&a, exponentials);
        library_calls.apply(exponential, FA_VALUE, a.dtype, (const void *[]){exponentials}, &exponentials, a.n, NULL);
    } else {
        void *pair[2]; /* std::tuple of libstdc++ keeps the last member first */
        if (y)
            aoti_torch_delete_tensor_object(y);
        ((void (*)(void **, tensor))op->torch_kernel)(pair, x);
        *(void **)(y = new_result()) = pair[1];
        *(void **)(buffer = new_result()) = pair[0];
    }
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)y;
    stack[1] = (value)buffer;
}

#define ANY INT64_MAX
#define TENSOR "RKNS_6TensorE"
#define MUTABLE "RNS_6TensorE"
#define STRING "St17basic_string_viewIcSt11char_traitsIcEE"
/* X(operator, kind, signature, activation, form, most): the operators on which the library is quicker, up to `most` elements. */
#define OPERATORS(X)                                                                                   \
    X(sigmoid, unary, TENSOR, "sigmoid", FA_VALUE, ANY)                                                \
    X(sigmoid_, in_place, MUTABLE, "sigmoid", FA_VALUE, ANY)                                           \
    X(tanh, unary, TENSOR, "tanh", FA_VALUE, ANY)                                                      \
    X(tanh_, in_place, MUTABLE, "tanh", FA_VALUE, ANY)                                                 \
    X(silu, unary, TENSOR, "silu", FA_VALUE, ANY)                                                      \
    X(silu_, in_place, MUTABLE, "silu", FA_VALUE, ANY)                                                 \
    X(silu_backward, backward, TENSOR "S3_", "silu", FA_BACKWARD, ANY)                                 \
    X(mish, unary, TENSOR, "mish", FA_VALUE, ANY)                                                      \
    X(mish_, in_place, MUTABLE, "mish", FA_VALUE, ANY)                                                 \
    X(mish_backward, backward, TENSOR "S3_", "mish", FA_BACKWARD, ANY)                                 \
    X(hardswish, unary, TENSOR, "hard_silu", FA_VALUE, ANY)                                            \
    X(hardswish_, in_place, MUTABLE, "hard_silu", FA_VALUE, ANY)                                       \
    X(hardswish_backward, backward, TENSOR "S3_", "hard_silu", FA_BACKWARD, ANY)                       \
    X(exp, unary, TENSOR, "exponential", FA_VALUE, ANY)                                                \
    X(exp_, in_place, MUTABLE, "exponential", FA_VALUE, ANY)                                           \
    X(erf, unary, TENSOR, "erf", FA_VALUE, ANY)                                                        \
    X(erf_, in_place, MUTABLE, "erf", FA_VALUE, ANY)                                                   \
    X(gelu, gelu_value, TENSOR STRING, "gelu", FA_VALUE, 32768)                                        \
    X(gelu_backward, gelu_gradient, TENSOR "S3_" STRING, "gelu", FA_BACKWARD, ANY)                     \
    X(log_sigmoid_forward, log_sigmoid_value, TENSOR, "log_sigmoid", FA_VALUE, ANY)                    \
    X(_softmax, row_value, TENSOR "lb", NULL, FA_SOFTMAX, ANY)                                         \
    X(_log_softmax, row_value, TENSOR "lb", NULL, FA_LOG_SOFTMAX, ANY)

/* ---- operators of torch that take a Scalar, which the C interface does not pass ----

   Python functions stand under them and call fastact::with_parameter(Tensor x, int function, float parameter). */
static const char *const WITH_PARAMETER[] = {"softplus", "elu", "selu", "celu"};
enum { WITH_PARAMETER_COUNT = sizeof WITH_PARAMETER / sizeof WITH_PARAMETER[0] };
static const fa_activation *with_parameter[WITH_PARAMETER_COUNT];

static const char NEEDS[] = "needs a dense floating tensor and one of the functions";
static void (*torch_fail)(const char *function, const char *file, uint32_t line, const char *message); /* throws */

static void parameter_kernel(value *stack, uint64_t inputs, uint64_t outputs)
{
    tensor x = (tensor)stack[0], y;
    array a;
    void *data;
    (void)inputs, (void)outputs;
    double number;
    memcpy(&number, &stack[2], sizeof number);
    float rounded = (float)number;
    if (stack[1] >= WITH_PARAMETER_COUNT || !describe(x, &a) || !new_like(&a, &y, &data)
        || library_calls.apply(with_parameter[stack[1]], FA_VALUE, a.dtype, (const void *[]){a.data}, &data, a.n,
                               a.dtype == FA_FLOAT32 ? (const void *)&rounded : (const void *)&number) != FA_OK)
        torch_fail("fastact::with_parameter", __FILE__, __LINE__, NEEDS);
    aoti_torch_delete_tensor_object(x);
    stack[0] = (value)y;
}

#define INDEX(name, ...) INDEX_##name,
enum { OPERATORS(INDEX) OPERATOR_COUNT };
#define ENTRY(name, kind, signature, activation, form, most) {#name, signature, activation, form, most, NULL, NULL},
static torch_operator operators[] = {OPERATORS(ENTRY)};
#define KERNEL(name, kind, ...)                                               \
    static void name##_kernel(value *stack, uint64_t inputs, uint64_t outputs) \
    {                                                                         \
        (void)inputs, (void)outputs;                                          \
        kind(&operators[INDEX_##name], stack);                                \
    }
OPERATORS(KERNEL)
#define POINTER(name, ...) name##_kernel,
static kernel *const kernels[] = {OPERATORS(POINTER)};

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

int fa_torch_enable(const char *path, const fa_torch_calls *calls)
{
    int taken = 0;
    void *torch = load(path, calls);
    if (!torch || aoti_torch_library_init_impl("aten", "CPU", __FILE__, __LINE__, &library))
        return -1;
    gelu_tanh = calls->find("gelu_tanh");
    exponential = calls->find("exponential");
    for (int k = 0; k < OPERATOR_COUNT; k++) {
        torch_operator *op = &operators[k];
        char symbol[160];
        snprintf(symbol, sizeof symbol, "_ZN2at3cpu%zu%sE%s", strlen(op->name), op->name, op->signature);
        op->function = op->activation ? calls->find(op->activation) : NULL;
        op->torch_kernel = dlsym(torch, symbol);
        if (op->torch_kernel)
            taken += aoti_torch_library_impl(library, op->name, kernels[k]) == 0;
    }
    return taken;
}

const char *fa_torch_operator(int k) { return k < OPERATOR_COUNT ? operators[k].name : NULL; }

int fa_torch_define(const char *path, const fa_torch_calls *calls)
{
    void *made;
    void *torch = load(path, calls);
    if (!torch || !(*(void **)&torch_fail = dlsym(torch, "_ZN3c106detail14torchCheckFailEPKcS2_jS2_"))
        || aoti_torch_library_init_def("fastact", __FILE__, __LINE__, &made)
        || aoti_torch_library_def(made, "with_parameter(Tensor x, int function, float parameter) -> Tensor"))
        return -1;
    for (int k = 0; k < WITH_PARAMETER_COUNT; k++)
        with_parameter[k] = calls->find(WITH_PARAMETER[k]);
    if (aoti_torch_library_init_impl("fastact", "CPU", __FILE__, __LINE__, &made)
        || aoti_torch_library_impl(made, "with_parameter", parameter_kernel))
        return -1;
    return 0;
}

void fa_torch_disable(void)
{
    aoti_torch_delete_library_object(library);
    library = NULL;
}
#endif
