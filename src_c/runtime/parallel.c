/* Threads. No other file starts any.

   A call runs on several threads if its estimated time on one thread is longer than waking the others. The number of threads is
   the first of these that is set:
     1. the caller's limit, which is a block of Python's num_threads;
     2. fa_set_num_threads;
     3. FASTACT_NUM_THREADS;
     4. what OpenMP would use at the moment. Unless OMP_NUM_THREADS is set, the CPUs that affinity and the container's quota leave
        cap it.
   Two caps apply to all of them: fa_most_threads, and a limit that threadpoolctl, say, has set on OpenMP at run time.

   OpenMP ends the process if it cannot start a thread (limits of processes or of memory). So before OpenMP starts a larger team,
   as many threads are started here for a moment; if that fails, the call runs on one thread.

   A forked child inherits OpenMP's data without its threads, and libgomp would wait for them forever. In a child everything
   runs on the calling thread.

   A parallel region ends when its last thread has arrived. If another process uses that thread's core, the thread may begin
   late: a call of 0.1 ms can then take 8 ms. So we keep a balance, in ns, of the time that threads have saved and the time lost
   by waiting for late ones. When it becomes negative, calls run on one thread for 20 times the deficit, at most 1 s; then
   threads are tried again. With two busy processes on two cores, sigmoid of 2^18 float32 takes 0.5 ms on average on one thread,
   4 to 9 ms on two threads without the balance, and 0.6 ms with it (tests/c_threads.c tests it). */
#if !defined(_WIN32)
#include <pthread.h>
#endif
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#include "internal.h"

#define WAKING_NS 5500.0        /* waking other threads takes this, */
#define WAKING_ONE_NS 250.0     /* and this for each of them: measured with 2, 4, 8 and 16 */
#define PROBE 2048              /* elements of the loop that measures how fast this processor is */
#define PROBE_NS 25000          /* it is repeated for this time, because wide vectors take a while to reach full speed */
#define PROBES 4                /* the number of these measurements */
#define PROBES_APART_NS 1000000 /* the least time between two measurements */
#define CHUNKS_PER_THREAD 4     /* so that a busy core delays only one chunk */
#define LONG_WAIT_NS 200000     /* a wait is long if it exceeds this and twice the time of the caller's own work */
#define LONG_CALL_NS 1000000    /* a call is long if it exceeds LONG_CALL_NS + 4 estimate + PAGES_NS n */
#define PAGES_NS 2.0            /* for each of n elements: the operating system may find and clear pages */
#define BALANCE_AT_MOST_NS 50000000
#define ONE_THREAD_FACTOR 20    /* calls run on one thread for this many times the deficit */
#define ONE_THREAD_AT_MOST_NS 1000000000

static atomic_int requested; /* by fa_set_num_threads; 0: the default */
static atomic_int forked;    /* this process is a child of fork() */
static int cpus_left;        /* by affinity and quota, at load */
static int env_threads;      /* FASTACT_NUM_THREADS, 0 if unset */
static int omp_env;          /* OMP_NUM_THREADS is set */
static int most_threads = 1; /* no setting may exceed it */
static atomic_int open_limits; /* open blocks of num_threads, of all threads */
static int (*_Atomic limit_of_caller)(void);
static _Thread_local int one_thread; /* calls of this thread start no others: fa_use_one_thread */
int fa_bad_threads, fa_bad_omp_threads;
#ifdef _OPENMP
static atomic_llong one_thread_until; /* on the clock of now_ns */
static atomic_llong balance_ns = BALANCE_AT_MOST_NS; /* at first enough to pay for starting the threads */
static int omp_at_load; /* OpenMP's number of threads; a lower one later is a limit that threadpoolctl, say, has set */
#endif

#if !defined(_WIN32)
static void mark_forked(void) { atomic_store(&forked, 1); }
#endif

/* The number at the start of a text, which may begin with spaces, and as *end what follows it and spaces; -1 if there is no
   number or it is negative. */
static long number_of(const char *text, const char **end)
{
    char *after;
    errno = 0;
    long number = strtol(text, &after, 10);
    *end = after;
    while (isspace((unsigned char)**end))
        ++*end;
    return after == text || errno || number < 0 ? -1 : number;
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("FASTACT_NUM_THREADS"), *omp = getenv("OMP_NUM_THREADS"), *end;
    int cpus = fa_cpus();
    cpus_left = fa_cpus_left();
    most_threads = cpus < 16 ? 64 : 4 * cpus;
    if (text) {
        long number = number_of(text, &end);
        fa_bad_threads = number < 0 || number > most_threads || *end;
        env_threads = fa_bad_threads ? 0 : (int)number;
    }
    if (omp) { /* a list, whose other numbers are for nested teams; OpenMP ignores what is not a number */
        long number = number_of(omp, &end);
        omp_env = number > 0 && (!*end || *end == ',');
        fa_bad_omp_threads = omp_env && number > most_threads;
    }
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
    int (*limit)(void) = atomic_load(&open_limits) > 0 ? atomic_load(&limit_of_caller) : NULL;
    int live = omp_get_max_threads(), asked = limit ? limit() : -1;
    if (asked < 0)
        asked = atomic_load(&requested);
    if (asked == 0)
        asked = env_threads > 0 ? env_threads : omp_env || live < cpus_left ? live : cpus_left;
    asked = live < omp_at_load && live < asked ? live : asked;
    return asked < most_threads ? asked : most_threads;
#else
    return 1;
#endif
}

