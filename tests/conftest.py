"""The axes of the property tests, and the two tiers.

Arguments named `activation`, `form` and `dtype` take every value. A test marked `contract` is about how a call reaches
the kernel, not about what the kernel computes: by default it runs for the REPRESENTATIVES of axes.py, and its other
cases are `thorough`.
"""
import sys
import types

import numpy as np
import pytest

import fastact as fa
import native
from axes import ALL_FORMS, DTYPES, is_representative

# transformers and timm import torchvision, which fails in this module where it was built for another torch than the installed.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))


def pytest_generate_tests(metafunc):
    def axis(name, values, ids):
        own = [mark for mark in metafunc.definition.iter_markers("parametrize") if name in str(mark.args[0])]
        if name in metafunc.fixturenames and not own:
            metafunc.parametrize(name, values, ids=ids)

    axis("activation", list(fa.activations.values()), list(fa.activations))
    axis("form", ALL_FORMS, [form.__name__ for form in ALL_FORMS])
    axis("dtype", DTYPES, [np.dtype(dtype).name for dtype in DTYPES])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if item.get_closest_marker("contract") and not all(map(is_representative, values)):
            item.add_marker("thorough")


@pytest.fixture(autouse=True)
def own_threads():
    """Each test starts and ends with the default number of threads."""
    before = fa.set_num_threads(0)
    yield
    fa.set_num_threads(before)


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture(scope="session")
def c_objects(tmp_path_factory):
    """The object files of the installed C library by name ("avx2", "elementwise" ...)."""
    return native.library_objects(tmp_path_factory.mktemp("objects"))
