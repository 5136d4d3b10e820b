/* All of one dtype for the instruction set that includes this: mathematics, rooms, loops, rows. */
#include "math/scalar.h"
#include "math/exp.h"
#include "math/sigmoid.h"
#include "math/normal_tail.h"
#include "math/softplus.h"
#if !FA_DOUBLE
#include "tables/look_up.h"
#endif
#include "kernel_headers.h" /* written by setup.py from fastact/registry.py */
#include "loops/elementwise.h"
#include "loops/fused.h"
#include "loops/blocks.h"
#include "rows/run.h"
#include "math/log.h"
#include "losses/list.h"
#include "loops/losses.h"
#include "losses/cross_entropy.h"
#include "losses/nll_loss.h"
#include "loops/optimizers.h"
