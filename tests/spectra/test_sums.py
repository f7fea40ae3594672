"""Sums of spectra and their multiples: spectra again, with the interface of scikit-learn's."""

import math
import pickle

import numpy as np
import pytest
from scipy import integrate
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk

from skfourier import FourierFeatures, spectra
from skfourier.spectra import (
    Basic,
    Cauchy,
    FiniteSpectrum,
    Frequencies,
    Gaussian,
    Laplace,
    Matern,
    Spectrum,
    Uniform,
    as_spectrum,
)

EPS = np.finfo(np.float64).eps
GIVEN = Frequencies([[1.0, 0.5], [2.0, -1.0]], [0.7, 2.0])

CONTINUOUS = {
    "sum": Gaussian(3) + 0.1 * Matern((30, 20), nu=0.5),
    "multiple": 2.5 * Laplace((3, 0.5)),
    "three": 0.5 * (Gaussian(2) + Cauchy(1)) + 3 * Matern(5, nu=2.5),
    "right": Gaussian(2) + (Cauchy(1) + 0.2 * Gaussian((1, 4))),
}
MIXED = {"mixed": Gaussian((3, 1)) + 0.3 * GIVEN, "mixed, nested": GIVEN + Basic() + Matern(2)}
FINITE = {"finite": Basic() + 0.3 * GIVEN, "multiple of finite": 2 * GIVEN}
ALL = CONTINUOUS | MIXED | FINITE
each = pytest.mark.parametrize("spectrum", ALL.values(), ids=ALL)
each_continuous = pytest.mark.parametrize("spectrum", CONTINUOUS.values(), ids=CONTINUOUS)
each_drawn = pytest.mark.parametrize(
    "spectrum", (CONTINUOUS | MIXED).values(), ids=CONTINUOUS | MIXED
)
each_finite = pytest.mark.parametrize("spectrum", FINITE.values(), ids=FINITE)


def coordinates(n_samples=20, n_features=2, seed=0):
    return np.random.default_rng(seed).uniform(size=(n_samples, n_features))


def as_scikit_learn(kernel):
    """Write a sum with scikit-learn's own classes."""
    if isinstance(kernel, sk.Sum):
        return sk.Sum(as_scikit_learn(kernel.k1), as_scikit_learn(kernel.k2))
    if isinstance(kernel, sk.Product):
        return sk.Product(kernel.k1, as_scikit_learn(kernel.k2))
    return kernel


# Kernels ------------------------------------------------------------------------------------------


