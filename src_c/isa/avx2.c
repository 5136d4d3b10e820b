/* AVX2 with FMA and F16C (x86-64-v3): 32-byte vectors. Empty on other processors. */
#if defined(__x86_64__)
#include <immintrin.h> /* before the pragma, like every header of the system */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif
#define FA_ISA avx2
#define FA_VECTOR_BYTES 32
#include "isa/per_isa.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
