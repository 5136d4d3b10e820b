"""torch's own operators with our kernels: a small policy network, and the feed-forward block of BERT."""
import fastact.torch as ft
import torch
from timing import ratio
from torch import nn

torch.set_num_threads(1)


def run(model, x):
    """Ten steps, as a loop would make them: entering the block below takes 50 us."""
    for _ in range(10):
        y = model(x)
    return y


def run_with_kernels(model, x):
    with ft.kernels():
        return run(model, x)


def compare(name, model, x):
    with torch.inference_mode():
        torch.testing.assert_close(run_with_kernels(model, x), run(model, x))
        print(f"{name}: {ratio(lambda: run(model, x), lambda: run_with_kernels(model, x)):.2f} times as quick")


compare("policy of two tanh layers, 1024 x 50", nn.Sequential(
    nn.Linear(50, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 6), nn.Softmax(-1)), torch.randn(1024, 50))
compare("feed-forward block of BERT, 128 x 768",
        nn.Sequential(nn.Linear(768, 3072), nn.GELU(), nn.Linear(3072, 768)), torch.randn(128, 768))
