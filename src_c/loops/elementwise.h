/* The loops over the elements of one activation: one for each form that is not composed of others (fused.h). Included once for
   each dtype and instruction set.

   A loop takes contiguous arrays, and a number of elements that is a multiple of LANES. blocks.h and half_loops.h bring all
   other calls (tails, strides, streaming stores, half types) into this shape. So a kernel header contains no loop, and every
   element is computed by the same instructions. */
#undef BLOCK
#define BLOCK ((ptrdiff_t)(4096 / sizeof(REAL)))
#define FA_SIMD_LOOP _Pragma("omp simd") for (ptrdiff_t i = 0; i < n; i++)

/* ---- parameters: `scalar` are single numbers, `array` are arrays that follow the inputs from in[k] on ---- */

#define FA_DECLARE_scalar_0(k)
#define FA_DECLARE_scalar_1(k) const REAL p0 = ((const REAL *)parameters)[0];
#define FA_DECLARE_scalar_2(k) FA_DECLARE_scalar_1(k) const REAL p1 = ((const REAL *)parameters)[1];
#define FA_DECLARE_scalar_3(k) FA_DECLARE_scalar_2(k) const REAL p2 = ((const REAL *)parameters)[2];
#define FA_DECLARE_scalar_4(k) FA_DECLARE_scalar_3(k) const REAL p3 = ((const REAL *)parameters)[3];
#define FA_DECLARE_array_1(k) const REAL *q0 = in[k];
#define FA_DECLARE_array_2(k) FA_DECLARE_array_1(k) const REAL *q1 = in[k + 1];
#define FA_DECLARE_array_3(k) FA_DECLARE_array_2(k) const REAL *q2 = in[k + 2];
#define FA_DECLARE_array_4(k) FA_DECLARE_array_3(k) const REAL *q3 = in[k + 3];
#define FA_PASS_scalar_0
#define FA_PASS_scalar_1 , p0
#define FA_PASS_scalar_2 , p0, p1
#define FA_PASS_scalar_3 , p0, p1, p2
#define FA_PASS_scalar_4 , p0, p1, p2, p3
#define FA_PASS_array_1 , q0[i]
#define FA_PASS_array_2 , q0[i], q1[i]
#define FA_PASS_array_3 , q0[i], q1[i], q2[i]
#define FA_PASS_array_4 , q0[i], q1[i], q2[i], q3[i]

/* One loop: `setup` declares the arrays, `body` is the statement for element i. isa/per_dtype.h shows one expanded. */
#define FA_KERNEL(name, form, style, np, inputs, setup, body)                                                   \
    static void FN(name##_##form##_##style)(const void *const *in, void *const *out, ptrdiff_t n,               \
                                            const void *parameters)                                             \
    {                                                                                                           \
        (void)in, (void)parameters;                                                                             \
        FA_DECLARE_##style##_##np(inputs) setup n &= -LANES;                                                    \
        FA_SIMD_LOOP { body }                                                                                   \
    }

/* ---- functions of float that are polynomials on the pieces of a table (tables/look_up.h) ---- */

/* A block is 32 vectors. */
#undef PIECE_BLOCK
#define PIECE_BLOCK ((ptrdiff_t)32 * LANES)

/* Of element k of a block, the bit that stands for its vector. */
#define FA_BIT_OF(v) [v * LANES ... v * LANES + LANES - 1] = 1u << v
#define FA_BITS_FROM(v) FA_BIT_OF(v), FA_BIT_OF((v + 1)), FA_BIT_OF((v + 2)), FA_BIT_OF((v + 3))
static const _Alignas(64) uint32_t FN(bit_of_vector)[PIECE_BLOCK] = {
    FA_BITS_FROM(0),  FA_BITS_FROM(4),  FA_BITS_FROM(8),  FA_BITS_FROM(12),
    FA_BITS_FROM(16), FA_BITS_FROM(20), FA_BITS_FROM(24), FA_BITS_FROM(28)};

/* The number of elements of the next step: `step`, or the n - at that are left. Both are multiples of LANES, so the result is
   the constant LANES if step is LANES. */
