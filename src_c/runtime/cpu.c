/* What the processor can do, and how many CPUs of the machine this process may use. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>
#endif
#include <limits.h>
#include <stdio.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include "internal.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__)
int fa_cpu_has_avx2(void)
{
    unsigned a, b, c, d; /* for F16C, which the builtin of clang 14 does not know */
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

int fa_cpu_has_avx512(void)
{
    return fa_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

int fa_cpu_has_vbmi(void) { return fa_cpu_has_avx512() && __builtin_cpu_supports("avx512vbmi"); }
#else
int fa_cpu_has_avx2(void) { return 0; }
int fa_cpu_has_avx512(void) { return 0; }
int fa_cpu_has_vbmi(void) { return 0; }
#endif

/* The part of the cache that this system may use: in a virtual machine CPUID reports the cache of the whole socket, but Linux
   that of one group of cores. */
static ptrdiff_t last_level_cache(void)
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

/* Intel's server processors, which have AVX-512, write quicker through the caches: on a Skylake-SP relu, tanh, silu and gelu of
   16 Mi float32 took 1.04, 1.05, 1.20 and 1.50 ns an element, and 1.30, 1.52, 1.73 and 2.02 past the caches, on one core as on
   two. */
int fa_writes_past_caches(ptrdiff_t bytes)
{
    static _Atomic ptrdiff_t most; /* looked up at the first long call, by whichever thread */
#if defined(__x86_64__)
    if (!most && fa_cpu_has_avx512() && __builtin_cpu_is("intel"))
        most = PTRDIFF_MAX;
#endif
    if (!most)
        most = last_level_cache();
    return bytes > most;
}

/* The first number in a file, and in *second the next one; 0 if there is none. */
static double number_from(const char *folder, const char *file, double *second)
{
    char path[4200];
    double first = 0;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    int got = fscanf(f, "%lf %lf", &first, second);
    fclose(f);
    return got >= 1 ? first : 0; /* "max", or -1: no limit */
}

/* The lowest quota, in CPUs, of the cgroup `path` and its parents; `least` if none is lower. */
static double quota_above(const char *root, const char *path, double least)
{
    char folder[4160];
    for (size_t left = strlen(path);; left--) {
        if (left && path[left] != '/' && path[left])
            continue;
        double period = 100000, ignored, quota;
        snprintf(folder, sizeof folder, "%s%.*s", root, (int)left, path);
        quota = number_from(folder, "cpu.max", &period);
        if (quota <= 0) {
            quota = number_from(folder, "cpu.cfs_quota_us", &ignored);
            period = quota > 0 ? number_from(folder, "cpu.cfs_period_us", &ignored) : period;
        }
        if (quota > 0 && period > 0 && !(quota / period > least))
            least = quota / period;
        if (!left)
            return least;
    }
}

/* The CPUs that the quotas of cgroups, version 2 or 1, allow, rounded up; 0 if there is no quota. A container sees its own
   group as the root; the group of a system service is named in /proc/self/cgroup. */
static int quota_cpus(void)
{
    char line[4100];
    double least = quota_above("/sys/fs/cgroup", "", INT_MAX);
    least = quota_above("/sys/fs/cgroup/cpu", "", least);
    FILE *f = fopen("/proc/self/cgroup", "r");
    while (f && fgets(line, sizeof line, f)) { /* "0::/path" or "1:cpu,cpuacct:/path" */
        char *kinds = strchr(line, ':'), *path = kinds ? strchr(kinds + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        path[strcspn(path, "\n")] = 0;
        int second = kinds[1] == 0, first = 0;
        for (char *kind = strtok(kinds + 1, ","); kind; kind = strtok(NULL, ","))
            first |= strcmp(kind, "cpu") == 0;
        if (first || second)
            least = quota_above(first ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup", path, least);
    }
    if (f)
        fclose(f);
    return least >= INT_MAX ? 0 : (int)least < least ? (int)least + 1 : (int)least;
}

static int affinity_cpus(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
#ifdef _OPENMP
    return omp_get_num_procs();
#else
    return 1;
#endif
}

int fa_cpus(void)
{
#if defined(_SC_NPROCESSORS_ONLN)
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online <= INT_MAX ? (int)online : affinity_cpus();
#else
    return affinity_cpus();
#endif
}

int fa_cpus_left(void)
{
    int quota = quota_cpus(), cpus = affinity_cpus();
    return quota && quota < cpus ? quota : cpus;
}
