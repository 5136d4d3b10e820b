/* squareplus(x, b) = (x + sqrt(x^2 + b)) / 2 with b >= 0: a smooth relu without exponentials, relu at b = 0. If b < 0, it is NaN
   for |x| < sqrt(-b). Limits 0 and inf. For x < 0, where the sum cancels, it is b / (2 (|x| + root)) with root = sqrt(x^2 + b).
   The derivative is b / (2 root (|x| + root)) for x < 0, and 1 minus that for x > 0. From |x| = 2^63 (2^511) on, root is |x|, so
   squares neither overflow nor underflow. */
#define SQUAREPLUS_FAR LIT(0x1p63f, 0x1p511)
#define SQUAREPLUS_TINY LIT(0x1p-126f, 0x1p-1022) /* the divisor in place of 0, if b = 0 */

/* Error in ULP: 1.34 at 0x1.456948p-1, b 33.0 (every 251st float32); 1.33 at 0x1.703ec1e04fc34p-1, b 33.0 (3.2e6 float64). */
INLINE REAL FN(squareplus)(REAL x, REAL b)
{
    REAL a = FN(fabs)(x), c = FN(min)(a, SQUAREPLUS_FAR);
    REAL square = FN(fma)(c, c, b), root = FN(sqrt)(square), lost = FN(fma)(-root, root, square);
    REAL below = b < 0 ? SQUAREPLUS_FAR : -1; /* if b < 0, root is less than |x| up to this |x| */
    root = FN(max)(root, a > below ? a : 0) / 2, a /= 2;
    REAL right = root + a, right_low = a - (right - root);
    /* left = (b / 4) / (right + its errors). The error of root is lost / (2 root). 1 / root is approximated from 1 / right by a
       line that is at most 9 % off. */
    REAL over = FN(max)(right, SQUAREPLUS_TINY), inverse = 1 / over;
    REAL line = FN(fma)(a * inverse, LIT(0.25f, 0.25), LIT(0.11425f, 0.11425));
    right_low = FN(fma)(lost * inverse, line, right_low);
    REAL ratio = (b / 4) * inverse;
    REAL rest = FN(fma)(-ratio, right_low, FN(fma)(-ratio, over, b / 4));
    REAL left = FN(min)(FN(fma)(rest, inverse, ratio), FN(sqrt)(b) / 2); /* not above the value at 0 */
    REAL end = b > LARGEST ? b : 0;
    left = right > LARGEST ? end : left;
    return x < 0 ? left : right;
}

/* Error in ULP: 1.67 at -0x1.00f75cp+13, b 1000.0 (every 251st float32); 1.65 at -0x1.01586673258ap+7, b 4.0 (3.2e6 float64). */
INLINE REAL FN(squareplus_derivative)(REAL x, REAL b)
{
    /* For a large |x| everything carries a factor 2^-45 (2^-450); its square is undone at the end. */
    REAL a = FN(min)(FN(fabs)(x), LIT(0x1p90f, 0x1p600));
    int far = a > LIT(0x1p45f, 0x1p450);
    REAL unit = far ? LIT(0x1p-45f, 0x1p-450) : 1, unit2 = far ? LIT(0x1p-90f, 0x1p-900) : 1;
    a = FN(fma)(a, unit, 0), b = FN(min)(b, LARGEST);
    REAL square = FN(fma)(a, a, b * unit2), root = FN(max)(FN(sqrt)(square), b < 0 ? 0 : a);
    REAL sum = FN(fma)(a, root, square), sum_low = FN(fma)(a, root, square - sum);
    sum = FN(max)(sum, SQUAREPLUS_TINY);
    REAL left = FN(quotient)(b / 2, 0, sum, sum_low) * unit2;
    return x > 0 ? 1 - left : left;
}

/* b / (2 root^3). */
INLINE REAL FN(squareplus_second_derivative)(REAL x, REAL b)
{
    REAL a = FN(min)(FN(fabs)(x), SQUAREPLUS_FAR);
    REAL r = 1 / FN(max)(FN(sqrt)(FN(fma)(a, a, b)), SQUAREPLUS_TINY);
    return (b / 2) * r * r * r;
}
