"""Networks in files and in other frameworks; what each needs is imported when it is called."""
from __future__ import annotations

from typing import Any, Type, TypeVar

Self = TypeVar("Self", bound="Exchange")


class Exchange:
    """The part of `MLP` that reads and writes networks."""

    def save(self, file: Any) -> None:
        """Write the network to a file, from which `load` makes one with the same predictions, bit for bit.

        A plain ``.npz`` without pickle, described in `fastact.saving`. A path gets the new file only
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
            If the file cannot be written; one that was there before is as it was.
        """
        from fastact.nn import serialization

        serialization.save(self, file)

    @classmethod
    def load(cls: Type[Self], file: Any) -> Self:
        """The network that `save` wrote.

        Parameters
        ----------
        file : path or file open for reading bytes
            It may come from anywhere: nothing in it is executed, and no more memory is used than a
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

    def to_onnx(self, file: Any, probabilities: bool = False) -> None:
        """Write the network as an ONNX model, of opset 20; needs ``pip install "fastact[onnx]"``.

        Its input ``input`` (samples, inputs) and its output ``output`` (samples, outputs) have the
        network's dtype.

        Parameters
        ----------
        file : path or file open for writing bytes
        probabilities : bool
            Whether the output is that of `predict_proba`, (samples, outputs), instead of `forward`.

        Raises
        ------
        ImportError
            If onnx is not installed.
        TypeError
            If an activation is not one of fastact's, or there are no probabilities.
        """
        from fastact.interop import onnx as onnx_export

        onnx_export.export(self, file, probabilities)

    @classmethod
    def from_torch(cls: Type[Self], module: Any, loss: Any = "mse", **options: Any) -> Self:
        """A network with the parameters of a torch module, copied; needs ``pip install "fastact[torch]"``.

        Parameters
        ----------
        module : torch.nn.Sequential
            Of Linear layers, each with at most one activation and, inside, one Dropout after it;
            torch's or those of `fastact.torch`. Sequentials in it and Identity are looked through.
        loss : as for `MLP`
            "mse" is for outputs as they are; a classifier wants "cross_entropy" and no Softmax.
        **options
            Others of `MLP`, such as ``optimizer``.

        Raises
        ------
        ImportError
            If torch is not installed.
        TypeError, ValueError
            For any other module, naming the part that cannot be taken.
        """
        from fastact.torch import convert

        net: Self = convert.from_torch(cls, module, loss, **options)
        return net

    def to_torch(self) -> Any:
        """The network as a ``torch.nn.Sequential`` in evaluation mode; needs ``pip install "fastact[torch]"``.

        Parameters are copied. Outputs are those of `forward`. Activations that torch lacks are modules
        of `fastact.torch`.

        Raises
        ------
        ImportError
            If torch is not installed.
        TypeError
            If an activation is not one of fastact's.
        """
        from fastact.torch import convert

        return convert.to_torch(self)
