/* The instruction set in use, chosen at load: the best that the processor has, or FASTACT_ISA. */
#include <stdlib.h>
#include <string.h>
#include "internal.h"

const fa_isa_table *fa_table = &fa_baseline;
fa_bytes_runner *fa_run_bytes;
int fa_bad_isa;

__attribute__((constructor)) static void choose_table(void)
{
    const fa_isa_table *candidates[] = {
#if defined(__x86_64__)
        fa_cpu_has_avx512() ? &fa_avx512 : NULL, fa_cpu_has_avx2() ? &fa_avx2 : NULL,
#elif defined(__aarch64__)
        &fa_neon,
#endif
        &fa_baseline};
    const char *wanted = getenv("FASTACT_ISA");
    int count = (int)(sizeof candidates / sizeof *candidates);
    fa_table = NULL;
    for (int i = 0; i < count; i++) /* a name that this processor lacks counts as none */
        if (candidates[i] && wanted && strcmp(wanted, candidates[i]->name) == 0)
            fa_table = candidates[i];
    fa_bad_isa = wanted && !fa_table;
    for (int i = 0; i < count && !fa_table; i++)
        fa_table = candidates[i];
    fa_run_bytes = fa_table->bytes;
#if defined(__x86_64__)
    if (fa_table == &fa_avx512 && fa_cpu_has_vbmi())
        fa_run_bytes = fa_run_bytes_vbmi;
#endif
}

const char *fa_isa(void) { return fa_table->name; }
