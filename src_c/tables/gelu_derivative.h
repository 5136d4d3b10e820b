/* Q(a) - a phi(a) for 0 <= a <= 7.0: of each piece its index, base, c0, c1, c2, c3, c4, c5, c6.
   Written by coeffs/piecewise.py. */
#define GELU_DERIVATIVE_PLACE integers
#define GELU_DERIVATIVE_PLACE_OFFSET 0x1.8p+23f /* 12582912.0 */
#define GELU_DERIVATIVE_PLACE_SCALE 0x1.333334p+1f /* 2.4 */
#define GELU_DERIVATIVE_PLACE_CURVE 0x1.322d0ep-2f /* 0.299 */
#define GELU_DERIVATIVE_LIMIT 0x1.cp+2f /* 7.0 */
#define GELU_DERIVATIVE_ROWS 32
#define GELU_DERIVATIVE_COLUMNS 8
#define GELU_DERIVATIVE_PIECES(PIECE) \
    PIECE(0, 0x0p+0f, 0x1p-1f, 0x1.988454p-1f, 0x1.ce7146p-20f, -0x1.104cbap-2f, 0x1.0ca78ap-11f, 0x1.0170eep-4f, 0x1.19fee6p-7f) \
    PIECE(1, 0x1.b93eacp-2f, 0x1.69afep-3f, 0x1.51bbfap-1f, 0x1.31f476p-2f, -0x1.536028p-3f, -0x1.ab78d4p-4f, 0x1.c093c4p-6f, 0x1.53d704p-6f) \
    PIECE(2, 0x1.80ead2p-1f, -0x1.6737d8p-28f, 0x1.b9d99p-2f, 0x1.8d9a96p-2f, -0x1.2a46b4p-6f, -0x1.d2ff7p-4f, -0x1.d95aaep-7f, 0x1.3fc1c4p-6f) \
    PIECE(3, 0x1.212e88p+0f, -0x1.bd8e0ep-4f, 0x1.388404p-3f, 0x1.4c113cp-2f, 0x1.db68ccp-4f, -0x1.c6d28ap-5f, -0x1.4b794ap-5f, 0x1.0bee44p-8f) \
    PIECE(4, 0x1.720a86p+0f, -0x1.0796eap-3f, -0x1.9b1b62p-7f, 0x1.8ce788p-3f, 0x1.2be524p-3f, 0x1.550b02p-8f, -0x1.0a2824p-5f, -0x1.195324p-7f) \
    PIECE(5, 0x1.be684ap+0f, -0x1.c8ad98p-4f, -0x1.73d112p-4f, 0x1.2ac9b2p-4f, 0x1.deaa24p-4f, 0x1.41fff2p-5f, -0x1.9adb72p-7f, -0x1.7daf5cp-7f) \
    PIECE(6, 0x1.038e64p+1f, -0x1.50d3d4p-4f, -0x1.b9a08p-4f, -0x1.7b9c42p-8f, 0x1.127ac6p-4f, 0x1.6cd994p-5f, 0x1.01d7bep-8f, -0x1.ff7c8ap-8f) \
    PIECE(7, 0x1.2639bap+1f, -0x1.beea92p-5f, -0x1.7e330cp-4f, -0x1.5773dep-5f, 0x1.89441p-6f, 0x1.10208ap-5f, 0x1.71ec0ap-7f, -0x1.3d9b6ep-9f) \
    PIECE(8, 0x1.47772ep+1f, -0x1.11e444p-5f, -0x1.198f92p-4f, -0x1.9359fap-5f, -0x1.51a5dep-9f, 0x1.26be5p-6f, 0x1.6ed0d2p-7f, 0x1.94ae1ep-10f) \
    PIECE(9, 0x1.67720cp+1f, -0x1.3b1eb2p-6f, -0x1.750382p-5f, -0x1.59c64cp-5f, -0x1.d01d6p-7f, 0x1.84fff6p-8f, 0x1.fa7ffcp-8f, 0x1.744dfcp-9f) \
    PIECE(10, 0x1.8648cp+1f, -0x1.5816dp-7f, -0x1.c8bad8p-6f, -0x1.f97566p-6f, -0x1.0880b8p-6f, -0x1.13d75ep-10f, 0x1.01b35cp-8f, 0x1.40363ep-9f) \
    PIECE(11, 0x1.a4108ap+1f, -0x1.679982p-8f, -0x1.06d37p-6f, -0x1.4ce9fep-6f, -0x1.bd8edep-7f, -0x1.fcfb48p-9f, 0x1.2faa2ep-10f, 0x1.a3ee4ep-10f) \
    PIECE(12, 0x1.c10346p+1f, -0x1.68ae02p-9f, -0x1.1ea32p-7f, -0x1.952df6p-7f, -0x1.412faap-7f, -0x1.15011ep-8f, -0x1.749d9cp-12f, 0x1.9f0826p-11f) \
    PIECE(13, 0x1.dd0982p+1f, -0x1.5e3336p-10f, -0x1.2b922p-8f, -0x1.d0532ap-8f, -0x1.a2a548p-8f, -0x1.c6e7e2p-9f, -0x1.d5cb5p-11f, 0x1.55166ap-13f) \
    PIECE(14, 0x1.f8569p+1f, -0x1.494702p-11f, -0x1.2ce242p-9f, -0x1.f91b34p-9f, -0x1.f98916p-9f, -0x1.425188p-9f, -0x1.e9b544p-11f, -0x1.2ea59ap-14f) \
    PIECE(15, 0x1.0970d2p+2f, -0x1.2d816p-12f, -0x1.246c7ap-10f, -0x1.075118p-9f, -0x1.1fb9bap-9f, -0x1.9e79ecp-10f, -0x1.850012p-11f, -0x1.87421p-13f) \
    PIECE(16, 0x1.1673c8p+2f, -0x1.0c015cp-13f, -0x1.128bc6p-11f, -0x1.0758aep-10f, -0x1.3694bap-10f, -0x1.ee364ap-11f, -0x1.0ec65ep-11f, -0x1.6bd6a4p-13f) \
    PIECE(17, 0x1.230f4cp+2f, -0x1.d47192p-15f, -0x1.f8723ap-13f, -0x1.00111ep-11f, -0x1.42dfa2p-11f, -0x1.172bb2p-11f, -0x1.5690bap-12f, -0x1.25548p-13f) \
    PIECE(18, 0x1.2f6cep+2f, -0x1.8fa182p-16f, -0x1.c2c79cp-14f, -0x1.e21afap-13f, -0x1.42c2ep-12f, -0x1.2c02e4p-12f, -0x1.947b54p-13f, -0x1.92ede2p-14f) \
    PIECE(19, 0x1.3b8152p+2f, -0x1.4eb7ecp-17f, -0x1.8a31bap-15f, -0x1.ba416p-14f, -0x1.389f0cp-13f, -0x1.35b82ep-13f, -0x1.c3dec4p-14f, -0x1.fe9532p-15f) \
    PIECE(20, 0x1.4759dap+2f, -0x1.12eff8p-18f, -0x1.5121c2p-16f, -0x1.8b695cp-15f, -0x1.25c636p-14f, -0x1.3436d6p-14f, -0x1.e1c6a4p-15f, -0x1.2ad7d4p-15f) \
    PIECE(21, 0x1.52f4f2p+2f, -0x1.bc2a78p-20f, -0x1.1ad6f2p-17f, -0x1.59bdep-16f, -0x1.0cec3ep-15f, -0x1.29349ep-15f, -0x1.ee823ep-16f, -0x1.47521cp-16f) \
    PIECE(22, 0x1.5e6306p+2f, -0x1.5fbfe2p-21f, -0x1.d0558p-19f, -0x1.270c2ep-17f, -0x1.df0372p-17f, -0x1.159fe6p-16f, -0x1.e7b05ap-17f, -0x1.5eefb2p-17f) \
    PIECE(23, 0x1.69958ap+2f, -0x1.12e196p-22f, -0x1.7758cp-20f, -0x1.eeb73ep-19f, -0x1.a1ddfp-18f, -0x1.fa2956p-18f, -0x1.d3b9aep-18f, -0x1.6372e6p-18f) \
    PIECE(24, 0x1.748f6cp+2f, -0x1.a864e2p-24f, -0x1.2b2cecp-21f, -0x1.9815fcp-20f, -0x1.65be8p-19f, -0x1.c35956p-19f, -0x1.b49c72p-19f, -0x1.5f3412p-19f) \
    PIECE(25, 0x1.7f58f6p+2f, -0x1.434bcap-25f, -0x1.d5e44cp-23f, -0x1.4b0ce8p-21f, -0x1.2c89dp-20f, -0x1.89dd22p-20f, -0x1.8d472p-20f, -0x1.51bf3p-20f) \
    PIECE(26, 0x1.89f0dep+2f, -0x1.e71432p-27f, -0x1.6c5d42p-24f, -0x1.08b97ap-22f, -0x1.f0c122p-22f, -0x1.51512ap-21f, -0x1.621624p-21f, -0x1.39b072p-21f) \
    PIECE(27, 0x1.94637ap+2f, -0x1.69bc5p-28f, -0x1.163312p-25f, -0x1.a047f8p-24f, -0x1.92fd9p-23f, -0x1.1aff7cp-22f, -0x1.34258p-22f, -0x1.1de188p-22f) \
    PIECE(28, 0x1.9ea966p+2f, -0x1.09ed56p-29f, -0x1.a40062p-27f, -0x1.43231ep-25f, -0x1.423eep-24f, -0x1.d330dcp-24f, -0x1.0747b2p-23f, -0x1.fc04c2p-24f) \
    PIECE(29, 0x1.a8c91ep+2f, -0x1.829324p-31f, -0x1.391efap-28f, -0x1.eedbc6p-27f, -0x1.fba52cp-26f, -0x1.7b4172p-25f, -0x1.b9d5b8p-25f, -0x1.b7f5a2p-25f) \
    PIECE(30, 0x1.b2c994p+2f, -0x1.1559f4p-32f, -0x1.cc68f6p-30f, -0x1.754494p-28f, -0x1.896aap-27f, -0x1.2e75bcp-26f, -0x1.6b52a2p-26f, -0x1.7886e8p-26f) \
    PIECE(31, 0x1.bc4beap+2f, -0x1.98fd6cp-34f, -0x1.5b3e56p-31f, -0x1.2047cep-29f, -0x1.378688p-28f, -0x1.ebd95ap-28f, -0x1.2fadcap-27f, -0x1.4393cap-27f)
