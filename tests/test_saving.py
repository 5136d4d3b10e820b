"""Networks in files: the same predictions, whole files only, and one error for any other content."""
import io
import json
import os
import stat
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest

import fastact as fa
from fastact import saving
from fastact.nn.mlp import MLP

X = np.random.default_rng(0).normal(size=(7, 4))


def network(**options):
    settings = {"activation": [("elu", {"alpha": 0.3}), "gelu"], "learning_rate": 0.02, "random_state": 1, **options}
    net = MLP([4, 5, 6, 3], **settings)
    net.fit(X, np.arange(7) % 3 if net.loss is fa.losses.cross_entropy else X[:, :3], epochs=2, progress=False)
    return net


def saved(net):
    stream = io.BytesIO()
    net.save(stream)
    return stream.getvalue()


def loaded(content):
    return MLP.load(io.BytesIO(content))


def assert_same(net, other):
    assert repr(net) == repr(other) and repr(net.optimizer) == repr(other.optimizer)
    assert net.forward(X).tobytes() == other.forward(X).tobytes()
    for one, two in zip(net.parameters, other.parameters, strict=True):
        assert one.dtype == two.dtype and one.tobytes() == two.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", fa.activations)
def test_every_activation(name, dtype):
    info = fa.activations[name].info
    options = {p.name: p.example + 1 / 3 for p in info.parameters} if name != "hard_tanh" else {"max_val": np.inf}
    net = MLP([4, 5, 3], (name, options), (name, options), "mse", dtype=dtype, random_state=2)
    assert_same(net, loaded(saved(net)))


@pytest.mark.parametrize("loss", ["cross_entropy", "nll_loss", "bce", "binary_cross_entropy", "mse", "l1", "huber"])
def test_losses_and_predictions(loss):
    net = MLP([4, 5, 3], loss=loss, random_state=0)
    other = loaded(saved(net))
    assert other.loss is net.loss
    assert net.predict(X).tobytes() == other.predict(X).tobytes()


def test_regularised_networks():
    net = network(activation="prelu", batch_norm=True, dropout=[0.5, 0.2], l2=0.1, random_state=3)
    other = loaded(saved(net))
    assert_same(net, other)
    assert (other.batch_norm, other.dropout, other.l2) == (True, [0.5, 0.2], 0.1)


@pytest.mark.parametrize("output", ["softmax", "log_softmax", "softmin", "sparsemax", "sigmoid", ("elu", {"alpha": 2.0})])
def test_output_activations(output):
    net = MLP([4, 5, 3], output_activation=output, loss="mse", random_state=0)
    assert_same(net, loaded(saved(net)))


def test_loading_repeats_no_warning():
    with pytest.warns(UserWarning, match="takes logits"):
        net = MLP([4, 5, 3], output_activation="sigmoid", random_state=0)
    assert_same(net, loaded(saved(net)))


@pytest.mark.parametrize("optimizer, options", [
    ("adam", {"betas": (0.8, 0.9)}), ("adamw", {"weight_decay": np.float32(0.5)}), ("rmsprop", {"centered": True}),
    ("sgd", {"momentum": 0.5, "nesterov": True}), ("adagrad", {}),
])  # fmt: skip
def test_training_goes_on(optimizer, options):
    net = network(optimizer=optimizer, **options)
    other = loaded(saved(net))
    assert_same(net, other)
    before = other.evaluate(X, np.arange(7) % 3)["loss"]
    other.fit(X, np.arange(7) % 3, epochs=30, progress=False)
    assert other.evaluate(X, np.arange(7) % 3)["loss"] < before


def test_files(tmp_path):
    path = tmp_path / "net.npz"
    net = network()
    net.save(path)
    assert_same(net, MLP.load(str(path)))
    assert os.listdir(tmp_path) == ["net.npz"]
    with np.load(path) as arrays:  # no pickle in it
        assert json.loads(str(arrays["network"]))["version"] == saving.VERSION
        np.testing.assert_array_equal(arrays["parameter_0"], net.parameters[0])
    assert saved(net) == path.read_bytes()
    with pytest.raises(FileNotFoundError):
        MLP.load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError):
        net.save(tmp_path / "none" / "net.npz")


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    net = network()
    net.save(path)
    old = path.read_bytes()

    def full(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="No space left"):
        network(random_state=9).save(path)
    assert path.read_bytes() == old and os.listdir(tmp_path) == ["net.npz"]


