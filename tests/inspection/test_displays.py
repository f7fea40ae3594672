"""Displays: what is drawn is what was computed."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process.kernels import RBF, DotProduct
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressor
from skfourier.images import pixel_grid
from skfourier.inspection import (
    EigenspectrumDisplay,
    KernelDisplay,
    SigmaSearchDisplay,
    SpectrumDisplay,
    TrainingDynamicsDisplay,
)
from skfourier.kernels import NeuralTangentKernel
from skfourier.ntk import eigenspectrum, predict_training
from skfourier.spectra import Frequencies, Gaussian, Matern, Uniform

X = pixel_grid((8, 9))
Y = np.sin(5 * X)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(display):
    """Return the curves as matplotlib has them, by their names in the legend."""
    _, labels = display.ax_.get_legend_handles_labels()
    return {
        line.get_label(): line.get_data()
        for line in display.ax_.lines
        if line.get_label() in labels
    }


def features(**params):
    return FourierFeatures(3, n_frequencies=16, random_state=0, **params).fit(X)


def small_network(**params):
    return CoordinateMLPRegressor((8,), max_iter=1, random_state=0, **params)


def draw_each(ax=None):
    """Draw one display of each kind."""
    yield KernelDisplay.from_kernels([Gaussian(3)], ax=ax)
    yield SpectrumDisplay.from_estimator(features(), ax=ax)
    yield EigenspectrumDisplay.from_kernels([Gaussian(3)], X, Y, ax=ax)
    yield SigmaSearchDisplay(np.array([1.0, 2.0]), np.array([0.5, 0.6]), None, 2.0).plot(ax)


def test_axes_are_new_or_those_given():
    figure, ax = plt.subplots()
    for display in draw_each(ax):
        assert display.ax_ is ax
        assert display.figure_ is figure
    for display in draw_each():
        assert display.ax_ is not ax
        assert display.figure_ is display.ax_.figure
        again = display.plot(ax)
        assert again is display
        assert display.ax_ is ax


# Kernels ------------------------------------------------------------------------------------------


def test_kernels():
    kernels, distances = [Gaussian((3, 1)), Matern(2), 5 * RBF(0.1)], np.linspace(0, 0.4, 7)
    display = KernelDisplay.from_kernels(kernels, distances=distances, direction=(3, 4))
    lags = np.outer(distances, (0.6, 0.8))
    expected = [
        kernels[0].evaluate(lags),
        kernels[1].evaluate(lags),
        np.exp(-(distances**2) / 0.02),
    ]
    np.testing.assert_allclose(display.values, expected, rtol=1e-12)
    assert list(drawn(display)) == list(map(repr, kernels))
    for (x, y), values in zip(drawn(display).values(), expected, strict=True):
        np.testing.assert_array_equal(x, distances)
        np.testing.assert_allclose(y, values, rtol=1e-12)


def test_the_distances_reach_to_where_kernels_settle():
    display = KernelDisplay.from_kernels([Gaussian(10), Gaussian(3)])
    # exp(-2 pi^2 9 d^2) = 0.01 at d = 0.161, and a fifth more.
    assert display.distances[-1] == pytest.approx(1.2 * 0.161, abs=2e-3)
    assert KernelDisplay.from_kernels([Frequencies([[1.0]])]).distances[-1] == 1


@pytest.mark.parametrize(
    "estimator",
    [
        features(),
        make_pipeline(FourierFeatures(3, n_frequencies=16, random_state=0), Ridge()),
        small_network(embedding=FourierFeatures(3, n_frequencies=16, random_state=0)),
    ],
)
def test_kernels_of_features(estimator):
    estimator.fit(X, Y)
    display = KernelDisplay.from_estimator(estimator)
    assert list(drawn(display)) == ["Gaussian(sigma=3.0)", "16 frequencies"]
    lags = np.outer(display.distances, (1, 0))
    np.testing.assert_allclose(display.values[0], Gaussian(3).evaluate(lags), atol=1e-14)
    expected = features().induced_kernel().evaluate(lags) / 16
    np.testing.assert_allclose(display.values[1], expected, atol=1e-13)


def test_kernels_of_given_frequencies_are_their_own_expectation():
    given = FourierFeatures(distribution=Frequencies(np.eye(2))).fit(X)
    assert KernelDisplay.from_estimator(given).names == ["2 frequencies"]


def test_the_kernel_of_a_kernel_regressor():
    kernel = NeuralTangentKernel(2, base=Gaussian())
    model = FourierKernelRegressor(sigma=3, kernel=kernel).fit(X, Y)
    for estimator in (model, make_pipeline(FourierKernelRegressor(sigma=3, kernel=kernel))):
        display = KernelDisplay.from_estimator(estimator.fit(X, Y), direction=(0, 1))
        lags = np.outer(display.distances, (0, 1))
        np.testing.assert_allclose(display.values[0], model.kernel_.evaluate(lags), atol=1e-7)


def test_what_is_no_function_of_distance():
    with pytest.raises(ValueError, match="Only stationary kernels"):
        KernelDisplay.from_kernels([DotProduct()])
    with pytest.raises(ValueError, match="direction must be a vector"):
        KernelDisplay.from_kernels([Gaussian()], direction=(0, 0))


@pytest.mark.parametrize(
    "from_kernels",
    [
        KernelDisplay.from_kernels,
        lambda kernels, **names: EigenspectrumDisplay.from_kernels(kernels, X, Y, **names),
    ],
)
def test_kernels_are_a_list_and_each_has_a_name(from_kernels):
    with pytest.raises(ValueError, match=r"list of kernels.*\[Gaussian\(sigma=3\)\]"):
        from_kernels(Gaussian(3))
    with pytest.raises(ValueError, match="each of the 2 kernels a name"):
        from_kernels([Gaussian(3), Gaussian(5)], names=["narrow"])


# Spectra ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spectrum", [Gaussian((3, 5)), Uniform(2), Matern((2, 1), nu=2.5)])
@pytest.mark.parametrize("column", [0, 1])
def test_spectra(spectrum, column):
    drawn_ones = FourierFeatures(distribution=spectrum, n_frequencies=20_000, random_state=0).fit(X)
    display = SpectrumDisplay.from_estimator(drawn_ones, column=column, hist_kw={"bins": 20})
    np.testing.assert_array_equal(display.frequencies, drawn_ones.frequencies_[:, column])
    x, y = drawn(display)["density"]
    np.testing.assert_array_equal(x, display.grid)
    np.testing.assert_array_equal(y, display.density)
    centers = np.array([bar.get_x() + bar.get_width() / 2 for bar in display.bars_])
    heights = np.array([bar.get_height() for bar in display.bars_])
    expected = np.interp(centers, display.grid, display.density)
    # Of 20,000 frequencies the fullest of 20 bins holds some 2,000: 5 standard deviations are 11 %
    # of it; the hundredth beyond the ends is 1 % more, and the uniform's edges are half empty.
    inner = slice(1, -1)
    assert np.abs(heights - expected)[inner].max() < 0.12 * expected.max()


def test_given_frequencies_have_no_density():
    given = FourierFeatures(distribution=Frequencies(np.eye(2))).fit(X)
    display = SpectrumDisplay.from_estimator(make_pipeline(given, Ridge()).fit(X, Y))
    assert display.line_ is None
    assert display.density is None


def test_what_has_no_frequencies():
    with pytest.raises(ValueError, match="no Fourier features to draw"):
        SpectrumDisplay.from_estimator(small_network().fit(X, Y))
    with pytest.raises(NotFittedError):
        SpectrumDisplay.from_estimator(FourierFeatures())
    with pytest.raises(NotFittedError):
        SpectrumDisplay.from_estimator(make_pipeline(FourierFeatures(), Ridge()))
    with pytest.raises(ValueError, match="X has 2 columns; column=2"):
        SpectrumDisplay.from_estimator(features(), column=2)


# Eigenspectra -------------------------------------------------------------------------------------


def test_shares_of_the_target():
    kernels = [Gaussian(1), Gaussian(4)]
    display = EigenspectrumDisplay.from_kernels(kernels, X, Y, names=["a", "b"], loss="mean")
    assert list(drawn(display)) == ["a", "b"]
    for (steps, share), kernel in zip(drawn(display).values(), kernels, strict=True):
        spectrum = eigenspectrum(kernel, X, Y, loss="mean")
        for step in (1, 10, 1000):
            expected = spectrum.power[spectrum.steps <= step].sum() / (Y**2).sum()
            assert share[steps <= step][-1] == pytest.approx(expected)


def test_eigenvalues():
    model = FourierKernelRegressor(sigma=1).fit(X, Y)
    display = EigenspectrumDisplay.from_estimator(
        model, X, Y, kind="eigenvalues", line_kw={"color": "k"}
    )
    ranks, values = drawn(display)["FourierKernelRegressor"]
    expected = np.linalg.eigvalsh(Gaussian(1)(X))[::-1]
    np.testing.assert_array_equal(ranks, np.arange(1, len(values) + 1))
    np.testing.assert_allclose(values, expected[: len(values)], atol=1e-12)
    assert values.min() > 0
    assert display.lines_[0].get_color() == "k"


def test_what_an_eigenspectrum_cannot_draw():
    display = EigenspectrumDisplay([eigenspectrum(Gaussian(1), X)], names=["a"])
    display.plot(kind="eigenvalues")
    with pytest.raises(ValueError, match="power of the target is not known"):
        display.plot()
    with pytest.raises(ValueError, match="kind='steps' is unknown"):
        display.plot(kind="steps")


# Training -----------------------------------------------------------------------------------------


def plain_network(**params):
    plain = {"solver": "sgd", "batch_size": "full", "learning_rate": "constant"}
    return CoordinateMLPRegressor(
        (64, 64), "relu", initialization="he", random_state=0, **(plain | params)
    )


@pytest.mark.parametrize("piped", [False, True])
def test_training_as_predicted_and_as_observed(piped):
    X_test, steps = X[::3] + 0.01, [7, 0, 2]
    network = plain_network(embedding=FourierFeatures(2, n_frequencies=16), learning_rate_init=3e-3)
    estimator = make_pipeline(network) if piped else network
    display = TrainingDynamicsDisplay.from_estimator(
        estimator, X, Y, X_test, np.sin(5 * X_test), steps=steps
    )
    assert not hasattr(network, "module_")
    np.testing.assert_array_equal(display.steps, [0, 2, 7])
    curves = drawn(display)
    for name in ("training", "test"):
        for word, values in (("predicted", display.predicted), ("observed", display.observed)):
            x, y = curves[f"{name}, {word}"]
            np.testing.assert_array_equal(x, [0, 2, 7])
            np.testing.assert_array_equal(y, values[name])
        # Width 64, seven steps: a first order that is good to some percent, and not exact.
        np.testing.assert_allclose(display.observed[name], display.predicted[name], rtol=0.1)
        assert display.observed[name][-1] != pytest.approx(display.predicted[name][-1], rel=1e-9)
    # The same training without a stop in between.
    whole = clone(network).set_params(max_iter=7).fit(X, Y)
    assert np.mean((whole.predict(X) - Y) ** 2) == pytest.approx(display.observed["training"][-1])


def test_training_as_predicted_alone():
    dynamics = predict_training(Gaussian(3), X, Y, X, learning_rate=0.05, steps=[1, 5])
    display = TrainingDynamicsDisplay.from_dynamics(dynamics, Y)
    assert list(drawn(display)) == ["training, predicted", "test, predicted"]
    np.testing.assert_array_equal(display.predicted["training"], dynamics.loss)
    np.testing.assert_array_equal(display.predicted["test"], dynamics.test_loss(Y))


@pytest.mark.parametrize(
    "params", [{"solver": "adam"}, {"batch_size": 10}, {"alpha": 1.0}, {"batch_norm": True}]
)
def test_what_is_no_plain_gradient_descent(params):
    ((name, value),) = params.items()
    with pytest.raises(ValueError, match=rf"plain gradient descent: set {name}=.*Got {value!r}"):
        TrainingDynamicsDisplay.from_estimator(plain_network(**params), X, Y, steps=[1])


class TestSigmaSearch:
    def test_draws_what_a_network_tried(self):
        network = CoordinateMLPRegressor(
            (8,), embedding=FourierFeatures("auto"), max_iter=16, random_state=0
        )
        network.fit(X, Y)
        display = SigmaSearchDisplay.from_estimator(network)
        tried = network.sigma_search_
        weak = tried["alpha"] == tried["alpha"].min()
        for n_epochs in (1, 2, 6, 8):
            rows = (tried["n_epochs"] == n_epochs) & weak
            sigma, score = drawn(display)[f"{n_epochs} epochs"]
            order = np.argsort(tried["sigma"][rows, 0])
            np.testing.assert_array_equal(sigma, tried["sigma"][rows, 0][order])
            np.testing.assert_array_equal(score, tried["score"][rows][order])
        chosen = np.broadcast_to(network.embedding_.sigma_, 2)
        assert display.chosen_.get_xdata()[0] == chosen[0]
        other = SigmaSearchDisplay.from_estimator(network, column=1)
        assert other.chosen_.get_xdata()[0] == chosen[1]

    @pytest.mark.parametrize("sigmas", [[3, 1, 10], [(3, 4), (1, 2), (10, 9)]])
    def test_draws_a_grid_search(self, sigmas):
        model = make_pipeline(FourierFeatures(random_state=0), Ridge())
        search = GridSearchCV(model, {"fourierfeatures__sigma": sigmas}, cv=3).fit(X, Y)
        display = SigmaSearchDisplay.from_estimator(search, column=1)
        (line,) = display.lines_
        expected = np.array([np.ravel(s)[-1] for s in sigmas])
        order = np.argsort(expected)
        np.testing.assert_array_equal(line.get_xdata(), expected[order])
        np.testing.assert_array_equal(
            line.get_ydata(), search.cv_results_["mean_test_score"][order]
        )
        assert display.chosen_.get_xdata()[0] == expected[search.best_index_]

    def test_no_search(self):
        for estimator in (
            small_network(embedding=FourierFeatures(3)).fit(X, Y),
            GridSearchCV(Ridge(), {"alpha": [1, 2]}).fit(X, Y),
        ):
            with pytest.raises(ValueError, match="no search for sigma"):
                SigmaSearchDisplay.from_estimator(estimator)
        with pytest.raises(NotFittedError):
            SigmaSearchDisplay.from_estimator(small_network())
