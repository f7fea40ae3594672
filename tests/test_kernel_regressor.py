"""The kernel regressor: scikit-learn's Gaussian process and Ridge, at the size of images."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfourier import FourierFeatures, FourierKernelRegressor
from skfourier._solvers._choice import SOLVERS
from skfourier.images import pixel_grid
from skfourier.kernels import NeuralTangentKernel
from skfourier.spectra import Frequencies, Gaussian, Laplace, Matern

ALPHA = 1e-2
NTK_2 = NeuralTangentKernel(2, base=Gaussian())


def values(X):
    return np.stack([np.sin(9 * X[:, 0]) + X[:, -1], 3 * np.cos(20 * X[:, -1])], axis=1)


@pytest.fixture
def pixels():
    X = pixel_grid((12, 15)).astype(float)
    return X, values(X) + 0.1 * np.random.default_rng(0).normal(size=(len(X), 2))


@pytest.fixture
def scattered():
    X = np.random.default_rng(1).uniform(size=(200, 2))
    return X, values(X) + 0.1 * np.random.default_rng(0).normal(size=(len(X), 2))


X_NEW = np.random.default_rng(2).uniform(-0.1, 1.1, size=(50, 2))


@pytest.mark.parametrize("kernel", [Gaussian(3), Laplace((3, 2)), Matern(3)], ids=repr)
@pytest.mark.parametrize("solver", ["kronecker", "cholesky"])
def test_equals_scikit_learns_gaussian_process(pixels, kernel, solver):
    if solver == "kronecker" and not kernel.product:
        solver = "cholesky"
    X, y = pixels
    theirs = GaussianProcessRegressor(kernel, alpha=ALPHA, normalize_y=True, optimizer=None)
    theirs.fit(X, y)
    ours = FourierKernelRegressor(kernel=kernel, alpha=ALPHA, solver=solver).fit(X, y)
    assert (ours.solver_, ours.n_iter_) == (solver, 1)
    # Both direct: rounding, 1e-16, times the condition, at most n / alpha = 2e4.
    for mine, expected in zip(
        ours.predict(X_NEW, return_std=True), theirs.predict(X_NEW, return_std=True), strict=True
    ):
        np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        ours.log_marginal_likelihood_value_, theirs.log_marginal_likelihood_value_, rtol=1e-10
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_on_finite_features_equals_ridge(scattered, frozen, weighted):
    X, y = scattered
    weight = np.random.default_rng(3).uniform(0.5, 2, size=len(X)) if weighted else None
    features = FourierFeatures(2, n_frequencies=20, random_state=0)
    distribution = FrozenEstimator(clone(features).fit(X)) if frozen else features
    ours = FourierKernelRegressor(kernel=distribution, alpha=ALPHA)
    ours.fit(X, y, sample_weight=weight)
    assert ours.solver_ == "primal"

    mean = np.average(y, axis=0, weights=weight)
    gamma = clone(features).fit(X)
    ridge = Ridge(alpha=ALPHA, fit_intercept=False)
    ridge.fit(gamma.transform(X) / np.sqrt(20), y - mean, sample_weight=weight)
    expected = ridge.predict(gamma.transform(X_NEW) / np.sqrt(20)) + mean
    # As above: rounding times n / alpha.
    np.testing.assert_allclose(ours.predict(X_NEW), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("is_network", [False, True])
@pytest.mark.parametrize("name", sorted(SOLVERS))
@pytest.mark.parametrize("data", ["pixels", "scattered"])
def test_every_solver_that_applies_equals_the_dense_one(data, name, is_network, request):
    X, y = request.getfixturevalue(data)
    kernel = NeuralTangentKernel(3, base=Gaussian()) if is_network else "gaussian"
    model = FourierKernelRegressor(1.2, kernel=kernel, alpha=ALPHA, tol=1e-10)
    dense = clone(model).set_params(solver="cholesky").fit(X, y)
    model.set_params(solver=name)
    applies = {
        "pixels": {"cholesky", "cg", "toeplitz"}
        | (set() if is_network else {"kronecker", "masked_kronecker", "nufft"}),
        "scattered": {"cholesky", "cg"} | (set() if is_network else {"nufft"}),
    }[data]
    if name not in applies:
        with pytest.raises(ValueError, match=f"solver='{name}' does not apply. "):
            model.fit(X, y)
        return
    # The bar. A relative residual of 1e-10 and a kernel's error of 1e-10 are amplified by
    # at most n / alpha = 2e4.
    expected = dense.predict(X_NEW)
    error = np.linalg.norm(model.fit(X, y).predict(X_NEW) - expected) / np.linalg.norm(expected)
    assert model.solver_ == name
    assert error < 1e-6


@pytest.mark.parametrize("name", ["cholesky", "masked_kronecker", "nufft"])
def test_weights_are_repetitions(pixels, name):
    X, y = pixels
    times = np.random.default_rng(0).integers(0, 4, size=len(X))
    model = FourierKernelRegressor(1.2, alpha=ALPHA, tol=1e-10)
    repeated = (
        clone(model).set_params(solver="cholesky").fit(X.repeat(times, 0), y.repeat(times, 0))
    )
    weighted = model.set_params(solver=name).fit(X, y, sample_weight=times)
    expected = repeated.predict(X_NEW)
    np.testing.assert_allclose(weighted.predict(X_NEW), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("data", ["pixels", "scattered"])
def test_a_far_origin_does_not_matter(data, request):
    X, y = request.getfixturevalue(data)
    near = FourierKernelRegressor(3, alpha=ALPHA).fit(X, y)
    far = clone(near).fit(X + 1e6, y)
    # Coordinates are rounded to 1e-10 there, values change by 3 cycles times 2 pi a unit.
    np.testing.assert_allclose(far.predict(X_NEW + 1e6), near.predict(X_NEW), atol=1e-6)


@pytest.mark.parametrize("size", [1e-19, 1e13])
def test_nufft_sees_no_units_of_y(scattered, size):
    X, y = scattered
    model = FourierKernelRegressor(1.5, alpha=ALPHA, solver="nufft", tol=1e-8)
    expected = model.fit(X, y).predict(X_NEW)
    # Two outputs share a transform, and the first one has that of the weights.
    for units in (np.array([size, size]), np.array([size, 1.0])):
        scaled = clone(model).fit(X, y * units).predict(X_NEW) / units
        # The kernel's error, 1e-8, is amplified by at most n / alpha = 2e4.
        np.testing.assert_allclose(scaled, expected, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("solver", ["nufft", "cholesky", "primal"])
def test_values_whose_squares_overflow_are_refused(scattered, solver):
    X, y = scattered
    distribution = FourierFeatures(3, random_state=0) if solver == "primal" else "gaussian"
    model = FourierKernelRegressor(1, kernel=distribution, solver=solver, alpha=ALPHA)
    before = model.fit(X, y).predict(X_NEW)
    with pytest.raises(ValueError, match="too large"):
        model.fit(X, np.where(y == y.max(), 1e200, y))
    np.testing.assert_array_equal(model.predict(X_NEW), before)


class TestChoice:
    @pytest.mark.parametrize(
        ("kernel", "expected"),
        [
            ("gaussian", "kronecker"),
            ("matern", "toeplitz"),
            (NTK_2, "toeplitz"),
            (Gaussian() + 0.1 * Matern(10), "toeplitz"),
            (Frequencies([[1.0, 2.0]]), "primal"),
        ],
    )
    def test_on_a_full_grid(self, kernel, expected):
        X = pixel_grid((40, 40))
        model = FourierKernelRegressor(5, kernel=kernel)
        assert model.fit(X, values(X)).solver_ == expected

    @pytest.mark.parametrize(
        ("distribution", "expected"), [("gaussian", "masked_kronecker"), ("matern", "toeplitz")]
    )
    def test_with_holes(self, distribution, expected):
        X = pixel_grid((50, 50))
        X = X[np.random.default_rng(0).random(len(X)) < 0.5]
        model = FourierKernelRegressor(5, kernel=distribution).fit(X, values(X))
        assert model.solver_ == expected

    def test_of_scattered_points(self):
        X = np.random.default_rng(0).uniform(size=(5000, 2))
        few = X[:1500]
        # 3,843 features stand for the kernel: too many for so few rows.
        assert FourierKernelRegressor(3).fit(few, values(few)).solver_ == "cholesky"
        assert FourierKernelRegressor(1).fit(few, values(few)).solver_ == "nufft"
        assert FourierKernelRegressor(3).fit(X, values(X)).solver_ == "nufft"
        layers = FourierKernelRegressor(3, kernel=NTK_2).fit(few, values(few))
        assert layers.solver_ == "cholesky"

    def test_the_slow_path_is_not_taken_in_silence(self, monkeypatch):
        monkeypatch.setattr("skfourier._solvers._cholesky._MAX_BYTES", 0)
        X = np.random.default_rng(0).uniform(size=(1500, 4))
        with pytest.warns(
            UserWarning, match=r"solver='cg'.* is slow. 'nufft' does not apply: .*X has 4"
        ):
            assert FourierKernelRegressor(0.1).fit(X, values(X)).solver_ == "cg"

    def test_rows_far_from_all_others_are_named(self, monkeypatch):
        monkeypatch.setattr("skfourier._solvers._choice._FEW_ROWS", 10)
        monkeypatch.setattr("skfourier._solvers._choice._MANY_ROWS", 10)
        X = np.random.default_rng(0).uniform(size=(500, 2))
        X[7] = 1e6, 0.5
        with pytest.warns(UserWarning, match=r"1 rows lie far .* at \(1e\+06, 0.5\), and stretch"):
            FourierKernelRegressor(3).fit(X, X[:, 1])

    def test_few_rows_with_many_features_are_factorized(self):
        X = np.random.default_rng(0).uniform(size=(30, 2))
        for n_frequencies, solver in ((14, "primal"), (16, "cholesky")):
            features = FourierFeatures(n_frequencies=n_frequencies, random_state=0)
            model = FourierKernelRegressor(kernel=features).fit(X, X[:, 1])
            assert model.solver_ == solver

    def test_a_slow_factorization_says_what_would_be_fast(self, monkeypatch):
        X = np.random.default_rng(0).uniform(size=(1200, 2))
        model = FourierKernelRegressor(4, kernel=Matern(nu=1.5), alpha=ALPHA)
        assert model.fit(X, values(X)).solver_ == "cholesky"
        monkeypatch.setattr("skfourier._solvers._choice._MANY_ROWS", 1100)
        monkeypatch.setattr("skfourier._solvers._choice._FEW_ROWS", 1000)
        with pytest.warns(UserWarning, match=r"solver='cholesky' .* slow.* tol=1e-05 would need"):
            assert model.fit(X, values(X)).solver_ == "cholesky"
        assert model.set_params(tol=1e-3, alpha=1.0).fit(X, values(X)).solver_ == "nufft"

    def test_a_grid_beyond_memory_says_what_it_needs_and_what_to_take(self, monkeypatch):
        monkeypatch.setattr("skfourier._solvers._toeplitz_matrix._MAX_POINTS", 1000)
        X = pixel_grid((40, 40))
        layers = FourierKernelRegressor(5, kernel=NTK_2, alpha=ALPHA)
        with pytest.raises(
            ValueError, match=r"FFTs of 6400 points .* GB an array.* apply: 'cholesky', 'cg'"
        ):
            clone(layers).set_params(solver="toeplitz").fit(X, values(X))
        assert layers.fit(X, values(X)).solver_ == "cholesky"
        monkeypatch.setattr("skfourier._solvers._cholesky._MAX_BYTES", 0)
        with pytest.warns(
            UserWarning, match="'cg'.* slow. 'toeplitz' does not apply: .*6400 points"
        ):
            assert layers.fit(X, values(X)).solver_ == "cg"


def test_searches_sigma_in_folds_of_an_image(pixels):
    X, y = pixels
    folds = KFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(FourierKernelRegressor(), {"sigma": [0.01, 3, 300]}, cv=folds)
    assert search.fit(X, y).best_params_ == {"sigma": 3}
    pipeline = make_pipeline(StandardScaler(), FourierKernelRegressor(0.5))
    assert pipeline.fit(X, y).score(X, y) > 0.9


def test_float32_and_shapes_of_y_come_back(pixels):
    X, y = pixels
    model = FourierKernelRegressor(3).fit(X.astype(np.float32), y.astype(np.float32))
    assert model.solver_ == "kronecker"
    mean, deviation = model.predict(X_NEW, return_std=True)
    assert mean.dtype == deviation.dtype == np.float32
    assert mean.shape == deviation.shape == (50, 2)
    assert model.fit(X, y[:, 0]).predict(X_NEW).shape == (50,)
    assert model.fit(X, y[:, :1]).predict(X_NEW).shape == (50, 1)


@pytest.mark.parametrize("name", ["kronecker", "toeplitz", "masked_kronecker", "nufft", "cg"])
def test_pickles_predict_the_same(pixels, name):
    model = FourierKernelRegressor(1.5, solver=name, alpha=ALPHA).fit(*pixels)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X_NEW), model.predict(X_NEW))


@pytest.mark.parametrize("name", ["auto", "cholesky", "nufft", "cg"])
def test_repeated_points_with_other_values_are_as_the_algebra_says(scattered, name):
    X, y = scattered
    X, y = np.vstack([X, X[:50], X[:50]]), np.vstack([y, y[:50] + 1, -y[:50]])
    theirs = GaussianProcessRegressor(Gaussian(1.2), alpha=ALPHA, normalize_y=True, optimizer=None)
    ours = FourierKernelRegressor(1.2, alpha=ALPHA, solver=name, tol=1e-10).fit(X, y)
    # Relative errors of 1e-10 times n / alpha, 3e4.
    for mine, expected in zip(
        ours.predict(X_NEW[:5], return_std=True),
        theirs.fit(X, y).predict(X_NEW[:5], return_std=True),
        strict=True,
    ):
        np.testing.assert_allclose(mine, expected, atol=3e-6 * np.abs(y).max())


def test_far_away_it_falls_to_the_mean(pixels, scattered):
    for X, y in (pixels, scattered):
        for solver in ("auto", "nufft"):
            model = FourierKernelRegressor(1.2, alpha=ALPHA, solver=solver).fit(X, y)
            far = model.predict([[50.0, -70.0]])
            np.testing.assert_allclose(far[0], y.mean(axis=0), atol=1e-5)


def test_deviations_of_iterative_solvers_equal_the_dense_ones(pixels):
    model = FourierKernelRegressor(1.2, alpha=ALPHA, tol=1e-10)
    dense = clone(model).set_params(solver="cholesky").fit(*pixels).predict(X_NEW, return_std=True)
    for name in ("toeplitz", "masked_kronecker", "nufft", "cg"):
        ours = clone(model).set_params(solver=name).fit(*pixels)
        # A deviation is the root of a difference: at 0.05, an error of 1e-7 in the variance.
        np.testing.assert_allclose(ours.predict(X_NEW, return_std=True)[1], dense[1], atol=1e-5)
        # The modes of "nufft" are so few that they are factorized.
        assert hasattr(ours, "log_marginal_likelihood_value_") == (name == "nufft")


@pytest.mark.parametrize("alpha", [1.0, 10.0])
def test_deviations_of_much_noise_in_a_small_box_equal_the_dense_ones(alpha):
    # A hundred modes of the lattice stand for each that functions on the box need.
    X, places = np.random.default_rng(0).uniform(0, 0.2, size=(2, 200, 2))
    model = FourierKernelRegressor(1, alpha=alpha, solver="nufft", tol=1e-6).fit(X, X[:, 0])
    dense = clone(model).set_params(solver="cholesky").fit(X, X[:, 0])
    expected = dense.predict(places, return_std=True)[1]
    # Modes left out weigh 1e3 tol of the noise: 1e-3 of a variance, half of that of a deviation.
    np.testing.assert_allclose(model.predict(places, return_std=True)[1], expected, rtol=5e-4)


def test_scattered_rows_of_few_modes_have_a_likelihood_and_any_number_of_deviations(scattered):
    X, y = scattered
    weight = np.random.default_rng(3).uniform(0.5, 2, size=len(X))
    model = FourierKernelRegressor(1.2, solver="nufft", alpha=ALPHA, tol=1e-9)
    model.fit(X, y, sample_weight=weight)
    dense = clone(model).set_params(solver="cholesky").fit(X, y, sample_weight=weight)
    places = np.random.default_rng(4).uniform(-0.2, 1.2, size=(2000, 2))
    mean, deviation = model.predict(places, return_std=True)
    expected, expected_deviation = dense.predict(places, return_std=True)
    # Of the kernel's error, 1e-9, the condition makes at most 1e-9 n / alpha = 2e-5.
    np.testing.assert_allclose(mean, expected, atol=2e-5)
    np.testing.assert_allclose(deviation, expected_deviation, rtol=1e-4)
    np.testing.assert_allclose(
        model.log_marginal_likelihood_value_, dense.log_marginal_likelihood_value_, rtol=1e-6
    )


@pytest.mark.parametrize("name", ["n_iter_", "log_marginal_likelihood_value_"])
def test_unfitted_it_has_no_such_attribute(name):
    assert not hasattr(FourierKernelRegressor(), name)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(FourierKernelRegressor(), name)


class TestBadInput:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"solver": "kroneker"}, "Did you mean 'kronecker'"),
            ({"solver": "primal"}, "solver='primal' does not apply. The solver 'primal' needs"),
            ({"alpha": 0}, "alpha must be positive: .* take alpha=1e-8"),
            ({"alpha": -1.0}, "alpha must be positive"),
            ({"alpha": np.nan}, "alpha must be positive"),
            ({"alpha": "1"}, "alpha"),
            ({"sigma": -1}, "sigma"),
            ({"sigma": (1, 2, 3)}, "one for each of the 2 columns"),
            ({"kernel": "gauss"}, "Did you mean 'gaussian'"),
            ({"kernel": FrozenEstimator(Ridge())}, "fitted FourierFeatures"),
            ({"kernel": "positional"}, "n_frequencies"),
            ({"kernel": NeuralTangentKernel(0, base=Gaussian())}, "n_hidden_layers"),
            ({"kernel": NeuralTangentKernel(2)}, "only with a base"),
            ({"tol": 0}, "tol"),
        ],
    )
    def test_parameters(self, pixels, params, message):
        with pytest.raises(ValueError, match=message):
            FourierKernelRegressor(**params).fit(*pixels)

    def test_complex_numbers(self, pixels):
        X, y = pixels
        for bad in ((X + 0j, y), (X, y * 1j)):
            with pytest.raises(ValueError, match="Complex data not supported"):
                FourierKernelRegressor(3).fit(*bad)

    def test_a_small_alpha_is_enough_for_exact_values(self, pixels):
        X, y = pixels
        model = FourierKernelRegressor(30, kernel="laplace", alpha=1e-8).fit(X, y)
        # What is left at the rows is alpha times the coefficients, of size 1 here.
        np.testing.assert_allclose(model.predict(X), y, atol=1e-6)

    def test_a_failed_fit_loses_nothing(self, pixels):
        X, y = pixels
        model = FourierKernelRegressor(3).fit(X, y)
        before = model.predict(X_NEW)
        with pytest.raises(ValueError, match="NaN"):
            model.fit(X, np.where(y == y.max(), np.nan, y))
        np.testing.assert_array_equal(model.predict(X_NEW), before)