INLINE ptrdiff_t FN(step_length)(ptrdiff_t at, ptrdiff_t step, ptrdiff_t n)
{
    return step == LANES || n - at > step ? step : n - at;
}

/* y = FN(name) of n <= PIECE_BLOCK elements of x, which may be y. Vectors with an element outside of the table are computed a
   second time at the end, by FN(name##_outside_table); a branch for each vector would often be mispredicted.
   The limit is hidden from the compiler, because GCC compiles a selection to a minimum only if its limit is not a constant. */
#define FA_BY_PIECES(name)                                                                                      \
    INLINE void FN(name##_by_pieces)(const REAL *x, REAL *y, ptrdiff_t n)                                       \
    {                                                                                                           \
        _Alignas(64) REAL arguments[name##_group], c[FA_PIECE_COLUMNS][PIECE_STEP], saved[PIECE_BLOCK];         \
        _Alignas(64) uint32_t places[name##_group];                                                             \
        REAL limit = name##_pieces.limit;                                                                       \
        __asm__("" : "+m"(limit));                                                                              \
        uint32_t vectors = 0; /* bit v: an element of vector v is outside */                                    \
        _Pragma("omp simd reduction(|:vectors)") for (ptrdiff_t k = 0; k < n; k++)                              \
            vectors |= FN(name##_outside)(x[k], limit) ? FN(bit_of_vector)[k] : 0;                              \
        if (vectors) {                                                                                          \
            _Pragma("omp simd") for (ptrdiff_t k = 0; k < n; k++) saved[k] = x[k];                              \
        }                                                                                                       \
        for (ptrdiff_t at = 0, count; at < n; at += count) {                                                    \
            count = FN(step_length)(at, name##_group, n);                                                       \
            for (ptrdiff_t first = 0, next; first < count; first = next) {                                      \
                next = first + FN(step_length)(first, PIECE_STEP, count);                                       \
                FA_PIECE_LOOP                                                                                   \
                {                                                                                               \
                    arguments[k] = FN(name##_argument)(x[at + k], limit);                                       \
                    places[k] = name##_place(arguments[k]);                                                     \
                }                                                                                               \
            }                                                                                                   \
            for (ptrdiff_t first = 0, next; first < count; first = next) {                                      \
                next = first + FN(step_length)(first, PIECE_STEP, count);                                       \
                for (ptrdiff_t k = first; k < next; k += LANES)                                                 \
                    name##_look_up(places + k, c[0] + (k - first));                                             \
                FA_PIECE_LOOP                                                                                   \
                {                                                                                               \
                    const ptrdiff_t j = k - first;                                                              \
                    const fa_piece piece = {c[0][j], c[1][j], c[2][j], c[3][j], c[4][j],                        \
                                            c[5][j], c[6][j], c[7][j]};                                         \
                    y[at + k] = FN(name##_on_piece)(x[at + k], arguments[k], piece);                            \
                }                                                                                               \
            }                                                                                                   \
        }                                                                                                       \
        for (; vectors; vectors &= vectors - 1) {                                                               \
            const ptrdiff_t first = __builtin_ctz(vectors) * LANES;                                             \
            _Pragma("omp simd") for (ptrdiff_t k = first; k < first + LANES; k++)                               \
            {                                                                                                   \
                REAL value = FN(name##_outside_table)(saved[k]);                                                \
                y[k] = FN(name##_outside)(saved[k], limit) ? value : y[k];                                      \
            }                                                                                                   \
        }                                                                                                       \
    }
#define FA_PIECE_LOOP _Pragma("omp simd") for (ptrdiff_t k = first; k < next; k++)

/* The loop of a form over blocks. `setup` comes before it; `block` computes elements `at` to at + count - 1. */
#define FA_PIECE_BLOCKS(name, form, style, setup, block)                                                        \
    static void FN(name##_##form##_##style)(const void *const *in, void *const *out, ptrdiff_t n,               \
                                            const void *parameters)                                             \
    {                                                                                                           \
        REAL buffer[PIECE_BLOCK];                                                                               \
        (void)parameters, (void)buffer, n &= -LANES;                                                            \
        setup                                                                                                   \
        for (ptrdiff_t at = 0, count; at < n; at += count) {                                                    \
            count = n - at < PIECE_BLOCK ? n - at : PIECE_BLOCK;                                                \
            block                                                                                               \
        }                                                                                                       \
    }
#define FA_BLOCK_OF(array) ((REAL *)(array) + at)

/* ---- activations with a shorter formula for small |x| ---- */

/* FN(name##_bounded) gives the bits of FN(name) for |x| <= FN(name##_bound)() without the operations that limits, NaN and results
   next to 0 need. It is used for a block of BOUNDED_BLOCK elements if no |x| in it is larger. */
#undef BOUNDED_BLOCK
#define BOUNDED_BLOCK (16 * LANES)

/* Whether |x| <= bound for all n elements; false for NaN. The bits of |x|, read as integers, are ordered as |x| is. AVX2 has no
   maximum of 64-bit integers. */
INLINE int FN(all_bounded)(const REAL *x, ptrdiff_t n, REAL bound)
{
#if FA_DOUBLE && FA_VECTOR_BYTES < 64
    BITS beyond = 0;
    _Pragma("omp simd reduction(|:beyond)") for (ptrdiff_t i = 0; i < n; i++) beyond |= FN(fabs)(x[i]) <= bound ? 0 : 1;
    return !beyond;
#else
    BITS largest = 0;
    _Pragma("omp simd reduction(max:largest)") for (ptrdiff_t i = 0; i < n; i++)
    {
        BITS size = FN(to_bits)(FN(fabs)(x[i]));
        largest = size > largest ? size : largest;
    }
    return largest <= FN(to_bits)(bound);
#endif
}

/* The loop of a form by FN(function), where FN(function##_bounded) has the bound of `name`. */
#define FA_BOUNDED_KERNEL(name, form, function)                                                                 \
    static void FN(name##_##form##_scalar)(const void *const *in, void *const *out, ptrdiff_t n,                \
                                           const void *parameters)                                              \
    {                                                                                                           \
        (void)parameters;                                                                                       \
        n &= -LANES;                                                                                            \
        for (ptrdiff_t at = 0, count; at < n; at += count) {                                                    \
            const REAL *x = (const REAL *)in[0] + at;                                                           \
            REAL *y = (REAL *)out[0] + at;                                                                      \
            count = n - at < BOUNDED_BLOCK ? n - at : BOUNDED_BLOCK;                                            \
            if (FN(all_bounded)(x, count, FN(name##_bound)())) {                                                \
                _Pragma("omp simd") for (ptrdiff_t i = 0; i < count; i++) y[i] = FN(function##_bounded)(x[i]);  \
            } else {                                                                                            \
                _Pragma("omp simd") for (ptrdiff_t i = 0; i < count; i++) y[i] = FN(function)(x[i]);            \
            }                                                                                                   \
        }                                                                                                       \
    }

/* ---- the forms ---- */

/* The loops of the value, by the entry's value_loop. */
#define FA_VALUE_AND_DERIVATIVE_PLAIN(name, style, np)                                                          \
    FA_KERNEL(name, value_and_derivative, style, np, 1,                                                         \
              const REAL *x = in[0]; REAL *y = out[0]; REAL *d = out[1];, REAL t = x[i];                        \
              y[i] = FN(name)(t FA_PASS_##style##_##np); d[i] = FN(name##_derivative)(t FA_PASS_##style##_##np);)
#define FA_VALUES_PLAIN(name, style, np, derivative_loop)                                                       \
    FA_KERNEL(name, value, style, np, 1, const REAL *x = in[0]; REAL *y = out[0];,                              \
              y[i] = FN(name)(x[i] FA_PASS_##style##_##np);)                                                    \
    FA_VALUE_AND_DERIVATIVE_##derivative_loop(name, style, np)
#define FA_VALUES_BOUNDED(name, style, np, derivative_loop)                                                     \
    FA_BOUNDED_KERNEL(name, value, name)                                                                        \
    FA_VALUE_AND_DERIVATIVE_##derivative_loop(name, style, np)
#define FA_VALUE_AND_DERIVATIVE_TABLE FA_VALUE_AND_DERIVATIVE_PLAIN
#undef FA_VALUE_AND_DERIVATIVE_PIECES
#undef FA_VALUES_PIECES /* the pieces are those of float only, and tables of 16 rows those of double */
#undef FA_VALUES_PIECES_AND_TABLE
#undef FA_VALUES_BOUNDED_AND_TABLE
#if FA_DOUBLE
#include "loops/double_tables.h"
#define FA_VALUE_AND_DERIVATIVE_PIECES FA_VALUE_AND_DERIVATIVE_PLAIN
#define FA_VALUES_PIECES FA_VALUES_PLAIN
#define FA_VALUES_PIECES_AND_TABLE(name, style, np, derivative_loop) FA_TABLE_VALUES(name)
#define FA_VALUES_BOUNDED_AND_TABLE(name, style, np, derivative_loop) FA_TABLE_ITSELF_VALUES(name)
#else
#define FA_VALUE_AND_DERIVATIVE_PIECES(name, style, np)                                                         \
    FA_PIECE_BLOCKS(name, value_and_derivative, style, ,                                                        \
                    FA_SAVE_BLOCK                                                                               \
                    FA_DERIVATIVE_OF_BLOCK_PIECES(name)                                                         \
                    REAL *y = FA_BLOCK_OF(out[0]);                                                              \
                    _Pragma("omp simd") for (ptrdiff_t k = 0; k < count; k++) y[k] = FN(name)(buffer[k]);)
#define FA_VALUES_PIECES_AND_TABLE FA_VALUES_PIECES
#define FA_VALUES_BOUNDED_AND_TABLE FA_VALUES_BOUNDED
#define FA_VALUES_PIECES(name, style, np, derivative_loop) FA_VALUES_PIECES_##style##_##np(name, derivative_loop)
#endif
#define FA_VALUES_PIECES_scalar_0(name, derivative_loop)                                                                         \
    FA_BY_PIECES(name)                                                                                          \
    FA_PIECE_BLOCKS(name, value, scalar, ,                                                                      \
                    FN(name##_by_pieces)(FA_BLOCK_OF(in[0]), FA_BLOCK_OF(out[0]), count);)                      \
    FA_PIECE_BLOCKS(name, value_and_derivative, scalar, ,                                                       \
                    FA_SAVE_BLOCK                                                                               \
                    FA_DERIVATIVE_OF_BLOCK_##derivative_loop(name)                                              \
                    FN(name##_by_pieces)(buffer, FA_BLOCK_OF(out[0]), count);)
#define FA_DERIVATIVE_OF_BLOCK_PIECES(name) FN(name##_derivative_by_pieces)(buffer, FA_BLOCK_OF(out[1]), count);
#define FA_DERIVATIVE_OF_BLOCK_PLAIN(name, ...) /* with the parameter of element k */                           \
    REAL *d = FA_BLOCK_OF(out[1]);                                                                              \
    _Pragma("omp simd") for (ptrdiff_t k = 0; k < count; k++) d[k] = FN(name##_derivative)(buffer[k], ##__VA_ARGS__);
#define FA_SAVE_BLOCK /* an output may be the input */                                                          \
    _Pragma("omp simd") for (ptrdiff_t k = 0; k < count; k++) buffer[k] = ((const REAL *)in[0])[at + k];

/* A table is for one value of the parameter, FN(name##_table_parameter)(). */
#define FA_VALUES_PIECES_scalar_1(name, derivative_loop)                                                                         \
    FA_BY_PIECES(name)                                                                                          \
    FA_KERNEL(name, value_without_table, scalar, 1, 1, const REAL *x = in[0]; REAL *y = out[0];,                \
              y[i] = FN(name)(x[i], p0);)                                                                       \
    FA_KERNEL(name, value_and_derivative_without_table, scalar, 1, 1,                                           \
              const REAL *x = in[0]; REAL *y = out[0]; REAL *d = out[1];, REAL t = x[i];                        \
              y[i] = FN(name)(t, p0); d[i] = FN(name##_derivative)(t, p0);)                                     \
    FA_PIECE_BLOCKS(name, value, scalar, FA_UNLESS_TABLE(name, value) ,                                         \
                    FN(name##_by_pieces)(FA_BLOCK_OF(in[0]), FA_BLOCK_OF(out[0]), count);)                      \
    FA_PIECE_BLOCKS(name, value_and_derivative, scalar, FA_UNLESS_TABLE(name, value_and_derivative),            \
                    FA_SAVE_BLOCK                                                                               \
                    FA_DERIVATIVE_OF_BLOCK_PLAIN(name, FN(name##_table_parameter)())                            \
                    FN(name##_by_pieces)(buffer, FA_BLOCK_OF(out[0]), count);)
#define FA_UNLESS_TABLE(name, form)                                                                             \
    if (!(((const REAL *)parameters)[0] == FN(name##_table_parameter)())) {                                     \
        FN(name##_##form##_without_table_scalar)(in, out, n, parameters);                                       \
        return;                                                                                                 \
    }
#define FA_VALUES_PIECES_array_1(name, derivative_loop)                                                                          \
    INLINE void FN(name##_value_of_block)(const REAL *x, const REAL *p, REAL *y, ptrdiff_t n)                   \
    {                                                                                                           \
        REAL by_pieces[PIECE_BLOCK];                                                                            \
        FN(name##_by_pieces)(x, by_pieces, n);                                                                  \
        _Pragma("omp simd") for (ptrdiff_t k = 0; k < n; k++)                                                   \
        {                                                                                                       \
            REAL value = FN(name)(x[k], p[k]);                                                                  \
            y[k] = p[k] == FN(name##_table_parameter)() ? by_pieces[k] : value;                                 \
        }                                                                                                       \
    }                                                                                                           \
    FA_PIECE_BLOCKS(name, value, array, ,                                                                       \
                    FN(name##_value_of_block)(FA_BLOCK_OF(in[0]), FA_BLOCK_OF(in[1]), FA_BLOCK_OF(out[0]), count);) \
    FA_PIECE_BLOCKS(name, value_and_derivative, array, REAL saved[PIECE_BLOCK];,                                \
                    FA_SAVE_BLOCK                                                                               \
                    _Pragma("omp simd") for (ptrdiff_t k = 0; k < count; k++) saved[k] = ((const REAL *)in[1])[at + k]; \
                    FA_DERIVATIVE_OF_BLOCK_PLAIN(name, saved[k])                                                \
                    FN(name##_value_of_block)(buffer, saved, FA_BLOCK_OF(out[0]), count);)

/* One element of the backward loops, by fa_backward_kind. */
#define FA_BACKWARD_ELEMENT_PRODUCT(name, g, ...) g * FN(name##_derivative)(__VA_ARGS__)
#define FA_BACKWARD_ELEMENT_FAST(name, g, ...) g * FN(name##_derivative_fast)(__VA_ARGS__)
#define FA_BACKWARD_ELEMENT_MASKED(name, g, ...) FN(name##_backward)(g, __VA_ARGS__)
#define FA_BACKWARD_ELEMENT_MASKED_ZEROS FA_BACKWARD_ELEMENT_MASKED
#define FA_FROM_OUTPUT_ELEMENT_PRODUCT(name, g, ...) g * FN(name##_derivative_from_output)(__VA_ARGS__)
#define FA_FROM_OUTPUT_ELEMENT_FAST FA_FROM_OUTPUT_ELEMENT_PRODUCT
#define FA_FROM_OUTPUT_ELEMENT_MASKED(name, g, ...) FN(name##_backward_from_output)(g, __VA_ARGS__)
#define FA_FROM_OUTPUT_ELEMENT_MASKED_ZEROS FA_FROM_OUTPUT_ELEMENT_MASKED

#define FA_FROM_OUTPUT_KERNEL_0(name, style, np, kind)
#define FA_FROM_OUTPUT_KERNEL_1(name, style, np, kind)                                                          \
    FA_KERNEL(name, backward_from_output, style, np, 2,                                                         \
              const REAL *g = in[0]; const REAL *y = in[1]; REAL *dx = out[0];,                                 \
              dx[i] = FA_FROM_OUTPUT_ELEMENT_##kind(name, g[i], y[i] FA_PASS_##style##_##np);)

/* The second derivative, by fa_second_kind. */
#define FA_SECOND_KERNEL_NONE(name, style, np)
#define FA_SECOND_KERNEL_OWN(name, style, np)                                                                   \
    FA_KERNEL(name, second_derivative, style, np, 1, const REAL *x = in[0]; REAL *d = out[0];,                  \
              d[i] = FN(name##_second_derivative)(x[i] FA_PASS_##style##_##np);)
#define FA_SECOND_KERNEL_ZERO(name, style, np)                                                                  \
    FA_KERNEL(name, second_derivative, style, 0, 1, const REAL *x = in[0]; REAL *d = out[0];, d[i] = FN(or_nan)(0, x[i]);)
#define FA_SECOND_KERNEL_ZERO_ALWAYS(name, style, np)                                                           \
    FA_KERNEL(name, second_derivative, style, 0, 1, REAL *d = out[0];, d[i] = 0;)

/* The loops of the derivatives and of backward, by the entry's derivative_loop. */
#define FA_DERIVATIVES_PLAIN(name, style, np, kind, second)                                                     \
    FA_KERNEL(name, derivative, style, np, 1, const REAL *x = in[0]; REAL *d = out[0];,                         \
              d[i] = FN(name##_derivative)(x[i] FA_PASS_##style##_##np);)                                       \
    FA_KERNEL(name, backward, style, np, 2, const REAL *g = in[0]; const REAL *x = in[1]; REAL *dx = out[0];,   \
              dx[i] = FA_BACKWARD_ELEMENT_##kind(name, g[i], x[i] FA_PASS_##style##_##np);)                     \
    FA_SECOND_KERNEL_##second(name, style, np)
#undef FA_DERIVATIVES_PIECES
#undef FA_DERIVATIVES_TABLE
#if FA_DOUBLE
#define FA_DERIVATIVES_PIECES FA_DERIVATIVES_PLAIN
#define FA_DERIVATIVES_TABLE(name, style, np, kind, second) FA_TABLE_ITSELF_DERIVATIVES(name)
#else
#define FA_DERIVATIVES_TABLE FA_DERIVATIVES_PLAIN
#define FA_DERIVATIVES_PIECES(name, style, np, kind, second)                                                    \
    FA_BY_PIECES(name##_derivative)                                                                             \
    FA_PIECE_BLOCKS(name, derivative, style, ,                                                                  \
                    FN(name##_derivative_by_pieces)(FA_BLOCK_OF(in[0]), FA_BLOCK_OF(out[0]), count);)           \
    FA_PIECE_BLOCKS(name, backward, style, ,                                                                    \
                    FN(name##_derivative_by_pieces)(FA_BLOCK_OF(in[1]), buffer, count);                         \
                    const REAL *g = FA_BLOCK_OF(in[0]);                                                         \
                    REAL *dx = FA_BLOCK_OF(out[0]);                                                             \
                    _Pragma("omp simd") for (ptrdiff_t k = 0; k < count; k++) dx[k] = g[k] * buffer[k];)        \
    FA_SECOND_KERNEL_##second(name, style, np)
#endif

/* A value for half types, which are computed in float. */
#undef FA_HALF_KERNEL_PLAIN
#undef FA_HALF_KERNEL_BOUNDED
#undef FA_HALF_ENTRY
#if FA_DOUBLE
#define FA_HALF_KERNEL_PLAIN(name)
#define FA_HALF_KERNEL_BOUNDED(name)
#define FA_HALF_ENTRY(name) NULL
#else
#define FA_HALF_KERNEL_PLAIN(name)                                                                              \
    FA_KERNEL(name, half, scalar, 0, 1, const REAL *x = in[0]; REAL *y = out[0];, y[i] = FN(name##_half)(x[i]);)
#define FA_HALF_KERNEL_BOUNDED(name) FA_BOUNDED_KERNEL(name, half, name##_half)
#define FA_HALF_ENTRY(name) FN(name##_half_scalar)
#endif
#define FA_HALF_KERNEL_NONE(name)
#define FA_HALF_ENTRY_NONE(name) NULL
#define FA_HALF_ENTRY_PLAIN FA_HALF_ENTRY
#define FA_HALF_ENTRY_BOUNDED FA_HALF_ENTRY

/* ---- all loops of all activations, and the table of them ---- */

#define FA_DECLARE_array_0(k)
#define FA_STYLE(name, style, np, from_output, kind, second, value_loop, derivative_loop)                       \
    FA_DERIVATIVES_##derivative_loop(name, style, np, kind, second)                                             \
    FA_VALUES_##value_loop(name, style, np, derivative_loop)                                                    \
    FA_FROM_OUTPUT_KERNEL_##from_output(name, style, np, kind)
#define FA_ARRAY_STYLE_0(...)
#define FA_ARRAY_STYLE_1(name, ...) FA_STYLE(name, array, 1, __VA_ARGS__)
#define FA_ARRAY_STYLE_2(name, ...) FA_STYLE(name, array, 2, __VA_ARGS__)
#define FA_ARRAY_STYLE_3(name, ...) FA_STYLE(name, array, 3, __VA_ARGS__)
#define FA_ARRAY_STYLE_4(name, ...) FA_STYLE(name, array, 4, __VA_ARGS__)
#define FA_INSTANTIATE(name, np, from_output, kind, second, half, value_loop, derivative_loop, cost)            \
    FA_STYLE(name, scalar, np, from_output, kind, second, value_loop, derivative_loop)                          \
    FA_ARRAY_STYLE_##np(name, from_output, kind, second, value_loop, derivative_loop)                           \
    FA_HALF_KERNEL_##half(name)

#define FA_FROM_OUTPUT_ENTRY_0(name, style) NULL
#define FA_FROM_OUTPUT_ENTRY_1(name, style) FN(name##_backward_from_output_##style)
#define FA_SECOND_ENTRY_NONE(name, style) NULL
#define FA_SECOND_ENTRY_OWN(name, style) FN(name##_second_derivative_##style)
#define FA_SECOND_ENTRY_ZERO FA_SECOND_ENTRY_OWN
#define FA_SECOND_ENTRY_ZERO_ALWAYS FA_SECOND_ENTRY_OWN
#define FA_ENTRY(name, style, from_output, second)                                                              \
    {FN(name##_value_##style), FN(name##_derivative_##style), FN(name##_backward_##style),                      \
     FN(name##_value_and_derivative_##style), FA_FROM_OUTPUT_ENTRY_##from_output(name, style),                  \
     FA_SECOND_ENTRY_##second(name, style)}
#define FA_ARRAY_ENTRY_0(...) {0}
#define FA_ARRAY_ENTRY_1(name, ...) FA_ENTRY(name, array, __VA_ARGS__)
#define FA_ARRAY_ENTRY_2 FA_ARRAY_ENTRY_1
#define FA_ARRAY_ENTRY_3 FA_ARRAY_ENTRY_1
#define FA_ARRAY_ENTRY_4 FA_ARRAY_ENTRY_1
#define FA_TABLE_ROW(name, np, from_output, kind, second, half, value_loop, derivative_loop, cost)              \
    {FA_ENTRY(name, scalar, from_output, second), FA_ARRAY_ENTRY_##np(name, from_output, second),               \
     FA_BACKWARD_##kind, FA_HALF_ENTRY_##half(name)},

FA_ACTIVATIONS(FA_INSTANTIATE)

static const fa_kernels FN(kernels)[] = {FA_ACTIVATIONS(FA_TABLE_ROW)};
