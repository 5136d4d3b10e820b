/* Functions of float that are polynomials on pieces; coeffs/piecewise.py explains the scheme and prints the tables. A table has
   32 pieces, or 8 pieces of a higher degree if these take fewer operations on AVX2, which has no permutation of 32 numbers.

   A kernel header names its table, and defines the argument a of the table, such as |x|, and the value on a piece:

       FA_PIECEWISE(tanh, TANH)
       REAL FN(tanh_argument)(REAL x, REAL limit)             a, at most the table's limit
       REAL FN(tanh_on_piece)(REAL x, REAL a, fa_piece p)     the value, by a polynomial in d = p.base - a

   Where the table does not cover all x, it uses FA_PIECEWISE_INSIDE, which takes FN(name)(x) for the other x, or
   FA_PIECES_OF_TABLE and a function of its own for them:

       int FN(gelu_outside)(REAL x, REAL limit)               whether x is not covered; 0 for NaN
       REAL FN(gelu_outside_table)(REAL x)                    the value there

   loops/elementwise.h calls these with the pieces of a whole vector, which look_up_8 or look_up_32 of an instruction set's file
   fetches: it writes column k of LANES elements to `to + k * PIECE_STEP`. `table[i]` in a loop would become gathers. Every way
   of fetching is exact, so that the bits do not depend on it. */
typedef struct {
    float base, c0, c1, c2, c3, c4, c5, c6;
} fa_piece;
#define FA_PIECE_COLUMNS 8 /* those of fa_piece */

/* How many elements are looked up before they are computed. With one vector, GCC keeps their columns in registers.
   Clang 14 then computes one element at a time, and with four vectors the columns pass through L1. */
#ifdef __clang__
#define PIECE_STEP (4 * LANES)
#else
#define PIECE_STEP LANES
#endif

#if FA_VECTOR_BYTES == 64
#include "tables/look_up_avx512.h"
#elif FA_VECTOR_BYTES == 32
#include "tables/look_up_avx2.h"
#elif defined(__aarch64__)
#include "tables/look_up_neon.h"
#else
#include "tables/look_up_baseline.h"
#endif

#define FA_PIECES_OF_TABLE(name, NAME)                                                                          \
    static const FA_JOIN(fa_pieces_, NAME##_ROWS) name##_pieces = {                                             \
        NAME##_LIMIT, FA_JOIN(FA_PIECES_OF_, NAME##_ROWS)(NAME##_PIECES)};                                      \
    enum { name##_group = FA_JOIN(PIECE_GROUP_, NAME##_ROWS) };                                                 \
    INLINE uint32_t name##_place(float a)                                                                       \
    {                                                                                                           \
        float scale = NAME##_PLACE_SCALE;                                                                       \
        if (NAME##_PLACE_CURVE != 0)                                                                            \
            scale = fma_f32(a, NAME##_PLACE_CURVE, scale);                                                      \
        return FA_JOIN(piece_place_, NAME##_PLACE)((uint32_t)to_bits_f32(fma_f32(a, scale, NAME##_PLACE_OFFSET))); \
    }                                                                                                           \
    INLINE void name##_look_up(const uint32_t *places, float *to)                                               \
    {                                                                                                           \
        FA_JOIN(look_up_, NAME##_ROWS)(&name##_pieces, places, NAME##_COLUMNS, to);                             \
    }
/* A table that covers all x. */
#define FA_PIECEWISE(name, NAME)                                                                                \
    FA_PIECES_OF_TABLE(name, NAME)                                                                              \
    INLINE int FN(name##_outside)(REAL x, REAL limit) { return (void)x, (void)limit, 0; }                       \
    INLINE REAL FN(name##_outside_table)(REAL x) { return x; }
/* A table beyond which FN(name) is the formula. */
#define FA_PIECEWISE_INSIDE(name, NAME)                                                                         \
    FA_PIECES_OF_TABLE(name, NAME)                                                                              \
    INLINE REAL FN(name##_outside_table)(REAL x) { return FN(name)(x); }

#if !FA_DOUBLE
/* (f(a) - c0) / d on a piece. */
INLINE float piece_slope(float d, fa_piece p)
{
    float y = fma_f32(fma_f32(fma_f32(p.c6, d, p.c5), d, p.c4), d, p.c3);
    return fma_f32(fma_f32(y, d, p.c2), d, p.c1);
}

/* f(a) on a piece. The rounding error of the slope is added, because it counts in full next to a zero of f, where c0 is next to
   0; without it the error is 1.5 ULP there. */
INLINE float piece_with_zero(float d, fa_piece p)
{
    float y = fma_f32(fma_f32(fma_f32(p.c6, d, p.c5), d, p.c4), d, p.c3);
    y = fma_f32(y, d, p.c2);
    float slope = fma_f32(y, d, p.c1), slope_low = fma_f32(y, d, p.c1 - slope);
    return fma_f32(slope, d, fma_f32(slope_low, d, p.c0));
}

/* The slope of gelu and gelu_tanh, which is f(a) for x < 0 and 1 - f(a) for x >= 0. */
INLINE float gelu_slope_by_piece(float x, float a, fa_piece p)
{
    float left = piece_with_zero(p.base - a, p);
    return x < 0 ? left : 1 - left;
}
#endif
