"""Our kernels in a program that XLA compiles, and its gradient."""
import fastact.jax as fj
import jax
import jax.numpy as jnp
from timing import ratio

ours = jax.jit(lambda x: fj.gelu(x))
theirs = jax.jit(lambda x: jax.nn.gelu(x, approximate=False))


def compare(x):
    assert jnp.allclose(ours(x), theirs(x), atol=1e-6)
    assert jnp.allclose(jax.grad(lambda x: ours(x).sum())(x), jax.grad(lambda x: theirs(x).sum())(x), atol=1e-6)
    quicker = ratio(lambda: theirs(x).block_until_ready(), lambda: ours(x).block_until_ready())
    print(f"gelu, {x.shape[0]} x {x.shape[1]}: {quicker:.2f} times as quick")


compare(jax.random.normal(jax.random.key(0), (16, 50)))
compare(jax.random.normal(jax.random.key(0), (1024, 1024)))
