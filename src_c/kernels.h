/* All of one dtype for the instruction set that includes this: mathematics, rooms, loops, rows. */
#include "math/real.h"
#include "math/exp.h"
#include "math/sigmoid.h"
#include "activation_rooms.h" /* written by setup.py from fastact/registry.py */
#include "loops.h"
#include "rows/softmax.h"