@pytest.mark.skipif(os.name == "nt", reason="links and permissions of Unix")
def test_permissions_and_links_stay(tmp_path):
    path, link = tmp_path / "net.npz", tmp_path / "link.npz"
    network().save(path)
    path.chmod(0o640)
    link.symlink_to(path)
    network(random_state=9).save(link)
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert_same(MLP.load(path), network(random_state=9))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
@pytest.mark.parametrize("through_a_link", [False, True])
def test_what_is_no_regular_file_is_written_to(tmp_path, through_a_link):
    pipe, path, got = tmp_path / "pipe", tmp_path / "pipe", []
    os.mkfifo(pipe)
    if through_a_link:
        path = tmp_path / "link"
        path.symlink_to(pipe)
    for write in (lambda net: net.save(path), lambda net: saving.write_whole(os.fsencode(path), lambda s: s.write(b"text"))):
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
        reader.start()
        write(network())
        reader.join(10)
    assert got == [saved(network()), b"text"] and stat.S_ISFIFO(pipe.stat().st_mode)
    reader = threading.Thread(target=lambda: pipe.write_bytes(got[0]), daemon=True)
    reader.start()
    assert_same(MLP.load(path), network())


@pytest.mark.skipif(not os.path.exists("/dev/stdout") or not os.path.isdir("/proc/self/fd"), reason="names of Linux")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output(tmp_path, name):
    program = f"""import os, fastact as fa
os.write(1, b"before")
fa.MLP([4, 5, 3], random_state=1).save({name!r})
os.write(1, b"after")"""
    want = b"before" + saved(MLP([4, 5, 3], random_state=1)) + b"after"
    with open(tmp_path / "file", "wb") as file:
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    assert (tmp_path / "file").read_bytes() == want and os.listdir(tmp_path) == ["file"]
    assert subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True).stdout == want


@pytest.mark.skipif(os.name == "nt", reason="links and names of Unix")
def test_paths(tmp_path):
    net = network()
    for name in ("n" * 255, "n" * 251 + ".npz", "né"):
        for path in (tmp_path / name, os.fsencode(tmp_path / name)):
            net.save(path)
            assert_same(net, MLP.load(path))
        (tmp_path / name).unlink()
    dangling, loop = tmp_path / "dangling", tmp_path / "loop"
    dangling.symlink_to("new.npz")
    net.save(dangling)
    assert dangling.is_symlink() and (tmp_path / "new.npz").read_bytes() == saved(net)
    loop.symlink_to("loop")
    for path, error in ((loop, OSError), (tmp_path, IsADirectoryError), (tmp_path / ("n" * 256), OSError)):
        with pytest.raises(error):
            net.save(path)
    with pytest.raises(FileNotFoundError, match="none/net.npz'$"):
        net.save(tmp_path / "none" / "net.npz")
    with pytest.raises(FileNotFoundError):
        net.save("")
    assert sorted(os.listdir(tmp_path)) == ["dangling", "loop", "new.npz"] and loop.is_symlink()


def test_files_of_text_and_numbers():
    for use in (network().save, MLP.load):
        with pytest.raises(TypeError, match="a file of text"):
            use(io.StringIO("PK"))
        with pytest.raises(TypeError, match="not int"):
            use(3)


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, *arguments):
        got = super().read(*arguments)
        self.taken += len(got)
        return got


@pytest.mark.parametrize("seekable", [True, False])
def test_a_foreign_file_is_refused_after_its_header(seekable):
    file = Counted(bytes(10**7))
    file.seekable = lambda: seekable
    with pytest.raises(saving.LoadError, match="no .npz file"):
        MLP.load(file)
    assert file.taken < 10**5


def test_a_foreign_zip_is_refused_before_its_parts_are_read():
    stream = io.BytesIO()
    np.savez(stream, data=np.zeros(10**6))
    file = Counted(stream.getvalue())
    with pytest.raises(saving.LoadError, match="no text"):
        MLP.load(file)
    assert file.taken < 10**5


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="devices of Unix")
def test_a_file_without_an_end():
    with pytest.raises(saving.LoadError, match="'/dev/zero' holds no network that can be loaded: it is no .npz file"):
        MLP.load("/dev/zero")


def test_damaged_files_of_the_disk(tmp_path):
    """Wrong offsets, at which seeking raises OSError."""
    path, content = tmp_path / "net.npz", saved(network())
    for place in range(content.index(b"PK\x01\x02"), len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1:])
        try:
            assert_same(MLP.load(path), network())
        except saving.LoadError:
            pass


