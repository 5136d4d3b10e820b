/* What the processor can do, asked once by dispatch.c. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <unistd.h>
#endif
#include "internal.h"
#include <fenv.h>
#include <stdio.h>
#if defined(__x86_64__)
#include <cpuid.h>
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
void fa_restore_overflow(unsigned before) { _mm_setcsr(_mm_getcsr() & ~(_MM_EXCEPT_OVERFLOW & ~before)); }
#else
#define QUIET (FE_UNDERFLOW | FE_INVALID)
unsigned fa_flags(void) { return (unsigned)fetestexcept(QUIET | FE_OVERFLOW); }
void fa_restore_flags(unsigned before) { feclearexcept(QUIET & ~(int)before); }
void fa_restore_overflow(unsigned before) { feclearexcept(FE_OVERFLOW & ~(int)before); }
#endif

#if defined(__x86_64__)
int fa_cpu_has_avx2(void)
{
    unsigned a, b, c, d; /* for f16c, which clang 14's builtin does not know */
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

int fa_cpu_has_avx512(void)
{
    return fa_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#else
int fa_cpu_has_avx2(void) { return 0; }
int fa_cpu_has_avx512(void) { return 0; }
#endif

/* The share of it that this system may use: a virtual machine's CPUID names the whole socket's cache, where
   Linux names the part of one group of cores. */
ptrdiff_t fa_last_level_cache(void)
{
    ptrdiff_t size = 0;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    size = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
#if defined(__linux__)
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/cache/index3/size", "r");
    long kib;
    if (file && fscanf(file, "%ldK", &kib) == 1 && kib > 0 && (size <= 0 || kib * 1024 < size))
        size = (ptrdiff_t)kib * 1024;
    if (file)
        fclose(file);
#endif
    return size > 0 ? size : 32 << 20;
}