@each
def test_it_equals_scikit_learns_own_sum(spectrum):
    other, X, Y = as_scikit_learn(spectrum), coordinates(), coordinates(10, seed=1)
    assert isinstance(spectrum, Spectrum)
    assert not isinstance(other, Spectrum)
    # Finite ones are one product of features: sums of four cosines of phases below 10 pi.
    tolerance = 64 * EPS * spectrum.diag(X)[0]
    np.testing.assert_allclose(spectrum(X), other(X), rtol=0, atol=tolerance)
    np.testing.assert_allclose(spectrum(X, Y), other(X, Y), rtol=0, atol=tolerance)
    np.testing.assert_allclose(spectrum.diag(X), other.diag(X), rtol=4 * EPS)
    np.testing.assert_allclose(
        spectrum.evaluate(X[:, None] - Y), spectrum(X, Y), rtol=0, atol=tolerance
    )
    for ours, theirs in zip(spectrum(X, None, True), other(X, None, True), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
    assert spectrum.is_stationary()


@each
def test_theta_has_scikit_learns_order(spectrum):
    other = as_scikit_learn(spectrum)
    names, expected = ([h.name for h in kernel.hyperparameters] for kernel in (spectrum, other))
    assert names == expected
    np.testing.assert_array_equal(spectrum.theta, other.theta)
    np.testing.assert_array_equal(spectrum.bounds, other.bounds)
    moved = spectrum.clone_with_theta(spectrum.theta + 0.1)
    np.testing.assert_allclose(moved.theta, spectrum.theta + 0.1)
    assert type(moved) is type(spectrum)


def test_names_of_parameters():
    spectrum = Gaussian(3) + 0.1 * Matern(30, nu=0.5)
    params = spectrum.get_params()
    assert params["k1__sigma"] == 3
    assert params["k2__k1__constant_value"] == 0.1
    assert params["k2__k2__nu"] == 0.5
    spectrum.set_params(k2__k2__sigma=40, k2__k1__constant_value=0.5)
    assert spectrum == Gaussian(3) + 0.5 * Matern(40, nu=0.5)


@each
def test_clone_pickle_equality_and_repr(spectrum):
    for other in (clone(spectrum), pickle.loads(pickle.dumps(spectrum))):
        assert other == spectrum
        assert other is not spectrum
        assert type(other) is type(spectrum)
    assert spectrum != 2 * spectrum
    assert spectrum != Gaussian(3)
    if "array" not in repr(spectrum):
        assert eval(repr(spectrum), vars(spectra).copy()) == spectrum


def test_repr_is_what_one_would_type():
    assert repr(Gaussian(3) + 0.1 * Matern(30)) == "Gaussian(sigma=3) + 0.1 * Matern(sigma=30)"
    assert repr(2 * (Gaussian() + Cauchy())) == "2 * (Gaussian() + Cauchy())"


def test_operators():
    a, b = Gaussian(2), Matern(5)
    assert a * 0.5 == 0.5 * a == np.float64(0.5) * a == a * np.float32(0.5)
    assert a * sk.ConstantKernel(0.5) == 0.5 * a
    assert a + b == b + a
    assert isinstance(Basic() + GIVEN, FiniteSpectrum)
    assert isinstance(2 * Basic(), FiniteSpectrum)
    assert not isinstance(Basic() + a, FiniteSpectrum)
    for other in (a * b, a + 1.0, a + sk.WhiteKernel(), a**2):
        assert not isinstance(other, Spectrum)


@each
def test_float32_stays_float32(spectrum):
    X = coordinates().astype(np.float32)
    exact, at_zero = spectrum(X.astype(float)), spectrum.diag(X)[0]
    for kernel in (spectrum(X), spectrum(X, X[:]), spectrum.evaluate(X[:, None] - X)):
        assert kernel.dtype == np.float32
        # A scaled lag of 30 cycles, |u k'(u)| < 1.3, and half a dozen roundings.
        np.testing.assert_allclose(kernel, exact, rtol=0, atol=200 * 6e-8 * at_zero)


@each
def test_scaled_multiplies_the_frequencies(spectrum):
    X = coordinates()
    for factor in (4.0, np.array([4.0, 0.5])):  # exact
        scaled = spectrum.scaled(factor, n_features=2)
        np.testing.assert_array_equal(scaled(X), spectrum(X * factor))
        assert len(scaled.theta) >= len(spectrum.theta)


@each
def test_normalized_divides_by_k_of_zero(spectrum):
    X, normalized = coordinates(), spectrum.normalized(2)
    np.testing.assert_allclose(normalized.diag(X), 1, rtol=8 * EPS)
    np.testing.assert_allclose(normalized(X), spectrum(X) / spectrum.diag(X)[0], atol=64 * EPS)
    assert normalized.normalized(2)(X) == pytest.approx(normalized(X), abs=8 * EPS)


@pytest.mark.parametrize("name", ["sum", "three", "right", "mixed"])
def test_normalizing_a_sum_adds_and_removes_no_hyperparameter(name):
    spectrum = ALL[name]
    assert len(spectrum.normalized(2).theta) == len(spectrum.theta)


@each
def test_the_marginal_is_the_kernel_along_an_axis(spectrum):
    lag = np.linspace(-1, 1, 41)[:, None]
    for axis in range(2):
        along = np.zeros((41, 2))
        along[:, axis] = lag[:, 0]
        marginal = spectrum.marginal(axis, 2)
        np.testing.assert_allclose(marginal.evaluate(lag), spectrum.evaluate(along), atol=64 * EPS)
        np.testing.assert_allclose(marginal.scales(1)[:, 0], spectrum.scales(2)[:, axis])


def test_scales_have_a_row_for_each_term():
    np.testing.assert_array_equal(CONTINUOUS["sum"].scales(2), [[3, 3], [30, 20]])
    np.testing.assert_array_equal(CONTINUOUS["three"].scales(2), [[2, 2], [1, 1], [5, 5]])
    np.testing.assert_array_equal(CONTINUOUS["multiple"].scales(2), [[3, 0.5]])
    assert MIXED["mixed"].scales(2).shape == (2, 2)


# Frequencies --------------------------------------------------------------------------------------

N_FREQUENCIES = 2**14


def excess(spectrum, drawn, lags):
    """By how many tolerances the mean of cosines misses the normalized kernel, at its worst lag.

    Five standard errors of N independent draws, as in test_laws.py; a chance of 6e-7 a lag.
    """
    kernel = spectrum.normalized(2).evaluate
    variance = (1 + kernel(2 * lags)) / 2 - kernel(lags) ** 2
    miss = np.cos(2 * math.pi * drawn @ lags.T).mean(axis=0) - kernel(lags)
    return np.max(np.abs(miss) / (5 * np.sqrt(variance / len(drawn))))


LAGS = np.array([[0.02, 0.0], [0.0, 0.05], [0.1, 0.1], [0.3, -0.1]])


@pytest.mark.parametrize("sampling", ["random", "sobol"])
@each_drawn
def test_the_mean_of_sampled_cosines_is_the_normalized_kernel(spectrum, sampling):
    drawn = spectrum.sample(N_FREQUENCIES, 2, sampling=sampling, random_state=0)
    assert drawn.shape == (N_FREQUENCIES, 2)
    assert excess(spectrum, drawn, LAGS) < 1


@pytest.mark.parametrize("weight", [0.05, 0.2])
def test_that_tolerance_catches_a_factor_2_in_a_weight(weight):
    spectrum = Gaussian(3) + 0.1 * Matern(30, nu=0.5)
    drawn = (Gaussian(3) + weight * Matern(30, nu=0.5)).sample(N_FREQUENCIES, 2, random_state=0)
    assert excess(spectrum, drawn, LAGS) > 1


def test_orthogonal_sampling_where_all_parts_are_isotropic():
    spectrum = Gaussian(3) + 0.5 * Matern((8, 2))
    drawn = spectrum.sample(N_FREQUENCIES, 2, sampling="orthogonal", random_state=0)
    assert excess(spectrum, drawn, LAGS) < 1
    for part in (Cauchy(), GIVEN):
        with pytest.raises(ValueError, match=f"{type(part).__name__} is not isotropic"):
            (Gaussian() + part).sample(50, 2, sampling="orthogonal", random_state=0)


@pytest.mark.parametrize("sampling", ["random", "sobol"])
@each_drawn
def test_the_seed_makes_the_draw(spectrum, sampling):
    draws = [
        spectrum.sample(9, 2, sampling=sampling, random_state=seed)
        for seed in (0, 0, np.random.RandomState(0), 1)
    ]
    np.testing.assert_array_equal(draws[0], draws[1])
    np.testing.assert_array_equal(draws[0], draws[2])
    assert np.any(draws[0] != draws[3])


@pytest.mark.parametrize("n_frequencies", [1, 2, 3, 100])
@each_drawn
def test_any_number_of_frequencies_is_drawn(spectrum, n_frequencies):
    assert spectrum.sample(n_frequencies, 2, random_state=0).shape == (n_frequencies, 2)


def test_with_sobol_the_shares_are_exact():
    spectrum = 0.75 * Uniform(1) + 0.25 * Frequencies([[100.0]])
    drawn = spectrum.sample(64, 1, sampling="sobol", random_state=0)
    assert np.count_nonzero(drawn == 100) == 16


# Densities ----------------------------------------------------------------------------------------


def test_the_kernel_is_the_fourier_transform_of_the_density():
    spectrum = (Gaussian(3) + 0.5 * Laplace(1)) * 2.0
    for lag in (0.0, 0.05, 0.2):
        # Beyond 40 the tails are below exp(-50).
        value, error = integrate.quad(
            lambda f: 2 * spectrum.density([f]) * math.cos(2 * math.pi * f * lag),  # noqa: B023
            0,
            40,
            epsabs=1e-10,
            limit=500,
        )
        assert error < 1e-8
        assert value == pytest.approx(spectrum.evaluate([lag]), abs=1e-8)


@each_continuous
def test_densities_add(spectrum):
    f = np.random.default_rng(0).normal(scale=10, size=(30, 2))

    def density(kernel):
        if isinstance(kernel, sk.Sum):
            return density(kernel.k1) + density(kernel.k2)
        if isinstance(kernel, sk.Product):
            return kernel.k1.constant_value * density(kernel.k2)
        return kernel.density(f)

    np.testing.assert_allclose(spectrum.density(f), density(spectrum), rtol=16 * EPS)
    np.testing.assert_allclose(spectrum.log_density(f), np.log(density(spectrum)), atol=256 * EPS)


@each_continuous
def test_the_gradient_of_log_density_is_that_of_finite_differences(spectrum):
    f, h = np.random.default_rng(0).normal(scale=6, size=(30, 2)), EPS ** (1 / 3)
    gradient = spectrum.log_density_gradient(f)
    assert gradient.shape == (30, len(spectrum.theta))
    for i, step in enumerate(h * np.eye(len(spectrum.theta))):
        up, down = (
            spectrum.clone_with_theta(spectrum.theta + sign * step).log_density(f)
            for sign in (1, -1)
        )
        # h^2 / 6 = 6e-12 times third derivatives below 1e4 (those of f^2 / sigma^2, and of the
        # shares), EPS / h = 4e-11 times log densities below 100.
        np.testing.assert_allclose(gradient[:, i], (up - down) / (2 * h), rtol=0, atol=1e-7)


def test_where_a_density_underflows_the_gradient_is_the_other_parts():
    spectrum = Gaussian(0.01) + 0.1 * Matern(30, nu=0.5)
    f = np.array([[50.0]])
    assert Gaussian(0.01).density(f) == 0
    gradient = spectrum.log_density_gradient(f)[0]
    expected = Matern(30, nu=0.5).log_density_gradient(f)[0, 0]
    np.testing.assert_allclose(gradient, [0, 1, expected])
    # And where both do: the wider one's.
    both = Gaussian(0.01) + Gaussian(0.02)
    assert both.density(f) == 0
    np.testing.assert_allclose(both.log_density_gradient(f)[0], [0, 50**2 / 0.02**2 - 1])


@pytest.mark.parametrize("spectrum", (MIXED | FINITE).values(), ids=MIXED | FINITE)
def test_given_frequencies_have_no_density(spectrum):
    for name in ("density", "log_density", "log_density_gradient"):
        assert not hasattr(spectrum, name)


def test_fixed_weights_and_scales_have_no_gradient():
    fixed = sk.ConstantKernel(0.5, "fixed")
    spectrum = Gaussian(3, sigma_bounds="fixed") * fixed + Matern(2) * fixed
    assert spectrum.log_density_gradient(np.ones((4, 2))).shape == (4, 1)


def test_uniform_has_no_gradient_in_sums_either():
    with pytest.raises(ValueError, match="edge that moves with sigma"):
        (Gaussian() + Uniform()).log_density_gradient(np.zeros((1, 1)))


# Given frequencies --------------------------------------------------------------------------------


@each_finite
def test_a_finite_sum_has_the_frequencies_of_its_parts(spectrum):
    X, frequencies = coordinates(), spectrum.given_frequencies(2)
    plain = Frequencies(frequencies, spectrum.given_amplitudes(2))
    np.testing.assert_allclose(plain(X), spectrum(X), atol=64 * EPS * spectrum.diag(X)[0])
    np.testing.assert_array_equal(spectrum.sample(7, 2), frequencies)
    assert isinstance(spectrum.normalized(2), FiniteSpectrum)


# Features -----------------------------------------------------------------------------------------


def test_fourier_features_of_a_sum():
    X, spectrum = coordinates(), Gaussian(3) + 0.1 * Matern(30, nu=0.5)
    features = FourierFeatures(2, n_frequencies=2**14, distribution=spectrum, random_state=0).fit(X)
    assert np.all(features.amplitudes_ == 1)
    # The expected kernel is normalized, sigma included.
    expected = (spectrum.evaluate(2 * (X[:, None] - X))) / 1.1
    np.testing.assert_allclose(features.spectrum_(X), expected, atol=16 * EPS)
    kernel = features.induced_kernel()(X) / 2**14
    # A mean of 2^14 cosines of variance below 1, 190 pairs: five standard errors.
    assert np.abs(kernel - expected).max() < 5 / math.sqrt(2**14)


@each_finite
def test_fourier_features_of_a_finite_sum_have_its_kernel(spectrum):
    X = coordinates()
    features = FourierFeatures(distribution=spectrum).fit(X)
    gamma = features.transform(X)
    np.testing.assert_allclose(gamma @ gamma.T, spectrum(X), atol=64 * EPS * spectrum.diag(X)[0])


# Gaussian processes -------------------------------------------------------------------------------


def test_a_gaussian_process_finds_weights_and_scales():
    X = np.linspace(0, 6, 150)[:, None]
    truth = 2.0 * Gaussian(0.3) + 0.5 * Gaussian(3.0)
    covariance = truth(X) + 1e-2 * np.eye(150)
    y = np.linalg.cholesky(covariance) @ np.random.default_rng(0).normal(size=150)
    bounds = (1e-2, 1e2)
    start = Gaussian(0.5, sigma_bounds=bounds) * sk.ConstantKernel(1, bounds) + Gaussian(
        2.0, sigma_bounds=bounds
    ) * sk.ConstantKernel(1, bounds)
    process = GaussianProcessRegressor(start, alpha=1e-2).fit(X, y)
    found = process.kernel_
    assert 0.1 < found.k1.k2.sigma < 0.9
    assert 2 < found.k2.k2.sigma < 4
    assert process.log_marginal_likelihood_value_ >= process.log_marginal_likelihood(truth.theta)


@each_drawn
def test_the_gradient_of_a_gaussian_processs_likelihood(spectrum):
    X = coordinates(25)
    y = np.random.default_rng(0).normal(size=25)
    process = GaussianProcessRegressor(spectrum, alpha=0.1, optimizer=None).fit(X, y)
    theta, h = process.kernel_.theta, EPS ** (1 / 3)
    gradient = process.log_marginal_likelihood(theta, eval_gradient=True)[1]
    for i, step in enumerate(h * np.eye(len(theta))):
        up, down = (process.log_marginal_likelihood(theta + sign * step) for sign in (1, -1))
        # As in test_laws.py.
        assert gradient[i] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-5)


