"""What makes a class a spectrum: the laws of every one that `skfourier.spectra` exports."""

import inspect
import math
import pickle
from functools import partial

import numpy as np
import pytest
from scipy import integrate, special, stats
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk
from sklearn.kernel_approximation import RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from skfourier import FourierFeatures, spectra
from skfourier.spectra import Basic, Cauchy, Frequencies, Gaussian, Laplace, Matern, Uniform

# The classes that cannot be built without arguments: those of a kernel of 1, 2, 4 columns.
ARGUMENTS = {"Frequencies": ([[1.0, 0.5, -3.0, 0.1], [2.0, -1.0, 0.3, 5.0], [0, 0, 0, 0]], 0.7)}
HAS_SIGMA = {
    n for n in spectra.__all__ if "sigma" in inspect.signature(getattr(spectra, n)).parameters
}
# Beside Matern's default nu: below and above 1, closed forms or not, and the largest.
NUS = (0.3, 0.5, 1.0, 2.5, 3.2, 6.5, 20.3, 50)

RANDOM = {name: getattr(spectra, name) for name in spectra.__all__ if name in HAS_SIGMA}
RANDOM |= {f"Matern-{nu}": partial(Matern, nu=nu) for nu in NUS}
FINITE = [name for name in spectra.__all__ if name not in HAS_SIGMA]
ISOTROPIC = [name for name, make in RANDOM.items() if make().isotropic]
PRODUCT = [name for name, make in RANDOM.items() if make().product]

EPS = np.finfo(np.float64).eps
EPS32 = np.finfo(np.float32).eps

each_random = pytest.mark.parametrize("make", RANDOM.values(), ids=RANDOM)
each = pytest.mark.parametrize("name", [*RANDOM, *FINITE])
each_finite = pytest.mark.parametrize("name", FINITE)


def build(name, n_features=2, sigma=2.0):
    """Build any spectrum; sigma goes to those that have one."""
    if name in RANDOM:
        return RANDOM[name](sigma)
    if name == "Periodic":
        return spectra.Periodic(0.7, length_scale=0.8)
    if name in ARGUMENTS:
        frequencies, *rest = ARGUMENTS[name]
        return getattr(spectra, name)(np.array(frequencies)[:, :n_features], *rest)
    return getattr(spectra, name)()


def power(spectrum, n_features):
    """k(0) by definition: 1, or the sum of the squared amplitudes."""
    if hasattr(spectrum, "sigma"):
        return 1.0
    n_frequencies = len(spectrum.sample(spectra.Positional().n_frequencies, n_features))
    return float(np.sum(np.broadcast_to(spectrum.amplitudes, n_frequencies) ** 2))


def coordinates(n_samples=30, n_features=2, seed=0):
    return np.random.default_rng(seed).uniform(size=(n_samples, n_features))


# The distribution and the kernel are the two sides of Bochner's theorem ---------------------------

# (sampling, spectrum) wherever they go together.
SAMPLED = [
    (sampling, name)
    for sampling in ("random", "sobol", "orthogonal")
    for name in RANDOM
    if sampling != "orthogonal" or name in ISOTROPIC
]
SIGMAS = {1: 10.0, 2: 3.0, 3: (10.0, 3.0, 0.5)}
N_FREQUENCIES = 2**14


def monte_carlo_lags(n_features):
    """Lags along axes and diagonals, of 0.5, 1 and 2 in units of 1 / (2 pi sigma)."""
    directions = np.vstack([np.eye(n_features), np.ones(n_features)])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lags = np.multiply.outer([0.5, 1.0, 2.0], directions).reshape(-1, n_features)
    return lags / (2 * math.pi * np.asarray(SIGMAS[n_features]))


def monte_carlo_excess(make, n_features, sampling, error):
    """Return by how many tolerances the mean of cosines misses the kernel, at its worst lag.

    The mean of N independent cosines has standard error sqrt(Var[cos] / N), and as
    cos^2 x = (1 + cos 2x) / 2, Var[cos] = (1 + k(2d)) / 2 - k(d)^2. Five of them are allowed: a
    chance of 6e-7 a lag. At lags like these, orthogonal blocks and scrambled nets spread less
    than independent draws.
    """
    lags = monte_carlo_lags(n_features)
    spectrum, sigma = make(SIGMAS[n_features]), np.asarray(SIGMAS[n_features])
    drawn = make(sigma * error).sample(N_FREQUENCIES, n_features, sampling=sampling, random_state=0)
    variance = (1 + spectrum.evaluate(2 * lags)) / 2 - spectrum.evaluate(lags) ** 2
    miss = np.cos(2 * math.pi * drawn @ lags.T).mean(axis=0) - spectrum.evaluate(lags)
    return np.max(np.abs(miss) / (5 * np.sqrt(variance / N_FREQUENCIES)))


@pytest.mark.parametrize("n_features", [1, 2, 3])
@pytest.mark.parametrize(("sampling", "name"), SAMPLED)
def test_the_mean_of_sampled_cosines_is_the_kernel(sampling, name, n_features):
    assert monte_carlo_excess(RANDOM[name], n_features, sampling, error=1) < 1


