/* Functions in double for float kernels whose terms cancel. What such a kernel computes in double keeps 29 bits more than a float
   has, nothing in it overflows, and products of two floats are exact; it is rounded once, to float. Double is compiled first
   (isa/per_isa.h), so a float kernel may call fma_f64 and whatever else ends in _f64. Constants from coeffs/wide.py. */
#if FA_DOUBLE
/* sin(t + turn pi) for |t| <= 2^50 and a turn of 0 or 1/4, up to the sign: *sign is the bit to change. t + turn pi = n pi + r,
   and sin r = r + r^3 P(r^2), where |r| <= 1.64, because t / pi is rounded. The errors of r are 2^-52 of r and 2^-59. */
INLINE double FN(sine_of_turn)(double t, double turn, int64_t *sign)
{
    const double one_over_pi = 0x1.45f306dc9c883p-2; /* 0.3183098862 */
    double k = turn == 0 ? FN(fma)(t, one_over_pi, ROUNDER) : FN(fma)(t, one_over_pi, turn) + ROUNDER;
    double n = (k - ROUNDER) - turn;
    double r = FN(fma)(n, -0x1.921fb54442d18p+1, t); /* 3.141592654 */
    r = FN(fma)(n, -0x1.1a62633145c07p-53, r);       /* 1.224646799e-16 */
    double s = r * r, p = 0x1.87401611a6d6cp-49;     /* 2.714844577e-15 */
    p = FN(fma)(p, s, -0x1.ae3aa9ef1790ep-41);       /* -7.642405029e-13 */
    p = FN(fma)(p, s, 0x1.6123ac0aa366fp-33);        /* 1.605891811e-10 */
    p = FN(fma)(p, s, -0x1.ae6454581e41bp-26);       /* -2.505210647e-8 */
    p = FN(fma)(p, s, 0x1.71de3a51a9b14p-19);        /* 2.755731921e-6 */
    p = FN(fma)(p, s, -0x1.a01a01a012f4ep-13);       /* -0.0001984126984 */
    p = FN(fma)(p, s, 0x1.11111111110b2p-7);         /* 0.008333333333 */
    p = FN(fma)(p, s, -0x1.5555555555555p-3);        /* -0.1666666667 */
    *sign = (int64_t)((uint64_t)FN(to_bits)(k) << 63); /* whether n is odd */
    return FN(fma)(p * s, r, r);
}

/* e^x - 1 - x for -700 <= x <= 0. */
INLINE double FN(expm1_minus_x)(double x)
{
    double r, scale, n = FN(exp_reduce)(x, 0, &r, &scale);
    r = FN(fma)(n, -LN2_LO, r);
    double square = r * r, tail = FN(exp_tail)(r, square) * square;
    return n == 0 ? tail : FN(fma)(r + tail, scale, scale - 1) - x;
}

/* e^x for -700 <= x <= 700. The error is 2^-40 of it. */
INLINE double FN(exp_wide)(double x)
{
    double r, scale, n = FN(exp_reduce)(x, 0, &r, &scale), p = 0x1.9eb6c13f79ea2p-16; /* 2.471887387e-5 */
    (void)n;
    p = FN(fma)(p, r, 0x1.a1a83d3ad0f52p-13); /* 0.0001991544649 */
    p = FN(fma)(p, r, 0x1.6c18d61e6b41p-10);  /* 0.001388919896 */
    p = FN(fma)(p, r, 0x1.1110829fed557p-7);  /* 0.008333267004 */
    p = FN(fma)(p, r, 0x1.555553efe461ep-5);  /* 0.04166666407 */
    p = FN(fma)(p, r, 0x1.555555a0844b4p-3);  /* 0.1666666689 */
    p = FN(fma)(p, r, 0x1.0000000090228p-1);  /* 0.5000000001 */
    p = FN(fma)(p, r, 0x1.ffffffffd56c9p-1);  /* 1.0 */
    return FN(fma)(p, r, 0x1.ffffffffff726p-1) * scale; /* 1.0 */
}

/* The upper tail of the normal distribution, Q(a) = e^(-a^2/2) N(a) / D(a), for 0 <= a <= 15. The error is 2^-33 of it. */
INLINE double FN(normal_tail_wide)(double a)
{
    double n = 0x1.d644390875525p-11;          /* 0.0008969621568 */
    n = FN(fma)(n, a, 0x1.7fdb24458a9c8p-7);   /* 0.01171435615 */
    n = FN(fma)(n, a, 0x1.255e562a0c7abp-4);   /* 0.0716231695 */
    n = FN(fma)(n, a, 0x1.01583283f2d14p-2);   /* 0.2513130086 */
    n = FN(fma)(n, a, 0x1.0448cf67c6468p-1);   /* 0.5083679976 */
    n = FN(fma)(n, a, 0x1.ffffffff3cp-2);      /* 0.5 */
    double d = 0x1.26b237c38923cp-9;           /* 0.002248353297 */
    d = FN(fma)(d, a, 0x1.e116db2d3bf59p-6);   /* 0.02936335949 */
    d = FN(fma)(d, a, 0x1.744c69a6d3807p-3);   /* 0.1817863707 */
    d = FN(fma)(d, a, 0x1.5184b130126dfp-1);   /* 0.6592154857 */
    d = FN(fma)(d, a, 0x1.7352e920c7901p+0);   /* 1.450483866 */
    d = FN(fma)(d, a, 0x1.d08af8e1dcf0dp+0);   /* 1.814620547 */
    d = FN(fma)(d, a, 1);
    return FN(exp_wide)(-0.5 * a * a) * (n / d);
}
#endif