# What scikit-learn makes, and what is refused ---------------------------------------------------


@each
def test_scikit_learns_sums_and_products_become_ours(spectrum):
    converted = as_spectrum(as_scikit_learn(spectrum))
    assert converted == spectrum
    assert type(converted) is type(spectrum)


def test_what_scikit_learns_operators_make_becomes_ours():
    constant = sk.ConstantKernel(0.5, (0.1, 1))
    made = constant * Gaussian(3) + Matern(2)
    assert type(made) is sk.Sum
    assert as_spectrum(made) == Gaussian(3) * constant + Matern(2)
    assert as_spectrum(made).k1.k1.constant_value_bounds == (0.1, 1)


@pytest.mark.parametrize("length_scale", [0.3, [0.3, 0.1]], ids=str)
@pytest.mark.parametrize("bounds", ["fixed", (0.01, 10.0), [(0.01, 1.0), (0.02, 2.0)]], ids=str)
@pytest.mark.parametrize(
    "make",
    [
        sk.RBF,
        sk.Matern,
        lambda *args: sk.Matern(*args, 0.5),
        lambda *args: sk.Matern(*args, math.inf),
    ],
    ids=["RBF", "Matern", "exponential", "Matern of nu = inf"],
)
def test_scikit_learns_rbf_and_matern_become_ours(make, bounds, length_scale):
    if np.ndim(bounds) == 2 and np.ndim(length_scale) == 0:
        bounds = (0.02, 2.0)
    theirs, X = make(length_scale, bounds), coordinates()
    ours = as_spectrum(theirs)
    np.testing.assert_allclose(ours(X), theirs(X), rtol=0, atol=1e-13)
    # log sigma = -log length_scale - log 2 pi; the bounds change places.
    np.testing.assert_allclose(
        ours.theta, -theirs.theta - np.log(2 * math.pi)[None][: len(ours.theta)]
    )
    if len(ours.theta):
        np.testing.assert_allclose(ours.bounds, -theirs.bounds[:, ::-1] - math.log(2 * math.pi))


