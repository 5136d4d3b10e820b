/* s(-t) (1 - a t' s(t)) for 0 <= a <= 5.8: of each piece its index, base, c0, c1, c2, c3, c4, c5, c6.
   Written by coeffs/piecewise.py. */
#define GELU_TANH_DERIVATIVE_PLACE integers
#define GELU_TANH_DERIVATIVE_PLACE_OFFSET 0x1.8p+23f /* 12582912.0 */
#define GELU_TANH_DERIVATIVE_PLACE_SCALE 0x1.2f5c28p+1f /* 2.37 */
#define GELU_TANH_DERIVATIVE_PLACE_CURVE 0x1.0d4fep-1f /* 0.526 */
#define GELU_TANH_DERIVATIVE_LIMIT 0x1.733334p+2f /* 5.8 */
#define GELU_TANH_DERIVATIVE_ROWS 32
#define GELU_TANH_DERIVATIVE_COLUMNS 8
#define GELU_TANH_DERIVATIVE_PIECES(PIECE) \
    PIECE(0, 0x0p+0f, 0x1p-1f, 0x1.988454p-1f, 0x1.d1e788p-20f, -0x1.11a5a4p-2f, 0x1.129d16p-11f, 0x1.076a06p-4f, 0x1.24c6c8p-7f) \
    PIECE(1, 0x1.99f4f8p-2f, 0x1.93abe2p-3f, 0x1.5a992ep-1f, 0x1.22a08cp-2f, -0x1.6bf556p-3f, -0x1.a06a2cp-4f, 0x1.ff9d8ep-6f, 0x1.600422p-6f) \
    PIECE(2, 0x1.8142ap-1f, -0x1.4f6404p-28f, 0x1.b8baccp-2f, 0x1.8cd1a2p-2f, -0x1.028f7p-6f, -0x1.d2c326p-4f, -0x1.0fe46cp-6f, 0x1.508e8cp-6f) \
    PIECE(3, 0x1.0aa2b6p+0f, -0x1.7a8038p-4f, 0x1.b36c62p-3f, 0x1.664a54p-2f, 0x1.815fa6p-4f, -0x1.215cc2p-4f, -0x1.3f23dap-5f, 0x1.aa2becp-8f) \
    PIECE(4, 0x1.51a7cap+0f, -0x1.03bb6ap-3f, 0x1.70f3c4p-5f, 0x1.fb079ap-3f, 0x1.21bbf2p-3f, -0x1.f524fep-7f, -0x1.2f80fep-5f, -0x1.a25e3ap-8f) \
    PIECE(5, 0x1.937e68p+0f, -0x1.fdce18p-4f, -0x1.b9f68cp-5f, 0x1.1ae5ep-3f, 0x1.158d68p-3f, 0x1.82d1aap-6f, -0x1.6b863cp-6f, -0x1.71ffd4p-7f) \
    PIECE(6, 0x1.d12ddp+0f, -0x1.af151ep-4f, -0x1.93adfap-4f, 0x1.a141b6p-5f, 0x1.a5d1d8p-4f, 0x1.4e01b8p-5f, -0x1.b4c05p-8f, -0x1.42105ap-7f) \
    PIECE(7, 0x1.05af2ep+1f, -0x1.4d0ad8p-4f, -0x1.b936eap-4f, -0x1.9834bp-8f, 0x1.0856aep-4f, 0x1.563ab6p-5f, 0x1.06cd74p-8f, -0x1.90c4eap-8f) \
    PIECE(8, 0x1.215dp+1f, -0x1.e24524p-5f, -0x1.8fc6f6p-4f, -0x1.2eb58ep-5f, 0x1.006208p-5f, 0x1.17a53cp-5f, 0x1.2d1a38p-7f, -0x1.2065f8p-9f) \
    PIECE(9, 0x1.3bb91cp+1f, -0x1.4c376ap-5f, -0x1.45a764p-4f, -0x1.8d005ap-5f, 0x1.e6144ep-8f, 0x1.832ae6p-6f, 0x1.56b258p-7f, 0x1.6c81e6p-12f) \
    PIECE(10, 0x1.54f998p+1f, -0x1.b6c09ep-6f, -0x1.ecdebcp-5f, -0x1.8a4ce4p-5f, -0x1.d89ae4p-8f, 0x1.beab78p-7f, 0x1.359d9ep-7f, 0x1.81bf62p-10f) \
    PIECE(11, 0x1.6d46ep+1f, -0x1.16f728p-6f, -0x1.601ca8p-5f, -0x1.55812cp-5f, -0x1.d84c9cp-7f, 0x1.752b3p-8f, 0x1.d81832p-8f, 0x1.171a1ep-9f) \
    PIECE(12, 0x1.84b09ap+1f, -0x1.56f4b6p-7f, -0x1.dfbb9ap-6f, -0x1.0ea3f8p-5f, -0x1.0d8c08p-6f, 0x1.100734p-12f, 0x1.316ccap-8f, 0x1.314d9cp-9f) \
    PIECE(13, 0x1.9b4f0ep+1f, -0x1.98822p-8f, -0x1.397094p-6f, -0x1.91503cp-6f, -0x1.f8da7cp-7f, -0x1.7b3fbp-9f, 0x1.4df246p-9f, 0x1.d57d08p-10f) \
    PIECE(14, 0x1.b137b6p+1f, -0x1.d81f34p-9f, -0x1.8a4a26p-7f, -0x1.19b4ep-6f, -0x1.a5c0b4p-7f, -0x1.182b18p-8f, 0x1.bf5fb6p-11f, 0x1.5b5be6p-10f) \
    PIECE(15, 0x1.c68abep+1f, -0x1.08902cp-9f, -0x1.de0964p-8f, -0x1.78b844p-7f, -0x1.44b00ap-7f, -0x1.24696cp-8f, -0x1.337beep-12f, 0x1.dbd4p-11f) \
    PIECE(16, 0x1.db390ap+1f, -0x1.20af62p-10f, -0x1.189702p-8f, -0x1.e33366p-8f, -0x1.d5344p-8f, -0x1.040e68p-8f, -0x1.c41b1cp-11f, 0x1.a617ap-12f) \
    PIECE(17, 0x1.ef53aap+1f, -0x1.32d838p-11f, -0x1.3f5dc2p-9f, -0x1.2a37eap-8f, -0x1.415b36p-8f, -0x1.a1cb6ep-9f, -0x1.1768f4p-10f, 0x1.f50a6p-15f) \
    PIECE(18, 0x1.017faep+2f, -0x1.3cd92ap-12f, -0x1.5fd2f2p-10f, -0x1.623938p-9f, -0x1.a30af8p-9f, -0x1.369f04p-9f, -0x1.0e35ecp-10f, -0x1.03022ep-13f) \
    PIECE(19, 0x1.0b12bep+2f, -0x1.3f5b4ep-13f, -0x1.78ed38p-11f, -0x1.9701ecp-10f, -0x1.05f11cp-9f, -0x1.b24c94p-10f, -0x1.c59cap-11f, -0x1.c5f576p-13f) \
    PIECE(20, 0x1.146d08p+2f, -0x1.39e6c4p-14f, -0x1.8891aap-12f, -0x1.c49ec4p-11f, -0x1.3ab9d4p-10f, -0x1.1fd142p-10f, -0x1.5b5468p-11f, -0x1.e938dp-13f) \
    PIECE(21, 0x1.1d96bep+2f, -0x1.2c9b8cp-15f, -0x1.8d445p-13f, -0x1.e73ebep-12f, -0x1.6bf96ap-11f, -0x1.6b743cp-11f, -0x1.ee3534p-12f, -0x1.b8292ap-13f) \
    PIECE(22, 0x1.268e4p+2f, -0x1.190464p-16f, -0x1.876eb4p-14f, -0x1.fcf59p-13f, -0x1.966b78p-12f, -0x1.b78d2cp-12f, -0x1.4c0126p-12f, -0x1.579994p-13f) \
    PIECE(23, 0x1.2f5f16p+2f, -0x1.ff900ap-18f, -0x1.76b672p-15f, -0x1.0186e4p-13f, -0x1.b5e36ap-13f, -0x1.fdab9ap-13f, -0x1.a6e6cap-13f, -0x1.ecffdcp-14f) \
    PIECE(24, 0x1.37fa94p+2f, -0x1.c850a6p-19f, -0x1.5eb68ep-16f, -0x1.fc1a78p-15f, -0x1.ca1cbcp-14f, -0x1.1d3f86p-13f, -0x1.00a146p-13f, -0x1.537164p-14f) \
    PIECE(25, 0x1.406f36p+2f, -0x1.8d5dcp-20f, -0x1.3fd858p-17f, -0x1.e73e62p-16f, -0x1.d065ccp-15f, -0x1.33fbccp-14f, -0x1.2ad14ep-14f, -0x1.b2b502p-15f) \
    PIECE(26, 0x1.48be36p+2f, -0x1.52078p-21f, -0x1.1c7138p-18f, -0x1.c6a01ep-17f, -0x1.c8c27ap-16f, -0x1.415e6ap-15f, -0x1.4dfcc2p-15f, -0x1.08ba9cp-15f) \
    PIECE(27, 0x1.50eadcp+2f, -0x1.18d336p-22f, -0x1.ed4814p-20f, -0x1.9cc7e6p-18f, -0x1.b40fccp-17f, -0x1.4462f6p-16f, -0x1.679122p-16f, -0x1.3417a2p-16f) \
    PIECE(28, 0x1.58f5b4p+2f, -0x1.c808aap-24f, -0x1.a1668cp-21f, -0x1.6d1182p-19f, -0x1.94932ep-18f, -0x1.3d41d6p-17f, -0x1.7576f8p-17f, -0x1.56c496p-17f) \
    PIECE(29, 0x1.60da76p+2f, -0x1.6afc28p-25f, -0x1.59b44p-22f, -0x1.3b73c4p-20f, -0x1.6ded1ep-19f, -0x1.2da01p-18f, -0x1.7784a8p-18f, -0x1.7097f6p-18f) \
    PIECE(30, 0x1.689798p+2f, -0x1.1bcfdap-26f, -0x1.18d6d2p-23f, -0x1.0ae4bcp-21f, -0x1.4363dap-20f, -0x1.17794cp-19f, -0x1.6eb8aap-19f, -0x1.7e0e6ap-19f) \
    PIECE(31, 0x1.6fff8p+2f, -0x1.beaeb4p-28f, -0x1.ca308p-25f, -0x1.c457e4p-23f, -0x1.1d6c6ep-21f, -0x1.01c0bep-20f, -0x1.6319dcp-20f, -0x1.80c96ep-20f)
