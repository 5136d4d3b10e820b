"""``fa.plot`` draws what the functions return; the gallery shows every activation as it is."""
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import fastact as fa
from fastact import __main__ as cli, registry
from fastact._tools import pages
from fastact.guide import plotting

ROOT = Path(__file__).parent.parent


@pytest.fixture
def matplotlib():
    return pytest.importorskip("matplotlib")


def test_importing_does_not_import_matplotlib():
    code = "import sys, fastact; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_matplotlib_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "fastact\[plot\]"'):
        fa.plot("relu")
    assert cli.main(["plot", "relu", "--output", "never.png"]) == 1
    assert "fastact[plot]" in capsys.readouterr().err


def test_lines_hold_the_functions_values(activation, matplotlib):
    figure = fa.plot(activation.name, range=(-3, 5))
    (axes,) = figure.axes
    value, slope = axes.lines
    parameters = activation.info.defaults
    x = np.asarray(value.get_xdata())
    assert x[0] == -3 and x[-1] == 5 and (np.diff(x) > 0).all() and np.array_equal(x, slope.get_xdata())
    for line, form in ((value, activation), (slope, activation.derivative)):
        y = np.asarray(line.get_ydata())
        drawn = ~np.isnan(y)
        assert (~drawn).sum() <= len(activation.info.kinks)
        np.testing.assert_array_equal(y[drawn], form(x, *parameters)[drawn])
    assert value.get_linestyle() == "-" != slope.get_linestyle()
    assert value.get_label().startswith(activation.name) and slope.get_label().endswith("'")


def test_as_many_lines_as_asked(matplotlib):
    assert len(fa.plot("silu", fa.tanh, "linear").axes[0].lines) == 6
    (axes,) = fa.plot("silu", fa.tanh, derivative=False).axes
    assert [line.get_label() for line in axes.lines] == ["silu", "tanh"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["silu", "tanh"]
    assert len({line.get_color() for line in axes.lines}) == 2


def test_parameters(matplotlib):
    line, slope = fa.plot(("elu", {"alpha": 2})).axes[0].lines
    assert line.get_label() == "elu(alpha=2)"
    np.testing.assert_array_equal(line.get_ydata(), fa.elu(line.get_xdata(), 2.0))
    assert np.isnan(slope.get_ydata()).sum() == 1


def test_no_line_crosses_a_jump():
    """relu's slope jumps at 0 and its value does not; next to the gap both sides stand."""
    label, x, y, slope, beyond = plotting.curve("relu", (-1, 1))
    at = np.flatnonzero(np.isnan(slope))
    assert label == "relu" and list(x[at]) == [0] and not np.isnan(y).any() and not beyond
    assert list(slope[at[0] + np.array([-1, 1])]) == [0, 1] and x[at[0] + 1] - x[at[0] - 1] < 1e-8
    assert plotting.curve("relu", (1, 2)).beyond == (0,)
    at_the_edge = plotting.curve("relu", (0, 2)).derivative
    assert np.isnan(at_the_edge[0]) and (at_the_edge[1:] == 1).all()


def test_steps_are_only_where_kinks_are(activation):
    """Between neighbouring points that are both drawn, neither curve makes a step."""
    kinks = len(activation.info.kinks)
    for drawn in (plotting.curve(activation, (-6, 6), points=4001), plotting.curve(activation, (-3, 3), points=2001)):
        for ordinate in (drawn.value, drawn.derivative):
            steps = abs(np.diff(ordinate[drawn.x < 3]))
            assert np.nanmax(steps) < 0.1 and np.isnan(ordinate).sum() <= kinks


def test_own_axes_and_global_state(tmp_path, matplotlib):
    from matplotlib.figure import Figure

    before, pyplot = dict(matplotlib.rcParams), sys.modules.get("matplotlib.pyplot")
    figures = pyplot.get_fignums() if pyplot else []
    axes = Figure().subplots()
    assert fa.plot("sigmoid", ax=axes) is axes and len(axes.lines) == 2
    assert isinstance(fa.plot("sigmoid"), Figure)
    plotting.save_gallery(tmp_path / "gallery.png")
    assert dict(matplotlib.rcParams) == before
    assert sys.modules.get("matplotlib.pyplot") is pyplot and (not pyplot or pyplot.get_fignums() == figures)


def test_show(matplotlib, monkeypatch):
    import matplotlib.pyplot as pyplot

    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.gcf()))
    figure = fa.plot("tanh", show=True)
    pyplot.close(figure)
    assert shown == [figure]


@pytest.mark.parametrize("names, options, message", [
    ((), {}, "at least one"),
    (("gleu",), {}, "no activation 'gleu'; the nearest names are glu, gelu"),
    ((("elu", {"beta": 1}),), {}, r"elu has parameters \['alpha'\], got \['beta'\]"),
    (("elu",), {"range": (1, 1)}, "the smaller first"),
    (("elu",), {"range": (0, np.inf)}, "finite"),
])
def test_errors(names, options, message):
    with pytest.raises(ValueError, match=message):
        fa.plot(*names, **options)


