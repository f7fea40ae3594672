"""The kernels of infinitely wide networks: laws, scikit-ntk, and networks that are merely wide."""

import math
import pickle

import numpy as np
import pytest
import skntk
import torch
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk

import skfourier.kernels
from skfourier import FourierFeatures, spectra
from skfourier.activations import DUALS
from skfourier.kernels import NeuralTangentKernel, NNGPKernel, _wide_network_kernels
from skfourier.spectra import Basic, Cauchy, Frequencies, Gaussian, Matern, Uniform

EPS = np.finfo(np.float64).eps
# arccos takes the root of what rounding leaves of 1 - u where u is nearly 1: sqrt(1e-16), once for
# each layer and times a kernel of 4.
ROOT = 1e-7
KERNELS = [NeuralTangentKernel, NNGPKernel]
BASES = {
    "raw": None,
    "gaussian": Gaussian((2.0, 0.7)),
    "cauchy": Cauchy(0.5),
    "finite": Frequencies([[1.0, 0.5], [0.3, -2.0], [2.0, 2.0]], [0.7, 1.0, 2.0]),
}
each_kernel = pytest.mark.parametrize("make", KERNELS)
each_activation = pytest.mark.parametrize("activation", sorted(DUALS))
each_base = pytest.mark.parametrize("base", BASES.values(), ids=BASES)
each_stationary = pytest.mark.parametrize("base", list(BASES.values())[1:], ids=list(BASES)[1:])


def coordinates(n_samples=20, n_features=2, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, size=(n_samples, n_features))


# Against others -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [True, False], ids=["unit sphere", "raw inputs"])
@pytest.mark.parametrize("n_hidden_layers", [1, 2, 3, 6])
def test_equals_scikit_ntk(n_hidden_layers, unit):
    X, Y = coordinates(30, 5), coordinates(20, 5, seed=1)
    if unit:
        X, Y = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (X, Y))
    kernel, other = NeuralTangentKernel(n_hidden_layers), skntk.NeuralTangentKernel(n_hidden_layers)
    other.set_params(bias=0.0)
    # It divides by the number of layers.
    layers = n_hidden_layers + 1
    np.testing.assert_allclose(kernel(X), layers * other(X), atol=layers * ROOT)
    np.testing.assert_allclose(kernel(X, Y), layers * other(X, Y), rtol=1e-9)


def test_equals_scikit_ntk_with_a_bias():
    X, beta = coordinates(30, 5), 0.7
    # A bias is the weight of one more input, beta. Behind the only hidden layer it adds beta^2.
    augmented = np.hstack([X, np.full((len(X), 1), beta)])
    expected = 2 * skntk.NeuralTangentKernel(1, bias=0.0)(augmented) + beta**2
    kernel = NeuralTangentKernel(1, bias=beta**2)
    np.testing.assert_allclose(kernel(X), expected, atol=2 * ROOT)


@pytest.mark.parametrize("n_hidden_layers", [1, 3])
def test_equals_scikit_ntk_on_the_features(n_hidden_layers):
    X, Y = coordinates(30), coordinates(20, seed=1)
    features = FourierFeatures(0.5, n_frequencies=40, random_state=0).fit(X)
    other = skntk.NeuralTangentKernel(n_hidden_layers, bias=0.0)
    x, y = (features.transform(Z) / math.sqrt(40) for Z in (X, Y))
    kernel = NeuralTangentKernel(n_hidden_layers, base=features.induced_kernel())
    np.testing.assert_allclose(kernel(X), (n_hidden_layers + 1) * other(x), atol=4 * ROOT)
    # Away from u = 1 both round sums of 80 products.
    np.testing.assert_allclose(kernel(X, Y), (n_hidden_layers + 1) * other(x, y), rtol=1e-9)


