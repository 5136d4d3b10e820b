"""Hashes of the losses, their gradients and the optimisers' steps on fixed inputs, for hash_outputs.py."""
import hashlib

import numpy as np

from fastact import losses, optimizers

OPTIMIZERS = [(optimizers.SGD, dict(momentum=0.9, nesterov=True, weight_decay=0.1)), (optimizers.SGD, {}),
              (optimizers.Adam, dict(amsgrad=True)), (optimizers.AdamW, {}), (optimizers.Adagrad, {}),
              (optimizers.RMSprop, dict(centered=True, momentum=0.5)), (optimizers.RMSprop, {})]


def digest(arrays):
    return hashlib.sha256(b"".join(np.asarray(a).tobytes() for a in arrays)).hexdigest()


def calls(dtype, rng):
    """(loss, input, target, options) of every size that is computed in a way of its own."""
    for n in (1, 17, 1000, 40_001):
        p, t, w = rng.uniform(size=(3, n)).astype(dtype)
        x = (9 * rng.standard_normal(n)).astype(dtype)
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
            yield getattr(losses, name), x, t, {}
        yield losses.binary_cross_entropy, p, t, {"weight": w}
        yield losses.binary_cross_entropy_with_logits, x, t, {"weight": w, "pos_weight": p}
        yield losses.kl_div, x, t, {}
        yield losses.kl_div, x, -t * 100, {"log_target": True}
        for full in (False, True):
            yield losses.poisson_nll_loss, x, 9 * t, {"full": full}
            yield losses.poisson_nll_loss, p, 9 * t, {"log_input": False, "full": full}
        yield losses.gaussian_nll_loss, x, t, {"var": w}
    for rows, classes in ((1, 1), (33, 10), (20, 16), (7, 1001), (5000, 3)):
        x = (9 * rng.standard_normal((rows, classes))).astype(dtype)
        target, share = rng.integers(0, classes, rows), rng.uniform(size=x.shape).astype(dtype)
        yield losses.cross_entropy, x, target, {"weight": share[0]}
        yield losses.cross_entropy, x, target, {"label_smoothing": 0.1}
        yield losses.cross_entropy, x, share, {}
        yield losses.nll_loss, x, target, {}


def digests():
    found = {}
    for dtype in (np.float32, np.float64):
        rng = np.random.default_rng(7)
        for k, (loss, x, target, options) in enumerate(calls(dtype, rng)):
            for reduction in ("mean", "none"):
                found[f"{loss.__name__} {k} {reduction} {np.dtype(dtype)}"] = digest(
                    loss.value_and_grad(x, target, reduction=reduction, **options))
        for k, (kind, options) in enumerate(OPTIMIZERS):
            params = [rng.standard_normal(n).astype(dtype) for n in (1, 45, 30_001)]
            optimizer = kind(params, **options)
            for _ in range(3):
                optimizer.step([rng.standard_normal(p.size).astype(dtype) for p in params])
            found[f"{kind.__name__} {k} {np.dtype(dtype)}"] = digest(params)
    return found
