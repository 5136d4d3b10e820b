/* prelu(x, weight): leaky_relu whose slope is learned, so that it has no default. An array of weights
   broadcasts: one for each channel, for example. A learned weight may turn negative, where the sign of the
   output tells nothing: backward needs x. */
INLINE REAL FN(prelu)(REAL x, REAL weight) { return FN(leaky_relu)(x, weight); }

INLINE REAL FN(prelu_derivative)(REAL x, REAL weight) { return FN(leaky_relu_derivative)(x, weight); }

INLINE REAL FN(prelu_second_derivative)(REAL x, REAL weight) { return FN(leaky_relu_second_derivative)(x, weight); }
