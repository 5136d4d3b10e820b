/* e^x in parts, for callers that round once, at the end.

   x = n ln 2 + r with |r| <= ln(2)/2, and e^x = (1 + q) 2^n with q = e^r - 1 = r + r^2 P(r). Adding ROUNDER rounds n. ln 2 is
   LN2_HI + LN2_LO, and x - n LN2_HI is exact under fma. The error of P relative to q is below 2^-25 (float) and 2^-61
   (double); constants from coeffs/exp.py.

   2^n may be outside of the normal numbers. The caller therefore passes `shift` and gets scale = 2^(n - shift), which must be
   a normal number for all its n. The caller's last multiplication undoes the shift; it rounds a subnormal result. */
#define LOG2_E LIT(0x1.715476p+0f, 0x1.71547652b82fep+0)   /* 1.442695022, 1.442695041 */
#define LN2_HI LIT(0x1.62e43p-1f, 0x1.62e42fefa39efp-1)    /* 0.6931471825, 0.6931471806 */
#define LN2_LO LIT(-0x1.05c61p-29f, 0x1.abc9e3b39803fp-56) /* -1.904654212e-9, 2.319046814e-17 */

/* Of float. One more degree takes the error to 2^-31, which changes no result here. */
#define EXP_P0 0x1p-1f         /* 0.5 */
#define EXP_P1 0x1.5554dcp-3f  /* 0.1666657627 */
#define EXP_P2 0x1.5555p-5f    /* 0.04166650772 */
#define EXP_P3 0x1.120c1ep-7f  /* 0.008363260888 */
#define EXP_P4 0x1.6d3078p-10f /* 0.001393086743 */

/* P(r) of e^r = 1 + r + r^2 P(r), by Estrin's scheme. */
INLINE REAL FN(exp_tail)(REAL r, REAL r2)
{
#if FA_DOUBLE
    REAL r4 = r2 * r2;
    REAL p01 = FN(fma)(0x1.5555555555559p-3, r, 0x1p-1);                 /* 0.1666666667 0.5 */
    REAL p23 = FN(fma)(0x1.111111110f64ap-7, r, 0x1.5555555555557p-5);   /* 0.008333333333 0.04166666667 */
    REAL p45 = FN(fma)(0x1.a01a01b00a43cp-13, r, 0x1.6c16c16c15779p-10); /* 0.0001984126989 0.001388888889 */
    REAL p67 = FN(fma)(0x1.71ddf7fa5404p-19, r, 0x1.a01a01ab165fp-16);   /* 2.755724379e-6 2.480158734e-5 */
    REAL p89 = FN(fma)(0x1.af5f55fc1e14dp-26, r, 0x1.27e4d13bd8832p-22); /* 2.510917872e-8 2.755725921e-7 */
    p89 = FN(fma)(0x1.1f83f2c68ede2p-29, r2, p89);                       /* 2.091950033e-9 */
    REAL low = FN(fma)(p23, r2, p01), high = FN(fma)(p67, r2, p45);
    return FN(fma)(FN(fma)(p89, r4, high), r4, low);
#else
    REAL p01 = FN(fma)(EXP_P1, r, EXP_P0), p23 = FN(fma)(EXP_P3, r, EXP_P2);
    return FN(fma)(FN(fma)(EXP_P4, r2, p23), r2, p01);
#endif
}

/* e^x = (1 + q) 2^n, scale = 2^(n - shift). q_low is the rounding error of q, from the functions called split. */
typedef struct {
    REAL q, q_low, scale;
} FN(exp_parts);

/* Returns n; *r = x - n LN2_HI, which is exact; *scale = 2^(n - shift). */
INLINE REAL FN(exp_reduce)(REAL x, int shift, REAL *r, REAL *scale)
{
    const REAL rounder = ROUNDER + (EXPONENT_BIAS - shift);
    REAL k = FN(fma)(x, LOG2_E, rounder);
    REAL n = k - rounder;
    *r = FN(fma)(n, -LN2_HI, x);
    *scale = FN(from_bits)((BITS)((LIT(uint32_t, uint64_t))FN(to_bits)(k) << MANTISSA_BITS));
    return n;
}

