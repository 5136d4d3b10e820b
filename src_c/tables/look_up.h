/* Functions of float that are polynomials on up to 32 pieces (coeffs/piecewise.py has the scheme and the tables).

   A kernel header lists its table, and gives a = |x| or what else the table is of, and the value on a piece:

       FA_PIECEWISE(tanh, TANH)
       REAL FN(tanh_argument)(REAL x, REAL limit)             a, at most the table's limit
       REAL FN(tanh_on_piece)(REAL x, REAL a, fa_piece p)     the value, by a polynomial in d = p.base - a

   loops/elementwise.h calls these with the pieces of a whole vector, which look_up of an instruction set's file fetches: look_up
   writes column k of LANES elements to `to + k * PIECE_STEP`. `table[i]` in a loop would become gathers. Every way of
   fetching is exact, so that the bits do not depend on it. */
typedef struct {
    float base, c0, c1, c2, c3, c4, c5;
} fa_piece;
#define FA_PIECE_COLUMNS 8 /* those of fa_piece, and one to spare */

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
    static const fa_pieces name##_pieces = {NAME##_OFFSET, NAME##_LIMIT, FA_PIECES_OF(NAME##_PIECES)};          \
    enum { name##_columns = NAME##_COLUMNS };