@pytest.mark.parametrize(
    ("kernel", "got"),
    [
        (sk.WhiteKernel(), "WhiteKernel"),
        (Gaussian() + sk.WhiteKernel(), "WhiteKernel"),
        (Gaussian() + 1.0, r"1\*\*2"),
        (Gaussian() * Matern(), r"Gaussian\(\) \* Matern\(\)"),
        (Gaussian() ** 2, r"Gaussian\(\) \*\* 2"),
        (sk.RationalQuadratic(), "RationalQuadratic"),
        (0.5 * sk.ExpSineSquared(), "ExpSineSquared"),
    ],
    ids=str,
)
def test_other_kernels_are_refused(kernel, got):
    with pytest.raises(ValueError, match=f"distribution must be a name .*sum of such.*Got {got}"):
        as_spectrum(kernel)
    with pytest.raises(ValueError, match=f"Got {got}"):
        FourierFeatures(distribution=kernel).fit(coordinates())


@pytest.mark.parametrize("weight", [0, -1.0, math.nan, math.inf, np.array([1.0, 2.0])], ids=str)
def test_weights_are_positive_numbers(weight):
    spectrum, X = Gaussian() * sk.ConstantKernel(weight), coordinates()
    for use in (
        lambda: spectrum(X),
        lambda: spectrum.diag(X),
        lambda: spectrum.evaluate(X),
        lambda: spectrum.density(X),
        lambda: (spectrum + Matern()).sample(4, 2),
    ):
        with pytest.raises(
            ValueError, match="weight of a spectrum must be a positive finite number"
        ):
            use()
