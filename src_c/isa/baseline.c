/* What every processor has. Where that is without fma, as on x86-64, the C library's exact fma is
   called element by element: the same bits, slowly. */
#if defined(__x86_64__)
#include <emmintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* a third smaller, and the calls of fma take the time */
#endif
#endif
#if defined(_WIN32) && defined(__x86_64__) && !defined(__FMA__)
#include "math/soft_fma.h"
#define FA_FMA fa_soft_fma
#define FA_FMAF fa_soft_fmaf
#endif
#define FA_ISA baseline
#define FA_VECTOR_BYTES 16
#include "isa/per_isa.h"
