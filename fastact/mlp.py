"""A multilayer perceptron trained by backpropagation on the library's kernels."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastact import mlp_arguments as arguments
from fastact import training
from fastact.activations import lookup
from fastact.layers import Array
from fastact.losses import binary_cross_entropy_with_logits, cross_entropy
from fastact.network import Network
from fastact.rows import softmax

_sigmoid = lookup("sigmoid")


class MLP:
    """Fully connected network.

    Parameters
    ----------
    layers : sequence of int
        Sizes from the inputs to the outputs, such as ``[64, 32, 10]``.
    activation : str, Activation, (name, dict of parameters), or a list with one a hidden layer
        Of the hidden layers.
    output_activation : the same, or None
        Of the last layer. With a loss that takes logits it must be None.
    loss : {"cross_entropy", "bce", "mse", "l1", "smooth_l1", "huber"}, or one with ``value_and_grad``
        "bce" is short for "binary_cross_entropy_with_logits". All of `fastact.losses` will do.
    optimizer : {"adam", "adamw", "sgd", "rmsprop", "adagrad"}, or a callable
        A callable is given the list of parameter arrays and the options: ``fa.optimizers.SGD``.
    init : "auto", a name in `fastact.initializers`, or a callable ``(shape, rng, dtype)``
        Of the weights; "auto" takes He or Glorot by the layer's activation. Biases start at 0.
    dtype : float32 or float64
        Of the parameters and of all arithmetic.
    random_state : seed or numpy.random.Generator
        Of the weights and of `fit`'s shuffling. The same seed gives the same bits.
    learning_rate : float, optional
        The optimiser's ``lr``.
    **options
        Other options of the optimiser, such as ``momentum``; ``lr`` is accepted as well.

    Attributes
    ----------
    parameters : list of array
        Weight (fan_in, fan_out) and bias (fan_out,) of every layer; writing into them sets them.
    optimizer : Optimizer
        ``net.optimizer.lr = 1e-4`` changes the learning rate.
    history : dict of list
        Of the last `fit`, a value an epoch: "loss", and with validation data "val_loss" and,
        for classifiers, "val_accuracy".

    An argument that is not as described raises TypeError or ValueError.
    """

    def __init__(
        self,
        layers: Sequence[int],
        activation: Any = "relu",
        output_activation: Any = None,
        loss: Any = "cross_entropy",
        optimizer: Any = "adam",
        init: Any = "auto",
        dtype: DTypeLike = "float32",
        random_state: Any = None,
        learning_rate: Optional[float] = None,
        **options: Any,
    ) -> None:
        self.layers = arguments.sizes(layers)
        self.loss = arguments.loss(loss, self.layers[-1], output_activation)
        self.dtype = arguments.dtype(dtype)
        self._rng = np.random.default_rng(random_state)
        each = arguments.activations(activation, output_activation, len(self.layers) - 1)
        self._network = Network(self.layers, each, self.dtype)
        for layer in self._network.layers:
            initializer = arguments.initializer(init, layer.activation)
            layer.weight[...] = initializer(layer.weight.shape, self._rng, self.dtype)
        self.optimizer = arguments.optimizer(optimizer, [self._network.flat], learning_rate, options)
        self.history: Dict[str, List[float]] = {}

    @property
    def parameters(self) -> List[Array]:
        """Weight and bias of every layer, which share their memory with the network."""
        return self._network.parameters

    def forward(self, X: ArrayLike) -> Array:
        """The last layer's outputs (logits, where the loss takes logits), shape (samples, outputs)."""
        return self._network.forward(self._inputs(X))

    def predict(self, X: ArrayLike) -> Array:
        """Class indices (samples,) for "cross_entropy"; 0 or 1 for "bce", else the outputs.

        The latter are of shape (samples,) for a single output, otherwise (samples, outputs).
        """
        output = self.forward(X)
        if self.loss is cross_entropy:
            classes: Array = np.argmax(output, axis=1)
            return classes
        if self.loss is binary_cross_entropy_with_logits:
            output = (output > 0).astype(np.intp)
        return output[:, 0] if self.layers[-1] == 1 else output

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities of the classes, (samples, classes), or of 1 for "bce", shaped as `predict`'s."""
        output = self.forward(X)
        if self.loss is cross_entropy:
            softmax(output, out=output)
            return output
        if self.loss is binary_cross_entropy_with_logits:
            _sigmoid(output, out=output)
            return output[:, 0] if self.layers[-1] == 1 else output
        raise TypeError('MLP.predict_proba: only for loss="cross_entropy" and "bce"; use predict')

    def evaluate(self, X: ArrayLike, y: ArrayLike) -> Dict[str, float]:
        """The loss and, for classifiers, the accuracy on labelled data."""
        output = self.forward(X)
        return training.evaluate(self.loss, output, self._targets(y, len(output)))

    def gradients(self, X: ArrayLike, y: ArrayLike) -> Tuple[float, List[Array]]:
        """The loss, and its gradients with respect to `parameters` (copies)."""
        loss = self._backpropagate(X, y)
        return loss, [grad.copy() for grad in self._network.gradients]

    def train_step(self, X: ArrayLike, y: ArrayLike) -> float:
        """Take one step of the optimiser on a batch and return the loss before it.

        Parameters
        ----------
        X : array_like, shape (samples, inputs)
        y : array_like
            What the loss takes: integer classes (samples,) or probabilities (samples, classes);
            else (samples, outputs), or (samples,) for a single output.

        Raises
        ------
        FloatingPointError
            If the loss is infinite or NaN; the parameters have not been changed then.
        TypeError, ValueError
            If dtypes, shapes or labels do not fit.
        """
        loss = self._backpropagate(X, y)
        self.optimizer.step([self._network.flat_grad])
        return loss

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        epochs: int = 20,
        batch_size: int = 64,
        validation_data: Optional[Tuple[ArrayLike, ArrayLike]] = None,
        progress: Union[bool, str] = True,
        schedule: Any = None,
    ) -> MLP:
        """Train on shuffled mini-batches, fill `history`, and return this network.

        A second call goes on from where the first ended. Raises what `train_step` raises; a loss
        that is not finite is reported with its epoch and batch.

        Parameters
        ----------
        X, y : array_like
            As for `train_step`.
        epochs, batch_size : int
        validation_data : (X, y), optional
            Evaluated after every epoch.
        progress : bool or str
            Whether a line on stderr shows the epoch, the losses and the time; a text precedes it.
        schedule : optional
            Of the learning rate, such as ``fa.optimizers.StepLR(net.optimizer, 10)``.
        """
        inputs = self._inputs(X)
        target = self._targets(y, len(inputs))
        options = epochs, batch_size, validation_data, progress, schedule
        self.history = training.fit(self, inputs, target, self._rng, *options)
        return self

    def dead_units(self, X: ArrayLike, batch_size: int = 1024) -> List[float]:
        """For each hidden layer, the fraction of units whose slope is 0 for every sample of ``X``."""
        return self._network.dead_units(self._inputs(X), batch_size)

    def _backpropagate(self, X: ArrayLike, y: ArrayLike) -> float:
        inputs = self._inputs(X)
        return self._network.backpropagate(inputs, self._targets(y, len(inputs)), self.loss)

    def _inputs(self, X: ArrayLike) -> Array:
        return arguments.inputs(X, self.layers[0], self.dtype)

    def _targets(self, y: ArrayLike, n: int) -> Array:
        return arguments.targets(y, n, self.layers[-1], self.loss, self.dtype)

    def __repr__(self) -> str:
        return (
            f"<MLP {self._network}, loss {getattr(self.loss, '__name__', self.loss)}, "
            f"{type(self.optimizer).__name__}, {self.dtype}>"
        )
