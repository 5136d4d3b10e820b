/* snake(x) = x + sin^2(alpha x) / (alpha + 1e-9): snake_beta with beta = alpha. It never falls, except for alpha next to 0. */
/* Error in ULP: 0.5 at 0x1.c48be8p-19, alpha 0.01 (every 251st float32);
   0.5 at 0x1.25627d4b5135ap+5, alpha 5.0 (1,266 float64). */
INLINE REAL FN(snake)(REAL x, REAL alpha) { return FN(snake_beta)(x, alpha, alpha); }

/* Error in ULP: 0.5 at 0x1.8fffep-19, alpha 0.01 (every 251st float32);
   0.5 at -0x1.e227bae9a1401p-12, alpha 1.0 (1,266 float64). */
INLINE REAL FN(snake_derivative)(REAL x, REAL alpha) { return FN(snake_beta_derivative)(x, alpha, alpha); }

INLINE REAL FN(snake_second_derivative)(REAL x, REAL alpha) { return FN(snake_beta_second_derivative)(x, alpha, alpha); }
