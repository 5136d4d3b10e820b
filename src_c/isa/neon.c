/* NEON: 16-byte vectors, part of every aarch64 processor. Empty on others. */
#if defined(__aarch64__)
#define FA_ISA neon
#define FA_VECTOR_BYTES 16
#include "isa/per_isa.h"
#endif
