/* prelu(x, weight) is leaky_relu with a learned slope, so the weight has no default. An array of weights broadcasts, for example
   one weight per channel. A learned weight may be negative; then y does not tell the sign of x, so backward needs x. */
INLINE REAL FN(prelu)(REAL x, REAL weight) { return FN(leaky_relu)(x, weight); }

INLINE REAL FN(prelu_derivative)(REAL x, REAL weight) { return FN(leaky_relu_derivative)(x, weight); }
