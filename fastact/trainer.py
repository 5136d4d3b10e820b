"""How a network learns: gradients, single steps of the optimiser, and `fit`."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np
from numpy.typing import ArrayLike

from fastact import mlp_arguments as arguments
from fastact.layers import Array
from fastact.optimizer_base import Optimizer
from fastact.pairing import Objective
from fastact.predictor import Predictor

Self = TypeVar("Self", bound="Trainer")


class Trainer(Predictor):
    """The half of `MLP` that changes the parameters."""

    optimizer: Optimizer
    history: Dict[str, List[float]]
    _rng: np.random.Generator

    def gradients(
        self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None
    ) -> Tuple[float, List[Array]]:
        """The loss, and its gradients with respect to `parameters` (copies); arguments as for `train_step`."""
        loss = self._backpropagate(X, y, sample_weight)
        return loss, [grad.copy() for grad in self._network.gradients]

    def train_step(self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None) -> float:
        """Take one step of the optimiser on a batch and return the loss before it.

        Parameters
        ----------
        X : array_like, shape (samples, inputs)
        y : array_like
            What the loss takes: integer classes (samples,), for cross_entropy also probabilities
            (samples, classes); else (samples, outputs), or (samples,) for a single output.
        sample_weight : array_like, shape (samples,), optional
            A sample of weight k counts like k equal samples.

        Raises
        ------
        FloatingPointError
            If the loss is infinite or NaN; the parameters have not been changed then.
        TypeError, ValueError
            If dtypes, shapes or labels do not fit.
        """
        loss = self._backpropagate(X, y, sample_weight)
        self.optimizer.step([self._network.flat_grad])
        return loss

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
    ) -> Self:
        """Train on mini-batches, fill `history`, and return this network.

        A second call goes on from where the first ended.

        Parameters
        ----------
        X, y, sample_weight : array_like
            As for `train_step`.
        epochs, batch_size : int
        validation_data : (X, y) or (X, y, sample_weight), optional
            Evaluated after every epoch.
        progress : bool or str
            Whether a line on stderr shows epoch, loss, metric and time; a text precedes it. Where stderr cannot
            be written, there is none.
        schedule : optional
            Of the learning rate, such as ``fa.optimizers.StepLR(net.optimizer, 10)``.
        early_stopping : int or fastact.callbacks.EarlyStopping, optional
            Ends the training after so many epochs without a better validation loss (training
            loss, where there is no validation). The best weights come back however it ends.
        callbacks : callable, or iterable of callable
            ``callback(epoch, logs)`` after every epoch; returning True ends the training.
        validation_split : float
            Without validation_data: the fraction of the samples, drawn at random, to validate on.
        shuffle : bool
            Whether each epoch has an order of its own.

        Raises
        ------
        FloatingPointError
            If the loss is not finite any more, with epoch, batch and layer, and what to try.
        TypeError, ValueError
            As `train_step`; nothing has been changed then.

        Warns
        -----
        fastact.diagnostics.DeadUnitsWarning
            If more than 30 % of a layer's units are dead.
        """
        from fastact import training

        validation = None if validation_data is None else self._data(*validation_data)
        data = self._data(X, y, sample_weight)
        if validation is None:
            data, validation = training.split(data, validation_split, self._rng)
        training.fit(
            self, data, validation, epochs, batch_size, rng=self._rng, shuffle=shuffle, progress=progress,
            schedule=schedule, early_stopping=early_stopping, callbacks=callbacks,
        )  # fmt: skip
        return self

    def plot_history(self, show: bool = False) -> Any:
        """Draw the loss and the metric of the last `fit`, training and validation, as a matplotlib Figure."""
        from fastact.history_plot import plot_history

        return plot_history(self.history, show)

    def _data(self, X: ArrayLike, y: ArrayLike, weight: Optional[ArrayLike] = None) -> Tuple[Array, Array, Any]:
        inputs = self._inputs(X)
        n = len(inputs)
        return inputs, self._targets(y, n), arguments.weights(weight, n, self.loss, self.dtype)

    def _backpropagate(self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike]) -> float:
        loss = self.loss
        inputs = self._inputs(X)
        if sample_weight is not None:
            loss = Objective(loss, weight=arguments.weights(sample_weight, len(inputs), loss, self.dtype))
        return self._network.backpropagate(inputs, self._targets(y, len(inputs)), loss)

    def _step(self, inputs: Array, target: Array, objective: Objective) -> float:
        """`train_step` for arrays that have been checked."""
        loss = self._network.backpropagate(inputs, target, objective)
        self.optimizer.step([self._network.flat_grad])
        return loss
