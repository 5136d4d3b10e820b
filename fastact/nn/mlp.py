"""The class `MLP`: a multilayer perceptron trained by backpropagation on the library's kernels."""
from __future__ import annotations

import copy
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Type, TypeVar, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastact._core.number_arguments import NOT_NEGATIVE, generator, number
from fastact.losses.loss_arguments import is_own, name_of
from fastact.nn import arguments
from fastact.nn.layers import Array
from fastact.nn.network import Network, chunks
from fastact.nn.output_layers import Metric, Objective, pairing
from fastact.optimizers.base import Optimizer

Self = TypeVar("Self", bound="MLP")


class MLP:
    """Fully connected network.

    Parameters
    ----------
    layers : sequence of int
        Sizes from the inputs to the outputs, such as ``[64, 32, 10]``.
    activation : str, Activation, (name, dict of parameters), object, or a list or tuple with one for each hidden layer
        The hidden layers' activation. With prelu each layer trains its slope. An object of your own has
        ``__call__(x, out=None)``, ``backward(grad, x, out=None)`` and ``derivative(x)``, which return arrays of
        the shape of x, and may have a ``name``. It is called once here as a check, and always without ``out``.
    output_activation : the same, a function of rows such as "softmax", or None
        The last layer's activation. None chooses what the loss expects: log_softmax for "nll_loss" and "kl_div", sigmoid for
        "binary_cross_entropy", and no activation for others: outputs are logits for "cross_entropy" and "bce", and
        logarithms of means for "poisson_nll_loss". An activation that does not suit the loss gives a UserWarning.
    loss : name in `fastact.losses`, an object with ``value_and_grad(output, target)``, or (one of these, options)
        "bce" is short for "binary_cross_entropy_with_logits", "mse" for "mse_loss"; also "l1",
        "smooth_l1", "huber", "poisson". Options are a dict, as in ``("bce", {"pos_weight": 19})``. An
        object of your own returns the mean loss and its gradient, of the shape of the output. To support sample weights
        it takes ``reduction="none"``, and then returns the loss of each sample and the gradient of their sum.
    optimizer : {"adam", "adamw", "sgd", "rmsprop", "adagrad"}, or a callable
        A callable, such as ``fa.optimizers.SGD``, gets the list of parameter arrays and the options. It returns an object
        that has ``step(grads)`` and the list as ``params``, which the network sets again after unpickling.
    init : "auto", a name in `fastact.initializers`, (name, options), or ``make(shape, rng, dtype)``
        The initial weights. "auto" keeps the variance from layer to layer, as He's weights do for relu
        (`fastact.initializers.auto`); the last layer gets Glorot's weights. Biases start at 0.
    dtype : float32 or float64
        The type of the parameters and of all arithmetic.
    random_state : seed or numpy.random.Generator
        For the weights, the order of the samples in `fit`, and dropout. The same seed gives the same bits, with any number
        of threads.
    learning_rate : float, optional
        The optimiser's ``lr``.
    dropout : float in [0, 1), or a list with one for each hidden layer
        Probability with which a training step sets an output of a hidden layer to 0.
    l2 : float, not negative
        ``l2 / 2`` times the sum of the squared weights (not the biases) is added to the loss.
    batch_norm : bool
        Whether the hidden layers normalise the inputs of their activations over the batch. A batch then needs at
        least 2 samples: `train_step` raises for a single one, and in `fit` a last batch of one joins the batch before it.
    **options
        Other options of the optimiser, such as ``momentum``; ``lr`` is accepted as well.

    Attributes
    ----------
    parameters : list of array
    optimizer : Optimizer
        ``net.optimizer.lr = 1e-4`` changes the learning rate.
    history : dict of list
        The values of each epoch of the last `fit`: "loss"; "accuracy" for losses of classes or "r2" for
        regressions; and with validation data "val_loss" and "val_accuracy" or "val_r2".

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

    def __init__(self, layers: Sequence[int], activation: Any = "relu", output_activation: Any = None,
                 loss: Any = "cross_entropy", optimizer: Any = "adam", init: Any = "auto", dtype: DTypeLike = "float32",
                 random_state: Any = None, learning_rate: Optional[float] = None, dropout: Union[float, Sequence[float]] = 0.0,
                 l2: float = 0.0, batch_norm: bool = False, **options: Any) -> None:
        self.layers = arguments.sizes(layers)
        self.loss = arguments.loss(loss, self.layers[-1])
        self.dtype = arguments.dtype(dtype)
        self.dropout = arguments.dropout(dropout, len(self.layers) - 2)
        self.l2 = number("MLP: l2", l2, NOT_NEGATIVE, ValueError)
        self.batch_norm = bool(batch_norm)
        self._rng = generator("MLP: random_state", random_state)
        each = arguments.activations(activation, output_activation, self.layers, self.loss, self.dtype)
        self._network = Network(self.layers, each, self.dtype, self.dropout, self.l2, self.batch_norm, self._rng)
        for layer in self._network.layers:
            arguments.initialize(layer, init, layer is self._network.layers[-1], self._rng)
        self.optimizer = arguments.optimizer(optimizer, [self._network.flat], learning_rate, options)
        self.history: Dict[str, List[float]] = {}

    @property
    def parameters(self) -> List[Array]:
        """The trained arrays; writing into them changes the network.

        Weight (fan_in, fan_out) and bias (fan_out,) of each layer, followed by batch normalisation's scale (fan_out,)
        and prelu's slope (1,) if the layer has them.
        """
        return self._network.parameters

    def train_step(self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None,
                   clip_norm: Optional[float] = None, clip_value: Optional[float] = None) -> float:
        """Take one step of the optimiser on a batch and return the loss before it.

        Parameters
        ----------
        X : array_like, shape (samples, inputs)
        y : array_like
            The targets, as the loss takes them: integer classes (samples,), for cross_entropy also probabilities
            (samples, classes); for other losses numbers (samples, outputs), or (samples,) for a single output.
        sample_weight : array_like, shape (samples,), optional
            A sample of weight k counts like k equal samples. Only the ratios of the weights matter.
        clip_norm, clip_value : float, optional
            The gradient is limited by `fastact.optimizers.clip_grad_value`, then by
            `fastact.optimizers.clip_grad_norm` over all parameters together.

        Returns
        -------
        float
            The mean loss of the batch, with the penalty of ``l2``, before the step.

        Raises
        ------
        FloatingPointError
            If the loss is infinite or NaN. Neither the parameters nor the running means of batch normalisation
            have changed then.
        TypeError, ValueError
            If dtypes, shapes or labels do not fit, or a network with ``batch_norm`` gets a single sample, whose
            deviation is 0. Nothing has changed then.
        """
        x, target, loss = self._batch(X, y, sample_weight)
        self._check_optimizer()
        return self._network.train_step(x, target, loss, self.optimizer, arguments.limits(clip_norm, clip_value))

    def fit(self: Self, X: ArrayLike, y: ArrayLike, epochs: int = 20, batch_size: int = 64,
            validation_data: Optional[Sequence[ArrayLike]] = None, progress: Union[bool, str] = True, schedule: Any = None,
            sample_weight: Optional[ArrayLike] = None, early_stopping: Any = None, callbacks: Any = (),
            validation_split: float = 0.0, shuffle: bool = True, clip_norm: Optional[float] = None,
            clip_value: Optional[float] = None) -> Self:
        """Train on mini-batches, fill `history`, and return this network. A second call continues the training.

        Parameters
        ----------
        X, y, sample_weight : array_like
            As for `train_step`.
        epochs, batch_size : int
            With ``batch_norm`` a last batch of one sample joins the batch before it.
        validation_data : (X, y) or (X, y, sample_weight), optional
            Evaluated after every epoch.
        progress : bool or str
            Whether a line on stderr shows epoch, loss, metric and time. The line begins with the str, if it is one. There
            is no line if stderr cannot be written.
        schedule : optional
            A schedule of the learning rate, such as ``fa.optimizers.StepLR(net.optimizer, 10)``.
        early_stopping : int, bool or fastact.callbacks.EarlyStopping, optional
            Ends the training after this number of epochs without a better validation loss, or training loss if there is
            no validation data; True means 10. The best weights are restored, however the training ends.
        callbacks : callable, or iterable of callable
            ``callback(epoch, logs)`` after every epoch; returning True ends the training.
        validation_split : float in [0, 1)
            If there is no validation_data, the fraction of the samples, drawn at random, to validate on. Both parts
            get a sample whose weight is not 0.
        shuffle : bool
            Whether each epoch has a new order of the samples.
        clip_norm, clip_value : float, optional
            As for `train_step`.

        Raises
        ------
        FloatingPointError
            If the loss becomes infinite or NaN. The message has the epoch, the batch and the layer, and what to try.
        TypeError, ValueError
            If an argument does not fit, such as the label of any sample. Nothing has changed then.

        Warns
        -----
        fastact.diagnostics.DeadUnitsWarning
            If more than 30 % of a layer's units are dead.
        """
        from fastact.nn import fit

        validation = None
        if validation_data is not None:
            is_tuple = isinstance(validation_data, (tuple, list))
            if not is_tuple or len(validation_data) not in (2, 3):
                got = type(validation_data).__name__ + (f" of {len(validation_data)}" if is_tuple else "")
                raise TypeError(f"MLP.fit: validation_data must be (X, y) or (X, y, sample_weight), got a {got}")
            validation = self._data(*validation_data)
        self._check_optimizer()
        fit.fit(self, self._data(X, y, sample_weight), validation, epochs, batch_size, split=validation_split, shuffle=shuffle,
                progress=progress, schedule=schedule, early_stopping=early_stopping, callbacks=callbacks,
                limits=arguments.limits(clip_norm, clip_value))
        return self

    def gradients(self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None) -> Tuple[float, List[Array]]:
        """The loss of a batch, and its gradient with respect to each of `parameters`, in its shape.

        The gradients are copies, and no parameter changes. Arguments and errors are those of `train_step`.
        """
        loss = self._network.backpropagate(*self._batch(X, y, sample_weight))
        return loss, [grad.copy() for grad in self._network.gradients]

    def forward(self, X: ArrayLike) -> Array:
        """The outputs of the last layer, shape (samples, outputs): logits, if the loss takes logits.

        ``X`` is array_like of shape (samples, inputs); the result has the network's dtype.
        """
        return self._network.forward(self._inputs(X))

    def predict(self, X: ArrayLike) -> Array:
        """The predictions for samples (samples, inputs).

        Returns
        -------
        array
            For a loss of classes the index of the class, shape (samples,). For a binary loss 0 or 1, and for a regression
            the outputs, or their exponentials if the outputs are logarithms of means: shape (samples, outputs), or (samples,)
            for a single output.
        """
        output, pair = self.forward(X), pairing(self.loss)
        if pair.task == "multiclass":
            classes: Array = np.argmax(output, axis=1)
            return classes
        if pair.task == "binary":
            output = (output > pair.threshold).astype(np.intp)
        if pair.means is not None:
            pair.means(output, out=output)
        return output[:, 0] if self.layers[-1] == 1 else output

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities of the classes, (samples, classes); for binary losses those of class 1, in the shape of `predict`.

        Raises TypeError if the loss is not one of classes.
        """
        output, pair = self.forward(X), pairing(self.loss)
        if pair.task not in ("multiclass", "binary"):
            raise TypeError('MLP.predict_proba: only for losses of classes, as "cross_entropy" and "bce"; use predict')
        if pair.probabilities is not None:
            pair.probabilities(output, out=output)
        return output[:, 0] if self.layers[-1] == 1 else output

    def evaluate(self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None) -> Dict[str, float]:
        """Scores on labelled data, as a dict: "loss", with the penalty of ``l2``; "accuracy" for losses of classes, else "r2".

        Arguments and errors are those of `train_step`, but an infinite loss is returned and does not raise.
        """
        x, target, weight = self._data(X, y, sample_weight, check=False)
        metric = Metric(self.loss)
        loss = Objective(self.loss, metric, weight).value_and_grad(self._network.forward(x), target)[0]
        scores = {"loss": float(loss) + self._network.penalty()}
        return {**scores, metric.name: metric.result()} if metric.name else scores

    def compile(self, batch: int) -> Any:
        """A fast function of batches of exactly this many samples; a `fastact.nn.compiled.Compiled`.

        After ``run = net.compile(32)``, ``run(X)`` returns what ``net.forward(X)`` returns, in an array that the next call
        overwrites. A call allocates nothing and uses the present parameters.
        """
        from fastact.nn.compiled import Compiled

        return Compiled(self._network, self.layers, self.dtype, batch)

    def dead_units(self, X: Union[ArrayLike, Iterable[Any]], batch_size: int = 1024) -> List[float]:
        """For each hidden layer, the fraction of units whose derivative is 0 for every sample.

        Arguments, result and errors are those of `fastact.diagnostics.dead_units`.
        """
        from fastact import diagnostics

        return diagnostics.dead_units(self, X, batch_size)

    def plot_history(self, show: bool = False) -> Any:
        """Draw the loss and the metric of the last `fit`, training and validation, as a matplotlib Figure."""
        from fastact.nn.history_plot import plot_history

        return plot_history(self.history, show)

    def save(self, file: Any) -> None:
        """Write the network to a file, from which `load` makes one with the same predictions, bit for bit.

        The file is an ``.npz`` without pickle, described in `fastact.saving`. A path gets the new file only
        when that is complete; a pipe, a device or ``/dev/stdout`` is written to as it is. The
        optimiser's options are kept; its running means and the random state are not.

        Parameters
        ----------
        file : path or file open for writing bytes

        Raises
        ------
        TypeError
            If an activation or the loss is not one of fastact's.
        OSError
            If the file cannot be written. One that was there before stays as it was.
        """
        from fastact.nn import serialization

        serialization.save(self, file)

    @classmethod
    def load(cls: Type[Self], file: Any) -> Self:
        """The network that `save` wrote.

        Parameters
        ----------
        file : path or file open for reading bytes
            It may come from anywhere: nothing in it is executed, and the memory used is at most a
            multiple of its size.

        Raises
        ------
        fastact.saving.LoadError
            If it is damaged or anything else than such a file. A ValueError.
        OSError
            If it cannot be read.
        """
        from fastact.nn import serialization

        net: Self = serialization.load(cls, file)
        return net

    def to_onnx(self, file: Any, probabilities: bool = False, opset: Optional[int] = None) -> None:
        """Write the network as an ONNX model; needs ``pip install "fastact[onnx]"``.

        Its input ``input`` (samples, inputs) and its output ``output`` (samples, outputs) have the
        network's dtype.

        Parameters
        ----------
        file : path or file open for writing bytes
        probabilities : bool
            Whether the output is that of `predict_proba`, (samples, outputs), instead of `forward`.
        opset : int, optional
            The model's opset, whose operators are used, from 8 on; the newest of the installed onnx if None. A runtime
            refuses opsets that are newer than itself; onnxruntime 1.32 takes all up to 28.

        Raises
        ------
        TypeError
            If an activation is not one of fastact's, or there are no probabilities.
        ValueError
            If onnx does not have the opset, or an activation needs a newer one.
        """
        from fastact.interop import onnx

        onnx.export(self, file, probabilities, opset)

    @classmethod
    def from_torch(cls: Type[Self], module: Any, loss: Any = "mse", **options: Any) -> Self:
        """A network with the parameters of a torch module, copied; needs ``pip install "fastact[torch]"``.

        Parameters
        ----------
        module : torch.nn.Sequential
            Of Linear layers, each with at most one activation and, inside, one Dropout after it;
            torch's or those of `fastact.torch`. Sequentials may be nested, and Identity is skipped.
        loss : as for `MLP`
            "mse" is for outputs as they are; a classifier wants "cross_entropy" and no Softmax.
        **options
            Others of `MLP`, such as ``optimizer``.

        Raises
        ------
        TypeError, ValueError
            For any other module, naming the part that cannot be taken.
        """
        from fastact.torch import convert

        net: Self = convert.from_torch(cls, module, loss, **options)
        return net

    def to_torch(self) -> Any:
        """The network as a ``torch.nn.Sequential`` in evaluation mode; needs ``pip install "fastact[torch]"``.

        Parameters are copied. Outputs are those of `forward`. Activations that torch lacks are modules
        of `fastact.torch`. Raises TypeError if an activation is not one of fastact's.
        """
        from fastact.torch import convert

        return convert.to_torch(self)

    def _inputs(self, X: ArrayLike) -> Array:
        return arguments.inputs(X, self.layers[0], self.dtype)

    def _data(
        self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike] = None, *, check: bool = True
    ) -> Tuple[Array, Array, Any]:
        """Inputs (samples, inputs), targets as the loss takes them, and weights (samples,) or None.

        `check` asks whether the loss is to raise here for targets that do not fit.
        """
        x = self._inputs(X)
        target = arguments.targets(y, len(x), self.layers[-1], self.loss, self.dtype)
        if check and is_own(self.loss):
            for part in chunks(target):
                self.loss(np.zeros((len(part), self.layers[-1]), self.dtype), part)
        return x, target, arguments.weights(sample_weight, len(x), self.loss)

    def _batch(self, X: ArrayLike, y: ArrayLike, sample_weight: Optional[ArrayLike]) -> Tuple[Array, Array, Any]:
        """Inputs, targets, and the loss with the weights."""
        check = any(self.dropout)  # dropout draws numbers before the loss sees the targets
        x, target, weight = self._data(X, y, sample_weight, check=check)
        plain = weight is None and is_own(self.loss)  # an Objective checks what a loss of the user's returns
        return x, target, self.loss if plain else Objective(self.loss, weight=weight)

    def _check_optimizer(self) -> None:
        """Raise if the optimiser updates other arrays than the network's, such as those of another network."""
        optimizer, flat = self.optimizer, self._network.flat
        if isinstance(optimizer, Optimizer) and optimizer.params[0] is not flat:
            if not any(np.shares_memory(p, flat) for p in optimizer.params):
                raise ValueError(
                    f"MLP: optimizer {type(optimizer).__name__} updates other arrays than this network's parameters; "
                    "choose it in MLP(..., optimizer=...), and take state from another by load_state_dict"
                )

    # joblib, a mapped file or pickle's buffers give the optimiser other arrays than the network, or read-only ones.
    def __setstate__(self, state: Dict[str, Any]) -> None:
        vars(self).update(state)
        if not isinstance(getattr(self.optimizer, "params", None), (list, tuple)):  # an optimiser of the user's
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
        return f"<MLP {self._network}, loss {name_of(self.loss)}, {type(self.optimizer).__name__}, {self.dtype}>"
