"""The activations of one torch model: what `replace_activations` does to inference and training."""
import copy
import math
from functools import partial

import fastact.torch as ft
import torch
from timing import ratio
from torch import nn

torch.set_num_threads(1)


class NewGELU(nn.Module):
    """GPT-2's, as Hugging Face writes it: several operators, each a pass over memory."""

    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))


def infer(model, x):
    with torch.inference_mode():
        return model(x)


def train(model, x):
    """The gradients of one step."""
    model.zero_grad()
    model(x).square().mean().backward()


def compare(name, theirs, x):
    ours = copy.deepcopy(theirs)
    count = ft.replace_activations(ours)
    torch.testing.assert_close(infer(ours, x), infer(theirs, x))
    quicker = [ratio(partial(step, theirs, x), partial(step, ours, x)) for step in (infer, train)]
    print(f"{name}, {count} replaced: inference {quicker[0]:.2f}, training {quicker[1]:.2f} times as quick")


compare("two mish layers, 4096 x 50", nn.Sequential(
    nn.Linear(50, 64), nn.Mish(), nn.Linear(64, 64), nn.Mish(), nn.Linear(64, 1)), torch.randn(4096, 50))
compare("feed-forward block of GPT-2, 64 x 768", nn.Sequential(
    nn.Linear(768, 3072), NewGELU(), nn.Linear(3072, 768)), torch.randn(64, 768))
