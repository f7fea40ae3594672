"""What the documents show is what happens: code blocks run, quoted code is the code."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import skfourier
from skfourier.spectra import Laplace

ROOT = Path(skfourier.__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.parametrize("code", blocks(README, "python"))
def test_the_readmes_python_runs(code, capsys):
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


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
    assert len(text.splitlines()) <= 120
    assert ast.get_docstring(ast.parse(text)).count("====")


def test_pictures_of_the_readme_exist():
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file()
