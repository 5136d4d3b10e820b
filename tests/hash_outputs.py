"""Prints a hash of each form's outputs on a fixed set of inputs, as JSON; FASTACT_ISA chooses the code."""
import hashlib
import json

import numpy as np

import fastact as fa
import hash_training
from fastact import registry
from axes import ALL_FORMS, bits, call, every_exponent, inputs, outputs, special, wide


def points(dtype):
    """Every exponent, special values, random ones; float16 entirely."""
    if dtype == np.float16:
        return np.arange(2 ** 16, dtype=np.uint16).view(dtype)
    return np.concatenate([every_exponent(dtype, 64), special(dtype), wide(dtype, 50_001)])


def digest(result):
    together = hashlib.sha256()
    for array in outputs(result):
        together.update(bits(array).tobytes())
    return together.hexdigest()


def main():
    found = {"isa": fa.isa()}
    np.seterr(all="ignore")
    for dtype in (np.float16, np.float32, np.float64):
        x = points(dtype)
        grad = np.roll(x, 7)
        steep = [np.resize(np.array([0.01, 0.25, 1, 3], dtype), x.size)]
        for form in ALL_FORMS:
            name = f"{form.__name__} {np.dtype(dtype)}"
            arrays = inputs(form, x, grad)
            found[name] = digest(call(form, arrays))
            found[name + " parameters"] = digest(form(*arrays, *steep * len(form.info.parameters)))
        for name, f in fa.activations.items():
            for rows, columns in ((100, 10), (7, 1000), (3, 2000)):
                block = np.clip(np.resize(x, (rows, columns)), -1e3, 1e3)
                found[f"{name} biased {rows}x{columns} {np.dtype(dtype)}"] = digest(
                    call(f.biased_backward, (block[::-1], block, block[0])) + (call(f.biased, (block, block[0])),))
        for shape in ((1, 3), (7, 16), (5, 17), (33, 40), (3, 1000), (2, 33, 5)):
            block, slope = wide(dtype, int(np.prod(shape)), 5).reshape(shape), wide(dtype, int(np.prod(shape)), 6)
            block = np.clip(block, -300, 300)
            slope = np.clip(slope, -9, 9).reshape(shape)
            for axis in range(len(shape)):
                where = f"{shape} {axis} {np.dtype(dtype)}"
                for row in registry.ROWS:
                    f, grad = getattr(fa, row.name), np.take(slope, 0, axis) if row.reduces else slope
                    found[f"{row.name} {where}"] = digest(f(block, axis=axis))
                    if row.saved_for_backward:
                        found[f"{row.name}.backward {where}"] = digest(f.backward(grad, block, axis=axis))
                    if "y" in row.saved_for_backward:
                        found[f"{row.name}.backward_from_output {where}"] = digest(
                            f.backward_from_output(slope, f(block, axis=axis), axis=axis))
    found.update(hash_training.digests())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
