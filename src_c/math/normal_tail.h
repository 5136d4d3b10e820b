/* The upper tail of the normal distribution, Q(a) = erfc(a / sqrt(2)) / 2 for a >= 0, in the two forms that gelu and its
   derivative use. Each is a polynomial near 0, and e^(-a^2/2) times a quotient for larger a, so that it keeps its digits down
   to the subnormal numbers; 1 - Phi and 1 + erf lose them. Constants from coeffs/erf.py; their errors are 2^-26 (float) and
   2^-56 (double) of the result.

   One quotient for all a, V / (sqrt(2 pi) V + L) = a e^(a^2/2) Q(a), needs 4 operations fewer and is 4.8 ULP off: each of its
   roundings counts in full. In the forms here the rounded term is a small part of the result. */
#define NORMAL_LARGEST LIT(14.8f, 38.8) /* a^2 e^(-a^2/2) rounds to 0 */
#define NORMAL_SHIFT LIT(-60, -100)     /* of exp_parts */
#define NORMAL_UNIT LIT(0x1p-60f, 0x1p-100)
#define NORMAL_SEAM LIT(0.8325f, 0.8325) /* below sqrt(ln 2): e^(-a^2/2) has n = 0 there */
#define NORMAL_BASE LIT(0x1.5b3d46p-2f, 0x1.5b3d46c0dfaf8p-2) /* 0.3391009271, 0.3391009383 */
#define NORMAL_DERIVATIVE_SEAM LIT(1.3f, 1.3)
#define NORMAL_DERIVATIVE_LINE LIT(0x1.677ebp-2f, 0x1.677eafa68d3a3p-2)        /* 0.351069212, 0.3510692068 */
#define NORMAL_DERIVATIVE_ZERO LIT(0x1.80ead2p-1f, 0x1.80ead197f00b4p-1)       /* 0.7517915368, 0.7517915247 */
#define NORMAL_DERIVATIVE_ZERO_LO LIT(-0x1.a03fd4p-27f, -0x1.13e74c58cada8p-56) /* -1.211444989e-8, -1.495675918e-17 */
#define NORMAL_DERIVATIVE_AT_1 LIT(0x1.57b92cp-2f, 0x1.57b92baf02f5ap-2)       /* 0.3356673121, 0.3356673074 */

/* min(|x|, limit) for limit >= 0; NaN becomes the limit. It is an integer minimum of the bits, because GCC turned the selection
   of floats into a selection of every value that is computed from it. */
INLINE REAL FN(min_fabs)(REAL x, REAL limit)
{
    BITS a = FN(to_bits)(FN(fabs)(x)), b = FN(to_bits)(limit);
    return FN(from_bits)(a < b ? a : b);
}

/* The parts of e^(a b). */
INLINE FN(exp_parts) FN(exp_product)(REAL a, REAL b, int shift)
{
    REAL product = a * b;
    return FN(exp_short_low)(product, FN(fma)(a, b, -product), shift);
}

/* P(s) of a Q(a) = a/2 + s P(s) with s = -a^2/2, for a < NORMAL_SEAM. */
INLINE REAL FN(normal_near)(REAL s)
{
#if FA_DOUBLE
    REAL p = 0x1.9c07dbd322dbdp-24; /* 9.593337262e-8 */
    p = FN(fma)(p, s, 0x1.33d6bf8d7e449p-20); /* 1.14678912e-6 */
    p = FN(fma)(p, s, 0x1.61d7e73e68e9dp-17); /* 1.054535425e-5 */
    p = FN(fma)(p, s, 0x1.658731a7145d5p-14); /* 8.524134192e-5 */
    p = FN(fma)(p, s, 0x1.3ce8e79586ep-11); /* 0.0006044574427 */
    p = FN(fma)(p, s, 0x1.e42b0cb07190dp-9); /* 0.00369390993 */
    p = FN(fma)(p, s, 0x1.37403f69f6997p-6); /* 0.01899725144 */
    p = FN(fma)(p, s, 0x1.46d0429763fdbp-4); /* 0.07978845608 */
    p = FN(fma)(p, s, 0x1.1058377e2ce61p-2); /* 0.2659615203 */
    p = FN(fma)(p, s, 0x1.9884533d4365p-1); /* 0.7978845608 */
#else
    REAL p = 0x1.9ccae4p-9f; /* 0.003149357159 */
    p = FN(fma)(p, s, 0x1.3421a8p-6f); /* 0.0188068524 */
    p = FN(fma)(p, s, 0x1.46b0eap-4f); /* 0.07975856215 */
    p = FN(fma)(p, s, 0x1.1057b4p-2f); /* 0.2659595609 */
    p = FN(fma)(p, s, 0x1.988452p-1f); /* 0.7978845239 */
#endif
    return p;
}