def test_options_that_cannot_be_loaded_are_not_saved(tmp_path):
    net = network(optimizer="sgd", momentum=0.9, nesterov=True)
    net.optimizer.momentum = 0
    with pytest.raises(ValueError, match="nesterov needs a momentum"):
        net.save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match="SGD: lr must be a number in .*-1"):
        net.optimizer.lr = -1
    net.optimizer.momentum = 0.5
    assert loaded(saved(net)).optimizer.momentum == 0.5


def test_what_has_no_name_is_not_saved():
    class Own:
        name = "own"
        info = fa.activations["relu"].info

        def __call__(self, x, out=None):
            return fa.activations["relu"](x, out=out)

        derivative = staticmethod(fa.activations["relu"].derivative)
        backward = staticmethod(fa.activations["relu"].backward)

    with pytest.raises(TypeError, match="none of fastact's; pickle"):
        saved(MLP([4, 5, 3], activation=Own(), init="he_normal"))


@pytest.mark.parametrize("turn", [0, *(pytest.param(turn, marks=pytest.mark.thorough) for turn in (1, 2, 3))])
def test_every_flipped_byte(turn):
    """Each byte in one of four ways; in the other three in the longer tests."""
    net = network()
    content = saved(net)
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= (0x01, 0x20, 0x80, 0xFF)[(place + turn) % 4]
        try:
            other = loaded(bytes(damaged))
        except saving.LoadError as error:
            refused += 1
            assert str(error).startswith("MLP.load: ") and "holds no network that can be loaded: " in str(error)
        else:
            assert_same(net, other)
    assert refused > 0.75 * len(content)


def test_every_truncation():
    content = saved(network())
    for length in range(len(content)):
        with pytest.raises(saving.LoadError):
            loaded(content[:length])


def rewritten(change, **keywords):
    """The file of a network with its description and arrays changed, its checksums in order."""
    with np.load(io.BytesIO(saved(network()))) as file:
        arrays = dict(file)
    description = json.loads(str(arrays["network"]))
    change(description, arrays)
    if "network" in arrays and arrays["network"].shape == () and arrays["network"].dtype.kind == "U":
        arrays["network"] = np.array(json.dumps(description))
    stream = io.BytesIO()
    keywords.get("write", np.savez)(stream, **arrays)
    return stream.getvalue()


def test_files_written_by_numpy_are_read():
    assert_same(loaded(rewritten(lambda description, arrays: None)), network())
    swapped = rewritten(lambda _, arrays: arrays.update(
        (k, a.astype(a.dtype.newbyteorder())) for k, a in list(arrays.items()) if k != "network"))
    assert_same(loaded(swapped), network())


def put(key, value):
    return lambda description, arrays: description.update({key: value})


def array(name, value):
    return lambda description, arrays: arrays.update({name: value})