def finite_kernels(activation, X, *, n_hidden_layers, bias, width, generator):
    """NTK and squared outputs of a network in NTK parametrization, by plain autograd."""
    weight_variance = DUALS[activation].weight_variance
    X = torch.tensor(X)
    # Inputs are scaled to the mean square 1/2 if they have unit length.
    h, parameters = X * math.sqrt(X.shape[1] / 2), []
    for depth in range(n_hidden_layers + 1):
        fan_out = 1 if depth == n_hidden_layers else width
        shape = h.shape[1], fan_out
        weight = torch.randn(shape, generator=generator, dtype=X.dtype).requires_grad_()
        offset = torch.randn(fan_out, generator=generator, dtype=X.dtype).requires_grad_()
        parameters += [weight, offset]
        z = math.sqrt(weight_variance / h.shape[1]) * (h @ weight) + math.sqrt(bias) * offset
        h = DUALS[activation]()(z)
    jacobian = []
    for output in z[:, 0]:
        gradient = torch.autograd.grad(output, parameters, retain_graph=True)
        jacobian.append(torch.cat([g.flatten() for g in gradient]))
    jacobian = torch.stack(jacobian)
    return (jacobian @ jacobian.T).numpy(), (z @ z.T).detach().numpy()


@each_activation
def test_the_mean_of_wide_networks(activation):
    X, n_draws, width = coordinates(3), 400, 64
    generator, law = torch.Generator().manual_seed(0), {"n_hidden_layers": 2, "bias": 0.3}
    draws = [
        finite_kernels(activation, X, **law, width=width, generator=generator)
        for _ in range(n_draws)
    ]
    for make, drawn in zip(KERNELS, map(np.array, zip(*draws, strict=True)), strict=True):
        error = drawn.std(axis=0) / math.sqrt(n_draws)
        kernel = make(activation=activation, **law)(X)
        # Five standard errors, and the mean's own distance from the limit, O(L / width): two
        # hidden layers, whose moments are functions of slopes of order 1.
        tolerance = 5 * error + 2 / width * np.abs(kernel).max()
        assert np.all(np.abs(drawn.mean(axis=0) - kernel) < tolerance)
        assert tolerance.max() < 0.5 * np.abs(kernel).max()


# Laws ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_hidden_layers", [1, 3, 10])
def test_k_of_zero_of_the_rectifier(n_hidden_layers):
    X = coordinates()
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    for base, rows in ((Gaussian(3), X), (Basic(), X), (None, unit)):
        ntk = NeuralTangentKernel(n_hidden_layers, base=base)
        nngp = NNGPKernel(n_hidden_layers, base=base)
        np.testing.assert_allclose(np.diag(ntk(rows)), n_hidden_layers + 1, rtol=32 * EPS)
        np.testing.assert_allclose(np.diag(nngp(rows)), 1, rtol=32 * EPS)


@each_stationary
@each_activation
@each_kernel
def test_with_a_base_it_is_stationary(make, activation, base):
    kernel = make(2, activation, 0.1, base)
    X, Y = (np.round(2**20 * coordinates(seed=seed)) / 2**20 for seed in (0, 1))
    at_zero = kernel.diag(X)[0]
    # Shifts by 3 are exact, so that lags are the same; finite bases round their features.
    tolerance = 1e-12 * at_zero
    np.testing.assert_allclose(kernel(X + 3, Y + 3), kernel(X, Y), rtol=0, atol=tolerance)
    lags = X[:, None] - Y
    np.testing.assert_allclose(kernel.evaluate(lags), kernel(X, Y), rtol=0, atol=tolerance)
    assert kernel.evaluate(lags[0, 0]).shape == ()
    assert kernel.evaluate([0.0, 0.0]) == pytest.approx(at_zero, abs=4 * ROOT * at_zero)
    assert kernel.is_stationary()
    assert not kernel.product


@each_kernel
def test_without_a_base_it_is_not(make):
    X, kernel = coordinates(), make()
    assert not kernel.is_stationary()
    assert np.abs(kernel(X + 1) - kernel(X)).max() > 0.1
    # The rectifier's is homogeneous.
    six = 6 * kernel(X, X.copy())
    np.testing.assert_allclose(kernel(2 * X, 3 * X), six, rtol=0, atol=ROOT * six.max())


