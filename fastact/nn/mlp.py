"""A multilayer perceptron trained by backpropagation on the library's kernels."""
from __future__ import annotations

import copy
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
from numpy.typing import DTypeLike

from fastact.nn import arguments
from fastact.nn.exchange import Exchange
from fastact.nn.network import Network
from fastact.nn.trainer import Trainer


class MLP(Trainer, Exchange):
    """Fully connected network.

    Predictions are in `fastact.nn.predictor`, training is in `fastact.nn.trainer`, files and other
    frameworks are in `fastact.nn.exchange`; the layers are in `fastact.nn.network`.

    Parameters
    ----------
    layers : sequence of int
        Sizes from the inputs to the outputs, such as ``[64, 32, 10]``.
    activation : str, Activation, (name, dict of parameters), object, or a list or tuple with one a hidden layer
        Of the hidden layers. prelu's slope is trained, one a layer. An object of your own has
        ``__call__(x, out=None)``, ``backward(grad, x, out=None)``, ``derivative(x)``, which return arrays
        of x's shape, and perhaps a ``name``; it is tried once here, and called without ``out``.
    output_activation : the same, a function of rows such as "softmax", or None
        Of the last layer. None is what the loss takes: logits for "cross_entropy" and "bce",
        log_softmax for "nll_loss" and "kl_div", sigmoid for "binary_cross_entropy", logarithms of
        means for "poisson_nll_loss", else the outputs as they are. One that does not go with the
        loss warns.
    loss : name in `fastact.losses`, an object with ``value_and_grad(output, target)``, or (one of these, options)
        "bce" is short for "binary_cross_entropy_with_logits", "mse" for "mse_loss"; also "l1",
        "smooth_l1", "huber", "poisson". Options are a dict, as in ``("bce", {"pos_weight": 19})``. An
        object of your own returns the mean loss and its gradient, of output's shape; for sample
        weights it also takes ``reduction="none"``, and returns the loss of each sample and the
        gradient of their sum.
    optimizer : {"adam", "adamw", "sgd", "rmsprop", "adagrad"}, or a callable
        A callable is given the list of parameter arrays and the options: ``fa.optimizers.SGD``. What it
        returns has ``step(grads)``, and keeps that list as ``params``, which is set anew after unpickling.
    init : "auto", a name in `fastact.initializers`, (name, options), or ``make(shape, rng, dtype)``
        Of the weights; "auto" keeps the variance by the layer's activation, as He's for relu
        (`fastact.initializers.auto`), and takes Glorot's for the last layer. Biases start at 0.
    dtype : float32 or float64
        Of the parameters and of all arithmetic.
    random_state : seed or numpy.random.Generator
        Of the weights, of `fit`'s shuffling and of dropout. The same seed gives the same bits,
        whatever `fastact.set_num_threads`.
    learning_rate : float, optional
        The optimiser's ``lr``.
    dropout : float in [0, 1), or a list with one a hidden layer
        The share of a layer's outputs that each training step leaves out.
    l2 : float
        ``l2 / 2`` times the sum of the squared weights (not the biases) is added to the loss.
    batch_norm : bool
        Whether the hidden layers normalise the inputs of their activations by the batch, which has at
        least 2 samples then: `train_step` raises for one, in `fit` a last batch of one joins the one before.
    **options
        Other options of the optimiser, such as ``momentum``; ``lr`` is accepted as well.

    Attributes
    ----------
    parameters : list of array
        Weight (fan_in, fan_out) and bias (fan_out,) of every layer, and after them batch
        normalisation's scale (fan_out,) and prelu's slope (1,). Writing into them sets them.
    optimizer : Optimizer
        ``net.optimizer.lr = 1e-4`` changes the learning rate.
    history : dict of list
        Of the last `fit`, a value an epoch: "loss", "accuracy" for classifiers or "r2" for
        regressions, and with validation data "val_loss", "val_accuracy", "val_r2".

    Raises
    ------
    TypeError, ValueError
        For an argument that is not as described.

    Examples
    --------
    >>> import numpy as np, fastact as fa
    >>> X = np.random.default_rng(0).normal(0, 1, (200, 2))
    >>> y = (X[:, 0] * X[:, 1] > 0).astype(int)
    >>> net = fa.MLP([2, 16, 2], activation="silu", random_state=0)
    >>> net.fit(X, y, epochs=50, progress=False).predict(X[:3]).shape
    (3,)
    """

    __module__ = "fastact"  # where users find it, and pickles too

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
        dropout: Union[float, Sequence[float]] = 0.0,
        l2: float = 0.0,
        batch_norm: bool = False,
        **options: Any,
    ) -> None:
        self.layers = arguments.sizes(layers)
        self.loss = arguments.loss(loss, self.layers[-1])
        self.dtype = arguments.dtype(dtype)
        self.dropout, self.l2 = arguments.dropout(dropout, len(self.layers) - 2), arguments.l2(l2)
        self.batch_norm = bool(batch_norm)
        self._rng = np.random.default_rng(random_state)
        each = arguments.activations(activation, output_activation, self.layers, self.loss, self.dtype)
        regularisation = self.dropout, self.l2, self.batch_norm, self._rng
        self._network = Network(self.layers, each, self.dtype, *regularisation)
        for layer in self._network.layers:
            initializer = arguments.initializer(init, layer, layer is self._network.layers[-1])
            layer.weight[...] = arguments.initial(initializer, layer.weight.shape, self._rng, self.dtype)
        self.optimizer = arguments.optimizer(optimizer, [self._network.flat], learning_rate, options)
        self.history: Dict[str, List[float]] = {}

    # joblib, a mapped file or pickle's buffers give the optimiser other arrays than the network, or read-only ones.
    def __setstate__(self, state: Dict[str, Any]) -> None:
        vars(self).update(state)
        if not isinstance(getattr(self.optimizer, "params", None), (list, tuple)):  # somebody else's
            return
        try:
            self.optimizer.params = [self._network.flat]
        except AttributeError:  # it cannot be set
            return
        self._network.own()
        self.optimizer.params = [self._network.flat]

    def __copy__(self) -> MLP:
        """An independent copy: one that shared the parameters would share only a part of the training's state."""
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return (
            f"<MLP {self._network}, loss {getattr(self.loss, '__name__', self.loss)}, "
            f"{type(self.optimizer).__name__}, {self.dtype}>"
        )
