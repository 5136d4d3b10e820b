"""The site's explorer: its formulas, and the pages of the site in a browser.

The browser is Debian's: ``apt-get install chromium chromium-driver``. Without it, or without selenium, its tests are skipped.
"""
import functools
import http.server
import re
import shutil
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

import fastact as fa
from fastact import registry

DOCS = Path(__file__).parents[1] / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="needs the source tree")
DESKTOP, PHONE = (1400, 1000), (390, 844)


@pytest.fixture(scope="module")
def explorer():
    """docs/explorer.py."""
    sys.path.insert(0, str(DOCS))
    try:
        import explorer
    finally:
        sys.path.remove(str(DOCS))
    return explorer


@pytest.mark.parametrize("formula, expected", [
    ("-x**2", "(-(x ** 2))"), ("where(x <= 0, alpha * exp(-x), 1.5)", "where((x <= 0), (alpha * exp((-x))), 1.5)")])
def test_translation(explorer, formula, expected):
    assert explorer.javascript(formula, ["alpha"]) == expected


def test_translation_over_a_row(explorer):
    assert explorer.javascript("x - max(x) + sum(x)", x="b", row=["a", "b", "c"]) == \
        "((b - maximum(maximum(a, b), c)) + (a + b + c))"


@pytest.mark.parametrize("formula", ["x if x > 0 else 0", "0 < x < 1", "x // 2", "x.real", "x and 1", "softmax(x)", "x + alpha"])
def test_what_no_formula_has_is_refused(explorer, formula):
    with pytest.raises(ValueError, match=re.escape(formula)):
        explorer.javascript(formula)


@pytest.mark.parametrize("node", [True, False])
def test_the_formulas_are_the_librarys(explorer, node, monkeypatch):
    if node and not shutil.which("node"):
        pytest.skip("node is not installed")
    if not node:
        monkeypatch.setattr(shutil, "which", lambda name: None)
    explorer.check()
    right = explorer.curves
    monkeypatch.setattr(explorer, "curves", lambda entry: [["x * sigmoid(1.00000001 * x)"], *right(entry)[1:]]
                        if entry.name == "silu" else right(entry))
    with pytest.raises(AssertionError, match="value of silu"):
        explorer.check()


def test_every_function_is_there(explorer):
    text = explorer.script()
    for entry in (*registry.ACTIVATIONS, *registry.ROWS):
        assert text.count(f'{{"name": "{entry.name}", "aliases"') == 1
    for entry in registry.ACTIVATIONS:
        assert len(explorer.curves(entry)) == 2 + bool(entry.second_derivative)
        for name, _, default, least, most in explorer.parameters(entry):
            assert least <= default <= most and least < most, (entry.name, name)


# ---- the site, and in a browser ----

