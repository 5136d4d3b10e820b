/* a - tanh(a) for 0.9375 <= a <= 10.5: of each piece its index, base, c0, c1, c2, c3, c4, c5, c6.
   Written by coeffs/piecewise.py. */
#define TANH_SHRINK_PLACE 8
#define TANH_SHRINK_PLACE_OFFSET 0x1p-4f /* 0.0625 */
#define TANH_SHRINK_PLACE_SCALE 0x1p+0f /* 1.0 */
#define TANH_SHRINK_PLACE_CURVE 0x0p+0f /* 0.0 */
#define TANH_SHRINK_LIMIT 0x1.5p+3f /* 10.5 */
#define TANH_SHRINK_ROWS 8
#define TANH_SHRINK_COLUMNS 8
#define TANH_SHRINK_PIECES(PIECE) \
    PIECE(6, 0x1.e00d32p-1f, 0x1.a0bb8ep-3f, -0x1.13ee7cp-1f, 0x1.5a9da4p-2f, 0x1.84e32ap-4f, -0x1.5b932p-5f, -0x1.a4683p-5f, -0x1.18359cp-6f) \
    PIECE(7, 0x1.7008f4p+0f, 0x1.16bda6p-1f, -0x1.987eeep-1f, 0x1.71d524p-3f, 0x1.814fb4p-4f, 0x1.9569c2p-6f, -0x1.209196p-9f, -0x1.9b79c8p-9f) \
    PIECE(0, 0x1.f002c6p+0f, 0x1.f4d71cp-1f, -0x1.d73596p-1f, 0x1.390ff2p-4f, 0x1.7f52f8p-5f, 0x1.406ce2p-6f, 0x1.5b9ed8p-8f, 0x1.7844f4p-11f) \
    PIECE(1, 0x1.780de8p+1f, 0x1.f18aap+0f, -0x1.fa48e6p-1f, 0x1.6b829ep-7f, 0x1.dc5348p-8f, 0x1.bfdb5p-9f, 0x1.203d48p-10f, 0x1.7e065ep-13f) \
    PIECE(2, 0x1.f80d12p+1f, 0x1.7825f4p+1f, -0x1.ff3934p-1f, 0x1.896f78p-10f, 0x1.f1ecb8p-11f, 0x1.a15da2p-12f, 0x1.a516c6p-14f, 0x1.7cecbcp-17f) \
    PIECE(3, 0x1.7c0ffep+2f, 0x1.3c1038p+2f, -0x1.fffc5ap-1f, 0x1.11c1p-15f, 0x1.1cbbb4p-15f, 0x1.c0e2dp-16f, 0x1.8576c2p-17f, 0x1.095bccp-19f) \
    PIECE(4, 0x1.fcp+2f, 0x1.bc0002p+2f, -0x1.ffff16p-1f, 0x1.035214p-15f, 0x1.b6322ap-15f, 0x1.4f5c1p-15f, 0x1.d8293p-17f, 0x1.f16cc8p-20f)
