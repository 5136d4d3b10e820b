"""The axes of the property tests, and the two tiers.

Arguments named `activation`, `form` and `dtype` take every value. A test runs as one item for each activation, which
calls it for every form of the activation and every dtype, one after the other; where a call fails, the captured output
names them. A test marked `contract` is about how a call reaches the kernel, not about what the kernel computes: by
default it runs for the REPRESENTATIVES of axes.py, and its other items are `thorough`.
"""
import inspect
import itertools
import os
import sys
import time
import types

import numpy as np
import pytest

import fastact as fa
import native
from axes import DTYPES, Each, forms_by_activation, is_representative, shown

# transformers and timm import torchvision, which fails in this module where it was built for another torch than the installed.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))


EACH_ACTIVATION = forms_by_activation()  # values and ids


def pytest_generate_tests(metafunc):
    def axis(name, values, ids):
        own = [mark for mark in metafunc.definition.iter_markers("parametrize") if name in str(mark.args[0])]
        if name in metafunc.fixturenames and not own:
            metafunc.parametrize(name, values, ids=ids)

    axis("activation", list(fa.activations.values()), list(fa.activations))
    axis("form", *EACH_ACTIVATION)
    axis("dtype", [Each(DTYPES)], ["dtypes"])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if item.get_closest_marker("contract") and not all(map(is_representative, values)):
            item.add_marker("thorough")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Calls a test for every combination of the values of its arguments that are Each."""
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters
                 if name in pyfuncitem.funcargs}
    axes = [name for name, value in arguments.items() if isinstance(value, Each)]
    if not axes:
        return None
    skipped, ran = None, False
    for chosen in itertools.product(*(arguments[name] for name in axes)):
        now = {**arguments, **dict(zip(axes, chosen))}
        if "rng" in now:
            now["rng"] = np.random.default_rng(SEED)
        try:
            pyfuncitem.obj(**now)
            ran = True
        except pytest.skip.Exception as reason:
            skipped = reason
        except BaseException:
            print("with", ", ".join(f"{name} = {shown(value)}" for name, value in zip(axes, chosen)))
            raise
    if skipped and not ran:
        raise skipped
    return True


@pytest.fixture(autouse=True)
def own_threads():
    """Each test starts and ends with the default number of threads."""
    before = fa.set_num_threads(0)
    yield
    fa.set_num_threads(before)


SEED = 20


@pytest.fixture
def rng():
    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """``once(name, make)``: a folder that make(folder) has filled, in one of pytest-xdist's processes; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name, make):
        folder, good, bad = (base / f"{name}{ending}" for ending in ("", ".good", ".bad"))
        try:
            folder.mkdir()
        except FileExistsError:
            while not (good.exists() or bad.exists()):
                time.sleep(0.1)
            assert good.exists(), f"the process that was to make {folder} failed"
            return folder
        try:
            make(folder)
            good.touch()
        finally:
            if not good.exists():
                bad.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def c_objects(tmp_path_factory):
    """The object files of the installed C library by name ("avx2", "elementwise" ...)."""
    return native.library_objects(tmp_path_factory.mktemp("objects"))
