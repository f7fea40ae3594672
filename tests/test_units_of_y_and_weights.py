"""The unit of y scales predictions and nothing else; of weights and alpha only ratios count."""

import numpy as np
import pytest

import skfourier
from skfourier import FourierFeatures, FourierKernelRegressor, FourierKernelRegressorCV
from skfourier._solvers import _nufft
from skfourier.images import pixel_grid
from skfourier.spectra import Matern

RNG = np.random.default_rng(0)
PIXELS = pixel_grid((9, 11)).astype(float)
Y = np.stack([np.sin(9 * PIXELS[:, 0]) + PIXELS[:, 1], PIXELS[:, 0] ** 2], axis=1)
Y += 0.1 * RNG.normal(size=Y.shape)
WEIGHT = RNG.uniform(0.5, 2, size=len(PIXELS))
WEIGHT /= WEIGHT.mean()  # weights of ordinary size have the unit 1
NEW = RNG.uniform(size=(7, 2))

SOLVERS = ("cholesky", "nufft", "cg", "toeplitz", "masked_kronecker", "primal")


def kernel_regressor(solver, alpha, **params):
    features = FourierFeatures(2, n_frequencies=20, random_state=0)
    kernel = features if solver == "primal" else "gaussian"
    return FourierKernelRegressor(1, kernel=kernel, solver=solver, alpha=alpha, **params)


# Powers of two, so that scaled arguments are the same numbers but for their exponent. What is left
# is rounding where alpha over a weight is taken, 1e-16 times the condition, some 1e4, and where
# iterations end a step earlier or later, tol of them.
SIZES = [2.0**-990, 2.0**-540, 2.0**540, 2.0**990]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_ratios_of_weights_and_alpha_are_all_that_counts(solver, size):
    one = kernel_regressor(solver, 1e-2).fit(PIXELS, Y, WEIGHT)
    other = kernel_regressor(solver, 1e-2 * size).fit(PIXELS, Y, WEIGHT * size)
    expected, came = one.predict(NEW, return_std=True), other.predict(NEW, return_std=True)
    np.testing.assert_allclose(came, expected, rtol=1e-6)


@pytest.mark.parametrize("size", [2.0**-540, 2.0**540])
def test_iterations_over_fourier_modes_see_ratios_only(monkeypatch, size):
    monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 20)
    one, other = (
        kernel_regressor("nufft", 1e-2 * s).fit(PIXELS, Y, WEIGHT * s) for s in (1.0, size)
    )
    assert not one._solver.factorizes
    assert other.n_iter_ == one.n_iter_ > 1
    np.testing.assert_allclose(other.predict(NEW), one.predict(NEW), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [2.0**-540, 2.0**20])
@pytest.mark.parametrize(
    "params",
    [
        {"kernel": ["gaussian", Matern(nu=1.5)]},
        {"kernel": "gaussian", "criterion": "leave_one_out"},
        {"kernel": "gaussian", "criterion": "gcv", "sigmas": [0.5, 1, 2], "solver": "cg"},
        {"kernel": "gaussian", "sigmas": [0.5, 1, 2], "cv": 3},
    ],
    ids=["likelihood", "leave-one-out", "sampled", "splits"],
)
@pytest.mark.filterwarnings("ignore:The best candidate is at the edge")
def test_what_is_chosen_does_not_depend_on_the_unit_of_weights(params, size):
    one, other = (FourierKernelRegressorCV(**params).fit(PIXELS, Y, WEIGHT * s) for s in (1, size))
    # Climbs take the same steps but for rounding, some 1e-14, over the 1e-4 of the differences that
    # stand for derivatives, times the condition of their information.
    np.testing.assert_allclose(other.alpha_, one.alpha_ * size, rtol=1e-4)
    np.testing.assert_allclose(other.sigma_, one.sigma_, rtol=1e-4)
    np.testing.assert_allclose(other.predict(NEW), one.predict(NEW), rtol=1e-4)


