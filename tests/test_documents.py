"""What the documents show is what happens: code blocks run, quoted code is the code."""

import ast
import inspect
import math
import re
import textwrap
import tomllib
from pathlib import Path

import pytest

import skfourier
from skfourier._solvers import (
    _choice,
    _cholesky,
    _fourier_modes,
    _kronecker_matrix,
    _primal,
    _toeplitz_matrix,
)
from skfourier._training import _plan
from skfourier.spectra import Laplace

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


# Every line runs, with fewer pixels, rows and steps than a reader takes.
FEWER = {"[::4, ::4]": "[::16, ::16]", "2000": "500", "3000": "500"}


@pytest.mark.parametrize("code", blocks(README, "python"))
def test_the_readmes_python_runs(code, capsys, monkeypatch):
    monkeypatch.setattr(_plan, "_AUTO_STEPS", 50)
    (many,) = (size for size in FEWER if size in code)
    exec(compile(code.replace(many, FEWER[many]), "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_readme_is_short():
    assert len(README.splitlines()) < 150
    prose = re.sub(r"```.*?```|^[|#!].*?$", "", README, flags=re.DOTALL | re.MULTILINE)
    for sentence in re.split(r"(?<=[.:!?])\s|\n\n|\n- ", prose):
        assert len(sentence.split()) <= 30, sentence


def test_the_readmes_commands_are_those_of_continuous_integration():
    # .ci/run takes the two commands out of the README by these words, and runs them.
    script = (ROOT / ".ci" / "run").read_text()
    commands = blocks(README, "bash")
    assert len(commands) == 2
    for command, words in zip(
        commands, ("examples/plot_image_regression.py", "python -m pytest"), strict=True
    ):
        assert words in command
        assert f"command_with '{words}'" in script
        assert command.startswith('python -m pip install -e ".[')
        assert "-c constraints.txt" in command


def test_the_citation_names_the_version():
    assert f"version: {skfourier.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_contributing_quotes_the_real_class():
    (quoted,) = blocks((ROOT / "CONTRIBUTING.md").read_text(), "python")
    real = textwrap.dedent(inspect.getsource(Laplace))
    assert ast.dump(without_docstrings(quoted)) == ast.dump(without_docstrings(real))


def without_docstrings(code):
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    return tree


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("plot_*.py")), ids=lambda p: p.stem
)
def test_examples_are_short_and_say_what_they_show(path):
    text = path.read_text()
    assert len(text.splitlines()) < 80
    assert ast.get_docstring(ast.parse(text)).count("====")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_and_pictures_exist(page):
    targets = re.findall(r"\]\((?!http)(.*?)\)", (ROOT / page).read_text())
    assert targets
    for target in targets:
        assert (ROOT / target).is_file(), target


def test_on_pypi_the_readmes_links_and_pictures_lead_to_the_repository():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    hook = settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    shown = README
    for change in hook["substitutions"]:
        shown = re.sub(change["pattern"], change["replacement"], shown)

    def links(text):
        return re.findall(r"(!?)\[[^\]]*\]\((.*?)\)", text)

    # A file's page in the repository is no picture: GitHub's host of raw files has those.
    page = settings["project"]["urls"]["Source"] + "/blob/main/"
    raw = page.replace("github.com", "raw.githubusercontent.com").replace("/blob", "")
    expected = [(mark, (raw if mark else page) + target) for mark, target in links(README)]
    assert links(shown) == expected


SOLVERS_PAGE = ROOT / "docs" / "choosing_a_solver.md"


def steps(text):
    """Return the numbered steps of a text."""
    return re.findall(r"^\d\. .*$", inspect.cleandoc(text), flags=re.MULTILINE)


def test_the_tree_of_solvers_is_the_codes():
    tree = steps(_choice.choose_solver.__doc__)
    assert steps(SOLVERS_PAGE.read_text()) == tree
    names = [re.search(r'"(\w+)"', step)[1] for step in tree]
    # The third step is the exception for few rows, not a solver's turn.
    assert f"{_choice._FEW_ROWS:,} rows" in tree[2]
    del names[2]
    assert names == [solver.name for solver in _choice._PREFERENCE]


def test_the_limits_of_solvers_are_the_codes():
    table = SOLVERS_PAGE.read_text().split("| solver |")[1].split("\n\n")[0]
    rows = {row.split("`")[1]: row for row in table.splitlines() if row.startswith("| `")}
    assert list(rows) == [solver.name for solver in _choice._PREFERENCE]
    limits = {
        "primal": [math.isqrt(_primal._MAX_GRAM_BYTES // 8)],
        "kronecker": [_kronecker_matrix._MAX_AXIS_LENGTH],
        "toeplitz": [_toeplitz_matrix._MAX_POINTS],
        "nufft": [_fourier_modes._MAX_COLUMNS, _fourier_modes._MAX_TOEPLITZ_MODES],
        "cholesky": [math.isqrt(_cholesky._MAX_BYTES // 24)],
    }
    for name, numbers in limits.items():
        for number in numbers:
            assert f"more than {number:,}" in rows[name]
