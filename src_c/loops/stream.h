/* fa_stream_copy copies a block from L1 to memory past the caches, so that the processor does not read the cache lines first. It
   needs intrinsics, because C has no such store. Included once for each instruction set. */
#if defined(__x86_64__)
#if FA_VECTOR_BYTES == 64
#define FA_STREAM(to, from) _mm512_stream_si512((__m512i *)(to), _mm512_loadu_si512(from))
#elif FA_VECTOR_BYTES == 32
#define FA_STREAM(to, from) _mm256_stream_si256((__m256i *)(to), _mm256_loadu_si256((const __m256i *)(from)))
#else
#define FA_STREAM(to, from) _mm_stream_si128((__m128i *)(to), _mm_loadu_si128((const __m128i *)(from)))
#endif
#define fa_stream_fence() _mm_sfence()
#else
#define fa_stream_fence() ((void)0)
#endif

__attribute__((unused)) static void fa_stream_copy(char *to, const char *from, ptrdiff_t bytes)
{
    ptrdiff_t i = 0;
#ifdef FA_STREAM
    i = -(uintptr_t)to & (FA_VECTOR_BYTES - 1);
    i = i < bytes ? i : bytes;
    memcpy(to, from, (size_t)i);
    for (; i + FA_VECTOR_BYTES <= bytes; i += FA_VECTOR_BYTES)
        FA_STREAM(to + i, from + i);
#endif
    memcpy(to + i, from + i, (size_t)(bytes - i));
}