@pytest.mark.parametrize("error", [1 / math.sqrt(2), math.sqrt(2)])
@pytest.mark.parametrize("n_features", [1, 2, 3])
@each_random
def test_that_tolerance_catches_a_factor_2_in_the_variance(make, n_features, error):
    assert monte_carlo_excess(make, n_features, "random", error) > 2


def fourier_transform(spectrum, lag, edges):
    """Integrate density(f) cos(2 pi f lag) over f > 0 by 20 Gauss-Legendre nodes a panel."""
    nodes, weights = special.roots_legendre(20)
    half = np.diff(edges)[:, None] / 2
    f = edges[:-1, None] + half * (1 + nodes)
    values = spectrum.density(f.reshape(-1, 1)).reshape(f.shape) * np.cos(2 * math.pi * f * lag)
    return np.sum(half * weights * values)


@pytest.mark.parametrize("s", [0.5, 1.0, 2.0])
@each_random
def test_the_kernel_is_the_fourier_transform_of_the_density(make, s):
    sigma = 3.0
    spectrum, lag = make(sigma), s / (2 * math.pi * sigma)
    # Panels end at the kinks that densities have: 0 and Uniform's edge, sqrt(3) sigma. A panel
    # of 2 rad is exact to rounding with 20 nodes.
    edges = sigma * math.sqrt(3) / 2 * np.arange(2**13 + 1)
    transform = 2 * fourier_transform(spectrum, lag, edges)
    # Beyond the last edge R the densities fall: by the second mean value theorem the tail of
    # the integral is below 2 p(R) / (2 pi lag), and twice that for both signs of f.
    tail = 2 * spectrum.density(edges[-1:]) / (math.pi * lag)
    assert tail < (2e-6 if getattr(spectrum, "nu", 1) == 0.3 else 1e-7)
    # Rounding: the kernels of large orders are good to 3e-12, sums to much less.
    assert abs(transform - spectrum.evaluate([lag])) < tail + 1e-11


@pytest.mark.parametrize("nu", [1.5, 2.5, 3.2, 6.5])
def test_materns_kernel_is_the_hankel_transform_of_its_density_in_two_dimensions(nu):
    sigma = (3.0, 0.5)
    spectrum = Matern(sigma, nu=nu)
    nodes, weights = special.roots_legendre(20)
    r = (np.arange(2**12)[:, None] + (1 + nodes) / 2).ravel()  # panels of unit length
    along = np.stack([r * sigma[0], 0 * r], axis=-1)  # frequencies of scaled length r
    density = spectrum.density(along) * np.prod(sigma)
    # P(length > R) = (1 + R^2 / (2 nu))^-nu, and |J_0| <= 1.
    tail = (1 + r[-1] ** 2 / (2 * nu)) ** -nu
    assert tail < 1e-10
    for s in (0.5, 1.0, 2.0):  # 2 pi times the scaled lag, turned off the axes
        lag = s / (2 * math.pi) * np.array([0.6, -0.8]) / sigma
        hankel = math.pi * np.sum(np.tile(weights, 2**12) * density * special.j0(s * r) * r)
        # 8e4 terms of size r p(r) < 1, each rounded to a few EPS: below 1e5 EPS = 2e-11.
        assert abs(hankel - spectrum.evaluate(lag)) < tail + 1e5 * EPS


def integral(density, sigma):
    """Integrate over the line a density that is even; kinks are at 0 and sqrt(3) sigma."""
    kink = math.sqrt(3) * sigma
    inner, inner_error = integrate.quad(density, 0, kink, epsabs=1e-8)
    outer, outer_error = integrate.quad(density, kink, math.inf, epsabs=1e-8, limit=200)
    return 2 * (inner + outer), 2 * (inner_error + outer_error)


@each_random
def test_the_density_integrates_to_one(make):
    spectrum = make(3.0)
    total, error = integral(lambda f: spectrum.density([f]), 3.0)
    assert error < 1e-6  # quad asks for the relative error 1.5e-8 or the absolute one
    assert abs(total - 1) <= error + EPS


@each_random
def test_the_density_of_two_columns_has_that_of_one_as_its_margin(make):
    margin, error = integral(lambda f: make((3.0, 0.5)).density([2.0, f]), 0.5)
    assert error < 1e-6
    assert abs(margin - make(3.0).density([2.0])) <= error + EPS