@pytest.mark.parametrize("size", [1e-150, 1e-165, 1e-300])
@pytest.mark.parametrize(
    "params",
    [{"solver": solver} for solver in SOLVERS]
    + [{"solver": "cholesky", "trend": "linear"}, {"solver": "nufft", "domain": [[0, 1], [0, 1]]}],
    ids=str,
)
def test_a_tiny_y_is_fitted_as_any_other(tmp_path, params, size):
    def told(model):
        rows = model.predict(NEW), model.predict(NEW, return_std=True)[1], model.signal_scale_
        rows += model.sample_y(NEW, 2), model.predict_gradient(NEW)
        rows += (model.trend_coef_, model.trend_intercept_) if model.trend else ()
        return np.concatenate([np.ravel(part) for part in rows])

    model = kernel_regressor(alpha=1e-2, **params)
    model.fit(PIXELS, Y)
    expected, factorizes = told(model), hasattr(model, "log_marginal_likelihood_value_")
    likelihood = model.log_marginal_likelihood_value_ if factorizes else None
    if "domain" in params:  # two blocks, in the unit of the first one
        del model._solver
        model.partial_fit(PIXELS[:50], size * Y[:50]).partial_fit(PIXELS[50:], size * Y[50:])
    else:
        model.fit(PIXELS, size * Y)
    # As above; and of the product of y and size, whose rounding is 1e-16 too.
    np.testing.assert_allclose(told(model) / size, expected, rtol=1e-6, atol=1e-6)
    if factorizes:
        np.testing.assert_allclose(model.log_marginal_likelihood_value_, likelihood, rtol=1e-9)
    model.save(tmp_path / "model")
    loaded = skfourier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(NEW), model.predict(NEW))


@pytest.mark.filterwarnings("ignore:The best candidate is at the edge")
def test_a_tiny_y_has_the_same_choice():
    for params in (
        {},
        {"criterion": "leave_one_out"},
        {"criterion": "gcv"},
        {"criterion": "gcv", "sigmas": [0.3, 1, 3], "solver": "cg"},
        {"sigmas": [0.3, 1, 3], "alphas": [1e-2, 1e-1]},
    ):
        one, other = (FourierKernelRegressorCV(**params).fit(PIXELS, Y * s) for s in (1, 2.0**-540))
        assert (other.alpha_, other.kernel_) == (one.alpha_, one.kernel_)
        np.testing.assert_allclose(other.signal_scale_ * 2.0**540, one.signal_scale_, rtol=1e-6)


def test_a_tiny_output_beside_an_ordinary_one():
    model = FourierKernelRegressor(2).fit(PIXELS, Y)
    other = FourierKernelRegressor(2).fit(PIXELS, Y * [1, 1e-200])
    # Rounding of the products, 1e-16, times the condition, at most n / alpha = 1e5.
    np.testing.assert_allclose(other.predict(NEW) / [1, 1e-200], model.predict(NEW), rtol=1e-10)


def test_what_has_no_digits_left_is_refused():
    model = FourierKernelRegressor(2).fit(PIXELS, Y * 1e-165)
    with pytest.raises(ValueError, match="below what float64 holds"):
        model.predict(NEW, return_cov=True)
    with pytest.raises(ValueError, match="scores of splits take its squares"):
        FourierKernelRegressorCV([1.0], [1e-2], cv=3).fit(PIXELS, Y * 1e-165)


@pytest.mark.parametrize("model", [FourierKernelRegressor(2), FourierKernelRegressorCV()], ids=str)
@pytest.mark.parametrize(("size", "weight"), [(1e306, 200.0), (1e200, 1.0), (1.0, 1e307)])
def test_sums_that_overflow_are_refused_by_one_sentence(model, size, weight):
    with pytest.raises(ValueError, match="y or sample_weight is too large"):
        model.fit(PIXELS, np.abs(Y) * size, np.full(len(Y), weight))
