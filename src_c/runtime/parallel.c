/* Threads: the only file that starts any.

   A loop goes parallel when its estimated time on one thread pays for waking the others. The number
   of threads is, in this order: the caller's own limit (of a block of Python's num_threads);
   fa_set_num_threads; FASTACT_NUM_THREADS; what OpenMP would use at the
   moment (OMP_NUM_THREADS and threadpoolctl act through it), and never more than affinity and the
   container's CPU quota leave, unless OMP_NUM_THREADS asked for it by name. A limit set on OpenMP at
   run time (threadpoolctl) binds all of these, and so does fa_most_threads.

   OpenMP ends the process where it cannot start a thread (limits of processes or of memory). So as many as a
   larger team needs are first started here, for a moment; where that fails, the call is one thread's.

   A forked child inherits OpenMP's bookkeeping without its threads, and libgomp would wait for them
   for ever: in a child everything runs on the calling thread.

   A parallel region ends when its last thread has arrived, and that thread may not even have begun where
   another program has its core: a call of 0.1 ms can then take 8. So it can where two threads share a core,
   one working and one spinning. An account of what threads have gained and lost pays for a hiccup now and then;
   who is in the red stays alone for twenty times what is missing, and then tries again. */
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

#define WAKING_NS 5500.0        /* a loop shorter than this stays on one thread, */
#define WAKING_ONE_NS 250.0     /* and this for each thread: measured with 2, 4, 8 and 16 */
#define PROBE 2048              /* elements of a loop that tells how fast this processor is, */
#define PROBE_NS 25000          /* for how long it is repeated, since wide vectors take a while to speed up, */
#define PROBES 4                /* and how often, */
#define PROBES_APART_NS 1000000
#define CHUNKS_PER_THREAD 4     /* so that a core that is busy elsewhere delays one chunk only */
#define LONG_WAIT_NS 200000     /* for the others, beyond twice the time of the work itself */
#define LONG_CALL_NS 1000000    /* beyond four times the estimate, and */
#define PAGES_NS 2.0            /* an element: what the kernel may take to find and clear pages */
#define GAINS_AT_MOST_NS 50000000
#define ALONE_AFTER_LOSS 20     /* times what is missing */
#define ALONE_AT_MOST_NS 1000000000

static atomic_int requested; /* by fa_set_num_threads; 0: the default */
static atomic_int forked;    /* in a child of fork() */
static int cpus_left;        /* by affinity and quota, at load */
static int env_threads;      /* FASTACT_NUM_THREADS, 0 if unset */
static int omp_env;          /* OMP_NUM_THREADS is set */
static int most_threads = 1; /* whoever asks for them */
static atomic_int limits;    /* blocks that are open, of whatever thread */
static int (*_Atomic limit_of_caller)(void);
int fa_bad_threads, fa_bad_omp_threads;
#ifdef _OPENMP
static atomic_llong alone_until; /* on the clock of now_ns */
static atomic_llong gained = GAINS_AT_MOST_NS; /* by threads; at first what it takes to make them */
static int omp_at_load; /* a lower value later is a limit that somebody set: threadpoolctl, say */
#endif

#if !defined(_WIN32)
static void mark_forked(void) { atomic_store(&forked, 1); }
#endif

/* A number from 0 on at the start of a text, spaces before it, and *end what follows it; -1 where there is none. */
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
    if (omp) { /* a list, whose further numbers are for nested teams; what is no number is none to OpenMP either */
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
    int (*limit)(void) = atomic_load(&limits) > 0 ? atomic_load(&limit_of_caller) : NULL;
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

void fa_count_limits(int change, int (*limit)(void))
{
    atomic_store(&limit_of_caller, limit);
    atomic_fetch_add(&limits, change);
}

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
    long long end = now_ns(), wait = end - done, all = end - start, gain = (long long)expected_ns - all;
    if (wait > LONG_WAIT_NS + 2 * (done - start))
        gain = -wait;
    else if (all > LONG_CALL_NS + 4 * expected_ns + PAGES_NS * (double)n)
        gain = -all;
    else if (gain < 0)
        return; /* an estimate knows nothing of memory */
    gain += atomic_load(&gained);
    atomic_store(&gained, gain < 0 ? 0 : gain < GAINS_AT_MOST_NS ? gain : GAINS_AT_MOST_NS);
    if (gain < 0) {
        long long alone = -gain * ALONE_AFTER_LOSS;
        atomic_store(&alone_until, end + (alone < ALONE_AT_MOST_NS ? alone : ALONE_AT_MOST_NS));
    }
}

/* The costs are a Zen 5 core's with AVX-512: how many times as long does a loop take here? The quickest run of one
   tells; 1 until there were enough. */
static double slowness(void)
{
    static atomic_int probes, quickest; /* thousandths */
    static atomic_llong next;
    if (atomic_load(&probes) >= PROBES)
        return atomic_load(&quickest) / 1000.0;
    long long start = now_ns(), now = start, due = atomic_load(&next);
    if (start < due || !atomic_compare_exchange_strong(&next, &due, start + PROBES_APART_NS))
        return 1;
    const fa_activation *sigmoid = fa_find("sigmoid");
    float block[PROBE] = {0};
    const void *in = block;
    void *out = block;
    int least = atomic_load(&quickest);
    while (now - start < PROBE_NS) {
        long long before = now;
        fa_table->kernels[FA_FLOAT32][sigmoid->index].scalar[FA_VALUE](&in, &out, PROBE, NULL);
        now = now_ns();
        int times = (int)(1000 * (double)(now - before) / (PROBE * sigmoid->cost));
        least = !least || times < least ? times : least;
    }
    atomic_store(&quickest, least);
    atomic_fetch_add(&probes, 1);
    return 1;
}

/* Threads for a loop that takes a Zen 5 core total_ns: all or one, since libgomp ends those that a smaller team
   leaves out and later starts them anew. Makes total_ns this processor's time. */
static int threads_for(double *total_ns)
{
    if (*total_ns < WAKING_NS / 16 || omp_in_parallel())
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

/* Whether a team of so many can be had. OpenMP keeps the threads of this thread's last team, and starts what a larger
   one needs besides: as many are started here, all of them before the first ends. */
static int can_start(int threads)
{
    static _Thread_local int had = 1;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    int wanted = threads - had, started = 0;
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
    had = threads;
    return 1;
}
#endif

/* The same, once a second where it cannot. */
static int can_go(int threads, long long now)
{
    if (now < atomic_load(&alone_until))
        return 0;
    if (can_start(threads))
        return 1;
    atomic_store(&alone_until, now + ALONE_AT_MOST_NS);
    return 0;
}
#endif

void fa_parallel(void (*task)(void *context, ptrdiff_t begin, ptrdiff_t end), void *context, ptrdiff_t n,
                 ptrdiff_t grain, double total_ns)
{
#ifdef _OPENMP
    ptrdiff_t grains = (n + grain - 1) / grain;
    int threads = grains < 2 ? 1 : threads_for(&total_ns);
    long long start = threads > 1 ? now_ns() : 0, done = start;
    if (threads > 1 && can_go(threads, start)) {
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
        note_time(start, done, n, total_ns);
        return;
    }
#endif
    (void)grain, (void)total_ns;
    task(context, 0, n);
}
