from collections.abc import Mapping

from fastact import initializers as initializers
from fastact import losses as losses
from fastact import optimizers as optimizers
from fastact.activations import Activation as Activation
from fastact.config import get_include as get_include
from fastact.config import get_num_threads as get_num_threads
from fastact.config import isa as isa
from fastact.config import num_threads as num_threads
from fastact.config import set_num_threads as set_num_threads
from fastact.config import show_config as show_config
from fastact.mlp import MLP as MLP
from fastact.rows import softmax as softmax

__version__: str
activations: Mapping[str, Activation]

# The activations and their aliases, which come from the registry.
def __getattr__(name: str) -> Activation: ...
