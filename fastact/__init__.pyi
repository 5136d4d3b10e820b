from collections.abc import Mapping
from typing import Any

from fastact import diagnostics as diagnostics
from fastact import initializers as initializers
from fastact import kernels as kernels
from fastact import losses as losses
from fastact import optimizers as optimizers
from fastact._core.activation import Activation as Activation
from fastact._core.binding import Pipeline as Pipeline
from fastact._core.gated import geglu as geglu
from fastact._core.gated import glu as glu
from fastact._core.gated import reglu as reglu
from fastact._core.gated import swiglu as swiglu
from fastact._core.gumbel import gumbel_softmax as gumbel_softmax
from fastact._core.names import *  # noqa: F403  # the activations and their aliases: setup.py writes this stub
from fastact._core.result_memory import empty_cache as empty_cache
from fastact._core.rows import entmax15 as entmax15
from fastact._core.rows import hardmax as hardmax
from fastact._core.rows import log_softmax as log_softmax
from fastact._core.rows import logsumexp as logsumexp
from fastact._core.rows import softmax as softmax
from fastact._core.rows import softmin as softmin
from fastact._core.rows import sparsemax as sparsemax
from fastact.config import get_include as get_include
from fastact.config import get_library_dir as get_library_dir
from fastact.config import get_num_threads as get_num_threads
from fastact.config import isa as isa
from fastact.config import num_threads as num_threads
from fastact.config import set_num_threads as set_num_threads
from fastact.config import show_config as show_config
from fastact.guide.recommend import recommend as recommend
from fastact.nn import callbacks as callbacks
from fastact.nn.mlp import MLP as MLP

__version__: str
activations: Mapping[str, Activation]

def get(name: str | Activation) -> Any: ...
def plot(*names: str | Activation | tuple[str | Activation, dict[str, float]], derivative: bool = True,
         range: tuple[float, float] | None = None, ax: Any = None, show: bool = False) -> Any: ...

# Any other one.
def __getattr__(name: str) -> Activation: ...