/* R(a) of a Q(a) = NORMAL_BASE e^(-a^2/2) (1 + R(a)) for a >= NORMAL_SEAM; it is between -0.31 and 0.18. */
INLINE REAL FN(normal_far)(REAL a)
{
#if FA_DOUBLE
    REAL n = 0x1.02c94a26e4226p-19; /* 1.928108094e-6 */
    n = FN(fma)(n, a, 0x1.7e9c2d55c0c5ep-15); /* 4.561067423e-5 */
    n = FN(fma)(n, a, 0x1.18c35ceca59f5p-11); /* 0.0005355131849 */
    n = FN(fma)(n, a, 0x1.038d5bb1537c5p-8); /* 0.003960451971 */
    n = FN(fma)(n, a, 0x1.438c98e983c5ap-6); /* 0.01974787648 */
    n = FN(fma)(n, a, 0x1.0d18c6b09d7eep-4); /* 0.06569745649 */
    n = FN(fma)(n, a, 0x1.045af30c51cccp-3); /* 0.1271265972 */
    n = FN(fma)(n, a, 0x1.ea23848d97193p-6); /* 0.02991569466 */
    n = FN(fma)(n, a, -0x1.29c096d9df79fp-1); /* -0.5815474645 */
    n = FN(fma)(n, a, -0x1.9c508edcdb5d8p+0); /* -1.610604218 */
    n = FN(fma)(n, a, -0x1.affffffe5cf21p+0); /* -1.6875 */
    REAL d = 0x1.6e9d290c6fe0dp-17; /* 1.092594587e-5 */
    d = FN(fma)(d, a, 0x1.0f03f57204b01p-12); /* 0.0002584604873 */
    d = FN(fma)(d, a, 0x1.974b860c512e8p-9); /* 0.003107414354 */
    d = FN(fma)(d, a, 0x1.8bee00c682a61p-6); /* 0.02416563106 */
    d = FN(fma)(d, a, 0x1.0f28e3f4a3cdp-3); /* 0.1324022111 */
    d = FN(fma)(d, a, 0x1.0e72ecad4575p-1); /* 0.5282205545 */
    d = FN(fma)(d, a, 0x1.8ac132dbf0cfbp+0); /* 1.542010478 */
    d = FN(fma)(d, a, 0x1.9de3be5658498p+1); /* 3.23351268 */
    d = FN(fma)(d, a, 0x1.28f3da8cbe1f5p+2); /* 4.639883649 */
    d = FN(fma)(d, a, 0x1.0652c319fdb8cp+2); /* 4.098801399 */
    d = FN(fma)(d, a, 0x1.bp+0); /* 1.6875 */
#else
    REAL n = 0x1.e94f62p-23f; /* 2.27852766e-7 */
    n = FN(fma)(n, a, 0x1.1981fep-6f); /* 0.01718187146 */
    n = FN(fma)(n, a, 0x1.a5794p-4f); /* 0.1028988361 */
    n = FN(fma)(n, a, 0x1.83b9f2p-3f); /* 0.1893195063 */
    n = FN(fma)(n, a, -0x1.5d3544p-3f); /* -0.1705117524 */
    n = FN(fma)(n, a, -0x1.afdecap+0f); /* -1.686993241 */
    REAL d = 0x1.8f1d44p-4f; /* 0.09744001925 */
    d = FN(fma)(d, a, 0x1.298eccp-1f); /* 0.5811675787 */
    d = FN(fma)(d, a, 0x1.c007b8p+0f); /* 1.750117779 */
    d = FN(fma)(d, a, 0x1.53e824p+1f); /* 2.65552187 */
    d = FN(fma)(d, a, 0x1.bp+0f); /* 1.6875 */
#endif
    return n / d;
}

