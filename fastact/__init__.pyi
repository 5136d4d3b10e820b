from collections.abc import Mapping
from typing import Any

from fastact import callbacks as callbacks
from fastact import diagnostics as diagnostics
from fastact import initializers as initializers
from fastact import losses as losses
from fastact import optimizers as optimizers
from fastact.activations import Activation as Activation
from fastact.bound import Pipeline as Pipeline
from fastact.buffers import empty_cache as empty_cache
from fastact.config import get_include as get_include
from fastact.config import get_library_dir as get_library_dir
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
__all__ = [
    "geglu", "glu", "hardmax", "log_softmax", "logsumexp", "reglu", "softmax", "softmin", "sparsemax", "swiglu",
    "Activation", "MLP", "Pipeline", "activations", "callbacks", "diagnostics", "empty_cache", "get_include",
    "get_library_dir", "get_num_threads", "initializers", "isa", "losses", "num_threads", "optimizers", "plot", "recommend",
    "set_num_threads", "show_config",
]
activations: Mapping[str, Activation]

def plot(
    *names: str | Activation | tuple[str | Activation, dict[str, float]],
    derivative: bool = True,
    range: tuple[float, float] = (-6, 6),
    ax: Any = None,
    show: bool = False,
) -> Any: ...

# The activations and their aliases, by setup.py from the registry.
identity: Activation
sigmoid: Activation
hard_sigmoid: Activation
sparse_sigmoid: Activation
tanh: Activation
hard_tanh: Activation
erf: Activation
softsign: Activation
relu: Activation
relu6: Activation
relu_squared: Activation
threshold: Activation
thresholded_relu: Activation
leaky_relu: Activation
prelu: Activation
elu: Activation
selu: Activation
celu: Activation
silu: Activation
swish: Activation
gelu: Activation
gelu_tanh: Activation
quick_gelu: Activation
hard_silu: Activation
softplus: Activation
squareplus: Activation
sparse_plus: Activation
log_sigmoid: Activation
mish: Activation
tanh_shrink: Activation
hard_shrink: Activation
soft_shrink: Activation
exponential: Activation
expit: Activation
hard_swish: Activation
hardshrink: Activation
hardsigmoid: Activation
hardswish: Activation
hardtanh: Activation
linear: Activation
log_expit: Activation
logistic: Activation
logsigmoid: Activation
soft_sign: Activation
softshrink: Activation
tanhshrink: Activation
__all__ += [
    "identity",
    "sigmoid",
    "hard_sigmoid",
    "sparse_sigmoid",
    "tanh",
    "hard_tanh",
    "erf",
    "softsign",
    "relu",
    "relu6",
    "relu_squared",
    "threshold",
    "thresholded_relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "celu",
    "silu",
    "swish",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "hard_silu",
    "softplus",
    "squareplus",
    "sparse_plus",
    "log_sigmoid",
    "mish",
    "tanh_shrink",
    "hard_shrink",
    "soft_shrink",
    "exponential",
    "expit",
    "hard_swish",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "linear",
    "log_expit",
    "logistic",
    "logsigmoid",
    "soft_sign",
    "softshrink",
    "tanhshrink",
]

# Any other one.
def __getattr__(name: str) -> Activation: ...
