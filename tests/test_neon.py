"""The C library for aarch64, run in an emulator, gives the bits of this processor's."""
import os

import pytest

import fastact as fa
import native

CROSS = ("aarch64-linux-gnu-gcc", "qemu-aarch64")


def hashes(program, *emulator, isa):
    """What hash_library.c prints: the instruction set, and {form: hash}."""
    text = native.run([*emulator, program], env={**os.environ, "FASTACT_ISA": isa})
    found, *lines = text.splitlines()
    return found, dict(line.rsplit(" ", 1) for line in lines)


@pytest.fixture(scope="module")
def here(c_objects, tmp_path_factory):
    folder = tmp_path_factory.mktemp("here")
    return native.build_program("gcc", native.ROOT / "tests" / "hash_library.c", folder, c_objects.values())


@pytest.fixture(scope="module")
def reference(here):
    found, values = hashes(here, isa="baseline")
    assert found == "baseline" and len(values) > 16 * len(fa.activations) and len(set(values.values())) > 100
    return values


@pytest.mark.parametrize("isa", ["avx2", "avx512"])
def test_this_processor(isa, here, reference):
    found, values = hashes(here, isa=isa)
    if found != isa:
        pytest.skip("this processor lacks it")
    assert [form for form in reference if values[form] != reference[form]] == []


@pytest.mark.thorough
def test_neon(reference, tmp_path):
    compiler, emulator = map(native.compiler, CROSS)
    objects = native.build_objects(tmp_path, compiler)
    program = native.build_program(compiler, native.ROOT / "tests" / "hash_library.c", tmp_path, objects.values(),
                                   "-static")
    for isa in ("neon", "baseline"):
        found, values = hashes(program, emulator, isa=isa)
        assert found == isa and sorted(values) == sorted(reference)
        assert [form for form in reference if values[form] != reference[form]] == []
