/* Of each row j: 2^(j/16), whose bits are less by j << 48, so that adding n << 48 makes it 2^(n/16) for
   j = n % 16; and what its rounding loses, relative to it. P is that of e^r = 1 + r + r^2 P(r); its error is
   2^-56.2 of e^r. Written by coeffs/double_tables.py. */
#define EXPONENTIAL_STEPS 0x1.71547652b82fep+4 /* 23.08312065 */
#define EXPONENTIAL_STEP 0x1.62e42fefa39efp-5 /* 0.04332169878 */
#define EXPONENTIAL_STEP_LO 0x1.abc9e3b39803fp-60 /* 1.449404259e-18 */
#define EXPONENTIAL_P0 0x1.0000000000004p-1 /* 0.5 */
#define EXPONENTIAL_P1 0x1.555555548ad1p-3 /* 0.1666666666 */
#define EXPONENTIAL_P2 0x1.5555555484b7cp-5 /* 0.04166666666 */
#define EXPONENTIAL_P3 0x1.11123d8b80ff3p-7 /* 0.008333473254 */
#define EXPONENTIAL_P4 0x1.6c183df545ba7p-10 /* 0.001388911039 */
#define EXPONENTIAL_COLUMNS 2
#define EXPONENTIAL_TABLE(COLUMN) \
    COLUMN(0, 0x1p+0, 0x1.fb5586cf9890fp-1, 0x1.f72b83c7d517bp-1, 0x1.f387a6e756238p-1, \
        0x1.f06fe0a31b715p-1, 0x1.edea64c123422p-1, 0x1.ebfdad5362a27p-1, 0x1.eab07dd485429p-1, \
        0x1.ea09e667f3bcdp-1, 0x1.ea11473eb0187p-1, 0x1.eace5422aa0dbp-1, 0x1.ec49182a3f09p-1, \
        0x1.ee89f995ad3adp-1, 0x1.f199bdd85529cp-1, 0x1.f5818dcfba487p-1, 0x1.fa4afa2a490dap-1) \
    COLUMN(1, 0x0p+0, 0x1.79aa65d837b6dp-54, -0x1.01b15eaa59348p-55, 0x1.68efde3a8a894p-54, \
        0x1.34d754db0abb6p-55, 0x1.59f48a72a4c6dp-55, 0x1.690cebb7aafbp-56, 0x1.063e1e21c5409p-54, \
        -0x1.3b3efbf5e2228p-54, -0x1.b32dcb94da51dp-56, 0x1.db72fc1f0eab4p-55, 0x1.1affc2b91ce27p-56, \
        0x1.c1a7792cb3387p-55, 0x1.36eae30af0cb3p-56, 0x1.4a385a63d07a7p-56, -0x1.ff7128fd391fp-55)