@each_base
@each_activation
@each_kernel
def test_blocks_and_symmetry(make, activation, base, monkeypatch):
    monkeypatch.setattr(_wide_network_kernels, "_BLOCK", 32)
    # Three blocks, the last of them not full.
    X, kernel = coordinates(2 * 32 + 7), make(2, activation, 0.1, base)
    matrix, size = kernel(X), kernel.diag(X).max()
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), kernel.diag(X))
    np.testing.assert_allclose(matrix, kernel(X, X.copy()), rtol=0, atol=ROOT * size)
    one_by_one = np.array([kernel(X[[i]], X[[-1]])[0, 0] for i in range(len(X) - 1)])
    np.testing.assert_allclose(matrix[:-1, -1], one_by_one, rtol=0, atol=1e-12 * size)


@each_base
@each_activation
@each_kernel
def test_positive_semidefinite(make, activation, base):
    X = coordinates(60)
    X = np.vstack([X, X[:5], np.zeros((1, 2))])  # and five rows twice
    eigenvalues = np.linalg.eigvalsh(make(2, activation, 0.1, base)(X))
    # The entries of equal rows are the worst: off by ROOT of k(0) <= the largest eigenvalue.
    assert eigenvalues[0] >= -ROOT * eigenvalues[-1]


def plain_formula(u, n_hidden_layers):
    """The rectifier's recursion as it is printed, and its derivative where u is not 1."""
    sigma = theta = u
    for _ in range(n_hidden_layers):
        angle = np.arccos(sigma)
        sigma = (np.sin(angle) + (math.pi - angle) * np.cos(angle)) / math.pi
        theta = theta * (math.pi - angle) / math.pi + sigma
    return theta


def test_the_rectifiers_kernel_has_the_digits_of_the_plain_formula():
    gap = np.concatenate([np.logspace(-14, 0, 60), np.linspace(1, 1.99, 50)])
    u = 1 - gap
    kernel = NeuralTangentKernel(3)
    x, y = np.array([[1.0, 0.0]]), np.stack([u, np.sqrt((1 - u) * (1 + u))], axis=1)
    # An error of EPS in u is one of EPS / sin(angle) in each of three angles.
    tolerance = 32 * EPS * (1 + 3 / np.sqrt((1 - u) * (1 + u)))
    assert np.all(np.abs(kernel(x, y)[0] - plain_formula(u, 3)) < tolerance)


@each_base
@each_activation
@each_kernel
def test_float32_stays_float32(make, activation, base):
    kernel, X = make(2, activation, 0.1, base), coordinates().astype(np.float32)
    exact = kernel(X.astype(np.float64))
    for matrix in (kernel(X), kernel(X, X.copy())):
        assert matrix.dtype == np.float32
        # The root of float32's rounding, 3e-4, in two layers; "gaussian" is steep, 1 / s^2 = 100.
        np.testing.assert_allclose(matrix, exact, rtol=0, atol=5e-3 * exact.max())
    assert kernel.diag(X).dtype == np.float32
    if base is not None:
        assert kernel.evaluate(X).dtype == np.float32


# Scaled, normalized, restricted to an axis --------------------------------------------------------


@each_stationary
@each_activation
@each_kernel
def test_normalized_divides_by_k_of_zero(make, activation, base):
    kernel, X = make(2, activation, 0.1, base), coordinates()
    normalized = kernel.normalized(2)
    at_zero = kernel.diag(X)[0]
    np.testing.assert_allclose(normalized.diag(X), 1, rtol=8 * EPS)
    np.testing.assert_allclose(normalized(X), kernel(X) / at_zero, rtol=0, atol=8 * EPS)
    lag = X[:, None] - X
    np.testing.assert_allclose(
        normalized.evaluate(lag), kernel.evaluate(lag) / at_zero, rtol=0, atol=8 * EPS
    )
    assert normalized.normalized(2) == normalized
    assert clone(normalized) == normalized != kernel
    gradients = (k(X, eval_gradient=True)[1] for k in (kernel, normalized))
    expected, gradient = gradients
    np.testing.assert_allclose(gradient, expected / at_zero, rtol=0, atol=1e-12)