/* The parts with the fewest operations: r is rounded to half an ULP, and q_low is 0. */
INLINE FN(exp_parts) FN(exp_short)(REAL x, int shift)
{
    REAL r, scale, n = FN(exp_reduce)(x, shift, &r, &scale);
    r = FN(fma)(n, -LN2_LO, r);
    REAL r2 = r * r;
    return (FN(exp_parts)){FN(fma)(FN(exp_tail)(r, r2), r2, r), 0, scale};
}

/* exp_short of x + x_low, where x_low is the rounding error of the product x. */
INLINE FN(exp_parts) FN(exp_short_low)(REAL x, REAL x_low, int shift)
{
    REAL r, scale, n = FN(exp_reduce)(x, shift, &r, &scale);
    r += FN(fma)(n, -LN2_LO, x_low);
    REAL r2 = r * r;
    return (FN(exp_parts)){FN(fma)(FN(exp_tail)(r, r2), r2, r), 0, scale};
}

/* The parts of e^(x + x_low) with q_low, where x_low is 0 or the rounding error of the product x.
   e^(r + low) - 1 = q + low (1 + q) with low = x_low - n LN2_LO. With low in place of low (1 + q) the tail of double is
   14 ULP off. */
INLINE FN(exp_parts) FN(exp_split_low)(REAL x, REAL x_low, int shift)
{
    REAL r, scale, n = FN(exp_reduce)(x, shift, &r, &scale), r2 = r * r;
    REAL tail = FN(exp_tail)(r, r2), low = FN(fma)(n, -LN2_LO, x_low);
    REAL rest = FN(fma)(tail, r2, FN(fma)(FN(fma)(tail, r2, r), low, low)), q = r + rest;
    return (FN(exp_parts)){q, (r - q) + rest, scale};
}

INLINE FN(exp_parts) FN(exp_split)(REAL x, int shift) { return FN(exp_split_low)(x, 0, shift); }

/* e^x - 1 = q 2^n + (2^n - 1) for parts with shift 0. Returns the high part and sets *low. For 2^n < 2^-24 (2^-53) the
   rounding error of 2^n - 1 is left out; it is less than half an ULP of the result. */
INLINE REAL FN(expm1_parts)(FN(exp_parts) e, REAL *low)
{
    REAL power = e.scale - 1;
    REAL high = FN(fma)(e.q, e.scale, power);
    *low = FN(fma)(e.q_low, e.scale, FN(fma)(e.q, e.scale, power - high));
    return high;
}

#if !FA_DOUBLE
/* alpha (1 + excess) (e^x - 1) for -25 <= x <= 0 and a finite alpha: error below 1.1 ULP, and monotone for every alpha.
   With a = alpha 2^n, which is exact, it is a (e^r - 1) + (a - alpha). The rounding error of a - alpha is added to the first,
   smaller term, and the sum of the two is rounded last. n LN2_LO is too small to matter. The error of P is 2^-31. A
   constant excess of 0 costs nothing. */
INLINE REAL FN(scaled_expm1)(REAL x, REAL alpha, REAL excess)
{
    REAL r, scale;
    FN(exp_reduce)(x, 0, &r, &scale);
    REAL r2 = r * r;
    REAL p01 = FN(fma)(0x1.555554p-3f, r, 0x1p-1f);          /* 0.1666666567 0.5 */
    REAL p23 = FN(fma)(0x1.111308p-7f, r, 0x1.5554fp-5f);    /* 0.00833356753 0.04166647792 */
    REAL p45 = FN(fma)(0x1.9e0754p-13f, r, 0x1.6d4366p-10f); /* 0.0001974242332 0.001393368817 */
    REAL p = FN(fma)(FN(fma)(p45, r2, p23), r2, p01), rest = FN(fma)(p, r2, excess == 0 ? 0 : excess * r);
    REAL a = alpha * scale, base = a - alpha, lost = a - (base + alpha);
    lost = excess == 0 ? lost : FN(fma)(base, excess, lost);
    return FN(fma)(a, r, FN(fma)(a, rest, lost)) + base;
}
#endif
