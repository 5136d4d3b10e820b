/* Threads: the only file that starts any.

   A loop goes parallel when its estimated time on one thread pays for waking the others. The number
   of threads is, in this order: fa_set_num_threads; FASTACT_NUM_THREADS; what OpenMP would use at the
   moment (OMP_NUM_THREADS and threadpoolctl act through it), and never more than affinity and the
   container's CPU quota leave, unless OMP_NUM_THREADS asked for it by name. A limit set on OpenMP at
   run time (threadpoolctl) binds all of these.

   A forked child inherits OpenMP's bookkeeping without its threads, and libgomp would wait for them
   for ever: in a child everything runs on the calling thread.

   A parallel region ends when its last thread has arrived, and that thread may not even have begun where
   another program has its core: a call of 0.1 ms can then take 8. So it can where two threads share a core,
   one working and one spinning. Who has lost time so stays alone for twenty times as long, and then tries again. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#endif
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include "internal.h"

#define WORTH_WAKING_NS 6000.0  /* a loop shorter than this stays on one thread; waking one costs 1 to 3 us */
#define CHUNKS_PER_THREAD 4     /* so that a core that is busy elsewhere delays one chunk only */
#define LONG_WAIT_NS 200000     /* for the others, beyond twice the time of the work itself */
#define LONG_CALL_NS 1000000    /* beyond four times the estimate, and */
#define PAGES_NS 2.0            /* an element: what the kernel may take to find and clear pages */
#define ALONE_AFTER_LOSS 20     /* times what was lost */
#define ALONE_AT_MOST_NS 1000000000

static atomic_int requested; /* by fa_set_num_threads; 0: the default */
static atomic_int forked;    /* in a child of fork() */
static int cpus_left;        /* by affinity and quota, at load */
static int env_threads;      /* FASTACT_NUM_THREADS, 0 if unset */
static int omp_env;          /* OMP_NUM_THREADS is set */
#ifdef _OPENMP
static atomic_llong alone_until; /* on the clock of now_ns */
static int omp_at_load; /* a lower value later is a limit that somebody set: threadpoolctl, say */
#endif

/* The number in a file, or two of them; 0 where there is none. */
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

/* The lowest quota, in CPUs, of the group `path` and those that it lies in; `least` where none is lower. */
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

/* CPUs that the quota of cgroups allows, of version 2 or 1, rounded up; 0 where there is none. A container sees its
   own group as the root; a service of the system is named in /proc. */
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

#if !defined(_WIN32)
static void mark_forked(void) { atomic_store(&forked, 1); }
#endif

__attribute__((constructor)) static void read_environment(void)
{
    int quota = quota_cpus();
    cpus_left = affinity_cpus();
    if (quota && quota < cpus_left)
        cpus_left = quota;
    const char *text = getenv("FASTACT_NUM_THREADS");
    env_threads = text ? atoi(text) : 0;
    omp_env = getenv("OMP_NUM_THREADS") != NULL;
#ifdef _OPENMP
    omp_at_load = omp_get_max_threads();
#endif
#if !defined(_WIN32)
    pthread_atfork(NULL, NULL, mark_forked);
#endif
}

int fa_get_num_threads(void)
{
#ifdef _OPENMP
    if (atomic_load(&forked))
        return 1;
    int live = omp_get_max_threads(), asked = atomic_load(&requested);
    if (asked <= 0)
        asked = env_threads > 0 ? env_threads : omp_env || live < cpus_left ? live : cpus_left;
    return live < omp_at_load && live < asked ? live : asked;
#else
    return 1;
#endif
}

int fa_set_num_threads(int threads) { return atomic_exchange(&requested, threads > 0 ? threads : 0); }

#ifdef _OPENMP
static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The caller worked on n elements from start to done, and then waited for the others until now. */
static void note_time(long long start, long long done, ptrdiff_t n, double expected_ns)
{
    long long end = now_ns(), wait = end - done, all = end - start, lost = 0;
    if (wait > LONG_WAIT_NS + 2 * (done - start))
        lost = wait;
    else if (all > LONG_CALL_NS + 4 * expected_ns + PAGES_NS * (double)n)
        lost = all;
    lost *= ALONE_AFTER_LOSS;
    if (lost)
        atomic_store(&alone_until, end + (lost < ALONE_AT_MOST_NS ? lost : ALONE_AT_MOST_NS));
}
#endif

void fa_parallel(void (*task)(void *context, ptrdiff_t begin, ptrdiff_t end), void *context, ptrdiff_t n,
                 ptrdiff_t grain, double total_ns)
{
#ifdef _OPENMP
    /* All threads or one: libgomp ends those that a smaller team leaves out and later starts them anew. */
    ptrdiff_t grains = (n + grain - 1) / grain;
    int threads = grains < 2 || total_ns < WORTH_WAKING_NS ? 1 : fa_get_num_threads();
    long long start = threads > 1 ? now_ns() : 0, done = start;
    if (threads > 1 && start >= atomic_load(&alone_until) && !omp_in_parallel()) {
        ptrdiff_t chunks = (ptrdiff_t)threads * CHUNKS_PER_THREAD;
        if (chunks > grains)
            chunks = grains;
        ptrdiff_t size = (grains + chunks - 1) / chunks * grain;
#pragma omp parallel num_threads(threads)
        {
#pragma omp for schedule(dynamic, 1) nowait
            for (ptrdiff_t begin = 0; begin < n; begin += size)
                task(context, begin, n - begin < size ? n : begin + size);
            if (omp_get_thread_num() == 0)
                done = now_ns();
        }
        note_time(start, done, n, total_ns);
        return;
    }
#endif
    (void)grain, (void)total_ns;
    task(context, 0, n);
}