def test_command(tmp_path, matplotlib, capsys):
    file = tmp_path / "two.svg"
    assert cli.main(["plot", "silu", "tanh", "--range", "-2", "2", "--no-derivative", "--output", str(file)]) == 0
    assert file.read_text().count("<svg ") == 1
    assert cli.main(["plot", "gleu", "--output", str(file)]) == 1 and "gleu" in capsys.readouterr().err
    assert cli.main(["plot", "silu", "--output", str(tmp_path / "two.nonsense")]) == 1
    for wrong in (["plot"], ["plot", "silu", "--all"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(wrong)
        assert ended.value.code == 2 and "--all" in capsys.readouterr().err


@pytest.mark.parametrize("row", registry.ROWS, ids=lambda row: row.name)
def test_functions_of_rows(row, matplotlib):
    """A line for each output of the row (x, 0, 1)."""
    (ax,) = fa.plot(row.name).axes
    assert len(ax.lines) == (1 if row.reduces else 3) and "(x, 0, 1)" in ax.get_xlabel()
    for k, line in enumerate(ax.lines):
        x, y = line.get_data()
        want = getattr(fa, row.name)(np.array([[x[100], 0, 1]]), axis=-1).ravel()
        assert y[100] == want[k]


def test_the_range_has_every_kink(matplotlib):
    (ax,) = fa.plot("relu", "relu6").axes
    assert ax.lines[0].get_xdata()[-1] == 9 and ax.lines[2].get_ydata()[-1] == 6
    assert fa.plot("relu").axes[0].lines[0].get_xdata()[-1] == 6
    assert 45 < fa.plot("softcap").axes[0].lines[0].get_ydata()[-1] < 50  # cap=50: it can be told from identity


# ---- the gallery ----

def test_gallery_has_a_panel_for_each(matplotlib):
    axes = [ax for ax in plotting.gallery().axes if ax.axison]
    assert [ax.get_title() for ax in axes] == list(fa.activations)
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in axes}) == 1
    value, notes = ({ax.get_title(): found(ax) for ax in axes} for found in (
        lambda ax: ax.lines[-2].get_ydata(), lambda ax: ax.texts[0].get_text()))
    for name, other, note in (("softcap", "identity", "cap = 2"), ("clipped_gelu", "gelu", "max = 2"),
                              ("relu6", "relu", "kink at 6")):
        assert notes[name] == note and notes[other] == ""
        assert name == "relu6" or abs(value[name][-1] - value[other][-1]) > 1


@pytest.mark.thorough
def test_writing_the_gallery_twice_gives_the_same_bytes(tmp_path, monkeypatch, matplotlib):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    image = tmp_path / "docs" / "gallery.svg"
    image.parent.mkdir()
    image.touch()
    written = []
    for size in (10, 20):
        with matplotlib.rc_context({"font.size": size}):
            assert cli.main(["plot", "--all"]) == 0
        written.append(image.read_bytes())
    assert written[0] == written[1] and len(written[0]) < 400_000
    assert names_in(image) == list(fa.activations)


def names_in(image):
    """The functions that an image names in its metadata."""
    subject = ElementTree.parse(image).find(".//{http://purl.org/dc/elements/1.1/}subject")
    return [item.text for item in subject.iter() if item.text and item.text.strip()]


needs_sources = pytest.mark.skipif(not (ROOT / "src_c").is_dir(), reason="needs the source tree")
REMEDY = "python -m fastact plot --all"


@needs_sources
def test_gallery_is_current():
    assert names_in(ROOT / "docs" / "gallery.svg") == list(fa.activations), REMEDY


def segments(points):
    """The segments of a line, an array of (end, segment, coordinate); a gap is before and after each NaN."""
    pairs = np.stack([points[:-1], points[1:]])
    return pairs[:, ~np.isnan(pairs).any(axis=(0, 2))]


def distance(points, line):
    """The largest distance of points from a line of segments."""
    start, along = line[0], line[1] - line[0]
    apart = points[:, None] - start  # (point, segment, coordinate)
    share = np.clip((apart * along).sum(-1) / np.maximum((along * along).sum(-1), 1e-300), 0, 1)
    return np.hypot(*np.moveaxis(apart - share[..., None] * along, -1, 0)).min(1).max()


def path_points(group):
    """The vertices of the path of an SVG group in points, with NaN where it lifts the pen."""
    found = []
    for command, x, y in re.findall(r"([ML]) (\S+) (\S+)", group.find("{*}path").get("d")):
        found += [(np.nan, np.nan)] * (command == "M" and bool(found)) + [(float(x), float(y))]
    return np.array(found)


@pytest.fixture(scope="module")
def panels():
    """The panels of the gallery as it is in docs, by name."""
    root = ElementTree.parse(ROOT / "docs" / "gallery.svg").getroot()
    groups = [group for group in root.iterfind(".//{*}g") if group.get("id", "").startswith("axes_")]
    return dict(zip(names_in(ROOT / "docs" / "gallery.svg"), groups))


@needs_sources
def test_the_gallery_shows_the_curves_of_today(activation, panels):
    """Vertices in the file lie on the curve that would be drawn today, and that curve lies near the lines between them.

    Lengths are in points. matplotlib leaves out vertices that are less than 1/9 of a point from a line, some of them in turn.
    """
    groups = list(panels[activation.name].iterfind("{*}g"))
    frame = path_points(groups[0])
    left_top, scale = frame.min(0), np.ptp(frame, 0) / [8, 5]  # x from -4 to 4, y from -2 to 3
    drawn = plotting._for_gallery(activation.name)[0]
    lines = [group for group in groups if group.get("id").startswith("line2d_")][-2:]
    for line, ordinate in zip(lines, (drawn.value, drawn.derivative)):
        shown = path_points(line)
        want = left_top + np.stack([drawn.x + 4, 3 - ordinate], axis=1) * scale
        inside = ~np.isnan(ordinate) & (abs(ordinate - 0.5) < 2.5)
        assert distance(shown[~np.isnan(shown[:, 0])], segments(want)) < 1e-4, REMEDY
        assert distance(want[inside], segments(shown)) < 0.25, REMEDY
