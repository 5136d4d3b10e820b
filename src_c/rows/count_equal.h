/* How many of the elements [from, to) of 16 are equal to `value`. */
INLINE int FN(count_equal)(const REAL *a, REAL value, int from, int to)
{
#if defined(__x86_64__) && FA_VECTOR_BYTES == 64 && !FA_DOUBLE
    unsigned found = _mm512_cmpeq_ps_mask(_mm512_loadu_ps(a), _mm512_set1_ps(value));
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 64
    __m512d wide = _mm512_set1_pd(value);
    unsigned found = _mm512_cmpeq_pd_mask(_mm512_loadu_pd(a), wide);
    found |= (unsigned)_mm512_cmpeq_pd_mask(_mm512_loadu_pd(a + 8), wide) << 8;
#elif defined(__x86_64__) && FA_VECTOR_BYTES == 32 && !FA_DOUBLE
    __m256 wide = _mm256_set1_ps(value);
    unsigned found = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a), wide, _CMP_EQ_OQ)) |
                     (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(a + 8), wide, _CMP_EQ_OQ)) << 8;
#else
    unsigned found = 0;
    for (int l = 0; l < ROW_LANES; l++)
        found |= (unsigned)(a[l] == value) << l;
#endif
    return __builtin_popcount(found >> from & ((1u << (to - from)) - 1));
}
