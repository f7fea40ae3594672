"""The floors of docs/architecture.md: imports go down only."""

import ast
import json
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


def test_imports_go_down_only():
    parts = {part_of(path) for path in FILES}
    assert parts == FLOOR_OF.keys(), "give each part a floor, here and in docs/architecture.md"
    climbing = {
        f"{path.relative_to(PACKAGE)} imports {other}"
        for path in FILES
        for other in imported_parts(path)
        if other != part_of(path) and FLOOR_OF[other] >= FLOOR_OF[part_of(path)]
    }
    assert not climbing


@pytest.fixture(scope="module")
def process():
    """Import by and by in a new process; return what it had loaded then, and what is public."""
    code = """if True:
        import inspect, json, sys
        import numpy as np
        import skfourier, skfourier.spectra, skfourier.images, skfourier.metrics
        import skfourier.videos, skfourier.datasets, skfourier.model_selection
        # To find out whether an array is one of dask's takes no dask.
        from skfourier._solvers._distributed import is_dask
        is_dask(np.zeros(3))
        said = {"imported": [*sys.modules]}
        import skfourier.inspection, skfourier.ntk
        said["to draw"] = [*sys.modules]
        members = {name: getattr(skfourier, name) for name in dir(skfourier)}
        said["public"] = [name for name, one in members.items() if inspect.ismodule(one)]
        print(json.dumps(said))
    """
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return {name: set(words) for name, words in json.loads(run.stdout).items()}


def test_public_modules_are_attributes(process):
    assert process["public"] == {part for part in FLOOR_OF if not part.startswith("_")}


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


def test_private_names_of_scikit_learn_are_imported_in_one_place():
    private = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if part_of(path) != "_sklearn"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "sklearn"
        for name in (*node.module.split("."), *(alias.name for alias in node.names))
        if name.startswith("_")
    ]
    assert not private, "do it in _sklearn.py"


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


def test_import_stays_light(process):
    assert "skfourier" in process["imported"]
    assert not HEAVY & process["imported"]


def test_matplotlib_is_loaded_by_drawing_only(process):
    assert "skfourier.inspection" in process["to draw"]
    assert "matplotlib" not in process["to draw"]