/* a Q(a) / NORMAL_UNIT. far_only, a constant, is for a >= NORMAL_SEAM only and leaves out the other form. */
INLINE REAL FN(normal_tail)(REAL a, int far_only)
{
    REAL b = LIT(-0.5f, -0.5) * a, s = a * b;
    FN(exp_parts) e = FN(exp_product)(a, b, NORMAL_SHIFT);
    REAL near = FN(fma)(s, FN(normal_near)(s), -b), r = FN(normal_far)(a);
    REAL far = FN(fma)(FN(fma)(r, e.q, e.q) + r, NORMAL_BASE, NORMAL_BASE); /* only (1 + q) (1 + r) - 1 is rounded */
    return ((far_only ? 0 : a < NORMAL_SEAM) ? near : far) * e.scale;
}

/* G(t) of Q(a) - a phi(a) = (NORMAL_DERIVATIVE_ZERO - a) (NORMAL_DERIVATIVE_AT_1 + t G(t)) with t = a - 1, for
   a < NORMAL_DERIVATIVE_SEAM. */
INLINE REAL FN(normal_derivative_near)(REAL t)
{
#if FA_DOUBLE
    REAL g = 0x1.04d72b0e8c283p-29; /* 1.897864427e-9 */
    g = FN(fma)(g, t, 0x1.50f9309b0a81cp-27); /* 9.807216641e-9 */
    g = FN(fma)(g, t, -0x1.9ccd9d6b6c079p-27); /* -1.201415386e-8 */
    g = FN(fma)(g, t, -0x1.c19bfef6f545dp-24); /* -1.046828365e-7 */
    g = FN(fma)(g, t, 0x1.7708936f87114p-22); /* 3.492771645e-7 */
    g = FN(fma)(g, t, 0x1.58208c39bc6c2p-20); /* 1.281973495e-6 */
    g = FN(fma)(g, t, -0x1.9dd2a3c95b4b9p-18); /* -6.166440423e-6 */
    g = FN(fma)(g, t, -0x1.6dc3c02177a69p-17); /* -1.090063603e-5 */
    g = FN(fma)(g, t, 0x1.668e8a270869ep-14); /* 8.548660172e-5 */
    g = FN(fma)(g, t, 0x1.49e75353131bfp-15); /* 3.932757559e-5 */
    g = FN(fma)(g, t, -0x1.dc6071be0ea59p-11); /* -0.0009086165153 */
    g = FN(fma)(g, t, 0x1.0d4470cc63127p-11); /* 0.0005135867046 */
    g = FN(fma)(g, t, 0x1.c94fa16eb9a65p-8); /* 0.006978012955 */
    g = FN(fma)(g, t, -0x1.5713549d518ffp-7); /* -0.01046983368 */
    g = FN(fma)(g, t, -0x1.140b8950310a6p-5); /* -0.03369690722 */
    g = FN(fma)(g, t, 0x1.6ca109f3a0edcp-4); /* 0.08902076614 */
    g = FN(fma)(g, t, 0x1.dfbbbc9ac1781p-5); /* 0.05856119954 */
    g = FN(fma)(g, t, -0x1.828d1fe944e29p-2); /* -0.3774914728 */
#else
    REAL g = -0x1.01bdfp-12f; /* -0.0002458018716 */
    g = FN(fma)(g, t, -0x1.45a5ap-10f); /* -0.001242244616 */
    g = FN(fma)(g, t, 0x1.7f812cp-12f); /* 0.0003657384659 */
    g = FN(fma)(g, t, 0x1.ca46e8p-8f); /* 0.006992751732 */
    g = FN(fma)(g, t, -0x1.561236p-7f); /* -0.01043918263 */
    g = FN(fma)(g, t, -0x1.1401e4p-5f); /* -0.03369230777 */
    g = FN(fma)(g, t, 0x1.6c9f42p-4f); /* 0.08901906759 */
    g = FN(fma)(g, t, 0x1.dfbb06p-5f); /* 0.05856085941 */
    g = FN(fma)(g, t, -0x1.828d1ep-2f); /* -0.3774914443 */
#endif
    return g;
}