@each_stationary
@each_kernel
def test_scaled_multiplies_the_frequencies_of_the_base(make, base):
    kernel, X = make(2, "sine", 0.1, base), coordinates()
    for factor in (4.0, np.array([4.0, 0.5])):  # exact, up to the order of sums
        scaled = kernel.scaled(factor, n_features=2)
        np.testing.assert_allclose(scaled(X), kernel(X * factor), rtol=0, atol=1e-12)


@each_stationary
@each_kernel
def test_the_marginal_is_the_kernel_along_an_axis(make, base):
    kernel, lag = make(2, "erf", 0.1, base), np.linspace(-1, 1, 41)[:, None]
    for axis in range(2):
        along = np.zeros((41, 2))
        along[:, axis] = lag[:, 0]
        marginal = kernel.marginal(axis, 2)
        np.testing.assert_allclose(marginal.evaluate(lag), kernel.evaluate(along), atol=1e-12)
        np.testing.assert_allclose(marginal.scales(1)[:, 0], kernel.scales(2)[:, axis])


def test_without_a_base_there_is_nothing_to_scale():
    kernel = NeuralTangentKernel()
    for use in (
        lambda: kernel.scaled(2.0, n_features=2),
        lambda: kernel.normalized(2),
        lambda: kernel.marginal(0, 2),
        lambda: kernel.scales(2),
        lambda: NeuralTangentKernel(normalize=True)(coordinates()),
    ):
        with pytest.raises(ValueError, match="Without a base"):
            use()


SUM = Gaussian((2.0, 0.7)) + 0.5 * Matern(3.0)


@each_activation
@each_kernel
def test_a_sum_is_a_base(make, activation):
    kernel, X = make(2, activation, 0.1, SUM), coordinates()
    features = FourierFeatures(n_frequencies=2**14, distribution=SUM, random_state=0).fit(X)
    # The mean of 2^14 cosines is off by 5 / 128 at most, the kernels are steeper by their slope:
    # below 10 of k(0) where "gaussian" is steepest, at equal rows, where the features are exact.
    other = make(2, activation, 0.1, features.induced_kernel())
    at_zero = kernel.diag(X)[0]
    np.testing.assert_allclose(other(X), kernel(X), rtol=0, atol=10 * 5 / 128 * at_zero)
    np.testing.assert_allclose(other.diag(X), kernel.diag(X), rtol=1e-9)
    assert [h.name for h in kernel.hyperparameters] == [
        "base__k1__sigma",
        "base__k2__k1__constant_value",
        "base__k2__k2__sigma",
    ]


# Gradients ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base",
    [
        Gaussian(0.7),
        Gaussian((0.7, 0.3)),
        Matern([0.3, 0.5]),
        Uniform(0.5),
        Gaussian(0.7) + 0.5 * Matern([0.3, 0.5]),
        2 * Basic() + 0.3 * Frequencies([[0.3, 0.4]]),
    ],
    ids=repr,
)
@each_activation
@each_kernel
def test_the_gradient_is_that_of_finite_differences(make, activation, base):
    kernel, X = make(2, activation, 0.1, base), coordinates(10)
    theta, gradient = kernel.theta, kernel(X, eval_gradient=True)[1]
    assert gradient.shape == (10, 10, len(theta)) == (10, 10, len(base.theta))
    # Central differences of step h are off by h^2 / 6 = 6e-12 times the third derivative, below
    # 1e4 of k(0) at lags of 0.01 and more, plus EPS / h = 4e-11.
    h, size = EPS ** (1 / 3), kernel.diag(X)[0]
    for i, step in enumerate(h * np.eye(len(theta))):
        up, down = (kernel.clone_with_theta(theta + sign * step)(X) for sign in (1, -1))
        difference = (up - down) / (2 * h)
        np.testing.assert_allclose(gradient[..., i], difference, rtol=0, atol=1e-7 * size)


