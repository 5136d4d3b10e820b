/* The loops of activations whose value in double is by a table of 16 rows (tables/look_up_double.h). Included for double only.

   FA_TABLE_ELEMENTS runs `before` for each of `count` elements, where at + k is its index, and later `element`, where i is its
   index, k that in the group, and `value` its value by FN(function). The limits are hidden from the compiler, because GCC
   compiles a selection to a minimum only if its limit is not a constant. */
#define FA_TABLE_ELEMENTS(name, function, before, element)                                                      \
    for (ptrdiff_t end = at + count, group; at < end; at += group) {                                            \
        group = FN(step_length)(at, TABLE_GROUP, end) & -LANES; /* so that GCC compiles no remainder */         \
        FA_TABLE_LOOP(0, group)                                                                                 \
        {                                                                                                       \
            arguments[k] = FN(function##_argument)(x[at + k], low, high);                                       \
            positions[k] = FN(name##_position)(arguments[k]);                                                   \
            before                                                                                              \
        }                                                                                                       \
        for (ptrdiff_t first = 0, next; first < group; first = next) {                                          \
            next = first + FN(step_length)(first, TABLE_STEP, group);                                           \
            for (ptrdiff_t k = first; k < next; k += LANES)                                                     \
                FN(name##_look_up)(positions + k, rows[0] + (k - first));                                           \
            FA_TABLE_LOOP(first, next)                                                                          \
            {                                                                                                   \
                const ptrdiff_t i = at + k;                                                                     \
                const REAL value = FN(function)(x[i], arguments[k], positions[k], rows[0] + (k - first), low);  \
                element                                                                                         \
            }                                                                                                   \
        }                                                                                                       \
    }
#define FA_TABLE_LOOP(first, next) _Pragma("omp simd") for (ptrdiff_t k = (first); k < (next); k++)

/* The loop of a form: x is input number `input`. */
#define FA_TABLE_KERNEL(name, form, input, setup, blocks)                                                       \
    static void FN(name##_##form##_scalar)(const void *const *in, void *const *out, ptrdiff_t n,                \
                                           const void *parameters)                                              \
    {                                                                                                           \
        (void)parameters;                                                                                       \
        const REAL *x = in[input];                                                                              \
        setup _Alignas(64) REAL arguments[TABLE_GROUP], positions[TABLE_GROUP];                                 \
        _Alignas(64) REAL rows[FN(name##_columns) + 1][TABLE_STEP];                                                 \
        REAL low = FN(name##_limits)[0], high = FN(name##_limits)[1];                                           \
        __asm__("" : "+m"(low), "+m"(high));                                                                    \
        n &= -LANES;                                                                                            \
        blocks                                                                                                  \
    }

#define FA_TABLE_VALUES(name)                                                                                   \
    FA_TABLE_KERNEL(name, value, 0, REAL *y = out[0]; ptrdiff_t at = 0; const ptrdiff_t count = n;,             \
                    FA_TABLE_ELEMENTS(name, name, , y[i] = value;))                                               \
    FA_TABLE_KERNEL(name, value_and_derivative, 0,                                                              \
                    REAL *y = out[0]; REAL *d = out[1]; ptrdiff_t at = 0; const ptrdiff_t count = n;            \
                    _Alignas(64) REAL derivatives[TABLE_GROUP];,                                                \
                    FA_TABLE_ELEMENTS(name, name, derivatives[k] = FN(name##_derivative)(x[at + k]);,           \
                                      y[i] = value; d[i] = derivatives[k];))

/* Functions that have a shorter formula for small |x|, and that are their own derivative. */
#define FA_BOUNDED_TABLE_KERNEL(name, form, input, setup, element)                                              \
    FA_TABLE_KERNEL(name, form, input, setup, for (ptrdiff_t at = 0, count; at < n;) {                          \
        count = FN(step_length)(at, BOUNDED_BLOCK, n);                                                          \
        if (FN(all_bounded)(x + at, count, FN(name##_bound)())) {                                               \
            FA_TABLE_ELEMENTS(name, name##_bounded, , element)                                                    \
        } else {                                                                                                \
            FA_TABLE_ELEMENTS(name, name, , element)                                                              \
        }                                                                                                       \
    })
#define FA_TABLE_ITSELF_VALUES(name)                                                                            \
    FA_BOUNDED_TABLE_KERNEL(name, value, 0, REAL *y = out[0];, y[i] = value;)                                   \
    FA_BOUNDED_TABLE_KERNEL(name, value_and_derivative, 0, REAL *y = out[0]; REAL *d = out[1];, y[i] = d[i] = value;)
#define FA_TABLE_ITSELF_DERIVATIVES(name)                                                                       \
    FA_BOUNDED_TABLE_KERNEL(name, derivative, 0, REAL *d = out[0];, d[i] = value;)                              \
    FA_BOUNDED_TABLE_KERNEL(name, second_derivative, 0, REAL *d = out[0];, d[i] = value;)                       \
    FA_BOUNDED_TABLE_KERNEL(name, backward, 1, const REAL *g = in[0]; REAL *dx = out[0];, dx[i] = g[i] * value;)