@pytest.mark.parametrize("sampling", ["random", "sobol", "orthogonal"])
@pytest.mark.parametrize("n_features", [1, 2, 3])
@pytest.mark.parametrize("nu", [0.5, 1.5, 3.2, math.inf])
def test_lengths_follow_the_radial_distribution(sampling, n_features, nu):
    sigma = (10.0, 3.0, 0.5)[:n_features]
    spectrum = Gaussian(sigma) if nu == math.inf else Matern(sigma, nu=nu)
    scaled = spectrum.sample(500, n_features, sampling=sampling, random_state=0) / sigma
    squares = np.sum(scaled**2, axis=1)
    # Squared lengths of normals are chi-squared; of Student's t, d times Fisher's F.
    law = stats.chi2(n_features) if nu == math.inf else stats.f(n_features, 2 * nu, 0, n_features)
    # Independent draws fall below this in one of a thousand seeds; nets lie closer.
    assert stats.kstest(squares, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("n_features", [2, 3])
@pytest.mark.parametrize("name", ISOTROPIC)
def test_orthogonal_directions_are_orthogonal_in_blocks(name, n_features):
    n_frequencies = 4 * n_features + 1  # the last block is cut
    frequencies = RANDOM[name](1.0).sample(
        n_frequencies, n_features, sampling="orthogonal", random_state=0
    )
    directions = frequencies / np.linalg.norm(frequencies, axis=1, keepdims=True)
    for block in directions[:-1].reshape(4, n_features, n_features):
        # Householder's reflections are orthogonal to a few EPS for each of them.
        np.testing.assert_allclose(block @ block.T, np.eye(n_features), atol=16 * EPS)
    assert abs(directions[0] @ directions[n_features]) > 0.01  # blocks are independent


@pytest.mark.parametrize(("sampling", "name"), SAMPLED)
def test_the_seed_makes_the_draw(sampling, name):
    def draw(n_features, random_state):
        spectrum = build(name)
        return spectrum.sample(5, n_features, sampling=sampling, random_state=random_state)

    for n_features in (1, 2, 3):
        np.testing.assert_array_equal(draw(n_features, 0), draw(n_features, 0))
        state = np.random.RandomState(0)
        np.testing.assert_array_equal(draw(n_features, 0), draw(n_features, state))
        assert not np.any(draw(n_features, 0) == draw(n_features, 1))
        assert not np.any(draw(n_features, None) == draw(n_features, None))


@pytest.mark.parametrize(("sampling", "name"), SAMPLED)
def test_any_number_of_frequencies_is_drawn(sampling, name):
    for n_frequencies in (1, 2, 3, 5, 8, 100):
        frequencies = build(name).sample(n_frequencies, 3, sampling=sampling, random_state=0)
        assert frequencies.shape == (n_frequencies, 3)
        assert np.all(np.isfinite(frequencies))


# Kernels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_positive_semidefinite(name, n_features):
    X = np.vstack([coordinates(60, n_features), coordinates(5, n_features)])  # and five twice
    eigenvalues = np.linalg.eigvalsh(build(name, n_features)(X))
    # Entries are rounded to a few EPS of k(0) <= the largest eigenvalue, n of them in a row.
    # The kernels of very large orders are good to 3e-12.
    error = 3e-12 if name == "Matern-50" else 4 * EPS
    assert eigenvalues[0] >= -len(X) * error * eigenvalues[-1]


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_k_of_zero_and_the_diagonal(name, n_features):
    spectrum, X = build(name, n_features), coordinates(7, n_features)
    at_zero = power(spectrum, n_features)
    # cos^2 + sin^2 is rounded to 2 EPS, the sum over m of them to m EPS: 2 EPS + m EPS of k(0).
    tolerance = 300 * EPS
    assert spectrum.evaluate(np.zeros(n_features)) == pytest.approx(at_zero, rel=tolerance)
    np.testing.assert_allclose(spectrum.diag(X), at_zero, rtol=tolerance)
    np.testing.assert_allclose(np.diag(spectrum(X)), spectrum.diag(X), rtol=tolerance)


@each_random
def test_k_of_zero_is_one_to_the_last_digits(make):
    np.testing.assert_allclose(np.diag(make()(coordinates())), 1, rtol=4 * EPS)


@each_random
def test_the_kernel_falls_to_zero_far_away(make):
    # At a scaled lag of u the slowest of them, Laplace and Uniform, are below 1 / u.
    for dtype in (np.float64, np.float32):
        u = np.logspace(2, 15, 60, dtype=dtype)
        assert np.all(np.abs(make(1.0).evaluate(u[:, None])) < 1 / u)


@each_random
def test_the_kernel_is_continuous_at_zero(make):
    # |k(0) - k(d)| <= E min(2, |2 pi b d|): by Markov's inequality of order 0.5 (Matern of
    # nu = 0.3 has moments below 0.6) below 2 E|b|^0.5 (2 pi d)^0.5, with E|b|^0.5 < 10.
    d = np.logspace(-300, -3, 100)
    kernel = make(1.0).evaluate(d[:, None])
    assert np.all((kernel <= 1) | np.isclose(kernel, 1, rtol=0, atol=3e-12))
    assert np.all(1 - kernel < 20 * np.sqrt(2 * math.pi * d) + 3e-12)


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_stationary(name, n_features):
    spectrum, at_zero = build(name, n_features), power(build(name, n_features), n_features)
    X, Y = coordinates(20, n_features), coordinates(10, n_features, seed=1)
    for shift in (0.5, -3.0, 1e6):
        # X itself is rounded by 1e6 * EPS = 2e-10; slopes are below 2 pi 63 k(0), or infinite.
        X, Y = X + shift - shift, Y + shift - shift
        np.testing.assert_allclose(spectrum(X + shift), spectrum(X), rtol=0, atol=1e-6 * at_zero)
        np.testing.assert_allclose(
            spectrum(X + shift, Y + shift), spectrum(X, Y), atol=1e-6 * at_zero
        )


@each
def test_a_shift_that_is_exact_costs_no_digits(name):
    spectrum, X = build(name), np.round(coordinates(20) * 2**20) / 2**20
    # Lags are then the same to the last digit; finite spectra round phases of 2 pi 63 columns
    # radians and sums of 256 terms. From phases of 2^20 cycles and more, 1e-8 would remain.
    tolerance = 0 if name in RANDOM else 2000 * EPS * power(spectrum, 2)
    np.testing.assert_allclose(spectrum(X + 2.0**20), spectrum(X), rtol=0, atol=tolerance)


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_the_matrix_holds_the_kernel_at_lags(name, n_features):
    spectrum = build(name, n_features)
    X, Y = coordinates(20, n_features), coordinates(10, n_features, seed=1)
    expected = spectrum.evaluate(X[:, None] - Y)
    # Random spectra: the same operations. Finite ones: phases of 2 pi 63 columns radians, each
    # rounded to EPS, and sums of 256 terms: below 2000 EPS of k(0).
    tolerance = 2000 * EPS * power(spectrum, n_features)
    np.testing.assert_allclose(spectrum(X, Y), expected, rtol=0, atol=tolerance)
    np.testing.assert_allclose(spectrum(X), spectrum(X, X.copy()), rtol=0, atol=tolerance)
    np.testing.assert_allclose(spectrum(Y, X), spectrum(X, Y).T, rtol=0, atol=tolerance)
    assert spectrum.evaluate(X[0]).shape == ()


@each_random
def test_only_sigma_times_X_matters(make):
    X = coordinates(20, 3)
    # Powers of two are exact.
    for sigma in (2.0, np.array([2.0, 0.5, 1.0])):
        np.testing.assert_array_equal(make(sigma)(X), make(sigma / 4)(4 * X))
    np.testing.assert_array_equal(make((4.0, 0.5, 1.0))(X), make(1.0)(X * [4.0, 0.5, 1.0]))
    np.testing.assert_array_equal(make((2.0, 2.0, 2.0))(X), make(2.0)(X))


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_scaled_multiplies_the_frequencies(name, n_features):
    spectrum, X = build(name, n_features), coordinates(20, n_features)
    for factor in (4.0, np.array([4.0, 0.5, 2.0, 1.0])[:n_features]):  # exact
        scaled = spectrum.scaled(factor, n_features=n_features, n_frequencies=256)
        expected = spectrum.sample(256, n_features, random_state=0) * factor
        np.testing.assert_array_equal(scaled.sample(256, n_features, random_state=0), expected)
        np.testing.assert_array_equal(scaled(X), spectrum(X * factor))


@pytest.mark.parametrize(("sampling", "name"), SAMPLED)
def test_frequencies_scale_with_sigma(sampling, name):
    def draw(sigma):
        return build(name, sigma=sigma).sample(9, 3, sampling=sampling, random_state=0)

    np.testing.assert_array_equal(draw(4.0), 4 * draw(1.0))
    np.testing.assert_array_equal(draw((4.0, 0.5, 1.0)), draw(1.0) * [4.0, 0.5, 1.0])


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_normalized_is_the_same_shape_with_k_of_zero_one(name, n_features):
    spectrum, X = build(name, n_features), coordinates(20, n_features)
    normalized = spectrum.normalized(n_features)
    # A finite kernel is a sum of 256 terms, phases of 2 pi 63 cycles an axis.
    np.testing.assert_allclose(np.diag(normalized(X)), 1, rtol=300 * EPS)
    expected = spectrum(X) / power(spectrum, n_features)
    np.testing.assert_allclose(normalized(X), expected, rtol=0, atol=2000 * EPS)
    assert np.all(normalized.diag(X) == pytest.approx(1, rel=300 * EPS))


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_the_marginal_is_the_kernel_along_an_axis(name, n_features):
    spectrum = build(name, n_features)
    if name in HAS_SIGMA:
        spectrum = spectrum.scaled([2.0, 0.5, 1.0, 3.0][:n_features], n_features=n_features)
    lag, at_zero = np.linspace(-1, 1, 41)[:, None], power(spectrum, n_features)
    for axis in range(n_features):
        along = np.zeros((len(lag), n_features))
        along[:, axis] = lag[:, 0]
        marginal = spectrum.marginal(axis, n_features)
        # Random: the same formula with zeros added. Finite: phases of 126 pi, sums of 256 terms.
        np.testing.assert_allclose(
            marginal.evaluate(lag), spectrum.evaluate(along), rtol=0, atol=2000 * EPS * at_zero
        )
        np.testing.assert_allclose(
            marginal.scales(1)[:, 0], spectrum.scales(n_features)[:, axis], rtol=16 * EPS
        )


@each_random
def test_the_marginal_keeps_the_bounds_of_its_axis(make):
    assert make(2.0, sigma_bounds=(0.1, 3)).marginal(0, 1) == make(2.0, sigma_bounds=(0.1, 3))
    each_axis = make((2.0, 3.0), sigma_bounds=[(0.1, 3), (0.2, 4)])
    assert each_axis.marginal(1, 2) == make(3.0, sigma_bounds=(0.2, 4))


def test_the_scales_of_given_frequencies_are_their_root_mean_square():
    spectrum = Frequencies([[3.0, 0.0], [-4.0, 0.0], [9.0, 0.0]], [1.0, 2.0, 0.0])
    np.testing.assert_allclose(spectrum.scales(2), [[math.sqrt((9 + 4 * 16) / 5), 0]])
    assert np.all(Frequencies([[3.0]], 0.0).scales(1) == 0)


@pytest.mark.parametrize("name", PRODUCT)
def test_product_kernels_are_products_over_the_axes(name):
    sigma, lag = (2.0, 0.5, 1.0), coordinates(50, 3)
    factors = [RANDOM[name](sigma[j]).evaluate(lag[:, j : j + 1]) for j in range(3)]
    # Rounding: of three factors of size <= 1, or of the exponent, which is below 40 where the
    # kernel is above EPS.
    np.testing.assert_allclose(RANDOM[name](sigma).evaluate(lag), math.prod(factors), atol=16 * EPS)


@pytest.mark.parametrize("name", ISOTROPIC)
def test_isotropic_kernels_look_alike_in_all_directions(name):
    spectrum, lag = RANDOM[name](1.0), coordinates(50, 3)
    turned = lag @ stats.ortho_group.rvs(3, random_state=0)
    # A lag rounded to a few EPS; |u k'(u)| < 1, but large orders are good to 3e-12 only.
    tolerance = 3e-12 if name == "Matern-50" else 64 * EPS
    np.testing.assert_allclose(spectrum.evaluate(turned), spectrum.evaluate(lag), atol=tolerance)


@pytest.mark.parametrize("n_features", [1, 2, 4])
@each
def test_float32_stays_float32(name, n_features):
    spectrum, X = build(name, n_features), coordinates(20, n_features).astype(np.float32)
    at_zero, exact = power(spectrum, n_features), spectrum(X.astype(np.float64))
    lag = X[:, None] - X
    if name in RANDOM:
        # Half a dozen roundings to EPS32, of the scaled lags u (|u k'(u)| < 1.3 for each axis)
        # and of the value.
        tolerance = 6 * (1 + 1.3 * n_features) * EPS32
    else:
        # Phases of 63 cycles an axis, a rounding for each axis, and sums of m <= 256 squares.
        tolerance = (2 * math.pi * 63 * (n_features + 2) + 256) * EPS32 * at_zero
    for kernel in (spectrum(X), spectrum(X, X[:]), spectrum.evaluate(lag)):
        assert kernel.dtype == np.float32
        np.testing.assert_allclose(kernel, exact, rtol=0, atol=tolerance)


def test_float32_stays_float32_whatever_the_parameters_are():
    lag = np.ones((2, 2), dtype=np.float32)
    for sigma in (np.float64(2), np.array([2.0, 1.0]), [2, 1]):
        assert Gaussian(sigma).evaluate(lag).dtype == np.float32
        for nu in (np.float64(1.5), np.float64(1.3)):
            assert Matern(sigma, nu=nu).evaluate(lag).dtype == np.float32


# Gradients ----------------------------------------------------------------------------------------


def check_gradient(kernel, X):
    theta, gradient = kernel.theta, kernel(X, eval_gradient=True)[1]
    assert gradient.shape == (len(X), len(X), len(theta))
    # Central differences of step h are off by h^2 / 6 times the third derivative, which is below
    # 1e3 at the scaled lags here, plus EPS / h by rounding: 6e-9 + 4e-11 (3e-12 / h = 5e-7 for
    # the large order whose kernel is good to that).
    h, tolerance = EPS ** (1 / 3), 1e-6 if getattr(kernel, "nu", 0) == 50 else 1e-8
    for i, step in enumerate(h * np.eye(len(theta))):
        up, down = (kernel.clone_with_theta(theta + sign * step)(X) for sign in (1, -1))
        np.testing.assert_allclose(gradient[..., i], (up - down) / (2 * h), rtol=0, atol=tolerance)


def log_density_differences(spectrum, f):
    """Central differences of log density in theta, shape (len(f), n_dims), and their step."""
    h = EPS ** (1 / 3)
    columns = []
    for step in h * np.eye(len(spectrum.theta)):
        up, down = (
            spectrum.clone_with_theta(spectrum.theta + sign * step).log_density(f)
            for sign in (1, -1)
        )
        columns.append((up - down) / (2 * h))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("sigma", [0.7, [0.7], (0.7, 0.3, 1.0)], ids=str)
@each_random
def test_the_gradient_of_log_density_is_that_of_finite_differences(make, sigma):
    spectrum = make(sigma)
    # 12 |f / sigma|: to where the Gaussian is 1e-63, and the origin, where Laplace's has a kink.
    f = np.vstack([np.zeros(3), np.random.default_rng(0).normal(scale=4, size=(40, 3))])
    if isinstance(spectrum, Uniform):
        with pytest.raises(ValueError, match="edge that moves with sigma"):
            spectrum.log_density_gradient(f)
        return
    gradient = spectrum.log_density_gradient(f)
    assert gradient.shape == (41, len(spectrum.theta))
    # h^2 / 6 = 6e-12 times third derivatives, those of f^2 / sigma^2 below 8 * 40^2 * 3, and
    # rounding: EPS / h = 4e-11 times log densities below 3e3.
    np.testing.assert_allclose(gradient, log_density_differences(spectrum, f), rtol=0, atol=5e-7)
    # Gradients of other shapes.
    assert spectrum.log_density_gradient(f[0]).shape == gradient[0].shape
    assert spectrum.log_density_gradient(f[:40].reshape(4, 10, 3)).shape == (4, 10, len(gradient.T))


@each_random
def test_the_log_density_is_the_logarithm_of_the_density(make):
    spectrum, f = make((2.0, 0.5)), np.random.default_rng(0).normal(size=(50, 2)) * (2, 0.5)
    with np.errstate(divide="ignore"):  # Uniform's is 0 outside
        expected = np.log(spectrum.density(f))
    np.testing.assert_allclose(spectrum.log_density(f), expected, rtol=0, atol=64 * EPS)


@each_random
def test_fixed_bounds_leave_no_gradient_of_log_density(make):
    spectrum = make(1.0, sigma_bounds="fixed")
    assert spectrum.log_density_gradient(np.zeros((5, 2))).shape == (5, 0)


@pytest.mark.parametrize("sigma", [0.7, [0.7], (0.7, 0.3, 1.0)], ids=str)
@each_random
def test_the_gradient_is_that_of_finite_differences(make, sigma):
    check_gradient(make(sigma), coordinates(10, 3))


@each_random
def test_the_gradient_in_sums_and_products(make):
    kernel = sk.ConstantKernel(2.0) * make((0.7, 0.3)) + make(0.5) + sk.WhiteKernel(0.1)
    check_gradient(kernel, coordinates(10, 2))


@each_random
def test_fixed_bounds_leave_nothing_to_search(make):
    kernel, X = make((0.7, 0.3), sigma_bounds="fixed"), coordinates(10)
    assert kernel.theta.shape == (0,)
    assert kernel(X, eval_gradient=True)[1].shape == (10, 10, 0)


@each_finite
def test_finite_spectra_have_nothing_to_search(name):
    spectrum, X = build(name), coordinates(10)
    kernel, gradient = spectrum(X, eval_gradient=True)
    assert spectrum.theta.shape == (0,)
    assert gradient.shape == (10, 10, 0)
    np.testing.assert_array_equal(kernel, spectrum(X))


# Objects of scikit-learn's ------------------------------------------------------------------------


@each
def test_clone_pickle_and_equality(name):
    spectrum = build(name)
    assert clone(spectrum) == spectrum
    assert clone(spectrum) is not spectrum
    assert pickle.loads(pickle.dumps(spectrum)) == spectrum
    assert spectrum != Basic() or name == "Basic"
    assert spectrum != sk.RBF()


@each_random
def test_parameters_make_equality(make):
    assert make(2.0) != make(1.0)
    assert make(2.0) != make((2.0, 2.0))
    assert make(np.array([2.0, 1.0])) == make((2.0, 1.0))
    assert make(np.array([2.0, 1.0])) != make(np.array([2.0, 1.0, 1.0]))
    assert make(2.0) != make(2.0, sigma_bounds="fixed")


def test_frequencies_are_compared_in_full():
    once = Frequencies(np.array([[1.0]]))
    assert once != Frequencies(np.array([[1.0], [1.0]]))  # twice the kernel
    assert once != Frequencies(np.array([[1.0]]), 2.0)


@each_random
def test_repr_is_what_one_would_type(make):
    for sigma in (1.0, 2.0, (2.0, 1 / 3), np.float64(1 / 3), np.array([0.1, 3.0])):
        spectrum = make(sigma)
        assert eval(repr(spectrum), vars(spectra).copy()) == spectrum


@each_finite
def test_repr_of_finite_spectra(name):
    assert repr(build(name)).startswith(f"{name}(")


def test_repr_names_what_is_not_at_its_default():
    assert repr(Gaussian()) == "Gaussian()"
    assert repr(Matern(2.0, nu=2.5)) == "Matern(sigma=2.0, nu=2.5)"
    assert repr(Gaussian(1.0, sigma_bounds="fixed")) == "Gaussian(sigma_bounds='fixed')"
    assert repr(Frequencies([[1.0]])) == "Frequencies(frequencies=[[1.0]])"
    assert (
        repr(Frequencies(np.ones((500, 2)))) == "Frequencies(frequencies=<array of shape (500, 2)>)"
    )


@each_random
def test_set_params_reaches_into_sums_and_products(make):
    kernel = (make(1.0) + sk.WhiteKernel()) * sk.ConstantKernel()
    kernel.set_params(k1__k1__sigma=3.0)
    assert kernel.k1.k1 == make(3.0)
    assert kernel.get_params()["k1__k1__sigma"] == 3.0


@each
def test_sums_and_products_with_scikit_learns_kernels(name):
    spectrum, X, Y = build(name), coordinates(20), coordinates(10, seed=1)
    other = sk.RationalQuadratic()
    np.testing.assert_array_equal((spectrum + other)(X, Y), spectrum(X, Y) + other(X, Y))
    np.testing.assert_array_equal((other * spectrum)(X, Y), spectrum(X, Y) * other(X, Y))
    np.testing.assert_array_equal((2.0 * spectrum)(X, Y), 2 * spectrum(X, Y))
    np.testing.assert_array_equal((spectrum * other).diag(X), spectrum.diag(X) * other.diag(X))
    assert (spectrum + other).is_stationary()


# Against known kernels ----------------------------------------------------------------------------

SCIKIT_LEARN = {
    "Gaussian": (Gaussian, sk.RBF),
    **{
        f"Matern-{nu}": (partial(Matern, nu=nu), partial(sk.Matern, nu=nu))
        for nu in (0.3, 0.5, 1.0, 1.3, 1.5, 2.5, 3.2, 6.5)
    },
}


@pytest.mark.parametrize("sigma", [2.0, (2.0, 0.3)])
@pytest.mark.parametrize(("ours", "theirs"), SCIKIT_LEARN.values(), ids=SCIKIT_LEARN)
def test_scikit_learns_kernel_has_length_scale_one_over_two_pi_sigma(ours, theirs, sigma):
    X, Y = coordinates(20), coordinates(10, seed=1)
    other = theirs(length_scale=1 / (2 * math.pi * np.asarray(sigma)))
    # Both to a few EPS times the exponent, s <= 40 where the kernel is above EPS, and kv's 1e-14.
    np.testing.assert_allclose(ours(sigma)(X, Y), other(X, Y), rtol=0, atol=1e-13)


def test_scikit_learns_gradient_is_ours_with_the_sign_of_the_length_scale():
    X = coordinates(20)
    for ours, theirs in ((Gaussian(0.5), sk.RBF), (Matern(0.5), partial(sk.Matern, nu=1.5))):
        other = theirs(length_scale=1 / math.pi)
        # log length_scale = -log sigma + a constant.
        gradients = ours(X, eval_gradient=True)[1], -other(X, eval_gradient=True)[1]
        np.testing.assert_allclose(*gradients, rtol=0, atol=1e-13)


@pytest.mark.parametrize("sigma", [0.5, 10.0])
def test_rbf_sampler_approximates_the_gaussian_of_gamma_two_pi_squared_sigma_squared(sigma):
    lag = np.array([[0.0], [0.5], [1.0], [2.0]]) / (2 * math.pi * sigma)
    n_components, kernel = 2**14, Gaussian(sigma).evaluate
    sampler = RBFSampler(gamma=2 * math.pi**2 * sigma**2, n_components=n_components, random_state=0)
    Z = sampler.fit_transform(lag)
    # Its terms 2 cos(wx + c) cos(wy + c) = cos w(x - y) + cos(w(x + y) + 2c) have the variance of
    # cos w(x - y) and 1/2 more for the random phase. Five standard errors.
    variance = (1 + kernel(2 * lag)) / 2 - kernel(lag) ** 2 + 1 / 2
    assert np.all(np.abs(Z @ Z[0] - kernel(lag)) < 5 * np.sqrt(variance / n_components))


def test_matern_one_half_in_one_dimension_is_cauchy():
    X = coordinates(20, 1)
    np.testing.assert_allclose(Matern(2.0, nu=0.5)(X), Cauchy(2.0)(X), rtol=0, atol=16 * EPS)
    f = np.linspace(-9, 9, 50)[:, None]
    densities = Matern(2.0, nu=0.5).density(f), Cauchy(2.0).density(f)
    np.testing.assert_allclose(*densities, rtol=64 * EPS)  # one by logarithms of gamma functions


def test_matern_tends_to_the_gaussian():
    X = coordinates(20, 1)
    # log k = -s^2/2 (1 + O(1 / nu)): less than 1 / nu apart, and half of it for twice the nu.
    distance = {nu: np.abs(Matern(1.0, nu=nu)(X) - Gaussian(1.0)(X)).max() for nu in (25, 50)}
    assert distance[50] < 1 / 50
    assert distance[25] / distance[50] == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("make", [Gaussian, Uniform, Laplace])
def test_sigma_is_the_standard_deviation(make):
    drawn = make((3.0, 0.5)).sample(N_FREQUENCIES, 2, random_state=0) / (3.0, 0.5)
    # Var[b^2] = kurtosis - 1: 2 for normals, 0.8 for uniforms, 5 for Laplace's. Five errors.
    assert np.all(np.abs((drawn**2).mean(axis=0) - 1) < 5 * math.sqrt(5 / N_FREQUENCIES))


def test_the_sum_over_axes_of_basic_and_positional():
    X = coordinates(20)
    lags = X[:, None] - X
    expected = np.cos(2 * math.pi * lags).sum(axis=-1)
    np.testing.assert_allclose(Basic()(X), expected, atol=64 * EPS)  # phases of 4 pi
    ladder = np.array([0, 1, 3, 7, 15])
    expected = np.cos(2 * math.pi * np.multiply.outer(lags, ladder)).sum(axis=(-2, -1))
    positional = spectra.Positional(4, n_frequencies=10)
    np.testing.assert_allclose(positional(X), expected, atol=2 * math.pi * 15 * 10 * EPS * 4)


# Estimators of scikit-learn's ---------------------------------------------------------------------


def gaussian_process_draw(kernel, X):
    """Draw a function: its values at X, with noise of standard deviation 0.1."""
    covariance = kernel(X) + 1e-2 * np.eye(len(X))
    return np.linalg.cholesky(covariance) @ np.random.default_rng(0).normal(size=len(X))


@each_random
def test_the_gradient_of_a_gaussian_processs_likelihood(make):
    X = coordinates(25)
    y = gaussian_process_draw(make(1.0), X)
    process = GaussianProcessRegressor(make((0.8, 1.2)), alpha=1e-2, optimizer=None).fit(X, y)
    theta = process.kernel_.theta
    gradient = process.log_marginal_likelihood(theta, eval_gradient=True)[1]
    # Differences lose EPS times the condition, 25 / alpha = 2500, of a value of about 100, over
    # h: 6e-5 / 2 EPS^(1/3); the truncation is h^2 / 6 times a third derivative below 1e5.
    h = EPS ** (1 / 3)
    for i, step in enumerate(h * np.eye(2)):
        up, down = (process.log_marginal_likelihood(theta + sign * step) for sign in (1, -1))
        assert gradient[i] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("make", RANDOM.values(), ids=RANDOM)
def test_a_gaussian_process_finds_sigma(make):
    X = np.linspace(0, 4, 80)[:, None]
    y = gaussian_process_draw(make(1.0), X)
    process = GaussianProcessRegressor(make(2.0), alpha=1e-2).fit(X, y)
    assert 0.5 < process.kernel_.sigma < 2
    # It is the maximum: no worse than the truth.
    likelihood = process.log_marginal_likelihood
    assert likelihood(process.kernel_.theta) >= likelihood(make(1.0).theta)


@each
def test_kernel_ridge_and_gaussian_process_agree(name):
    X, Y = coordinates(30), coordinates(10, seed=1)
    y, spectrum = np.sin(9 * X[:, 0]), build(name, sigma=1.0)
    ridge = KernelRidge(alpha=0.1, kernel=spectrum).fit(X, y)
    process = GaussianProcessRegressor(spectrum, alpha=0.1, optimizer=None).fit(X, y)
    # Condition of K + alpha: at most n k(0) / alpha + 1; values of size 1.
    condition = 30 * power(spectrum, 2) / 0.1 + 1
    np.testing.assert_allclose(
        ridge.predict(Y), process.predict(Y), rtol=0, atol=condition * 30 * EPS
    )
    # Deviations from the prior's are between 0 and k(0).
    deviation = process.predict(Y, return_std=True)[1]
    assert np.all(deviation <= math.sqrt(power(spectrum, 2)) * (1 + 4 * EPS))


@pytest.mark.parametrize("amplitude", [1.0, np.linspace(0.1, 2, 16)], ids=["one", "each"])
@pytest.mark.parametrize("name", spectra.__all__)
def test_ridge_on_the_features_is_kernel_ridge_on_the_induced_kernel(name, amplitude):
    X, Y = coordinates(40), coordinates(10, seed=1)
    y = np.sin(9 * X[:, 0])
    features = FourierFeatures(n_frequencies=16, distribution=build(name), random_state=0).fit(X)
    if len(features.frequencies_) == 16:
        features.set_params(amplitude=amplitude).fit(X)
    kernel = features.induced_kernel()
    linear = Ridge(alpha=1.0, fit_intercept=False, solver="cholesky")
    linear.fit(features.transform(X), y)
    ridge = KernelRidge(alpha=1.0, kernel=kernel).fit(X, y)
    # Both systems have a condition below n k(0) / alpha + 1, and are solved to n EPS times it.
    tolerance = (40 * power(kernel, 2) + 1) * 40 * EPS
    expected = linear.predict(features.transform(Y))
    np.testing.assert_allclose(ridge.predict(Y), expected, rtol=0, atol=tolerance)
