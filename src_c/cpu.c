/* What the processor can do, asked once by dispatch.c. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <unistd.h>
#endif
#include "internal.h"
#include <stdio.h>
#if defined(__x86_64__)
#include <cpuid.h>
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
