/* AVX-512 (F, DQ, BW, VL): 64-byte vectors. Empty on other processors. */
#if defined(__x86_64__)
#include <immintrin.h> /* before the pragma, like every header of the system */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c"))), apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma,f16c,prefer-vector-width=512")
#endif
#define FA_ISA avx512
#define FA_VECTOR_BYTES 64
#include "isa/per_isa.h"
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute pop
#endif
#endif
