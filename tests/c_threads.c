/* The balance of runtime/parallel.c: after a call that has waited long for a late thread, calls run on one thread for a while.
   Prints how many threads ran a call before, right after, and some time after that. */
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include "internal.h"

typedef struct {
    long late_ns; /* how long the other thread sleeps */
    atomic_int threads, others;
} context;

static void wait_ns(long ns) { nanosleep(&(struct timespec){ns / 1000000000, ns % 1000000000}, NULL); }

/* The caller waits until another thread has begun, if there is one, so that each runs a chunk. */
static void task(void *of, ptrdiff_t begin, ptrdiff_t end)
{
    context *c = of;
    (void)begin, (void)end;
    atomic_fetch_add(&c->threads, 1);
    if (omp_get_thread_num() > 0) {
        atomic_fetch_add(&c->others, 1);
        wait_ns(c->late_ns);
    }
    for (int k = 0; k < 1000 && omp_get_num_threads() > 1 && !atomic_load(&c->others); k++)
        wait_ns(1000000);
}

/* Runs two chunks; returns the number of threads that ran them. */
static int threads_of_a_call(long late_ns)
{
    context c = {.late_ns = late_ns};
    fa_parallel(task, &c, 2, 1, 1e6);
    return atomic_load(&c.threads);
}

int main(void)
{
    fa_set_num_threads(2);
    int before = threads_of_a_call(0);
    threads_of_a_call(80000000); /* more than the balance of 50 ms: about 600 ms alone */
    int after = threads_of_a_call(0);
    wait_ns(1100000000);
    printf("%d %d %d\n", before, after, threads_of_a_call(0));
    return 0;
}
