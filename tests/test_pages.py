"""Code on the pages of the documentation runs, and prints what the page says."""

import doctest
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from skfourier._training import _plan

DOCS = Path(__file__).parents[1] / "docs"
BUILT = {"_build", "gallery", "generated"}
PAGES = {
    str(path.relative_to(DOCS)): path.read_text()
    for path in sorted(DOCS.rglob("*.md"))
    if not BUILT & set(path.parts)
}
# Run by test_export.py, which reads what they print.
ELSEWHERE = {"saving.md"}
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    "name", [name for name, page in PAGES.items() if blocks(page) and name not in ELSEWHERE]
)
def test_the_code_of_a_page_runs(name, tmp_path, monkeypatch):
    # The blocks of a page continue one another. Without prompts they are run as they are, but for
    # the steps of a training that says nothing of how many.
    monkeypatch.setattr(_plan, "_AUTO_STEPS", 50)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for block in blocks(PAGES[name]):
        if block.startswith(">>>"):
            example = doctest.DocTestParser().get_doctest(block, names, name, name, 0)
            runner = doctest.DocTestRunner(optionflags=OPTIONS)
            said = []
            runner.run(example, out=said.append, clear_globs=False)
            names = example.globs
            assert not runner.failures, "".join(said)
        else:
            exec(compile(block, name, "exec"), names)
    plt.close("all")


def test_no_block_escapes():
    # Indented or tagged otherwise, a block would not be run.
    for name, page in PAGES.items():
        code = [line for line in page.splitlines() if line.strip().startswith(">>>")]
        assert len(code) == sum(
            block.count("\n>>>") + 1 for block in blocks(page) if ">>>" in block
        ), name
