/* A column of a table has one number of each piece, in one or two registers. */
#define FA_STORED_BY_COLUMNS(rows)                                                                              \
    typedef struct {                                                                                            \
        float limit;                                                                                    \
        _Alignas(64) float column[FA_PIECE_COLUMNS][rows];                                                      \
    } fa_pieces_##rows;

/* The initialiser of a column, of PIECE(i, base, c0, ...) with up to c6. */
#define FA_COLUMN(k, PIECES) {PIECES(FA_COLUMN_##k)}
#define FA_COLUMN_0(i, base, ...) [i] = base,
#define FA_COLUMN_1(i, base, c0, ...) [i] = c0,
#define FA_COLUMN_2(i, base, c0, c1, ...) [i] = c1,
#define FA_COLUMN_3(i, base, c0, c1, c2, ...) [i] = c2,
#define FA_COLUMN_4(i, base, c0, c1, c2, c3, ...) [i] = c3,
#define FA_COLUMN_5(i, base, c0, c1, c2, c3, c4, ...) [i] = c4,
#define FA_COLUMN_6(...) FA_COLUMN_6_(__VA_ARGS__, 0)
#define FA_COLUMN_7(...) FA_COLUMN_7_(__VA_ARGS__, 0, 0)
#define FA_COLUMN_6_(i, base, c0, c1, c2, c3, c4, c5, ...) [i] = c5,
#define FA_COLUMN_7_(i, base, c0, c1, c2, c3, c4, c5, c6, ...) [i] = c6,
#define FA_COLUMNS_OF(PIECES)                                                                                   \
    {FA_COLUMN(0, PIECES), FA_COLUMN(1, PIECES), FA_COLUMN(2, PIECES), FA_COLUMN(3, PIECES),                    \
     FA_COLUMN(4, PIECES), FA_COLUMN(5, PIECES), FA_COLUMN(6, PIECES), FA_COLUMN(7, PIECES)}

FA_STORED_BY_COLUMNS(8)
#define FA_PIECES_OF_8 FA_COLUMNS_OF
enum { PIECE_GROUP_8 = PIECE_STEP }; /* all of a vector at once: what is looked up stays in registers */
INLINE uint32_t piece_place_8(uint32_t bits) { return bits >> 22 & 7; }
