/* Functions of float that are polynomials on pieces; coeffs/piecewise.py explains the scheme and prints the tables. A table has
   32 pieces, or 8 pieces of a higher degree if these take fewer operations on AVX2, which has no permutation of 32 numbers.

   A kernel header names its table, and defines the argument a of the table, such as |x|, and the value on a piece:

       FA_PIECEWISE(tanh, TANH)
       REAL FN(tanh_argument)(REAL x, REAL limit)             a, at most the table's limit
       REAL FN(tanh_on_piece)(REAL x, REAL a, fa_piece p)     the value, by a polynomial in d = p.base - a

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

#define FA_PIECEWISE(name, NAME)                                                                                \
    static const FA_JOIN(fa_pieces_, NAME##_ROWS)                                                               \
        name##_pieces = {NAME##_OFFSET, NAME##_LIMIT, FA_JOIN(FA_PIECES_OF_, NAME##_ROWS)(NAME##_PIECES)};      \
    enum { name##_group = FA_JOIN(PIECE_GROUP_, NAME##_ROWS) };                                                 \
    INLINE uint32_t name##_place(uint32_t bits) { return FA_JOIN(piece_place_, NAME##_ROWS)(bits); }            \
    INLINE void name##_look_up(const uint32_t *places, float *to)                                               \
    {                                                                                                           \
        FA_JOIN(look_up_, NAME##_ROWS)(&name##_pieces, places, NAME##_COLUMNS, to);                             \
    }