@each_kernel
def test_the_gradient_vanishes_between_equal_rows(make):
    X = np.repeat(coordinates(5), 2, axis=0)
    gradient = make(base=Gaussian())(X, eval_gradient=True)[1]
    assert np.all(np.isfinite(gradient))
    np.testing.assert_array_equal(gradient[::2, 1::2].diagonal(), 0)


@pytest.mark.parametrize(
    "base", [None, Basic(), Gaussian((1.0, 2.0), sigma_bounds="fixed")], ids=repr
)
def test_nothing_to_search(base):
    kernel, X = NeuralTangentKernel(base=base), coordinates()
    matrix, gradient = kernel(X, eval_gradient=True)
    assert kernel.theta.shape == (0,)
    assert gradient.shape == (20, 20, 0)
    np.testing.assert_array_equal(matrix, kernel(X))


def test_the_gradient_of_a_gaussian_processs_likelihood():
    X = coordinates(25)
    kernel = sk.ConstantKernel(0.5) * NeuralTangentKernel(base=Gaussian((0.8, 0.5)))
    y = np.linalg.cholesky(kernel(X) + 1e-2 * np.eye(25)) @ np.random.default_rng(0).normal(size=25)
    process = GaussianProcessRegressor(kernel, alpha=1e-2, optimizer=None).fit(X, y)
    theta, h = process.kernel_.theta, EPS ** (1 / 3)
    gradient = process.log_marginal_likelihood(theta, eval_gradient=True)[1]
    for i, step in enumerate(h * np.eye(3)):
        # Differences lose EPS times the condition, 50 / alpha = 5000, of a value of about 100,
        # over h: 2e-5; the truncation is h^2 / 6 times a third derivative below 1e5.
        up, down = (process.log_marginal_likelihood(theta + sign * step) for sign in (1, -1))
        assert gradient[i] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=3e-5)


@each_kernel
def test_a_gaussian_process_finds_sigma(make):
    X, truth = np.linspace(0, 4, 80)[:, None], make(base=Gaussian(1.0))
    y = np.linalg.cholesky(truth(X) + 1e-2 * np.eye(80)) @ np.random.default_rng(0).normal(size=80)
    start = make(base=Gaussian(3.0, sigma_bounds=(0.1, 10)))
    process = GaussianProcessRegressor(start, alpha=1e-2).fit(X, y)
    assert 0.3 < process.kernel_.base.sigma < 3
    assert start.base.sigma == 3.0  # the user's object is left alone
    # It is the maximum: no worse than the truth.
    likelihood = process.log_marginal_likelihood
    assert likelihood(process.kernel_.theta) >= likelihood(truth.theta)


# Objects of scikit-learn's ------------------------------------------------------------------------


@each_base
@each_kernel
def test_clone_pickle_equality_and_repr(make, base):
    kernel = make(2, "erf", 0.5, base)
    for other in (clone(kernel), pickle.loads(pickle.dumps(kernel))):
        assert other == kernel
        assert other is not kernel
        assert base is None or other.base is not base
    assert kernel != make(2, "erf", 0.5, Gaussian(3))
    assert kernel != make(3, "erf", 0.5, base)
    assert make() == make()
    assert NeuralTangentKernel() != NNGPKernel()
    names = {**vars(skfourier.kernels), **vars(spectra)}
    assert eval(repr(kernel), names) == kernel


def test_repr_names_what_is_not_at_its_default():
    assert repr(NeuralTangentKernel()) == "NeuralTangentKernel()"
    expected = "NNGPKernel(activation='erf', base=Gaussian(sigma=2.0))"
    assert repr(NNGPKernel(activation="erf", base=Gaussian(2.0))) == expected


