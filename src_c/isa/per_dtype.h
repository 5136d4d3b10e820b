/* Everything of one dtype for the instruction set that includes this: FA_DOUBLE is 0 for float and 1 for double. Included twice
   by isa/per_isa.h, and so are all headers below, whose names FN(...) are different each time.

   The macros of loops/elementwise.h make a loop of each form of each activation. That of leaky_relu, for example, becomes

       static void leaky_relu_value_scalar_f32(const void *const *in, void *const *out, ptrdiff_t n, const void *parameters)
       {
           const float p0 = ((const float *)parameters)[0];
           const float *x = in[0];
           float *y = out[0];
           n &= -LANES;
           #pragma omp simd
           for (ptrdiff_t i = 0; i < n; i++)
               y[i] = leaky_relu_f32(x[i], p0);
       } */
#include "math/scalar.h"
#include "math/exp.h"
#include "math/log.h"
#include "math/sigmoid.h"
#include "math/normal_tail.h"
#if FA_DOUBLE
#include "tables/look_up_double.h"
#else
#include "tables/look_up.h"
#endif
#include "math/softplus.h"
#include "math/wide.h"
#include "math/pair.h"
#include "kernel_headers.h" /* activations/NAME.h of every activation; written by setup.py from fastact/registry.py */
#include "loops/elementwise.h"
#include "loops/fused.h"
#include "loops/blocks.h"
#include "rows/run.h"
#include "losses/list.h"
#include "loops/losses.h"
#include "losses/cross_entropy.h"
#include "losses/nll_loss.h"
#include "loops/optimizers.h"
