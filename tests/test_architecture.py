"""The floors of docs/architecture.md: imports go down only."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skfourier

PACKAGE = Path(skfourier.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# The lowest first. A part may import those of lower floors, and from within itself.
FLOORS = [
    {"_sklearn", "_lazy", "_blocks", "_extras", "_files", "_units", "grids"},
    {"_checks", "_tasks"},
    {"spectra", "activations", "metrics", "model_selection", "_pixels", "_pixel_grids", "_saving"},
    {"kernels", "_image_files"},
    {"_training", "_solvers", "images", "videos"},
    {"ntk"},
    {"_fourier_features", "datasets"},
    {"_coordinate_mlp", "_kernel_regressor"},
    {"_ensemble", "_kernel_regressor_cv", "_motion", "inspection"},
    {"__init__"},
]
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}


def part_of(path):
    """Name the part of the house that a file belongs to: its first name below skfourier/."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_parts(path):
    """Name the parts of the house that a file imports, at the top or inside its functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        for module in modules:
            names = module.split(".")
            if names[0] == "skfourier" and len(names) > 1 and names[1] in FLOOR_OF:
                yield names[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    part = part_of(path)
    assert part in FLOOR_OF, f"{part} has no floor: give it one here and in docs/architecture.md"
    climbing = {
        other
        for other in imported_parts(path)
        if other != part and FLOOR_OF[other] >= FLOOR_OF[part]
    }
    assert not climbing, f"{part} imports {climbing}, which do not lie below it"


def printed(code):
    """Run code in a new process; return the words that it prints."""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def test_public_modules_are_attributes():
    code = (
        "import inspect, skfourier;"
        "members = {name: getattr(skfourier, name) for name in dir(skfourier)};"
        "print(*[name for name, member in members.items() if inspect.ismodule(member)])"
    )
    public = {part for part in FLOOR_OF if not part.startswith("_")}
    assert printed(code) == public


def test_the_drawing_has_these_floors():
    # Beside the tests: the package may be an installed one.
    path = Path(__file__).parents[1] / "docs" / "architecture.md"
    drawing = path.read_text().split("```")[1]
    drawn, floor = {}, None
    for line in drawing.strip().splitlines():
        number, part = re.match(r"(\d| )  (\w+)", line).groups()
        floor = floor if number == " " else int(number)
        drawn[part] = floor
    assert drawn == FLOOR_OF


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_private_names_of_scikit_learn_are_imported_in_one_place(path):
    if part_of(path) == "_sklearn":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "sklearn":
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            private = [name for name in names if name.startswith("_")]
            assert not private, f"{path.name} imports {private}: do it in _sklearn.py"


HEAVY = {
    "torch",
    "finufft",
    "matplotlib",
    "imageio",
    "tifffile",
    "skimage",
    "av",
    "PIL",
    "safetensors",
    "dask",
}


def test_import_stays_light():
    loaded = printed(
        "import sys, numpy as np, skfourier, skfourier.spectra, skfourier.images;"
        "import skfourier.metrics, skfourier.videos, skfourier.datasets, skfourier.model_selection;"
        # To find out whether an array is one of dask's takes no dask.
        "from skfourier._solvers._distributed import is_dask; is_dask(np.zeros(3));"
        "print(*sys.modules)"
    )
    assert "skfourier" in loaded
    assert not HEAVY & loaded


def test_matplotlib_is_loaded_by_drawing_only():
    code = "import sys, skfourier.inspection, skfourier.ntk; print(*sys.modules)"
    loaded = printed(code)
    assert "skfourier.inspection" in loaded
    assert "matplotlib" not in loaded
