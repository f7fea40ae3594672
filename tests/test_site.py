"""The documentation builds without a warning, its links lead somewhere, and nothing is missing.

Run by ``pytest -m docs tests/test_site.py``: it needs the extra "docs". The examples of the gallery
are shown, but not executed.
"""

import inspect
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import skfourier

ROOT = Path(__file__).parents[1]
MODULES = ["skfourier"] + [
    f"skfourier.{name}" for name in dir(skfourier) if inspect.ismodule(getattr(skfourier, name))
]
ESTIMATORS = [name for name in skfourier.__all__ if inspect.isclass(getattr(skfourier, name))]

pytestmark = pytest.mark.docs


class Page(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 (all tags alike)
        attrs = dict(attrs)
        self.anchors.update(attrs[key] for key in ("id", "name") if attrs.get(key))
        self.links.extend(attrs[key] for key in ("href", "src") if attrs.get(key))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    options = ["-W", "--keep-going", "-E", "-q", "-D", "plot_gallery=0", "-b", "html"]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, ROOT / "docs", folder],
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


def public_names(module):
    """Return __all__, or what a module defines and does not hide."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
        ]
    return names


def test_links_lead_somewhere(site):
    pages = {
        path.resolve(): Page(path) for path in site.rglob("*.html") if "_static" not in path.parts
    }
    dead = []
    for path, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            anchors = pages[target].anchors if target in pages else None
            if not target.exists() or (
                address.fragment
                and anchors is not None
                and unquote(address.fragment) not in anchors
            ):
                dead.append(f"{path.relative_to(site)}: {link}")
    assert len(pages) > 60
    assert not dead, "\n".join(sorted(set(dead)))


def test_every_example_is_in_the_gallery(site):
    gallery = Page(site / "gallery" / "index.html")
    examples = sorted((ROOT / "examples").glob("plot_*.py"))
    assert examples
    for example in examples:
        assert f"{example.stem}.html" in {urlsplit(link).path for link in gallery.links}


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_a_page(site, module):
    names = public_names(import_module(module))
    assert names
    for name in names:
        value = getattr(import_module(module), name)
        # A name that two modules have stands where the API lists it first.
        homes = [other for other in MODULES if getattr(import_module(other), name, None) is value]
        pages = [site / "api" / "generated" / f"{home}.{name}.html" for home in homes]
        assert any(page.is_file() for page in pages), f"{module}.{name} is missing in docs/api"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators_link_to_their_pages_in_notebooks(site, name):
    link = getattr(skfourier, name)()._get_doc_link()
    assert (site / "api" / "generated" / link.rsplit("/", 1)[1]).is_file()
    assert name in link
