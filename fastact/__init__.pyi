from collections.abc import Mapping
from typing import Any

from fastact import callbacks as callbacks
from fastact import diagnostics as diagnostics
from fastact import initializers as initializers
from fastact import losses as losses
from fastact import optimizers as optimizers
from fastact.activations import Activation as Activation
from fastact.buffers import empty_cache as empty_cache
from fastact.config import get_include as get_include
from fastact.config import get_num_threads as get_num_threads
from fastact.config import isa as isa
from fastact.config import num_threads as num_threads
from fastact.config import set_num_threads as set_num_threads
from fastact.config import show_config as show_config
from fastact.gated import geglu as geglu
from fastact.gated import glu as glu
from fastact.gated import reglu as reglu
from fastact.gated import swiglu as swiglu
from fastact.mlp import MLP as MLP
from fastact.choosing import recommend as recommend
from fastact.rows import hardmax as hardmax
from fastact.rows import log_softmax as log_softmax
from fastact.rows import logsumexp as logsumexp
from fastact.rows import softmax as softmax
from fastact.rows import softmin as softmin
from fastact.rows import sparsemax as sparsemax

__version__: str
activations: Mapping[str, Activation]

def plot(
    *names: str | Activation | tuple[str | Activation, dict[str, float]],
    derivative: bool = True,
    range: tuple[float, float] = (-6, 6),
    ax: Any = None,
    show: bool = False,
) -> Any: ...

# The activations and their aliases, which come from the registry.
def __getattr__(name: str) -> Activation: ...