HOSTILE = {
    "version": (put("version", 2), "its version is 2"),
    "no version": (lambda d, a: d.pop("version"), "its version is None"),
    "format": (put("format", "other"), "its format is not"),
    "missing": (lambda d, a: d.pop("loss"), "misses loss"),
    "NaN size": (put("layers", [4, float("nan"), 6, 3]), "layers are"),
    "float size": (put("layers", [4, 5.0, 6, 3]), "layers are"),
    "bool size": (put("layers", [4, True, 6, 3]), "layers are"),
    "negative size": (put("layers", [4, -5, 6, 3]), "layers are"),
    "no sizes": (put("layers", {}), "layers are"),
    "huge sizes": (put("layers", [10**12, 10**12, 10**12, 3]), "fewer parameters"),
    "other sizes": (put("layers", [5, 4, 6, 3]), "expected float32"),
    "many layers": (put("layers", [1] * 10), "there must be 9 activations"),
    "activation": (put("activations", [["evil", {}], ["gelu", {}], None]), "there is no activation 'evil'"),
    "attribute": (put("activations", [["__class__", {}], ["gelu", {}], None]), "there is no activation"),
    "no activation": (put("activations", [None, ["gelu", {}], None]), "activations"),
    "few activations": (put("activations", [["gelu", {}], None]), "3 activations"),
    "parameter": (put("activations", [["elu", {"beta": 1}], ["gelu", {}], None]), "has parameters"),
    "text parameter": (put("activations", [["elu", {"alpha": "x"}], ["gelu", {}], None]), "could not convert"),
    "activation type": (put("activations", [3, ["gelu", {}], None]), "activation is 3"),
    "loss": (put("loss", "evil"), "there is no loss 'evil'"),
    "loss attribute": (put("loss", "np"), "there is no loss 'np'"),
    "loss type": (put("loss", ["mse"]), "there is no loss"),
    "loss that does not fit": (put("layers", [4, 5, 6, 1]), "cross_entropy needs"),
    "optimizer": (put("optimizer", ["kernels", {}]), "there is no optimizer 'kernels'"),
    "optimizer option": (put("optimizer", ["Adam", {"lr": "x"}]), "lr must be a number"),
    "unknown option": (put("optimizer", ["Adam", {"evil": 1}]), "evil"),
    "options": (put("options", {"evil": 1}), "options are"),
    "dropout": (put("options", {"batch_norm": False, "dropout": [2], "l2": 0}), "dropout must be"),
    "l2": (put("options", {"batch_norm": False, "dropout": 0, "l2": float("nan")}), "l2 must be"),
    "batch_norm": (put("options", {"batch_norm": True, "dropout": 0, "l2": 0}), "it has the arrays"),
    "dtype": (put("dtype", "float16"), "dtype is 'float16'"),
    "dtype type": (put("dtype", []), "dtype is"),
    "other dtype": (put("dtype", "float64"), "fewer parameters"),
    "no description": (lambda d, a: a.pop("network"), "no text"),
    "numbers": (array("network", np.zeros(3)), "no text"),
    "two texts": (array("network", np.array(["{", "["])), "no text"),
    "shape": (array("parameter_0", np.zeros((5, 4), "f4")), r"expected float32 \(4, 5\)"),
    "array dtype": (array("parameter_0", np.zeros((4, 5), "f8")), "expected float32"),
    "int array": (array("parameter_0", np.zeros((4, 5), "i4")), "expected text or floats"),
    "object array": (array("parameter_0", np.array([{}], object)), "expected text or floats"),
    "missing array": (lambda d, a: a.pop("parameter_3"), "fewer parameters"),
    "another array": (array("parameter_77", np.zeros(3)), "it has the arrays"),
}


@pytest.mark.parametrize("change, message", HOSTILE.values(), ids=HOSTILE)
def test_hostile_contents(change, message):
    with pytest.raises(saving.LoadError, match=message):
        loaded(rewritten(change))


def with_member(name, content):
    stream = io.BytesIO(saved(network()))
    with zipfile.ZipFile(stream) as archive:
        members = {m: archive.read(m) for m in archive.namelist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, own in {**members, name: content}.items():
            archive.writestr(member, own)
    return stream.getvalue()


def header(shape, descr="'<f4'"):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize("content, message", [
    (header("(1000000000000, 1000000000000)"), "not the size of its data"),
    (header("(-4, -5)") + bytes(80), "not the size of its data"),
    (header("(4, 5)") + bytes(79), "not the size of its data"),
    (header("(0, 99999999999999999999)"), "exceeded|large"),
    (header("(4.0, 5)") + bytes(80), "shape"),
    (header("(4, 5)", "'|O'") + bytes(80), "expected text or floats"),
    (header("(4, 5)", "[('a', '<f4')]") + bytes(80), "expected text or floats"),
    (b"\x93NUMPY\x09\x00" + bytes(100), "version"),
    (b"", "EOF"), (b"GARBAGE" * 20, "magic"), (b"\x93NUMPY\x01\x00\xff\xff{", "EOF"),
])  # fmt: skip
def test_hostile_arrays(content, message):
    with pytest.raises(saving.LoadError, match=message):
        loaded(with_member("parameter_0.npy", content))


@pytest.mark.parametrize("text", ["", "{", "[" * 100000, "[]", "1" * 10000, '{"format": "fastact.MLP"}', "\x00"])
def test_hostile_descriptions(text):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array(text))
    with pytest.raises(saving.LoadError):
        loaded(with_member("network.npy", stream.getvalue()))


def test_zip_bombs():
    def zeros(description, arrays):
        arrays["parameter_0"] = np.zeros(10**6, "f4")

    with pytest.raises(saving.LoadError, match="compressed"):
        loaded(rewritten(zeros, write=np.savez_compressed))


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"no zip" * 100, bytes(1000)])
def test_other_files(content):
    with pytest.raises(saving.LoadError):
        loaded(content)


def test_subclasses():
    class Own(MLP):
        pass

    assert type(Own.load(io.BytesIO(saved(network())))) is Own
