/* tanh(log(1 + e^x)) for -12.3333 <= a <= 8.99: of each piece its index, base, c0, c1, c2, c3, c4, c5, c6.
   Written by coeffs/piecewise.py. */
#define MISH_PLACE integers
#define MISH_PLACE_OFFSET 0x1.8p+23f /* 12582912.0 */
#define MISH_PLACE_SCALE 0x1.8p+0f /* 1.5 */
#define MISH_PLACE_CURVE 0x0p+0f /* 0.0 */
#define MISH_LIMIT 0x1.1fae14p+3f /* 8.99 */
#define MISH_ROWS 32
#define MISH_COLUMNS 8
#define MISH_PIECES(PIECE) \
    PIECE(14, -0x1.844e48p+3f, 0x1.686b5ap-18f, -0x1.686b1ap-18f, 0x1.686aa2p-19f, -0x1.e08e8p-21f, 0x1.e06cbap-23f, -0x1.7edc36p-25f, 0x1.23b004p-27f) \
    PIECE(15, -0x1.6ef5b2p+3f, 0x1.5f2396p-17f, -0x1.5f231ep-17f, 0x1.5f2232p-18f, -0x1.d42b74p-20f, 0x1.d40ecep-22f, -0x1.75abdep-24f, 0x1.1751c2p-26f) \
    PIECE(16, -0x1.59a1eep+3f, 0x1.55e544p-16f, -0x1.55e46p-16f, 0x1.55e29ep-17f, -0x1.c7d47ap-19f, 0x1.c7b18ep-21f, -0x1.6bd19ep-23f, 0x1.0ff2aap-25f) \
    PIECE(17, -0x1.444dd6p+3f, 0x1.4ce84p-15f, -0x1.4ce68ep-15f, 0x1.4ce32ep-16f, -0x1.bbd2fcp-18f, 0x1.bba8d2p-20f, -0x1.60a26ap-22f, 0x1.10e7c6p-24f) \
    PIECE(18, -0x1.2eef7ep+3f, 0x1.448edcp-14f, -0x1.448ba4p-14f, 0x1.448538p-15f, -0x1.b0a2b4p-17f, 0x1.b0688ep-19f, -0x1.57be7ap-21f, 0x1.08db28p-23f) \
    PIECE(19, -0x1.19a294p+3f, 0x1.3bbd7ap-13f, -0x1.3bb764p-13f, 0x1.3bab3ep-14f, -0x1.a4c4c2p-16f, 0x1.a46ac8p-18f, -0x1.4efbbap-20f, 0x1.f83468p-23f) \
    PIECE(20, -0x1.044acp+3f, 0x1.338f84p-12f, -0x1.3383f6p-12f, 0x1.336cdep-13f, -0x1.99ab68p-15f, 0x1.9919ap-17f, -0x1.443d3ap-19f, 0x1.f758f8p-22f) \
    PIECE(21, -0x1.dde7e6p+2f, 0x1.2b88fep-11f, -0x1.2b7312p-11f, 0x1.2b473ep-12f, -0x1.8e97a4p-14f, 0x1.8d96e2p-16f, -0x1.39f3c2p-18f, 0x1.ec095ap-21f) \
    PIECE(22, -0x1.b3398ap+2f, 0x1.23b1aep-10f, -0x1.238816p-10f, 0x1.2334ecp-11f, -0x1.836a1cp-13f, 0x1.819736p-15f, -0x1.307fcp-17f, 0x1.c67078p-20f) \
    PIECE(23, -0x1.889496p+2f, 0x1.1bd288p-9f, -0x1.1b83b2p-9f, 0x1.1ae608p-10f, -0x1.778e5cp-12f, 0x1.7436dp-14f, -0x1.241542p-16f, 0x1.9f8a36p-19f) \
    PIECE(24, -0x1.5deb44p+2f, 0x1.14193p-8f, -0x1.1383acp-8f, 0x1.1258aap-9f, -0x1.6aaf5p-11f, 0x1.64648ep-13f, -0x1.12308ap-15f, 0x1.7c7dfep-18f) \
    PIECE(25, -0x1.333758p+2f, 0x1.0c7ebep-7f, -0x1.0b62d6p-7f, 0x1.092b16p-8f, -0x1.5ba704p-10f, 0x1.4fc9f2p-12f, -0x1.f0207ap-15f, 0x1.4066c6p-17f) \
    PIECE(26, -0x1.089588p+2f, 0x1.0450c4p-6f, -0x1.0236fap-6f, 0x1.fc079ep-8f, -0x1.477fdep-9f, 0x1.31223p-11f, -0x1.9fa288p-14f, 0x1.7aa80ep-17f) \
    PIECE(27, -0x1.bbc56ap+1f, 0x1.f7655cp-6f, -0x1.ef6d3ep-6f, 0x1.df8292p-7f, -0x1.2a8102p-8f, 0x1.007d48p-10f, -0x1.1775b8p-13f, -0x1.53cba6p-18f) \
    PIECE(28, -0x1.667186p+1f, 0x1.e2e08ap-5f, -0x1.d3d17ep-5f, 0x1.b5d94ep-6f, -0x1.f89fcep-8f, 0x1.5da93p-10f, -0x1.6c81p-15f, -0x1.84fd76p-14f) \
    PIECE(29, -0x1.111cfap+1f, 0x1.c86e4ap-4f, -0x1.ac3c9ep-4f, 0x1.74cc32p-5f, -0x1.61f6ecp-7f, 0x1.571862p-11f, 0x1.32707ep-11f, -0x1.65d2ccp-12f) \
    PIECE(30, -0x1.778052p+0f, 0x1.a31114p-3f, -0x1.6fc86ap-3f, 0x1.0ea3acp-4f, -0x1.fd38ap-8f, -0x1.fbd286p-9f, 0x1.2afef8p-9f, -0x1.665f62p-12f) \
    PIECE(31, -0x1.99a6dp-1f, 0x1.6b71ecp-2f, -0x1.15746p-2f, 0x1.04c64cp-4f, 0x1.cecaeep-7f, -0x1.974098p-7f, 0x1.ea2bd6p-10f, 0x1.c0cep-10f) \
    PIECE(0, -0x1.1111aap-3f, 0x1.1d43a8p-1f, -0x1.498f7p-2f, 0x1.16b1a2p-9f, 0x1.6b477ep-5f, -0x1.556cbap-8f, -0x1.c59eb8p-8f, 0x1.b1d20ap-11f) \
    PIECE(1, 0x1.111dcap-1f, 0x1.84dc54p-1f, -0x1.111e24p-2f, -0x1.41023ap-4f, 0x1.a4c842p-6f, 0x1.15e56ep-6f, -0x1.65c086p-9f, -0x1.983cf4p-9f) \
    PIECE(2, 0x1.333c1ap+0f, 0x1.cbef14p-1f, -0x1.2fd882p-3f, -0x1.5d384p-4f, -0x1.e2ac9ap-7f, 0x1.1c0be8p-7f, 0x1.5a0002p-8f, 0x1.61e90ap-11f) \
    PIECE(3, 0x1.dde0bcp+0f, 0x1.edf534p-1f, -0x1.eb382cp-5f, -0x1.798cdcp-5f, -0x1.3a3876p-6f, -0x1.89824cp-9f, 0x1.5212p-10f, 0x1.8eabb8p-11f) \
    PIECE(4, 0x1.444af4p+1f, 0x1.fa7de8p-1f, -0x1.44d794p-6f, -0x1.1dc586p-6f, -0x1.3538e8p-7f, -0x1.ab254ap-9f, -0x1.315552p-11f, 0x1.3a4c98p-16f) \
    PIECE(5, 0x1.99a546p+1f, 0x1.fe6ec6p-1f, -0x1.80ed7p-8f, -0x1.69307p-8f, -0x1.b3ff5p-9f, -0x1.73568p-10f, -0x1.c10baap-12f, -0x1.44c9b6p-14f) \
    PIECE(6, 0x1.eef144p+1f, 0x1.ff91e8p-1f, -0x1.af2acap-10f, -0x1.a18e46p-10f, -0x1.090b8ep-10f, -0x1.eb5fbcp-12f, -0x1.5904b6p-13f, -0x1.3ccb72p-15f) \
    PIECE(7, 0x1.222e38p+2f, 0x1.ffe26cp-1f, -0x1.d42b76p-12f, -0x1.cc9af2p-12f, -0x1.2b9cd2p-12f, -0x1.20c202p-13f, -0x1.af39d4p-15f, -0x1.ac961cp-17f) \
    PIECE(8, 0x1.4cdca4p+2f, 0x1.fff82p-1f, -0x1.f538ecp-14f, -0x1.f11258p-14f, -0x1.474a9p-14f, -0x1.416e42p-15f, -0x1.eddd04p-17f, -0x1.fc2374p-19f) \
    PIECE(9, 0x1.778776p+2f, 0x1.fffdeap-1f, -0x1.0a5fb8p-15f, -0x1.12d5b6p-15f, -0x1.7de84ap-16f, 0x1.7490d2p-17f, 0x1.0bdcdep-14f, 0x1.a7d766p-15f) \
    PIECE(10, 0x1.a22222p+2f, 0x1.ffff72p-1f, -0x1.1a9356p-17f, -0x1.9cc928p-18f, -0x1.089ecep-19f, -0x1.7d3402p-15f, -0x1.1ff52p-13f, -0x1.b9d394p-14f) \
    PIECE(11, 0x1.ccccccp+2f, 0x1.ffffdap-1f, -0x1.2a948ep-19f, 0x1.659fcep-21f, 0x1.a74f22p-19f, -0x1.d12a5ep-15f, -0x1.6ef776p-13f, -0x1.1aafdcp-13f) \
    PIECE(12, 0x1.f77778p+2f, 0x1.fffff6p-1f, -0x1.3b298ep-21f, 0x1.270554p-24f, 0x1.6295p-21f, -0x1.a725aap-17f, -0x1.4d2ccep-15f, -0x1.009bd8p-15f) \
    PIECE(13, 0x1.11087cp+3f, 0x1.fffffep-1f, -0x1.4d251p-23f, -0x1.817c16p-19f, -0x1.2a44dcp-18f, 0x1.b5560cp-15f, 0x1.5b9e12p-13f, 0x1.07f186p-13f)
