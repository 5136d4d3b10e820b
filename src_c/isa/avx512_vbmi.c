/* AVX-512 with VBMI, whose permutations of bytes make one loop faster. Empty on other processors. */
#if defined(__x86_64__)
#include <immintrin.h> /* before the pragma, like every header of the system */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vbmi"))), apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vbmi,prefer-vector-width=512")
#endif
#define FA_VBMI 1
#define FA_VECTOR_BYTES 64
#include "internal.h"
#include "loops/stream.h"
#include "loops/bytes.h"
void fa_run_bytes_vbmi(const fa_bytes_call *call, ptrdiff_t begin, ptrdiff_t end) { run_bytes(call, begin, end); }
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute pop
#endif
#endif
