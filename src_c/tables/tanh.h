/* tanh(a) for 0 <= a <= 9.25: of each piece its index, base, c0, c1, c2, c3, c4.
   Written by coeffs/piecewise.py. */
#define TANH_PLACE 32
#define TANH_PLACE_OFFSET 0x1.58p-1f /* 0.671875 */
#define TANH_PLACE_SCALE 0x1p+0f /* 1.0 */
#define TANH_PLACE_CURVE 0x0p+0f /* 0.0 */
#define TANH_LIMIT 0x1.28p+3f /* 9.25 */
#define TANH_ROWS 32
#define TANH_COLUMNS 6
#define TANH_PIECES(PIECE) \
    PIECE(18, 0x0p+0f, 0x0p+0f, -0x1p+0f, 0x1.90b77cp-24f, 0x1.555ed6p-2f, 0x1.0646ccp-8f) \
    PIECE(19, 0x1.000cccp-6f, 0x1.000776p-6f, -0x1.ffdffcp-1f, -0x1.ff786ep-7f, 0x1.55db8ep-2f, 0x1.d63882p-6f) \
    PIECE(20, 0x1.400da6p-4f, 0x1.3f674ep-4f, -0x1.fce2f8p-1f, -0x1.3d657cp-4f, 0x1.4df39ep-2f, 0x1.1ac202p-4f) \
    PIECE(21, 0x1.200278p-3f, 0x1.1e203cp-3f, -0x1.f6019cp-1f, -0x1.188162p-3f, 0x1.3bf216p-2f, 0x1.ae5872p-4f) \
    PIECE(22, 0x1.a009b8p-3f, 0x1.9a687p-3f, -0x1.eb7068p-1f, -0x1.89e6d4p-3f, 0x1.20cc28p-2f, 0x1.109ea2p-3f) \
    PIECE(23, 0x1.1006c8p-2f, 0x1.09cd98p-2f, -0x1.dd8094p-1f, -0x1.efc34ep-3f, 0x1.fd1542p-3f, 0x1.3d1a5cp-3f) \
    PIECE(24, 0x1.5007fap-2f, 0x1.447792p-2f, -0x1.cc981cp-1f, -0x1.23de5ep-2f, 0x1.ae5f6ap-3f, 0x1.597cd6p-3f) \
    PIECE(25, 0x1.d00da6p-2f, 0x1.b2b1fap-2f, -0x1.a3bc12p-1f, -0x1.6465c4p-2f, 0x1.fec712p-4f, 0x1.4c8db2p-3f) \
    PIECE(26, 0x1.2803fcp-1f, 0x1.0aeae8p-1f, -0x1.74d99ep-1f, -0x1.84d2eep-2f, 0x1.611724p-5f, 0x1.124116p-3f) \
    PIECE(27, 0x1.680218p-1f, 0x1.367484p-1f, -0x1.43c0fp-1f, -0x1.88b43ap-2f, -0x1.848a76p-6f, 0x1.86ceep-4f) \
    PIECE(28, 0x1.a80b0ep-1f, 0x1.5be92cp-1f, -0x1.139728p-1f, -0x1.769cd4p-2f, -0x1.22c4fap-4f, 0x1.d15fp-5f) \
    PIECE(29, 0x1.e80d2ep-1f, 0x1.7b83cap-1f, -0x1.cd60b6p-2f, -0x1.560d4p-2f, -0x1.94d52ap-4f, 0x1.947caap-6f) \
    PIECE(30, 0x1.140f4cp+0f, 0x1.95ce4cp-1f, -0x1.7cb9cp-2f, -0x1.2dccfcp-2f, -0x1.c538ap-4f, 0x1.3a1138p-10f) \
    PIECE(31, 0x1.3400dep+0f, 0x1.ab51eap-1f, -0x1.36b5b8p-2f, -0x1.0358a8p-2f, -0x1.c5f82ap-4f, -0x1.c39b9ap-7f) \
    PIECE(0, 0x1.540adep+0f, 0x1.bcd76ap-1f, -0x1.f608eep-3f, -0x1.b44f82p-3f, -0x1.aac75ap-4f, -0x1.857d9ep-6f) \
    PIECE(1, 0x1.94029p+0f, 0x1.d62d58p-1f, -0x1.40ea8cp-3f, -0x1.26a592p-3f, -0x1.4613a8p-4f, -0x1.8de57cp-6f) \
    PIECE(2, 0x1.d40392p+0f, 0x1.e63838p-1f, -0x1.9218a2p-4f, -0x1.7da652p-4f, -0x1.c4402ap-5f, -0x1.38be32p-6f) \
    PIECE(3, 0x1.0a0b32p+1f, 0x1.f03744p-1f, -0x1.f14cp-5f, -0x1.e19b8ap-5f, -0x1.28d842p-5f, -0x1.b5e81p-7f) \
    PIECE(4, 0x1.2a068p+1f, 0x1.f65d84p-1f, -0x1.31671cp-5f, -0x1.2b63d2p-5f, -0x1.79b908p-6f, -0x1.20a9ccp-7f) \
    PIECE(5, 0x1.4a0cb4p+1f, 0x1.fa2302p-1f, -0x1.751712p-6f, -0x1.707554p-6f, -0x1.d75bbcp-7f, -0x1.6fbb28p-8f) \
    PIECE(6, 0x1.6a048cp+1f, 0x1.fc6f18p-1f, -0x1.c6d9fap-7f, -0x1.c337cp-7f, -0x1.2303ap-7f, -0x1.cb80aap-9f) \
    PIECE(7, 0x1.8a03fcp+1f, 0x1.fdd584p-1f, -0x1.14a5ecp-7f, -0x1.132f1ap-7f, -0x1.64bd4cp-8f, -0x1.1ba714p-9f) \
    PIECE(8, 0x1.aa04a8p+1f, 0x1.feaf6cp-1f, -0x1.500624p-8f, -0x1.4cd2bap-8f, -0x1.9d72a4p-9f, -0x1.147944p-10f) \
    PIECE(9, 0x1.ea0bbep+1f, 0x1.ff8422p-1f, -0x1.ef0d5cp-10f, -0x1.eb15f8p-10f, -0x1.31c61p-10f, -0x1.9a247p-12f) \
    PIECE(10, 0x1.1507fp+2f, 0x1.ffd26ep-1f, -0x1.6c5d3ep-11f, -0x1.69a62ap-11f, -0x1.c2c5fap-12f, -0x1.2ea79ep-13f) \
    PIECE(11, 0x1.35046ap+2f, 0x1.ffef3ap-1f, -0x1.0c423p-12f, -0x1.0a50a8p-12f, -0x1.4c0d5ap-13f, -0x1.be08e8p-15f) \
    PIECE(12, 0x1.55030ep+2f, 0x1.fff9d4p-1f, -0x1.8ad7dp-14f, -0x1.880054p-14f, -0x1.e8c3d8p-15f, -0x1.483a6cp-16f) \
    PIECE(13, 0x1.750ffep+2f, 0x1.fffdbcp-1f, -0x1.223742p-15f, -0x1.3134d2p-15f, -0x1.03bba8p-15f, -0x1.378988p-16f) \
    PIECE(14, 0x1.95p+2f, 0x1.ffff2ap-1f, -0x1.b11832p-17f, -0x1.de792ep-17f, -0x1.b4466ep-17f, -0x1.03deacp-17f) \
    PIECE(15, 0x1.b50ffep+2f, 0x1.ffffb2p-1f, -0x1.3aced4p-18f, -0x1.038d94p-17f, -0x1.276d84p-16f, -0x1.38ff7cp-16f) \
    PIECE(16, 0x1.d50ffep+2f, 0x1.ffffe4p-1f, -0x1.cf8336p-20f, -0x1.8987eap-19f, -0x1.08ce58p-18f, -0x1.131486p-19f) \
    PIECE(17, 0x1.0a8p+3f, 0x1.fffffcp-1f, -0x1.539892p-22f, -0x1.6af28p-21f, -0x1.e6d3a2p-21f, -0x1.e9437cp-22f)
