"""The network as a program of torch's and as an ONNX model: the same without skfourier."""

import io
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.activations import SIREN

# torch 2.13 warns of what its own exporter calls.
pytestmark = pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec.:FutureWarning")

PAGE = Path(__file__).parents[1] / "docs" / "saving.md"
# Of predictions of y in [0, 1]. Both compute in float32, whose rounding is 6e-8, and may add up in
# another order: a sum of n terms of size t is off by about sqrt(n) * t * 6e-8, here of 512 terms of
# 0.07 and three layers one after the other, some 1e-6. Phases of up to 40 cycles may be off by half
# a unit in the last place, 1.2e-5 of an angle, each feature for itself: 1e-6 after the first layer.
NEAR = 1e-5


def trained(dtype, **parameters):
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(300, 2)).astype(dtype)
    y = (0.5 + 0.5 * np.sin(20 * X)).astype(dtype)
    features = FourierFeatures(10, random_state=0)
    network = CoordinateMLPRegressor((64, 64), embedding=features, max_iter=20, random_state=0)
    asked = rng.uniform(size=(1001, 2)).astype(dtype)
    return network.set_params(**parameters).fit(X, y), asked


def program_of(network, X):
    rows = {0: torch.export.Dim.DYNAMIC}
    return torch.export.export(
        network.module_, (torch.tensor(X[:2]),), dynamic_shapes=(rows,), strict=False
    )


CASES = [
    {},
    {"precision": "float64"},
    {"activation": "gelu", "batch_norm": True, "output_activation": "sigmoid"},
    {"activation": SIREN(20.0), "learning_rate_init": 1e-4},
    {"activation": "gaussian", "embedding": None},
    {"activation": "erf"},
    {"activation": "tanh"},
    {"activation": "relu"},
]


# The dtype of X is that of a cast before the network, whatever its activation.
EACH = [("float32", case) for case in CASES] + [("float64", case) for case in CASES[:2]]


@pytest.mark.parametrize(("dtype", "parameters"), EACH, ids=str)
class TestExport:
    def test_to_torch(self, parameters, dtype):
        network, X = trained(dtype, **parameters)
        file = io.BytesIO()
        torch.export.save(program_of(network, X), file)
        file.seek(0)
        program = torch.export.load(file).module()
        values = program(torch.tensor(X)).detach().numpy()
        predicted = network.predict(X)
        assert values.dtype == predicted.dtype
        np.testing.assert_allclose(values, predicted, atol=NEAR, rtol=0)

    def test_to_onnx(self, parameters, dtype, tmp_path):
        # In float32, as onnxruntime has no erf in float64.
        network, X = trained(dtype, **{"precision": "float32", **parameters})
        model = torch.onnx.export(program_of(network, X), dynamo=True, verbose=False)
        model.save(tmp_path / "network.onnx")
        session = onnxruntime.InferenceSession(tmp_path / "network.onnx")
        (name,) = (one.name for one in session.get_inputs())
        (values,) = session.run(None, {name: X})
        predicted = network.predict(X)
        assert values.dtype == predicted.dtype
        np.testing.assert_allclose(values, predicted, atol=NEAR, rtol=0)


@pytest.mark.parametrize(
    "code", re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
)
def test_the_page_runs(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, PAGE.name, "exec"), {})
    said = capsys.readouterr().out
    assert "same to the last bit: True" in said or float(said.split()[-1]) < NEAR
