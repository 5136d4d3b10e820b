/* erf(a) for 0 <= a <= 3.99: of each piece its index, base, c0, c1, c2, c3, c4.
   Written by coeffs/piecewise.py. */
#define ERF_PLACE 32
#define ERF_PLACE_OFFSET 0x1.6p-2f /* 0.34375 */
#define ERF_PLACE_SCALE 0x1p+0f /* 1.0 */
#define ERF_PLACE_CURVE 0x0p+0f /* 0.0 */
#define ERF_LIMIT 0x1.feb852p+1f /* 3.99 */
#define ERF_ROWS 32
#define ERF_COLUMNS 6
#define ERF_PIECES(PIECE) \
    PIECE(11, 0x0p+0f, 0x0p+0f, -0x1.06eba8p-3f, 0x1.ede05cp-21f, 0x1.814ccep-2f, 0x1.d6944cp-8f) \
    PIECE(12, 0x1.00003cp-5f, 0x1.20c5a8p-5f, -0x1.209546p+0f, -0x1.20846ep-5f, 0x1.809f1ap-2f, 0x1.0a5e04p-5f) \
    PIECE(13, 0x1.000d9cp-4f, 0x1.208c94p-4f, -0x1.1fbd0ap+0f, -0x1.1fd562p-4f, 0x1.7c3fdp-2f, 0x1.0ec90ap-5f) \
    PIECE(14, 0x1.8002bap-4f, 0x1.b00b1ep-4f, -0x1.1e5652p+0f, -0x1.ad7b64p-4f, 0x1.77ad2cp-2f, 0x1.1184ccp-4f) \
    PIECE(15, 0x1.000764p-3f, 0x1.1f665p-3f, -0x1.1c62b8p+0f, -0x1.1c6784p-3f, 0x1.6fcedap-2f, 0x1.4c7354p-4f) \
    PIECE(16, 0x1.40088p-3f, 0x1.663368p-3f, -0x1.19e58ap+0f, -0x1.60605ep-3f, 0x1.6645fp-2f, 0x1.96764cp-4f) \
    PIECE(17, 0x1.c0092ap-3f, 0x1.f19a86p-3f, -0x1.135da6p+0f, -0x1.e1e95cp-3f, 0x1.4c8c82p-2f, 0x1.0129a4p-3f) \
    PIECE(18, 0x1.2004e4p-2f, 0x1.3c9fc2p-2f, -0x1.0ae498p+0f, -0x1.2c44e4p-2f, 0x1.2bf24ep-2f, 0x1.2f30bp-3f) \
    PIECE(19, 0x1.600e8ep-2f, 0x1.7e242cp-2f, -0x1.00a94cp+0f, -0x1.60f4d2p-2f, 0x1.05c55ap-2f, 0x1.55d826p-3f) \
    PIECE(20, 0x1.a00aa8p-2f, 0x1.bcda1ep-2f, -0x1.e9d184p-1f, -0x1.8e037ap-2f, 0x1.b5e61ap-3f, 0x1.6b6524p-3f) \
    PIECE(21, 0x1.e00e5ep-2f, 0x1.f87caep-2f, -0x1.cfbe04p-1f, -0x1.b2ce9p-2f, 0x1.5abf06p-3f, 0x1.772abp-3f) \
    PIECE(22, 0x1.100e0ap-1f, 0x1.186198p-1f, -0x1.b39e4cp-1f, -0x1.cef0ccp-2f, 0x1.f942a8p-4f, 0x1.74ff6p-3f) \
    PIECE(23, 0x1.300cap-1f, 0x1.32af5p-1f, -0x1.960a6cp-1f, -0x1.e2412ep-2f, 0x1.3e6602p-4f, 0x1.6a005ep-3f) \
    PIECE(24, 0x1.500894p-1f, 0x1.4b19bcp-1f, -0x1.77899p-1f, -0x1.ed0086p-2f, 0x1.09e3d4p-5f, 0x1.454588p-3f) \
    PIECE(25, 0x1.900a0ap-1f, 0x1.762e98p-1f, -0x1.39c348p-1f, -0x1.ea62e4p-2f, -0x1.821422p-5f, 0x1.f8af7cp-4f) \
    PIECE(26, 0x1.d00b26p-1f, 0x1.99a2cap-1f, -0x1.fc2b24p-2f, -0x1.cca994p-2f, -0x1.bc9c24p-4f, 0x1.4a700cp-4f) \
    PIECE(27, 0x1.080486p+0f, 0x1.b5e9b6p-1f, -0x1.8edef6p-2f, -0x1.9b72fep-2f, -0x1.2fffacp-3f, 0x1.3a6db6p-5f) \
    PIECE(28, 0x1.280a3cp+0f, 0x1.cbcb5cp-1f, -0x1.2f60fp-2f, -0x1.5ee5d6p-2f, -0x1.56202cp-3f, 0x1.108ce6p-9f) \
    PIECE(29, 0x1.48033p+0f, 0x1.dc2b6p-1f, -0x1.bf8024p-3f, -0x1.1ebd22p-2f, -0x1.570758p-3f, -0x1.98df86p-6f) \
    PIECE(30, 0x1.6805c6p+0f, 0x1.e814cap-1f, -0x1.3fc64ep-3f, -0x1.c1c37ep-3f, -0x1.3c6244p-3f, -0x1.55930cp-5f) \
    PIECE(31, 0x1.88040cp+0f, 0x1.f0771p-1f, -0x1.bb073cp-4f, -0x1.533906p-3f, -0x1.10e0b4p-3f, -0x1.9181c4p-5f) \
    PIECE(0, 0x1.a800eap+0f, 0x1.f6300ap-1f, -0x1.297812p-4f, -0x1.ec65bp-4f, -0x1.b990fap-4f, -0x1.7fd5bcp-5f) \
    PIECE(1, 0x1.e8037ap+0f, 0x1.fc67f2p-1f, -0x1.e83424p-6f, -0x1.d042dap-5f, -0x1.f08094p-5f, -0x1.0b1ca8p-5f) \
    PIECE(2, 0x1.140802p+1f, 0x1.fed3ccp-1f, -0x1.6147e6p-7f, -0x1.7b37bep-6f, -0x1.d29876p-6f, -0x1.21f5ap-6f) \
    PIECE(3, 0x1.340e32p+1f, 0x1.ffa8d2p-1f, -0x1.c31b78p-9f, -0x1.0d7d9cp-7f, -0x1.745676p-7f, -0x1.01ad4p-7f) \
    PIECE(4, 0x1.540f9ap+1f, 0x1.ffe97ap-1f, -0x1.fc9a54p-11f, -0x1.4e5f06p-9f, -0x1.fda9dep-9f, -0x1.7ff7f4p-9f) \
    PIECE(5, 0x1.740d3ap+1f, 0x1.fffad4p-1f, -0x1.fa53ep-13f, -0x1.6ae83p-11f, -0x1.2d1036p-10f, -0x1.e64b14p-11f) \
    PIECE(6, 0x1.94079ap+1f, 0x1.fffef2p-1f, -0x1.bd1c1ap-15f, -0x1.5915d6p-13f, -0x1.345c4p-12f, -0x1.08094ap-12f) \
    PIECE(7, 0x1.b40ffep+1f, 0x1.ffffdp-1f, -0x1.59d3a8p-17f, -0x1.a59318p-15f, -0x1.c7334cp-13f, -0x1.baff14p-12f) \
    PIECE(8, 0x1.d4p+1f, 0x1.fffff8p-1f, -0x1.2d72ecp-19f, -0x1.c23c64p-17f, -0x1.85902ep-15f, -0x1.028aacp-14f)
