"""Each instruction set's kernels use its full vectors and call nothing; nothing else uses them."""
import platform
import functools
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from fastact import registry
from native import run

sparse, csgraph = map(pytest.importorskip, ("scipy.sparse", "scipy.sparse.csgraph"))
pytestmark = [pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86-64 code"),
              pytest.mark.skipif(not shutil.which("objdump"), reason="no objdump")]

WIDTH = {"avx2": "%ymm", "avx512": "%zmm"}
WIDE = re.compile(r"%[yz]mm")
SCALAR_ARITHMETIC = re.compile(r"\bv?(add|sub|mul|div|sqrt|fn?m(add|sub)\d*)s[sd]\b")


@functools.cache
def functions(path):
    """Disassembled instructions by function; relocations follow the calls that they complete."""
    found, name = {}, None
    for line in run(["objdump", "-dr", "--no-show-raw-insn", path]).splitlines():
        header = re.match(r"[0-9a-f]+ <([\w.@]+)>:", line)
        if header:
            name = header[1]
            found[name] = []
        elif name:
            found[name].append(line)
    return found


def calls(lines):
    """Names of what is called: from the relocation of a call or tail jump, else from its operand."""
    found = set()
    for line, following in zip(lines, [*lines[1:], ""]):
        relocated = re.search(r"R_X86_64_P\w+\s+([\w.]+)", following)
        operand = re.search(r"\bcall\s+(?:[0-9a-f]+ )?<?([\w.*%]+)", line)
        if re.search(r"\b(call|jmp)\b", line) and (relocated or operand):
            found.add((relocated or operand)[1])
    return found


def loops(lines):
    """The instructions that a run of the function can come back to, whatever the order in which blocks are laid out."""
    addresses = [found[1] if (found := re.match(r"\s*([0-9a-f]+):\t", line)) else None for line in lines]
    places = {address: k for k, address in enumerate(addresses) if address}
    steps = []  # (instruction, one that can follow it)
    for k, line in enumerate(lines):
        jump = re.search(r"\tj([a-z]+)\s+([0-9a-f]+) <", line)
        if not re.search(r"\t(jmp|ret)", line) and k + 1 < len(lines):
            steps.append((k, k + 1))
        if jump and jump[2] in places:
            steps.append((k, places[jump[2]]))
    if not steps:
        return []
    graph = sparse.csr_array((np.ones(len(steps)), tuple(zip(*steps))), (len(lines), len(lines)))
    _, component = csgraph.connected_components(graph, connection="strong")
    count = np.bincount(component)
    own = {k for k, following in steps if k == following}
    return [line for k, line in enumerate(lines) if k in own or count[component[k]] > 1]


def kernels():
    """The names of all kernels: form, parameters as scalars or arrays, dtype."""
    for activation in fa.activations.values():
        for form in set(registry.LOOPS) & set(activation.info.forms):
            for style in ("scalar", "array") if activation.info.parameters else ("scalar",):
                for suffix in ("f32", "f64"):
                    yield f"{activation.name}_{form}_{style}_{suffix}"
        if activation.info.half_ulp:
            yield f"{activation.name}_half_scalar_f32"


@pytest.mark.parametrize("isa", WIDTH)
def test_kernels_are_vectorised(c_objects, isa):
    found = functions(c_objects[isa])
    faults = []
    for name in kernels():
        lines = found.get(name)
        if lines is None:
            faults.append(f"{name} is not in {isa}.o")
            continue
        if not any(WIDTH[isa] in line for line in loops(lines)):
            faults.append(f"{name} does not use {WIDTH[isa]}")
        if any(SCALAR_ARITHMETIC.search(line) for line in loops(lines)):
            faults.append(f"{name} computes one element at a time")
        if calls(lines):
            faults.append(f"{name} calls {', '.join(sorted(calls(lines)))}")
    assert faults == []


