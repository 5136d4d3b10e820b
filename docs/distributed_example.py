"""Activations of an array that no worker can hold, and a network trained chunk by chunk: on dask's workers.

``python docs/distributed_example.py`` takes some ten seconds.
"""
import copy

import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster

import fastact as fa
from fastact.sklearn import MLPClassifier

CHUNKS = 34


def sample(rows, columns, block_id):
    """One chunk, made where it is needed; a file would be read here."""
    return np.random.default_rng(block_id[0]).standard_normal((rows, columns), np.float32)


def chunked(rows, columns):
    return da.map_blocks(sample, rows, columns, chunks=((rows,) * CHUNKS, (columns,)), dtype=np.float32)


def train(model, X, y):
    """One more chunk, by a copy: dask may use a task's result twice, or compute it again."""
    return copy.deepcopy(model).partial_fit(X, y, classes=[False, True])


def main():
    settings = {"FASTACT_NUM_THREADS": "1", "FASTACT_CACHE_MB": "32"}  # of each worker's process
    with LocalCluster(n_workers=2, threads_per_worker=1, memory_limit="512MiB", dashboard_address=":0",
                      env=settings) as cluster, Client(cluster) as client:
        print("threads of each worker:", [*client.run(fa.get_num_threads).values()])

        x = chunked(4096, 1024)
        h = fa.gelu(x)                # lazy; one call of the kernel for each chunk
        p = fa.softmax(h, axis=-1)    # along an axis that each chunk has as a whole
        print(x.nbytes >> 20, "MiB, mean of the largest probability:", round(float(p.max(axis=1).mean().compute()), 6))

        X = chunked(1000, 64)
        y = X[:, :16].sum(axis=1) > 0
        model = MLPClassifier((32,), "silu", random_state=0)
        for features, target in zip(X.to_delayed().ravel()[:-1], y.to_delayed()[:-1]):  # one after the other
            model = client.submit(train, model, client.compute(features), client.compute(target), pure=False)
        score = client.submit(MLPClassifier.score, model, *client.compute([X.blocks[-1], y.blocks[-1]]))
        print("accuracy on the last chunk:", round(score.result(), 3))


if __name__ == "__main__":
    main()
