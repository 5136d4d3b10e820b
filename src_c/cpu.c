/* What the processor can do, asked once by dispatch.c. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <unistd.h>
#endif
#include "internal.h"
#include <fenv.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* A comparison with NaN raises "invalid" and a subnormal result "underflow"; neither is news to a user. */
#if defined(__x86_64__) /* the SSE half alone: <fenv.h> asks the x87 too, which takes many times as long */
#define QUIET (_MM_EXCEPT_UNDERFLOW | _MM_EXCEPT_INVALID)
unsigned fa_flags(void) { return _mm_getcsr(); }

void fa_restore_flags(unsigned before)
{
    unsigned now = _mm_getcsr();
    if (now & ~before & QUIET)
        _mm_setcsr(now & ~(QUIET & ~before));
}
#else
#define QUIET (FE_UNDERFLOW | FE_INVALID)
unsigned fa_flags(void) { return (unsigned)fetestexcept(QUIET); }
void fa_restore_flags(unsigned before) { feclearexcept(QUIET & ~(int)before); }
#endif

#if defined(__x86_64__)
int fa_cpu_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
int fa_cpu_has_avx512(void)
{
    return fa_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#else
int fa_cpu_has_avx2(void) { return 0; }
int fa_cpu_has_avx512(void) { return 0; }
#endif

#if defined(__aarch64__)
int fa_cpu_has_neon(void) { return 1; }
#else
int fa_cpu_has_neon(void) { return 0; }
#endif

ptrdiff_t fa_last_level_cache(void)
{
#if defined(_SC_LEVEL3_CACHE_SIZE)
    long size = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (size > 0)
        return size;
#endif
    return 32 << 20;
}