@pytest.mark.parametrize("isa", WIDTH)
def test_losses_and_optimizers_are_vectorised(c_objects, isa):
    found = functions(c_objects[isa])
    losses = [name for name in found
              if re.fullmatch(r"(\w+_loss\w*|binary_cross_entropy\w*|kl_div\w*)_(values|values_and_derivatives)_f\d+", name)]
    assert len(losses) == 14 * 2 * 2
    for name in losses:
        lines = loops(found[name])
        assert any(WIDTH[isa] in line for line in lines), name
        assert not any(SCALAR_ARITHMETIC.search(line) for line in lines) and not calls(found[name]), name
    for name in ("run_loss", "run_cross_entropy", "run_optimizer"):
        for suffix in ("_f32", "_f64"):
            assert any(WIDTH[isa] in line for line in loops(found[name + suffix])), name
            assert calls(found[name + suffix]) <= {"*%rax", "memset", "memcpy", ".text", "class_maximum" + suffix}, name


ROWS = re.compile(
    r"((log_)?softmax|logsumexp|log_sums|hardmax|sparsemax|entmax15|run_row_blocks|row_(softmax|terms|gather|scatter|make_mask))")
HALVES = re.compile(r"(widen|narrow)_row|b?float16_to_float|float_to_b?float16")
COPIES = {"memset", "memcpy", "memmove", "calloc", "malloc", "free", ".text"}


@pytest.mark.parametrize("isa", WIDTH)
def test_rows_are_vectorised(c_objects, isa):
    """The functions of whole rows use full vectors and no mathematics from elsewhere."""
    rows = {name: lines for name, lines in functions(c_objects[isa]).items() if ROWS.match(name)}
    for entry in registry.ROWS:
        for suffix in ("along_f32", "along_f64"):
            kernels = [lines for name, lines in rows.items() if name.startswith(entry.kernel) and suffix in name]
            assert kernels, f"{entry.name}: no kernel in {isa}.o"
            assert any(WIDTH[isa] in line for lines in kernels for line in lines), entry.name
    called = set().union(*(calls(lines) for lines in rows.values()))
    called = {"a pointer" if re.fullmatch(r"\*%r\w+", name) else name for name in called}  # to a kernel, or to the maxima of rows
    own = COPIES | {"fa_log1p_of_rows", "fa_sparse_threshold", "fa_entmax_threshold", "fa_sum", "a pointer"}
    assert {name for name in called if not ROWS.match(name) and not HALVES.match(name)} <= own


@pytest.mark.parametrize("name, function, instruction, count", [
    ("avx512_vbmi", "fa_run_bytes_vbmi", "vperm[it]2b", 2), ("avx512", "run_bytes", "vperm[it]2w", 4),
    ("avx2", "run_bytes", "vpshufb", 16)])
def test_bytes_are_shuffled(c_objects, name, function, instruction, count):
    """In both loops, with streaming stores and without. On AVX-512 the table is arranged by the same instruction, before."""
    lines = functions(c_objects[name])[function]
    assert len([line for line in lines if re.search(rf"\b{instruction}\b", line)]) >= 2 * count and calls(lines) == set()


def test_no_gathers():
    """The library as it was built: an index in a narrow type would make loads of neighbours gathers."""
    module, = Path(fa.__file__).parent.glob("_core/capi*.so")
    found = [line for line in run(["objdump", "-d", "--no-show-raw-insn", module]).splitlines()
             if re.search(r"\bvp?(gather|scatter)", line)]
    assert found == []


def test_baseline_runs_everywhere(c_objects):
    """Outside the files named for an instruction set there is no instruction of one."""
    for name, path in c_objects.items():
        if name in WIDTH or name == "avx512_vbmi":
            continue
        for function, lines in functions(path).items():
            used = [line for line in lines if WIDE.search(line) or re.search(r"\sv[a-z0-9]+\s.*%xmm", line)]
            assert used == [], f"{function} in {name}.c"


def test_baseline_kernels_call_only_fma(c_objects):
    found = functions(c_objects["baseline"])
    for name in kernels():
        assert calls(found[name]) <= {"fma", "fmaf"}, name


def test_extension_modules_run_everywhere():
    """The other extension modules were compiled for any x86-64."""
    for module in Path(fa.__file__).parent.rglob("*.so"):
        if not module.name.startswith("capi"):
            text = run(["objdump", "-d", "--no-show-raw-insn", module])
            assert not WIDE.search(text), module.name


def test_nothing_sets_fast_math():
    """No start-up code that flushes subnormal numbers: it sets bits 0x8040 of the control word."""
    for module in Path(fa.__file__).parent.rglob("*.so"):
        assert "$0x8040," not in run(["objdump", "-d", "--no-show-raw-insn", module]), module.name