/* S(a) of Q(a) - a phi(a) = e^(-a^2/2) (S(a) - NORMAL_DERIVATIVE_LINE a) for a >= NORMAL_DERIVATIVE_SEAM. */
INLINE REAL FN(normal_derivative_far)(REAL a)
{
#if FA_DOUBLE
    REAL n = -0x1.43b2c80f8888ep-17; /* -9.646963036e-6 */
    n = FN(fma)(n, a, -0x1.68ed13a23c637p-13); /* -0.0001721029667 */
    n = FN(fma)(n, a, -0x1.7e7be0f3f01e3p-10); /* -0.001459060292 */
    n = FN(fma)(n, a, -0x1.d8aee1c58bcbap-8); /* -0.007212572212 */
    n = FN(fma)(n, a, -0x1.478086b3a935cp-6); /* -0.01998913912 */
    n = FN(fma)(n, a, -0x1.c74381b50357bp-7); /* -0.01389354547 */
    n = FN(fma)(n, a, 0x1.dbd05f4e2845p-4); /* 0.1161655162 */
    n = FN(fma)(n, a, 0x1.f5015a49c0edep-2); /* 0.4892629726 */
    n = FN(fma)(n, a, 0x1.cac5935374094p-1); /* 0.8960386314 */
    n = FN(fma)(n, a, 0x1.6fffff84dfad7p-1); /* 0.7187499857 */
    REAL d = 0x1.a69987aabf687p-13; /* 0.0002015112526 */
    d = FN(fma)(d, a, 0x1.d733ab5366b9ep-9); /* 0.003594984688 */
    d = FN(fma)(d, a, 0x1.076dfec0b1274p-5); /* 0.03215694195 */
    d = FN(fma)(d, a, 0x1.71e81f2b34f79p-3); /* 0.1806185184 */
    d = FN(fma)(d, a, 0x1.5e203e2f3e66dp-1); /* 0.6838397439 */
    d = FN(fma)(d, a, 0x1.c3f21b2b2327ep+0); /* 1.765412996 */
    d = FN(fma)(d, a, 0x1.812cf60579b8ap+1); /* 3.009184601 */
    d = FN(fma)(d, a, 0x1.89d05c866b769p+1); /* 3.076671186 */
    d = FN(fma)(d, a, 0x1.7p+0); /* 1.4375 */
#else
    REAL n = -0x1.55f6fep-7f; /* -0.0104359379 */
    n = FN(fma)(n, a, -0x1.7b6ff2p-5f); /* -0.04631802812 */
    n = FN(fma)(n, a, -0x1.0a415p-8f); /* -0.004062730819 */
    n = FN(fma)(n, a, 0x1.3dfe02p-2f); /* 0.3105392754 */
    n = FN(fma)(n, a, 0x1.7079e6p-1f); /* 0.7196800113 */
    REAL d = 0x1.be794cp-3f; /* 0.2180047929 */
    d = FN(fma)(d, a, 0x1.ef0dccp-1f); /* 0.9669021368 */
    d = FN(fma)(d, a, 0x1.e9eb3p+0f); /* 1.913744926 */
    d = FN(fma)(d, a, 0x1.7p+0f); /* 1.4375 */
#endif
    return n / d;
}

/* Q(a) - a phi(a), where phi is the density: the derivative of a Q(a). far_only is for a >= NORMAL_DERIVATIVE_SEAM only. */
INLINE REAL FN(normal_derivative)(REAL a, int far_only)
{
    REAL distance = NORMAL_DERIVATIVE_ZERO - a, t = a - 1, g = FN(normal_derivative_near)(t) * t;
    /* NORMAL_DERIVATIVE_AT_1 + g is 0.435 at the zero, and about 0.64 where `distance` is rounded. */
    const REAL at_zero = LIT(0.435f, 0.435) * NORMAL_DERIVATIVE_ZERO_LO;
    REAL lost = FN(fma)((NORMAL_DERIVATIVE_ZERO - distance) - a, LIT(0.64f, 0.64), at_zero);
    REAL near = FN(fma)(distance, NORMAL_DERIVATIVE_AT_1, FN(fma)(distance, g, lost));

    FN(exp_parts) e = FN(exp_product)(a, LIT(-0.5f, -0.5) * a, NORMAL_SHIFT);
    REAL s = FN(normal_derivative_far)(a), line = FN(fma)(a, NORMAL_DERIVATIVE_LINE, -s);
    REAL line_low = FN(fma)(a, NORMAL_DERIVATIVE_LINE, -line) - s;
    REAL far = ((FN(fma)(e.q, line, line_low) + line) * e.scale) * -NORMAL_UNIT;
    return (far_only ? 0 : a < NORMAL_DERIVATIVE_SEAM) ? near : far;
}
