"""How a network learns: gradients, single steps of the optimiser, and `fit`."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np
from numpy.typing import ArrayLike

from fastact.nn import arguments
from fastact.nn.layers import Array
from fastact.losses.base import is_own
from fastact.nn.network import batches
from fastact.optimizers.base import Optimizer, check_limit, clip_grad_norm, clip_grad_value
from fastact.nn.output_layers import Objective
from fastact.nn.predictor import Predictor

Limits = Tuple[Optional[float], Optional[float]]  # of the gradient's norm and of its elements
Self = TypeVar("Self", bound="Trainer")


class Trainer(Predictor):
    """The half of `MLP` that changes the parameters."""

    optimizer: Optimizer
    dropout: List[float]
    history: Dict[str, List[float]]
    _rng: np.random.Generator

    def gradients(
        self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None
    ) -> Tuple[float, List[Array]]:
        """The loss, and its gradients with respect to `parameters` (copies); arguments as for `train_step`."""
        loss = self._network.backpropagate(*self._batch(X, y, sample_weight))
        return loss, [grad.copy() for grad in self._network.gradients]

    def train_step(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: Optional[ArrayLike] = None,
        clip_norm: Optional[float] = None,
        clip_value: Optional[float] = None,
    ) -> float:
        """Take one step of the optimiser on a batch and return the loss before it.

        Parameters
        ----------
        X : array_like, shape (samples, inputs)
        y : array_like
            What the loss takes: integer classes (samples,), for cross_entropy also probabilities
            (samples, classes); else (samples, outputs), or (samples,) for a single output.
        sample_weight : array_like, shape (samples,), optional
            A sample of weight k counts like k equal samples; only ratios of weights matter.
        clip_norm, clip_value : float, optional
            The gradient is limited by `fastact.optimizers.clip_grad_value`, then by
            `fastact.optimizers.clip_grad_norm` over all parameters together.

        Raises
        ------
        FloatingPointError
            If the loss is infinite or NaN; neither the parameters nor batch normalisation's running
            means have been changed then.
        TypeError, ValueError
            If dtypes, shapes or labels do not fit, or ``batch_norm`` is given a single sample, whose
            deviation is 0; nothing has been changed then.
        """
        inputs, target, loss = self._batch(X, y, sample_weight)
        self._check_optimizer()
        return self._step(inputs, target, loss, limits(clip_norm, clip_value))

    def fit(
        self: Self,
        X: ArrayLike,
        y: ArrayLike,
        epochs: int = 20,
        batch_size: int = 64,
        validation_data: Optional[Sequence[ArrayLike]] = None,
        progress: Union[bool, str] = True,
        schedule: Any = None,
        sample_weight: Optional[ArrayLike] = None,
        early_stopping: Any = None,
        callbacks: Any = (),
        validation_split: float = 0.0,
        shuffle: bool = True,
        clip_norm: Optional[float] = None,
        clip_value: Optional[float] = None,
    ) -> Self:
        """Train on mini-batches, fill `history`, and return this network.

        A second call goes on from where the first ended.

        Parameters
        ----------
        X, y, sample_weight : array_like
            As for `train_step`.
        epochs, batch_size : int
            With ``batch_norm`` a last batch of one sample joins the batch before it.
        validation_data : (X, y) or (X, y, sample_weight), optional
            Evaluated after every epoch.
        progress : bool or str
            Whether a line on stderr shows epoch, loss, metric and time; a text precedes it. Where stderr cannot
            be written, there is none.
        schedule : optional
            Of the learning rate, such as ``fa.optimizers.StepLR(net.optimizer, 10)``.
        early_stopping : int, bool or fastact.callbacks.EarlyStopping, optional
            Ends the training after so many epochs without a better validation loss (training
            loss, where there is no validation); True means 10. The best weights come back however it ends.
        callbacks : callable, or iterable of callable
            ``callback(epoch, logs)`` after every epoch; returning True ends the training.
        validation_split : float
            Without validation_data: the fraction of the samples, drawn at random, to validate on. Both
            parts have a sample whose weight is not 0.
        shuffle : bool
            Whether each epoch has an order of its own.
        clip_norm, clip_value : float, optional
            As for `train_step`.

        Raises
        ------
        FloatingPointError
            If the loss is not finite any more, with epoch, batch and layer, and what to try.
        TypeError, ValueError
            If an argument does not fit, such as a label of any sample; nothing has been changed then.

        Warns
        -----
        fastact.diagnostics.DeadUnitsWarning
            If more than 30 % of a layer's units are dead.
        """
        from fastact.nn import fit as training

        if validation_data is not None and (
            not isinstance(validation_data, (tuple, list)) or not 2 <= len(validation_data) <= 3
        ):
            what = type(validation_data).__name__
            count = f" of {len(validation_data)}" if isinstance(validation_data, (tuple, list)) else ""
            raise TypeError(f"MLP.fit: validation_data must be (X, y) or (X, y, sample_weight), got a {what}{count}")
        validation = None if validation_data is None else self._data(*validation_data)
        self._check_optimizer()
        training.fit(
            self, self._data(X, y, sample_weight), validation, epochs, batch_size, split=validation_split,
            rng=self._rng, shuffle=shuffle, progress=progress, schedule=schedule, early_stopping=early_stopping,
            callbacks=callbacks, clip=limits(clip_norm, clip_value),
        )  # fmt: skip
        return self

    def plot_history(self, show: bool = False) -> Any:
        """Draw the loss and the metric of the last `fit`, training and validation, as a matplotlib Figure."""
        from fastact.nn.history_plot import plot_history

        return plot_history(self.history, show)

    def _data(self, X: ArrayLike, y: ArrayLike, weight: Optional[ArrayLike] = None) -> Tuple[Array, Array, Any]:
        inputs = self._inputs(X)
        n = len(inputs)
        target = self._targets(y, n)
        self._check_targets(target)
        return inputs, target, arguments.weights(weight, n, self.loss, self.dtype)

    def _batch(self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike]) -> Tuple[Array, Array, Any]:
        """Inputs, targets, and the loss with its weights."""
        loss = self.loss
        inputs = self._inputs(X)
        target = self._targets(y, len(inputs))
        if sample_weight is not None or not is_own(loss):  # an Objective checks what a loss of the user's returns
            loss = Objective(loss, weight=arguments.weights(sample_weight, len(inputs), loss, self.dtype))
        if any(self.dropout):  # which would draw numbers before the loss sees the targets
            self._check_targets(target)
        return inputs, target, loss

    def _check_optimizer(self) -> None:
        """Raise where a step would change other arrays than the network's, as that of another network's optimiser."""
        optimizer, flat = self.optimizer, self._network.flat
        if isinstance(optimizer, Optimizer) and optimizer.params[0] is not flat:
            if not any(np.shares_memory(p, flat) for p in optimizer.params):
                raise ValueError(
                    f"MLP: optimizer {type(optimizer).__name__} updates other arrays than this network's parameters; "
                    "choose it in MLP(..., optimizer=...), and take state from another by load_state_dict"
                )

    def _check_targets(self, target: Array) -> None:
        """Raise what the loss raises for targets that do not fit."""
        if is_own(self.loss):
            for part in batches(target, 8192):
                self.loss(np.zeros((len(part), self.layers[-1]), self.dtype), part)

    def _step(self, inputs: Array, target: Array, objective: Any, clip: Limits = (None, None)) -> float:
        """`train_step` for arrays that have been checked."""
        network, (norm, value) = self._network, clip
        loss = network.backpropagate(inputs, target, objective)
        if value is not None:
            clip_grad_value(network.flat_grad, value)
        if norm is not None:
            clip_grad_norm(network.flat_grad, norm)
        self.optimizer.step([network.flat_grad])
        network.commit()
        return loss


def limits(norm: Optional[float], value: Optional[float]) -> Limits:
    """``clip_norm`` and ``clip_value``, checked."""
    for name, limit in (("clip_norm", norm), ("clip_value", value)):
        if limit is not None:
            check_limit(f"MLP: {name}", limit)
    return norm, value