def test_parameters_reach_the_base():
    kernel = NeuralTangentKernel(base=Gaussian((1.0, 2.0)))
    assert kernel.get_params()["base__sigma"] == (1.0, 2.0)
    kernel.set_params(base__sigma=3.0, bias=0.1)
    assert kernel == NeuralTangentKernel(bias=0.1, base=Gaussian(3.0))
    kernel.theta = np.log([5.0])
    assert kernel.base.sigma == pytest.approx(5.0)
    np.testing.assert_allclose(kernel.bounds, np.log([[1e-5, 1e5]]))


@each_base
def test_sums_and_products_with_scikit_learns_kernels(base):
    kernel, X, Y = NNGPKernel(base=base), coordinates(), coordinates(seed=1)
    other = sk.RationalQuadratic()
    np.testing.assert_array_equal((kernel + other)(X, Y), kernel(X, Y) + other(X, Y))
    np.testing.assert_array_equal((2.0 * kernel)(X, Y), 2 * kernel(X, Y))


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"activation": "tanh"},
            "'tanh' has no kernel in closed form. .*'erf', 'gaussian', 'relu'",
        ),
        ({"activation": "sinus"}, "'sinus' is unknown. Did you mean 'sine'"),
        ({"n_hidden_layers": 0}, "n_hidden_layers must be a whole number, 1 or more. Got 0"),
        ({"n_hidden_layers": 2.0}, "n_hidden_layers must be a whole number"),
        ({"bias": -1.0}, "bias, a variance, must be .* not negative. Got -1.0"),
        ({"bias": math.nan}, "bias"),
        ({"base": "gaussian"}, "base must be a spectrum"),
        ({"base": sk.RBF()}, "base must be a spectrum"),
        ({"base": Frequencies([[1.0, 1.0]], 0.0)}, "amplitudes of Frequencies.* are all 0"),
    ],
)
@each_kernel
def test_parameters(make, params, message):
    kernel, X = make(**{"base": Gaussian(), **params}), coordinates()
    for evaluate in (lambda: kernel(X), lambda: kernel.diag(X), lambda: kernel.evaluate(X)):
        with pytest.raises(ValueError, match=message):
            evaluate()


@each_base
def test_arguments(base):
    kernel, X = NeuralTangentKernel(base=base), coordinates()
    with pytest.raises(ValueError, match="NaN"):
        kernel(np.where(X[0, 0] == X, np.nan, X))
    with pytest.raises(ValueError, match="equally many columns"):
        kernel(X, X[:, :1])
    with pytest.raises(ValueError, match="Y=None only"):
        kernel(X, X, eval_gradient=True)


def test_without_a_base_there_are_no_lags():
    with pytest.raises(ValueError, match=r"Without a base .* Got NeuralTangentKernel\(\)"):
        NeuralTangentKernel().evaluate([[0.0]])


def test_rows_whose_squares_overflow():
    with pytest.raises(ValueError, match="overflow float64: X reaches 1e\\+200"):
        NeuralTangentKernel()([[1e200]])


@pytest.mark.parametrize(
    ("kernel", "X"),
    [
        (NeuralTangentKernel(activation="erf"), 1e150 * coordinates(4, 3)),
        (NeuralTangentKernel(100, "gaussian"), coordinates(2).astype(np.float32)),
        (NNGPKernel(3, "gaussian"), 1e120 * coordinates(2)),
    ],
    ids=repr,
)
def test_values_that_overflow(kernel, X):
    message = f"The values of .* overflow {X.dtype}. Scale X down, take fewer hidden layers"
    for use in (kernel, kernel.diag, lambda X: kernel(X, X.copy())):
        with pytest.raises(ValueError, match=message):
            use(X)


def test_strings_and_dates_are_not_numbers():
    with pytest.raises(ValueError, match="X must hold numbers"):
        NeuralTangentKernel()([["0.1", "0.2"]])