int fa_most_threads(void) { return most_threads; }

int fa_set_num_threads(int threads)
{
    return threads < 0 || threads > most_threads ? -1 : atomic_exchange(&requested, threads);
}

void fa_use_one_thread(int change) { one_thread += change; }

void fa_count_limits(int change, int (*limit)(void))
{
    atomic_store(&limit_of_caller, limit);
    atomic_fetch_add(&open_limits, change);
}

#ifdef _OPENMP
static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Adds a call of n elements to the balance. The caller worked from start to done, and then waited for the others until now. */
static void update_balance(long long start, long long done, ptrdiff_t n, double expected_ns)
{
    long long end = now_ns(), wait = end - done, all = end - start, gain = (long long)expected_ns - all;
    if (wait > LONG_WAIT_NS + 2 * (done - start))
        gain = -wait;
    else if (all > LONG_CALL_NS + 4 * expected_ns + PAGES_NS * (double)n)
        gain = -all;
    else if (gain < 0)
        return; /* memory may be slower than the estimate, which does not count it */
    gain += atomic_load(&balance_ns);
    atomic_store(&balance_ns, gain < 0 ? 0 : gain < BALANCE_AT_MOST_NS ? gain : BALANCE_AT_MOST_NS);
    if (gain < 0) {
        long long pause = -gain * ONE_THREAD_FACTOR;
        atomic_store(&one_thread_until, end + (pause < ONE_THREAD_AT_MOST_NS ? pause : ONE_THREAD_AT_MOST_NS));
    }
}

/* The time of a loop on this processor relative to a Zen 5 core with AVX-512, whose costs the registry has: the shortest of
   several runs of fa_speed_probe; 1 until all PROBES have run. A processor that takes 4 times as long pays for threads at a
   fourth of the size: sigmoid of 2^15 on a Xeon of 16 cores 17 us with one thread, 9.3 us with all. */
static double slowness(void)
{
    static atomic_int probes, least; /* thousandths */
    static atomic_llong next_probe;
    if (atomic_load(&probes) >= PROBES)
        return atomic_load(&least) / 1000.0;
    long long start = now_ns(), now = start, due = atomic_load(&next_probe);
    if (start < due || !atomic_compare_exchange_strong(&next_probe, &due, start + PROBES_APART_NS))
        return 1;
    fa_kernel *kernel = fa_table->kernels[FA_FLOAT32][fa_speed_probe->index].scalar[FA_VALUE];
    float block[PROBE] = {0};
    const void *in = block;
    void *out = block;
    int shortest = atomic_load(&least);
    while (now - start < PROBE_NS) {
        long long before = now;
        kernel(&in, &out, PROBE, NULL);
        now = now_ns();
        int times = (int)(1000 * (double)(now - before) / (PROBE * fa_speed_probe->cost));
        shortest = !shortest || times < shortest ? times : shortest;
    }
    atomic_store(&least, shortest);
    atomic_fetch_add(&probes, 1);
    return 1;
}

/* The number of threads for a loop that takes a Zen 5 core *total_ns; *total_ns is rescaled to this processor. The number is one
   or all, because libgomp ends the threads that a smaller team leaves out, and later starts new ones. */
static int choose_threads(double *total_ns)
{
    if (*total_ns < WAKING_NS / 16 || one_thread || omp_in_parallel())
        return 1;
    int threads = fa_get_num_threads();
    if (threads > 1)
        *total_ns *= slowness();
    return *total_ns < WAKING_NS + WAKING_ONE_NS * threads ? 1 : threads;
}

#if defined(_WIN32)
static int can_start(int threads) { return threads > 1; }
#else
static void *wait_for_gate(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* Whether OpenMP can start a team of so many threads. It keeps the threads of this thread's last team, and starts those that a
   larger team needs in addition: as many are started here, all of them before the first ends. */
static int can_start(int threads)
{
    static _Thread_local int team = 1;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    int wanted = threads - team, started = 0;
    pthread_t *ids = wanted > 0 ? malloc((size_t)wanted * sizeof *ids) : NULL;
    if (ids) {
        pthread_mutex_lock(&gate);
        while (started < wanted && !pthread_create(ids + started, NULL, wait_for_gate, &gate))
            started++;
        pthread_mutex_unlock(&gate);
        for (int k = 0; k < started; k++)
            pthread_join(ids[k], NULL);
        pthread_mutex_destroy(&gate);
        free(ids);
    }
    if (started < wanted)
        return 0;
    team = threads;
    return 1;
}
#endif

/* Whether a call may use threads now. After a failure to start them it is 0 for a second. */
static int may_use_threads(int threads, long long now)
{
    if (now < atomic_load(&one_thread_until))
        return 0;
    if (can_start(threads))
        return 1;
    atomic_store(&one_thread_until, now + ONE_THREAD_AT_MOST_NS);
    return 0;
}
#endif

void fa_parallel(void (*task)(void *context, ptrdiff_t begin, ptrdiff_t end), void *context, ptrdiff_t n,
                 ptrdiff_t grain, double total_ns)
{
#ifdef _OPENMP
    ptrdiff_t grains = (n + grain - 1) / grain;
    int threads = grains < 2 ? 1 : choose_threads(&total_ns);
    long long start = threads > 1 ? now_ns() : 0, done = start;
    if (threads > 1 && may_use_threads(threads, start)) {
        start = done = now_ns();
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
        update_balance(start, done, n, total_ns);
        return;
    }
#endif
    (void)grain, (void)total_ns;
    task(context, 0, n);
}
