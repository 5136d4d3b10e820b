"""The modules of one torch model: what `replace_activations` does to training and inference."""
import copy

import fastact.torch as ft
import torch
from timing import ratio
from torch import nn

torch.set_num_threads(1)
theirs = nn.Sequential(nn.Linear(50, 64), nn.Mish(), nn.Linear(64, 64), nn.Mish(), nn.Linear(64, 1))
ours = copy.deepcopy(theirs)
print("replaced:", ft.replace_activations(ours))
x = torch.randn(4096, 50)


def step(model):
    """The gradients of one step of training."""
    model.zero_grad()
    model(x).square().mean().backward()


def infer(model):
    with torch.inference_mode():
        return model(x)


torch.testing.assert_close(infer(ours), infer(theirs))
print(f"inference: {ratio(lambda: infer(theirs), lambda: infer(ours)):.2f} times as quick")
print(f"a step of training: {ratio(lambda: step(theirs), lambda: step(ours)):.2f} times as quick")
