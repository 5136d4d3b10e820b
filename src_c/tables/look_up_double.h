/* Functions of double by a table of 16 rows; coeffs/double_tables.py explains and prints the tables. The low four bits of a
   position, a double, are the row of an element. A kernel header defines

       FA_TABLE_OF_DOUBLE(erf, ERF_DOUBLE)
       REAL FN(erf_argument)(REAL x, REAL low, REAL high)     what the table is for, such as |x|, from its limits
       REAL FN(erf_position)(REAL a)                          from the argument
       REAL FN(erf)(REAL x, REAL a, REAL position, const REAL *row, REAL low)   FA_IN_ROW(k) is number k of the element's row

   and loops/double_tables.h calls these with the rows of a whole vector, which look_up_double fetches: it writes column k of
   LANES elements to `to + k * TABLE_STEP`. `table[i]` in a loop would become gathers, which take four times as long as all of
   exponential. Every way of fetching is exact, so that the bits do not depend on it. */
enum { TABLE_ROWS = 16 };
#define FA_IN_ROW(k) row[(k) * TABLE_STEP]

/* As PIECE_STEP and PIECE_GROUP in look_up.h: how many elements are looked up before they are computed, and how many positions
   are computed before they are used. */
#ifdef __clang__
#define TABLE_STEP (4 * LANES)
#else
#define TABLE_STEP LANES
#endif

#if FA_VECTOR_BYTES == 64
/* One permutation fetches a vector from a column of 16 numbers, which are two registers. */
#define TABLE_GROUP TABLE_STEP
#define FA_TABLE_COLUMN(k, ...) [k] = {__VA_ARGS__},
#define FA_TABLE_OF_DOUBLE(name, NAME)                                                                          \
    enum { FN(name##_columns) = NAME##_COLUMNS };                                                                   \
    static const double FN(name##_table)[NAME##_COLUMNS][TABLE_ROWS]                                                \
        __attribute__((aligned(64))) = {NAME##_TABLE(FA_TABLE_COLUMN)};                                         \
    INLINE void FN(name##_look_up)(const double *positions, double *to)                                             \
    {                                                                                                           \
        look_up_double(FN(name##_table)[0], positions, NAME##_COLUMNS, to);                                         \
    }

INLINE void look_up_double(const double *table, const double *positions, int columns, double *to)
{
    __m512i i = _mm512_loadu_si512(positions);
    for (int k = 0; k < columns; k++, table += TABLE_ROWS)
        _mm512_storeu_pd(to + k * TABLE_STEP, _mm512_permutex2var_pd(_mm512_load_pd(table), i, _mm512_load_pd(table + 8)));
}
#else
/* Rows of a power of two of numbers, so that no two numbers that are loaded together are in different cache lines. */
#define TABLE_GROUP BOUNDED_BLOCK
#define FA_ROW_LENGTH(columns) ((columns) <= 2 ? 2 : 16)
#define FA_TABLE_COLUMN(k, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15)                 \
    [0][k] = v0, [1][k] = v1, [2][k] = v2, [3][k] = v3, [4][k] = v4, [5][k] = v5, [6][k] = v6, [7][k] = v7,       \
    [8][k] = v8, [9][k] = v9, [10][k] = v10, [11][k] = v11, [12][k] = v12, [13][k] = v13, [14][k] = v14, [15][k] = v15,
#define FA_TABLE_OF_DOUBLE(name, NAME)                                                                          \
    enum { FN(name##_columns) = NAME##_COLUMNS };                                                                   \
    static const double FN(name##_table)[TABLE_ROWS][FA_ROW_LENGTH(NAME##_COLUMNS)]                                 \
        __attribute__((aligned(64))) = {NAME##_TABLE(FA_TABLE_COLUMN)};                                         \
    INLINE void FN(name##_look_up)(const double *positions, double *to)                                             \
    {                                                                                                           \
        look_up_double(FN(name##_table)[0], positions, NAME##_COLUMNS, to);                                         \
    }

INLINE const double *row_of_position(const double *table, double position, int columns)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &position, sizeof bits);
    return table + (bits & (TABLE_ROWS - 1)) * FA_ROW_LENGTH(columns);
}

#if FA_VECTOR_BYTES == 32
/* Two numbers of each of four rows at a time. */
INLINE void look_up_double(const double *table, const double *positions, int columns, double *to)
{
    const double *row[4];
    for (int i = 0; i < 4; i++)
        row[i] = row_of_position(table, positions[i], columns);
    for (int k = 0; k < columns; k += 2) {
        __m256d even = _mm256_castpd128_pd256(_mm_load_pd(row[0] + k)), odd = _mm256_castpd128_pd256(_mm_load_pd(row[1] + k));
        even = _mm256_insertf128_pd(even, _mm_load_pd(row[2] + k), 1);
        odd = _mm256_insertf128_pd(odd, _mm_load_pd(row[3] + k), 1);
        _mm256_storeu_pd(to + k * TABLE_STEP, _mm256_unpacklo_pd(even, odd));
        _mm256_storeu_pd(to + (k + 1) * TABLE_STEP, _mm256_unpackhi_pd(even, odd));
    }
}
#else
INLINE void look_up_double(const double *table, const double *positions, int columns, double *to)
{
    for (int i = 0; i < LANES; i++) {
        const double *row = row_of_position(table, positions[i], columns);
        for (int k = 0; k < columns; k++)
            to[k * TABLE_STEP + i] = row[k];
    }
}
#endif
#endif
