/* The floating-point flags of this thread. Comparisons with NaN raise "invalid" and subnormal results raise "underflow". NumPy
   would warn about them, so calls restore these flags. */
#ifndef FASTACT_FP_FLAGS_H
#define FASTACT_FP_FLAGS_H

#if defined(__x86_64__) /* only the SSE flags: <fenv.h> also reads those of the x87, which takes many times as long */
#include <xmmintrin.h>
#define FA_QUIET (_MM_EXCEPT_UNDERFLOW | _MM_EXCEPT_INVALID)
static inline unsigned fa_flags(void) { return _mm_getcsr(); }

/* Clears "invalid" and "underflow" if they were clear before. */
static inline void fa_restore_flags(unsigned before)
{
    unsigned now = _mm_getcsr();
    if (now & ~before & FA_QUIET)
        _mm_setcsr(now & ~(FA_QUIET & ~before));
}

/* The same for "overflow". Flags are written only if they have changed, because writing takes as long as a short loop. */
static inline void fa_restore_overflow(unsigned before)
{
    unsigned now = _mm_getcsr();
    if (now & ~before & _MM_EXCEPT_OVERFLOW)
        _mm_setcsr(now & ~(_MM_EXCEPT_OVERFLOW & ~before));
}
#else
#include <fenv.h>
#define FA_QUIET (FE_UNDERFLOW | FE_INVALID)
static inline unsigned fa_flags(void) { return (unsigned)fetestexcept(FA_QUIET | FE_OVERFLOW); }
static inline void fa_restore_flags(unsigned before) { feclearexcept(FA_QUIET & ~(int)before); }
static inline void fa_restore_overflow(unsigned before) { feclearexcept(FE_OVERFLOW & ~(int)before); }
#endif

#endif
