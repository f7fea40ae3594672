"""Networks on a CUDA device: the same trainings as on a CPU, and what moves between the two."""

import pickle

import numpy as np
import pytest
import torch

from skfourier import CoordinateMLPEnsemble, CoordinateMLPRegressor, FourierFeatures, load, save
from skfourier.ntk import empirical_ntk

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(2000, 2)).astype(np.float32)
    return X, np.sin(9 * X @ rng.normal(size=(2, 3))).astype(np.float32)


def network(device="auto", **params):
    params = {"max_iter": 3, "random_state": 0, "precision": "float32", "device": device} | params
    params = {"embedding": FourierFeatures(3, n_frequencies=32)} | params
    return CoordinateMLPRegressor((64, 64), **params)


def test_auto_takes_it_with_bfloat16(image):
    fitted = network(precision="auto").fit(*image)
    assert fitted.device_ == "cuda" or fitted.device_.startswith("cuda:")
    assert fitted.precision_ == (
        "bfloat16" if torch.cuda.get_device_capability() >= (8, 0) else "float32"
    )


@pytest.mark.parametrize("solver", ["schedulefree", "adam", "sgd", "lbfgs"])
def test_trains_as_the_cpu_does(image, solver):
    params = {"solver": solver, "precision": "float64"}
    if solver == "lbfgs":
        params |= {"batch_size": "full", "learning_rate_init": 0.1}
    # Weights and orders are drawn on the CPU. The sums differ by roundings of float64 alone,
    # which six steps of a smooth network multiply by far less than 1e6.
    there, here = (network(device, **params).fit(*image) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(there.loss_curve_, here.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(there.predict(image[0]), here.predict(image[0]), atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_same_seed_gives_the_same_network(image, precision):
    one, two = (network(precision=precision).fit(*image).predict(image[0]) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_phases_are_exact_where_torch_has_tf32_for_products(image):
    embedding = network().fit(*image).module_.embedding
    X = torch.tensor(image[0], device="cuda")
    exact, before = embedding(X), torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        assert torch.equal(embedding(X), exact)
    finally:
        torch.set_float32_matmul_precision(before)


def test_candidates_and_partial_fits_record_what_they_read(image):
    # Candidates train for one turn, without features, and for several; 1000 rows in 59 parts are
    # batches of 16 and 17.
    auto = FourierFeatures("auto", n_frequencies=32)
    fitted = network(embedding=auto, max_iter=24, batch_size=60, precision="bfloat16").fit(*image)
    assert fitted.score(*image) > 0.9
    many = network(batch_size=17)
    for _ in range(3):
        many.partial_fit(image[0][:1000], image[1][:1000])
    assert many.score(*image) > 0.9


def test_predictions_of_many_rows_come_in_blocks():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(150_000, 2))
    fitted = network().fit(X[:1000], X[:1000])
    rows = slice(65_500, 65_600)
    np.testing.assert_allclose(fitted.predict(X)[rows], fitted.predict(X[rows]), atol=1e-5)


def test_moves_to_the_cpu_and_back(image, tmp_path):
    fitted = network(warm_start=True).fit(*image)
    expected = fitted.predict(image[0])
    assert {p.device.type for p in fitted.module_.parameters()} == {"cuda"}
    again = pickle.loads(pickle.dumps(fitted))
    save(fitted, tmp_path / "network.skfourier")
    for restored in (again, load(tmp_path / "network.skfourier")):
        assert {p.device.type for p in restored.module_.parameters()} == {"cuda"}
        np.testing.assert_array_equal(restored.predict(image[0]), expected)
    for model in (fitted, again):
        model.fit(*image)
    np.testing.assert_array_equal(again.predict(image[0]), fitted.predict(image[0]))


def test_partial_fit_goes_on_from_a_file(image, tmp_path):
    X, y = image
    straight, begun = network().partial_fit(X, y), network().partial_fit(X, y)
    save(begun, tmp_path / "network.skfourier")
    begun = load(tmp_path / "network.skfourier").partial_fit(X, y)
    np.testing.assert_array_equal(begun.predict(X), straight.partial_fit(X, y).predict(X))


def test_sigma_is_chosen_and_an_ensemble_calibrated(image):
    X, y = image
    one = CoordinateMLPRegressor((64, 64), embedding=FourierFeatures("auto"), random_state=0)
    fitted = one.fit(X, y)
    assert fitted.score(X, y) > 0.99
    ensemble = CoordinateMLPEnsemble(one, n_estimators=2, random_state=0).fit(X, y)
    mean, deviation = ensemble.predict(X, return_std=True)
    assert np.mean(np.abs(y - mean) < 2 * deviation) > 0.8


def test_gradient_and_kernel_are_those_of_the_cpu(image):
    X, y = image
    there, here = (network(d, precision="float64").fit(X[:200], y[:200]) for d in ("cuda", "cpu"))
    np.testing.assert_allclose(there.predict_gradient(X), here.predict_gradient(X), atol=1e-5)
    one, two = (empirical_ntk(fitted, X[:100]) for fitted in (there, here))
    np.testing.assert_allclose(one, two, rtol=1e-8)


def test_early_stopping_and_batch_normalization(image):
    fitted = network(early_stopping=True, batch_norm=True, max_iter=20).fit(*image)
    assert fitted.score(*image) > 0.9
