/* prelu(x, weight) is leaky_relu with a learned slope, so the weight has no default. An array of weights broadcasts, for example
   one weight per channel. A learned weight may be negative; then y does not tell the sign of x, so backward needs x. */
/* Error in ULP: 0.5 at -0x1.d88e3p-128, weight 0.25 (every 251st float32);
   0.5 at -0x1.c443dfddf3c02p-1022, weight 0.25 (2.9e6 float64). */
INLINE REAL FN(prelu)(REAL x, REAL weight) { return FN(leaky_relu)(x, weight); }

/* Error in ULP: 0 (every 251st float32); 0 (2.9e6 float64). */
INLINE REAL FN(prelu_derivative)(REAL x, REAL weight) { return FN(leaky_relu_derivative)(x, weight); }