@pytest.fixture(scope="module")
def site(once):
    """The folder of the built site."""
    pytest.importorskip("furo")
    pytest.importorskip("myst_parser")
    return once("site", lambda folder: subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", DOCS, folder], check=True))


@pytest.fixture(scope="module")
def chromium():
    """A browser without a window, driven by selenium."""
    webdriver = pytest.importorskip("selenium.webdriver")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield running
    running.quit()


def show(chromium, page, address="", size=DESKTOP, scheme="light"):
    """Open a page anew."""
    width, height = size
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                             {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    chromium.get("about:blank")  # otherwise another address of the same page would not load it
    chromium.get(page.as_uri() + address)


def numbers(chromium):
    """What the explorer shows of each function and order: a list of outputs."""
    cells = chromium.execute_script(
        "return [...document.querySelectorAll('td[data-name]')].map(e => [e.dataset.name, +e.dataset.order, e.textContent])")
    return {(name, order): [float(text.replace("\u2212", "-")) for text in shown.split(", ")]
            for name, order, shown in cells if shown != "\u2013"}


@pytest.mark.thorough
@pytest.mark.parametrize("x", [-9.35, 0, 0.7, 10])
def test_the_page_shows_the_librarys_numbers(site, chromium, explorer, x):
    show(chromium, site / "explorer.html", f"#{','.join([*fa.activations, 'softmax', 'logsumexp'])}&x={x}")
    shown = numbers(chromium)
    for entry in registry.ACTIVATIONS:
        for order, function in enumerate(explorer.functions(entry)):
            np.testing.assert_allclose(shown[entry.name, order], function(float(x), *entry.defaults), rtol=1e-7)
    np.testing.assert_allclose(shown["softmax", 0], fa.softmax([x, 0, 1]), rtol=1e-7)
    np.testing.assert_allclose(shown["logsumexp", 0], fa.logsumexp([x, 0, 1]), rtol=1e-7)
    assert not re.search("NaN|Infinity", chromium.page_source.partition("<article")[2])


@pytest.mark.thorough
def test_controls(site, chromium):
    from selenium.webdriver import ActionChains, Keys

    def address():
        time.sleep(0.4)
        return chromium.execute_script("return location.hash")

    show(chromium, site / "explorer.html", "?silu")
    assert address() == "#silu&x=1&span=5"
    show(chromium, site / "explorer.html", "#elu(alpha=2),nothing&x=-1.5&span=2", PHONE)
    assert address() == "#elu(alpha=2)&x=-1.5&span=2"
    np.testing.assert_allclose(numbers(chromium)["elu", 0], fa.elu(-1.5, 2), rtol=1e-7)
    chromium.find_element("css selector", "input[data-name='elu.alpha']").send_keys(Keys.ARROW_RIGHT)
    alpha = float(re.search(r"alpha=([^)]*)", address())[1])
    assert alpha > 2
    np.testing.assert_allclose(numbers(chromium)["elu", 1], fa.elu.derivative(-1.5, alpha), rtol=1e-3)  # four digits of alpha
    search = chromium.find_element("css selector", "input[type=search]")
    search.send_keys("Hardswish")
    found = [each for each in chromium.find_elements("css selector", ".functions label") if each.is_displayed()]
    assert [each.text for each in found] == ["hard_silu"]
    found[0].click()
    assert address().startswith("#elu(") and ",hard_silu&" in address()
    np.testing.assert_allclose(numbers(chromium)["hard_silu", 0], fa.hard_silu(-1.5), rtol=1e-7)
    found[0].click()
    assert "hard_silu" not in address()
    plot = chromium.find_element("css selector", "figure:nth-child(2) svg")
    ActionChains(chromium).move_to_element_with_offset(plot, 60, 0).move_by_offset(20, 0).perform()
    x = float(re.search("x=([^&]*)", address())[1])
    assert 0 < x < 2 and numbers(chromium)["elu", 1] == [1]


@pytest.mark.thorough
def test_colours_follow_the_scheme(site, chromium):
    def colours(scheme):
        show(chromium, site / "explorer.html", "#gelu,silu,relu", scheme=scheme)
        return chromium.execute_script("""const style = each => getComputedStyle(document.querySelector(each));
            return [style("body").backgroundColor, style(".explorer svg text").fill, style(".curve.colour1").stroke];""")

    light, dark = colours("light"), colours("dark")
    assert light[0] != dark[0] and light[1] != dark[1]
    assert len({*light}) == len({*dark}) == 3


@pytest.mark.thorough
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_fit_and_report_no_error(site, chromium, size):
    wrong = {}
    for page in sorted(site.rglob("*.html")):
        show(chromium, page, size=size)
        too_wide = chromium.execute_script("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
        errors = [entry["message"] for entry in chromium.get_log("browser")] + ["too wide"] * too_wide
        if errors:
            wrong[page.relative_to(site).as_posix()] = errors
    assert not wrong


@pytest.mark.thorough
def test_a_server_is_asked_for_what_there_is(site, chromium):
    """Also for the icon, which browsers ask servers for, but not folders."""
    missing = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code="-", size="-"):
            if int(code) >= 400:
                missing.append(self.path)

        def log_error(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        chromium.get_log("browser")  # which forgets what it gave
        for page in ("index.html", "explorer.html", "generated/gallery.html"):
            chromium.get(f"http://127.0.0.1:{server.server_port}/{page}")
        errors = chromium.get_log("browser")
        chromium.get("about:blank")
        server.shutdown()
    assert not missing and not errors


class Links(HTMLParser):
    """The links of a page, the files it loads, and the targets in it."""

    def __init__(self, page):
        super().__init__()
        self.links, self.loaded, self.targets = [], [], {"", "top"}
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.targets |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif "src" in given or tag == "link" and "href" in given:
            self.loaded.append(given.get("src") or given["href"])


@pytest.mark.thorough
def test_links_lead_somewhere_and_nothing_comes_from_elsewhere(site):
    pages = {page: Links(page) for page in sorted(site.rglob("*.html"))}
    broken = []
    for page, found in pages.items():
        for link in (*found.links, *found.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                broken += [f"{page.name} loads {link}"] * (link in found.loaded)
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            known = pages[target].targets if target in pages else {""}
            if not target.is_file() or page.name != "explorer.html" and unquote(parts.fragment) not in known:
                broken.append(f"{page.name}: {link}")
    assert not broken
