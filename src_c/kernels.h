/* All of one dtype for the instruction set that includes this: mathematics, rooms, loops, rows. */
#include "math/real.h"
#include "math/exp.h"
#include "math/sigmoid.h"
#include "math/erf.h"
#include "math/log.h"
#if !FA_DOUBLE
#include "piecewise/look_up.h"
#endif
#include "activation_rooms.h" /* written by setup.py from fastact/registry.py */
#include "loops.h"
#include "composed.h"
#include "blocks.h"
#include "rows/run.h"
#include "math/ln.h"
#include "losses/list.h"
#include "loss_loops.h"
#include "losses/cross_entropy.h"
#include "losses/nll_loss.h"
#include "optimizers.h"
