"""A trend around every solver, against dense algebra and a Gaussian process that has one."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from skfourier import FourierKernelRegressor, load
from skfourier._solvers._cholesky import Cholesky
from skfourier._solvers._trend import _check_number_of_terms
from skfourier.images import pixel_grid
from skfourier.spectra import Frequencies, Gaussian, Matern

ALPHA = 1e-2
PLACES = np.random.default_rng(5).uniform(-0.3, 1.5, size=(25, 2)) + 3


def values(X):
    waves = np.stack([np.sin(5 * X[:, 0]), np.cos(4 * X[:, 1])], axis=1)
    slopes = np.stack([20 - 30 * X[:, 0] + 9 * X[:, 1], 10 * X[:, 0] ** 2], axis=1)
    return slopes + waves + 0.1 * np.random.default_rng(0).normal(size=slopes.shape)


def scattered():
    X = 3 + np.random.default_rng(1).uniform(size=(200, 2))
    return X, values(X)


def pixels():
    X = 3 + pixel_grid((12, 15)).astype(float)
    return X, values(X)


def holes():
    X, y = pixels()
    return X[:-20], y[:-20]


CASES = {
    "cholesky": (scattered, Matern(2, nu=2.5)),
    "nufft": (scattered, Gaussian(1)),
    "cg": (scattered, Matern(2)),
    "toeplitz": (holes, Matern(2)),
    "kronecker": (pixels, Gaussian(1)),
    "masked_kronecker": (holes, Gaussian(1)),
    "primal": (scattered, Frequencies(np.random.default_rng(2).normal(size=(30, 2)))),
}
TRENDS = {
    "constant": ("constant", lambda X: np.ones((len(X), 1))),
    "linear": ("linear", lambda X: np.column_stack([np.ones(len(X)), X])),
    "quadratic": (PolynomialFeatures(2), lambda X: PolynomialFeatures(2).fit_transform(X)),
}
each_solver = pytest.mark.parametrize("name", CASES)
each_trend = pytest.mark.parametrize("trend", TRENDS)
WEIGHTED = ("cholesky", "nufft", "cg", "masked_kronecker", "primal")


def weights(X):
    return np.random.default_rng(7).uniform(0.5, 2, size=len(X))


def fitted(name, trend, sample_weight=None, **params):
    rows, kernel = CASES[name]
    params = {"alpha": ALPHA, "tol": 1e-10} | params
    model = FourierKernelRegressor(kernel=kernel, solver=name, trend=trend, **params)
    return model.fit(*rows(), sample_weight)


class Dense:
    """Universal kriging by its formulas, with inverses in float64."""

    def __init__(self, name, functions, weight=None):
        rows, kernel = CASES[name]
        self.X, self.y = rows()
        self.kernel, self.functions = kernel.normalized(2), functions
        weight = np.ones(len(self.X)) if weight is None else weight
        self.A = self.kernel(self.X) + np.diag(ALPHA / weight)
        self.inverse = np.linalg.inv(self.A)
        # Of orthonormal columns: cond(H'A^-1H) would else lose the digits of this reference.
        self.H, self.R = np.linalg.qr(functions(self.X))
        self.gram = self.H.T @ self.inverse @ self.H
        self.beta = np.linalg.solve(self.gram, self.H.T @ self.inverse @ self.y)
        self.P = self.inverse - self.inverse @ self.H @ np.linalg.solve(
            self.gram, self.H.T @ self.inverse
        )

    def at(self, X):
        k, h = self.kernel(self.X, X), self.functions(X) @ np.linalg.inv(self.R)
        mean = h @ self.beta + k.T @ self.inverse @ (self.y - self.H @ self.beta)
        r = h - k.T @ self.inverse @ self.H
        covariance = self.kernel(X) - k.T @ self.inverse @ k
        return mean, covariance + r @ np.linalg.solve(self.gram, r.T)


def close(ours, theirs, name, of=1.0):
    # tol times the condition of A, up to 200 / alpha = 2e4, and the condition of H'A^-1H, < 1e3,
    # in the units of y; "nufft" and "cg" end by the error of a prediction.
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * of, err_msg=name)


@each_trend
@each_solver
def test_predictions_are_those_of_dense_algebra(name, trend):
    given, functions = TRENDS[trend]
    model, dense = fitted(name, given), Dense(name, functions)
    mean, covariance = dense.at(PLACES)
    ours, ours_covariance = model.predict(PLACES, return_cov=True)
    assert model.solver_ == name
    close(ours, mean, name, of=np.abs(mean).max())
    scale = model.signal_scale_**2
    close(ours_covariance, np.multiply.outer(covariance, scale), name, of=scale.max())
    deviation = model.predict(PLACES, return_std=True)[1] / model.signal_scale_
    # Where the solver does not factorize, deviations are promised to 1 %.
    expected = np.sqrt(np.diag(covariance))[:, None] * [1, 1]
    np.testing.assert_allclose(deviation, expected, rtol=0.01)
    if name != "primal":  # of cosines, which come back
        far = np.full((1, 2), 50.0)
        trend_far = functions(far) @ np.linalg.solve(dense.R, dense.beta)
        close(model.predict(far), trend_far, name, of=np.abs(trend_far).max())


def test_errors_of_a_kernel_are_its_own(monkeypatch):
    model, asked = fitted("cholesky", "linear"), []

    def solve(_, targets):
        asked.append(targets)
        raise AttributeError("of the kernel")

    monkeypatch.setattr(Cholesky, "solve", solve)
    with pytest.raises(AttributeError, match="of the kernel"):
        model.fit(*scattered())
    assert len(asked) == 1


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights(name):
    given, functions = TRENDS["linear"]
    weight = weights(CASES[name][0]()[0])
    mean, covariance = Dense(name, functions, weight).at(PLACES)
    model = fitted(name, given, weight)
    ours, ours_covariance = model.predict(PLACES, return_cov=True)
    close(ours, mean, name, of=np.abs(mean).max())
    scale = model.signal_scale_**2
    close(ours_covariance, np.multiply.outer(covariance, scale), name, of=scale.max())


@each_solver
def test_coefficients_are_in_the_columns_of_X(name):
    dense = Dense(name, TRENDS["linear"][1])
    slopes = np.linalg.solve(dense.R, dense.beta)
    model = fitted(name, "linear")
    close(model.trend_intercept_, slopes[0], name, of=np.abs(slopes).max())
    close(model.trend_coef_, slopes[1:].T, name, of=np.abs(slopes).max())
    assert model.trend_coef_.shape == (2, 2)


@each_solver
def test_likelihood_is_that_of_contrasts(name):
    """REML against the density of explicit contrasts, up to a constant: differences of alphas."""
    model, dense = fitted(name, "linear"), Dense(name, TRENDS["linear"][1])
    contrasts = np.linalg.svd(dense.H)[0][:, 3:]
    scale = np.sqrt(np.mean(np.square(dense.y - dense.H @ (dense.H.T @ dense.y)), axis=0))

    def likelihood(alpha):
        A = dense.kernel(dense.X) + alpha * np.eye(len(dense.X))
        B, z = contrasts.T @ A @ contrasts, contrasts.T @ dense.y / scale
        n = len(B)
        spread = np.linalg.slogdet(B)[1] + n * np.log(2 * np.pi)
        return -0.5 * (np.sum(z * np.linalg.solve(B, z)) + 2 * spread)

    # H'WH and the contrasts are of orthonormal columns: there is no constant left.
    if model._solver.factorizes:
        for one in (ALPHA, 0.1):
            ours = model.with_alpha(one).log_marginal_likelihood_value_
            # The likelihood's own promise.
            np.testing.assert_allclose(ours, likelihood(one), rtol=1e-6)
    else:
        assert not hasattr(model, "log_marginal_likelihood_value_")
    expected = np.sqrt(np.einsum("nc,nm,mc->c", dense.y, dense.P, dense.y) / (len(dense.X) - 3))
    np.testing.assert_allclose(model.calibrated().signal_scale_, expected, rtol=1e-4)
    np.testing.assert_allclose(model.signal_scale_, scale, rtol=1e-9)


@pytest.mark.parametrize("name", ["cholesky", "kronecker", "primal", "nufft", "cg"])
def test_leave_one_out_is_brute_force(name):
    """A row left out is one of weight 0, and its trend is fitted without it."""
    model, (X, y) = fitted(name, "linear"), CASES[name][0]()
    ours = model.leave_one_out_residuals_
    for row in (0, 57):
        rest = np.arange(len(X)) != row
        other = FourierKernelRegressor(
            kernel=CASES[name][1], alpha=ALPHA, solver="cholesky", trend="linear"
        ).fit(X[rest], y[rest])
        expected = y[row] - other.predict(X[row : row + 1])[0]
        # Deviations that are not factorized are to 1 %.
        np.testing.assert_allclose(ours[row], expected, rtol=0.03 if name == "cg" else 1e-4)


def test_the_limit_of_a_gaussian_process_with_a_vague_linear_kernel():
    """scikit-learn's process has the trend as a kernel of great variance: c (1 + x.x')."""
    X, y = scattered()
    X, y, places = X - 3, y[:, 0] / y[:, 0].std(), PLACES - 3
    vague = 1e5
    kernel = Matern(2, nu=1.5) + ConstantKernel(vague) * DotProduct(1.0)
    process = GaussianProcessRegressor(kernel, alpha=ALPHA, optimizer=None).fit(X, y)
    model = FourierKernelRegressor(kernel=Matern(2, nu=1.5), alpha=ALPHA, trend="linear").fit(X, y)
    mean, deviation = process.predict(places, return_std=True)
    ours, ours_deviation = model.predict(places, return_std=True)
    # beta^2 / vague = 1e-4 of its variance, of which the data leave about 0.1: relative 1e-3 at
    # worst, and the process itself has a condition of 200 * 1e5 / alpha = 2e9, 1e-6.
    np.testing.assert_allclose(ours, mean, atol=1e-3)
    np.testing.assert_allclose(ours_deviation / model.signal_scale_, deviation, rtol=1e-3)


@each_solver
def test_draws_have_the_covariance_of_universal_kriging(name):
    model, n_draws = fitted(name, "linear", tol=1e-6), 1000
    mean, covariance = Dense(name, TRENDS["linear"][1]).at(PLACES[:6])
    draws = model.sample_y(PLACES[:6], n_draws, random_state=3)
    for output in range(2):
        expected = covariance * model.signal_scale_[output] ** 2
        deviation = np.sqrt(np.diag(expected))
        off = np.abs(draws[:, output].mean(axis=1) - mean[:, output])
        # Five deviations of means and of products, and 1 % for the prior's waves. Without the
        # trend's own deviation some variance would be off by a third, where the bound is 0.26.
        assert np.all(off <= 5 * deviation / np.sqrt(n_draws) + 1e-3)
        bound = 5 * np.outer(deviation, deviation) * np.sqrt(2 / n_draws)
        prior = 0.05 * model.signal_scale_[output] ** 2
        assert np.all(np.abs(np.cov(draws[:, output]) - expected) <= bound + prior)
    again = model.sample_y(PLACES[3:4], 2, random_state=3)
    np.testing.assert_allclose(again[0, 0], model.sample_y(PLACES[:6], 2, random_state=3)[3, 0])


@pytest.mark.parametrize("solver", ["nufft", "primal"])
def test_streams_equal_one_fit(solver):
    X, y = scattered()
    domain = [[3, 4], [3, 4]]
    model = FourierKernelRegressor(
        kernel=CASES[solver][1],
        alpha=ALPHA,
        solver=solver,
        domain=domain,
        tol=1e-10,
        trend="linear",
    )
    whole = Dense(solver, TRENDS["linear"][1], weights(X)).at(PLACES)[0]
    for rows in (slice(0, 20), slice(20, 90), slice(90, 200)):
        model.partial_fit(X[rows], y[rows], weights(X)[rows])
    close(model.predict(PLACES), whole, solver, of=np.abs(whole).max())
    one = FourierKernelRegressor(
        kernel=CASES[solver][1], alpha=ALPHA, solver=solver, trend="linear"
    ).fit(X, y, weights(X))
    np.testing.assert_allclose(model.signal_scale_, one.signal_scale_, rtol=1e-9)


@pytest.mark.parametrize("trend", ["linear", PolynomialFeatures(2), StandardScaler()])
@pytest.mark.parametrize("name", ["cholesky", "nufft", "kronecker"])
def test_files(name, trend, tmp_path):
    model = fitted(name, trend)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    # Not all of deviations: those of "nufft" are told from rows, which files do not hold.
    np.testing.assert_array_equal(again.predict(PLACES), model.predict(PLACES))
    np.testing.assert_array_equal(again.trend_coef_, model.trend_coef_)
    if name != "nufft":
        deviations = [one.predict(PLACES, return_std=True)[1] for one in (again, model)]
        np.testing.assert_array_equal(*deviations)


def test_a_transformer_of_ones_own_cannot_be_saved(tmp_path):
    model = fitted("cholesky", FunctionTransformer(np.sin))
    with pytest.raises(ValueError, match="FunctionTransformer"):
        model.save(tmp_path / "model")


@pytest.mark.parametrize("name", ["cholesky", "nufft"])
@pytest.mark.parametrize("trend", ["linear", PolynomialFeatures(2), FunctionTransformer(np.sin)])
def test_gradient(name, trend):
    model, h = fitted(name, trend), 1e-5
    steps = [model.predict(PLACES + e) - model.predict(PLACES - e) for e in h * np.eye(2)]
    expected = np.stack(steps, axis=-1) / (2 * h)
    # Differences of second order: h^2 times third derivatives, and errors of 1e-10 over h.
    np.testing.assert_allclose(model.predict_gradient(PLACES), expected, rtol=1e-4, atol=2e-3)


def test_the_gradient_of_a_trend_alone_has_its_deviation():
    """Far away the kernel says nothing: the variance of a slope is beta's, and the prior's."""
    model, dense = fitted("cholesky", "linear"), Dense("cholesky", TRENDS["linear"][1])
    far = np.full((1, 2), 30.0)
    gradient, deviation = model.predict_gradient(far, return_std=True)
    np.testing.assert_allclose(gradient[0], model.trend_coef_, rtol=1e-6)
    inverse = np.linalg.inv(dense.R) @ np.linalg.inv(dense.gram) @ np.linalg.inv(dense.R).T
    # Of Matern's kernel of nu = 5/2 and sigma 2, the variance of a slope is (5/3) (2 pi sigma)^2.
    prior = 5 / 3 * (4 * np.pi) ** 2
    expected = np.sqrt(prior + np.diag(inverse)[1:])
    np.testing.assert_allclose(
        deviation[0] / model.signal_scale_[:, None], [expected] * 2, rtol=1e-3
    )


def test_a_trend_that_jumps_has_no_gradient_there():
    bins = KBinsDiscretizer(2, encode="ordinal", quantile_method="averaged_inverted_cdf")
    model = fitted("cholesky", make_column_transformer((bins, [0])))
    edge = model._solver.trend.transformer.named_transformers_["kbinsdiscretizer"].bin_edges_[0][1]
    with pytest.raises(ValueError, match=r"no gradient .* column 0"):
        model.predict_gradient([[edge, 3.5]])
    assert model.predict_gradient([[edge + 0.1, 3.5]]).shape == (1, 2, 2)


def test_columns_of_ones_own():
    """A drift that the user measured along: a function of the place."""
    X, y = scattered()

    def height(X):
        return np.exp(X[:, :1] - 3)

    model = FourierKernelRegressor(2, alpha=ALPHA, trend=FunctionTransformer(height))
    model.fit(X, y[:, 0] + 100 * height(X)[:, 0])
    plain = FourierKernelRegressor(2, alpha=ALPHA, trend=FunctionTransformer(height)).fit(
        X, y[:, 0]
    )
    # Equivariance: what is added to y along the trend is added to the prediction.
    np.testing.assert_allclose(
        model.predict(PLACES), plain.predict(PLACES) + 100 * height(PLACES)[:, 0], rtol=1e-8
    )
    assert model.trend_coef_.shape == (1,)
    assert np.ndim(model.trend_intercept_) == 0


def test_constant_columns_have_no_slope():
    X, y = scattered()
    model = FourierKernelRegressor(2, alpha=ALPHA, trend="linear")
    X = np.column_stack([X, np.full(len(X), 7.0)])
    model.fit(X, y[:, 0])
    assert model.trend_coef_[2] == 0
    assert np.all(model.trend_coef_[:2] != 0)


def test_collinear_columns_are_refused():
    X, y = scattered()
    X = np.column_stack([X, 2 * X[:, 0] - 1])
    with pytest.raises(ValueError, match=r"columns \[0, 2\] of the trend are collinear"):
        FourierKernelRegressor(trend="linear").fit(X, y)
    encoder = make_column_transformer((OneHotEncoder(), [0]))
    with pytest.raises(ValueError, match=r"\[0, 1\] .* collinear .*OneHotEncoder\(drop='first'\)"):
        FourierKernelRegressor(trend=encoder).fit(np.round(X[:, :2]), y)


def test_too_few_rows_are_refused():
    X, y = scattered()
    with pytest.raises(ValueError, match=r"3 coefficients.* more rows .* Got 3"):
        FourierKernelRegressor(trend="linear").fit(X[:3], y[:3])


def test_without_a_trend_there_are_no_coefficients():
    model = FourierKernelRegressor().fit(*scattered())
    assert not hasattr(model, "trend_coef_")


def test_a_transformer_that_gives_no_numbers_is_refused():
    broken = FunctionTransformer(lambda X: np.full((len(X), 1), np.nan))
    with pytest.raises(ValueError, match="finite numbers, a row for each row"):
        FourierKernelRegressor(trend=broken).fit(*scattered())


class TestPolynomialOfAFile:
    """A file that names more terms than it has numbers for is refused before they are made."""

    @pytest.mark.parametrize("degree", [1, 3, (0, 2), (2, 3)])
    @pytest.mark.parametrize("interaction_only", [False, True])
    @pytest.mark.parametrize("include_bias", [False, True])
    @pytest.mark.parametrize("n_features", [1, 2, 5])
    def test_number_of_terms(self, degree, interaction_only, include_bias, n_features):
        polynomial = PolynomialFeatures(
            degree, interaction_only=interaction_only, include_bias=include_bias
        )
        n_terms = polynomial.fit(np.zeros((1, n_features))).n_output_features_
        _check_number_of_terms(polynomial, n_features, n_terms)
        for other in (n_terms - 1, n_terms + 1):
            with pytest.raises(ValueError, match="has other terms than the"):
                _check_number_of_terms(polynomial, n_features, other)

    @pytest.mark.parametrize("degree", [10**9, (0, 10**9), "2", (1.0, 2)])
    def test_degrees_that_no_model_has(self, degree):
        with pytest.raises(ValueError, match="is not the degree of a polynomial"):
            _check_number_of_terms(PolynomialFeatures(degree), 2, 6)

    def test_terms_that_would_take_all_memory(self):
        with pytest.raises(ValueError, match="has other terms than the 50 columns"):
            _check_number_of_terms(PolynomialFeatures(50), 50, 50)
