/* Functions of bytes: a table of all 256 results. */
#include "internal.h"

/* ns of one thread for a byte, Zen 4. */
#define BYTE_NS_VBMI 0.02
#define BYTE_NS 0.1

static void run(void *call, ptrdiff_t begin, ptrdiff_t end) { fa_run_bytes(call, begin, end); }

void fa_look_up_bytes(const unsigned char *table, const unsigned char *x, unsigned char *y, ptrdiff_t n)
{
    fa_bytes_call call = {table, x, y, x != y && n >= 1 << 19 && fa_writes_past_caches(2 * n)};
#if defined(__x86_64__)
    double ns = fa_run_bytes == fa_run_bytes_vbmi ? BYTE_NS_VBMI : BYTE_NS;
#else
    double ns = BYTE_NS;
#endif
    fa_parallel(run, &call, n, FA_GRAIN, ns * (double)n);
}
