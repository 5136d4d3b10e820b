/* The elementwise losses. Each is a function of the prediction x, the target t and one option, such as beta or pos_weight, that
   returns its value and its derivative with respect to x. */
#ifndef FA_LOSSES
#define FA_LOSSES(LOSS)                                                                                   \
    LOSS(mse_loss, FA_MSE_LOSS)                                                                           \
    LOSS(l1_loss, FA_L1_LOSS)                                                                             \
    LOSS(smooth_l1_loss, FA_SMOOTH_L1_LOSS)                                                               \
    LOSS(huber_loss, FA_HUBER_LOSS)                                                                       \
    LOSS(binary_cross_entropy, FA_BINARY_CROSS_ENTROPY)                                                   \
    LOSS(binary_cross_entropy_with_logits, FA_BINARY_CROSS_ENTROPY_WITH_LOGITS)                           \
    LOSS(kl_div, FA_KL_DIV)                                                                               \
    LOSS(kl_div_log_target, FA_KL_DIV_LOG_TARGET)                                                         \
    LOSS(poisson_nll_loss, FA_POISSON_NLL_LOSS)                                                           \
    LOSS(poisson_nll_loss_full, FA_POISSON_NLL_LOSS_FULL)                                                 \
    LOSS(poisson_nll_loss_of_means, FA_POISSON_NLL_LOSS_OF_MEANS)                                         \
    LOSS(poisson_nll_loss_of_means_full, FA_POISSON_NLL_LOSS_OF_MEANS_FULL)                               \
    LOSS(gaussian_nll_loss, FA_GAUSSIAN_NLL_LOSS)                                                         \
    LOSS(gaussian_nll_loss_full, FA_GAUSSIAN_NLL_LOSS_FULL)

/* A sum has one order for all instruction sets and numbers of threads: element i is in lane i % 16, the lanes are added as a tree
   in double, and these sums one after the other with a compensation. */
INLINE double fa_tree_16(double *lanes)
{
    for (int width = ROW_LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lanes[l] += lanes[l + width];
    return lanes[0];
}

/* Returns whether a row counts, and sets *target to its class: an index that is valid, or -1 if the call has target_probs.
   Another thread of the caller may write to the targets during the call, so each is read once (a volatile read is not repeated)
   and checked after that. A row whose target is no class by now does not count. */
static inline int fa_class_of_row(const fa_class_loss_call *call, ptrdiff_t row, ptrdiff_t *target)
{
    const int64_t given = call->target ? ((const volatile int64_t *)call->target)[row] : 0;
    const int is_class = given >= 0 && given < call->classes;
    *target = call->target_probs ? -1 : is_class ? (ptrdiff_t)given : 0;
    return !call->target || (given != call->ignore && (is_class || call->target_probs));
}
#endif

typedef struct {
    REAL value, derivative;
} FN(loss);

/* factor * value, with 0 times infinity = 0. */
INLINE REAL FN(weighted)(REAL factor, REAL value)
{
    REAL nothing = factor == 0 ? 0 : value;
    return factor * (FN(fabs)(value) == INFINITY ? nothing : value);
}

#include "losses/mse_loss.h"
#include "losses/l1_loss.h"
#include "losses/smooth_l1_loss.h"
#include "losses/huber_loss.h"
#include "losses/binary_cross_entropy.h"
#include "losses/binary_cross_entropy_with_logits.h"
#include "losses/kl_div.h"
#include "losses/poisson_nll_loss.h"
#include "losses/gaussian_nll_loss.h"
