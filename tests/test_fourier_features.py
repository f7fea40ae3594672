"""The transformer: equation 3, its kernel, and what scikit-learn asks of a transformer."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import pixel_grid
from skfourier.spectra import (
    Basic,
    Cauchy,
    Frequencies,
    Gaussian,
    Laplace,
    Matern,
    Positional,
    Uniform,
    as_spectrum,
)

EPS = np.finfo(np.float64).eps
EPS32 = np.finfo(np.float32).eps

NAMED = {
    "gaussian": Gaussian,
    "uniform": Uniform,
    "laplace": Laplace,
    "cauchy": Cauchy,
    "matern": Matern,
    "basic": Basic,
    "positional": Positional,
}
RANDOM = ["gaussian", "uniform", "laplace", "cauchy", "matern"]
FREQUENCIES = np.array([[1.0, 0.0], [0.5, -2.0], [0.0, 3.0]])


@pytest.fixture
def X():
    return np.random.default_rng(0).uniform(size=(30, 2))


def equation_3(X, frequencies, amplitudes):
    """The paper's equation 3, number by number."""
    rows = []
    for v in X.tolist():
        row = []
        for b, a in zip(frequencies.tolist(), amplitudes, strict=True):
            phase = 2 * math.pi * sum(bj * vj for bj, vj in zip(b, v, strict=True))
            row += [a * math.cos(phase), a * math.sin(phase)]
        rows.append(row)
    return np.array(rows)


# Equation 3 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("amplitude", [1.0, 0.5, 1 / 3 + np.arange(7)], ids=["1", "0.5", "each"])
@pytest.mark.parametrize("sigma", [2.0, (2.0, 0.5)], ids=str)
def test_the_columns_are_those_of_equation_3(X, sigma, amplitude):
    features = FourierFeatures(sigma, n_frequencies=7, amplitude=amplitude, random_state=0)
    transformed = features.fit_transform(X)
    expected = equation_3(X, features.frequencies_, np.broadcast_to(amplitude, 7))
    # Phases below 10 cycles, rounded to a few EPS, times amplitudes below 7.
    np.testing.assert_allclose(transformed, expected, rtol=0, atol=7 * 2 * math.pi * 10 * 4 * EPS)
    assert transformed.shape == (30, 14)
    np.testing.assert_array_equal(features.amplitudes_, np.broadcast_to(amplitude, 7))


def test_float32_stays_float32(X):
    features = FourierFeatures(2.0, n_frequencies=50, random_state=0).fit(X)
    single, double = features.transform(X.astype(np.float32)), features.transform(X)
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    # X, b, two products and their sum are rounded, at |phase| < 2 |b|_1 / 2 < 10 cycles; cos too.
    np.testing.assert_allclose(single, double, rtol=0, atol=2 * math.pi * 10 * 5 * EPS32)


def test_integers_and_lists_are_float64(X):
    features = FourierFeatures(0.2, n_frequencies=5, random_state=0).fit(X)
    expected = features.transform([[0.0, 1.0], [2.0, 3.0]])
    for given in ([[0, 1], [2, 3]], np.array([[0, 1], [2, 3]], dtype=np.uint8)):
        assert features.transform(given).dtype == np.float64
        np.testing.assert_array_equal(features.transform(given), expected)


def test_large_inputs_go_in_blocks_which_change_nothing():
    X = np.random.default_rng(0).uniform(size=(2500, 3))
    features = FourierFeatures(5.0, n_frequencies=40, random_state=0).fit(X)
    rows = [0, 1, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 2499]
    one_by_one = np.vstack([features.transform(X[i : i + 1]) for i in rows])
    # A row's product is summed in another order: phases of 60 cycles, rounded three times.
    tolerance = 2 * math.pi * 60 * 3 * EPS
    np.testing.assert_allclose(features.transform(X)[rows], one_by_one, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("dtype", "far"), [(np.float64, 2.0**40), (np.float32, 2.0**15)])
def test_whole_cycles_change_nothing(dtype, far):
    X = (np.arange(32).reshape(16, 2) / 32).astype(dtype)
    own = Frequencies([[1.0, 0.0], [3.0, -2.0], [0.0, 7.0]])
    features = FourierFeatures(distribution=own).fit(X)
    # All phases are exact. Multiplied by 2 pi, far ones would be off by far * eps, 1e-4 or 4e-3.
    np.testing.assert_array_equal(features.transform(X + dtype(far)), features.transform(X))


# The distribution ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMED)
def test_every_distribution_by_name_and_by_object(X, name):
    by_name, by_object = (
        FourierFeatures(3.0, n_frequencies=8, distribution=distribution, random_state=0).fit(X)
        for distribution in (name, NAMED[name]())
    )
    np.testing.assert_array_equal(by_name.frequencies_, by_object.frequencies_)
    assert by_name.spectrum_ == by_object.spectrum_
    assert by_name.frequencies_.shape == (2 if name == "basic" else 8, 2)


@pytest.mark.parametrize("sigma", [3.0, (3.0, 0.5)], ids=str)
@pytest.mark.parametrize("own", [2.0, (2.0, 0.25)], ids=str)
@pytest.mark.parametrize("name", RANDOM)
def test_sigma_multiplies_the_objects_own(X, name, own, sigma):
    distribution = NAMED[name](own)
    features = FourierFeatures(sigma, distribution=distribution, random_state=0).fit(X)
    once = FourierFeatures(np.multiply(sigma, own), distribution=name, random_state=0).fit(X)
    np.testing.assert_array_equal(features.frequencies_, once.frequencies_)
    np.testing.assert_array_equal(features.spectrum_.sigma, np.multiply(sigma, own))
    np.testing.assert_array_equal(distribution.sigma, own)  # it is left alone
    assert features.distribution is distribution


def test_the_objects_other_parameters_are_kept(X):
    features = FourierFeatures(2.0, distribution=Matern(nu=0.7)).fit(X)
    assert features.spectrum_ == Matern(2.0, nu=0.7)


@pytest.mark.parametrize("sampling", ["random", "sobol", "orthogonal"])
def test_the_sampling_is_the_spectrums(X, sampling):
    features = FourierFeatures(3.0, n_frequencies=9, sampling=sampling, random_state=1).fit(X)
    expected = Gaussian(3.0).sample(9, 2, sampling=sampling, random_state=1)
    np.testing.assert_array_equal(features.frequencies_, expected)


def test_ones_own_frequencies_and_amplitudes(X):
    distribution = Frequencies(FREQUENCIES, [1.0, 2.0, 0.5])
    features = FourierFeatures(
        (2.0, 0.5), n_frequencies=999, distribution=distribution, amplitude=[3.0, 1.0, 1.0]
    ).fit(X)
    np.testing.assert_array_equal(features.frequencies_, FREQUENCIES * [2.0, 0.5])
    np.testing.assert_array_equal(features.amplitudes_, [3.0, 2.0, 0.5])
    assert features.transform(X).shape == (30, 6)
    assert features.spectrum_ == Frequencies(FREQUENCIES * [2.0, 0.5], [1.0, 2.0, 0.5])


def test_positional_takes_n_frequencies_from_the_estimator(X):
    features = FourierFeatures(n_frequencies=6, distribution=Positional(2)).fit(X)
    assert features.frequencies_.tolist() == [[0, 0], [1, 0], [3, 0], [0, 0], [0, 1], [0, 3]]


def test_the_seed_makes_the_frequencies(X):
    def draw(random_state):
        return FourierFeatures(random_state=random_state).fit(X).frequencies_

    np.testing.assert_array_equal(draw(0), draw(0))
    np.testing.assert_array_equal(draw(0), draw(np.random.RandomState(0)))
    assert not np.any(draw(0) == draw(1))
    assert not np.any(draw(None) == draw(None))
    generator = np.random.RandomState(0)
    assert not np.any(draw(generator) == draw(generator))


# The kernel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("amplitude", [1.0, 0.1, 1 / 3 + np.arange(8)], ids=["1", "0.1", "each"])
@pytest.mark.parametrize("name", [name for name in NAMED if name != "basic"])
def test_the_induced_kernel_is_the_product_of_the_features(X, name, amplitude):
    Y = X[:10] + 0.3
    features = FourierFeatures(
        n_frequencies=8, distribution=name, amplitude=amplitude, random_state=0
    ).fit(X)
    kernel = features.induced_kernel()
    gamma_X, gamma_Y = features.transform(X), features.transform(Y)
    at_zero = np.sum(features.amplitudes_**2)
    # Each phase, of 64 cycles at most, is rounded a few times; k(0) bounds the sum.
    highest = np.abs(features.frequencies_).sum(axis=1).max()
    assert highest < 64
    tolerance = 2 * math.pi * 64 * 8 * EPS * at_zero
    np.testing.assert_allclose(kernel(X), gamma_X @ gamma_X.T, rtol=0, atol=tolerance)
    np.testing.assert_allclose(kernel(X, Y), gamma_X @ gamma_Y.T, rtol=0, atol=tolerance)
    assert kernel.evaluate([0.0, 0.0]) == pytest.approx(at_zero, rel=8 * EPS)


@pytest.mark.parametrize("sampling", ["random", "sobol"])
@pytest.mark.parametrize("name", RANDOM)
def test_the_spectrum_is_the_expectation_of_the_induced_kernel(X, name, sampling):
    m = 2**12
    features = FourierFeatures(
        (0.5, 0.2), n_frequencies=m, distribution=name, sampling=sampling, random_state=0
    ).fit(X)
    expected = features.spectrum_(X)
    # Five standard errors of a mean of m cosines, Var[cos] = (1 + k(2d)) / 2 - k(d)^2, and
    # rounding where the variance is 0.
    variance = np.maximum((1 + features.spectrum_(2 * X)) / 2 - expected**2, 0)
    tolerance = 5 * np.sqrt(variance / m) + 2 * m * EPS
    assert np.all(np.abs(features.induced_kernel()(X) / m - expected) < tolerance)
    # So tight that twice the variance is seen.
    other = as_spectrum(name).scaled((0.5 * 2**0.5, 0.2 * 2**0.5), n_features=2)
    assert np.max(np.abs(other(X) - expected) / tolerance) > 2


def test_amplitudes_of_one_over_root_m_give_unit_length(X):
    features = FourierFeatures(n_frequencies=64, amplitude=1 / 8, random_state=0)
    lengths = np.linalg.norm(features.fit_transform(X), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=64 * EPS)  # a sum of 64


@pytest.mark.parametrize("name", [*RANDOM, "positional"])
def test_far_coordinates_keep_the_kernel(X, name):
    Y = np.random.default_rng(1).uniform(size=(10, 2))
    # Near and far are the same points: what is lost when 1e6 is added is lost in both.
    X, Y = X + 1e6 - 1e6, Y + 1e6 - 1e6
    m = 64
    features = FourierFeatures(n_frequencies=m, distribution=name, random_state=0).fit(X)
    # Phases of 1e6 |b| cycles are rounded to EPS: 2 pi 1e6 E|b| 4 EPS = 5e-9 E|b|.
    assert np.abs(features.frequencies_).sum(axis=1).mean() < 50
    near = features.transform(X) @ features.transform(Y).T / m
    far = features.transform(X + 1e6) @ features.transform(Y + 1e6).T / m
    np.testing.assert_allclose(far, near, rtol=0, atol=1e-6)
    kernel = features.induced_kernel()
    np.testing.assert_allclose(kernel(X + 1e6, Y + 1e6), kernel(X, Y), rtol=0, atol=1e-6 * m)


# scikit-learn -------------------------------------------------------------------------------------


def test_feature_names_out(X):
    features = FourierFeatures(n_frequencies=2).fit(X)
    assert features.get_feature_names_out().tolist() == ["cos0", "sin0", "cos1", "sin1"]
    assert features.get_feature_names_out().dtype == object


def test_feature_names_in_are_checked(X):
    frame = pd.DataFrame(X, columns=["x", "y"])
    features = FourierFeatures(n_frequencies=2).fit(frame)
    assert features.feature_names_in_.tolist() == ["x", "y"]
    assert features.n_features_in_ == 2
    assert len(features.get_feature_names_out(["x", "y"])) == 4
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        features.get_feature_names_out(["a", "b"])
    with pytest.raises(ValueError, match="feature names should match those that were passed"):
        features.transform(frame[["y", "x"]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        features.transform(X)


@pytest.mark.parametrize("given", [np.asarray, pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize(("output", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_set_output(X, output, frame, given):
    features = FourierFeatures(n_frequencies=3, random_state=0).set_output(transform=output)
    transformed = features.fit_transform(given(X))
    assert type(transformed) is frame
    assert list(transformed.columns) == ["cos0", "sin0", "cos1", "sin1", "cos2", "sin2"]
    expected = clone(features).set_output(transform="default").fit_transform(X)
    np.testing.assert_array_equal(transformed.to_numpy(), expected)


def test_a_grid_search_finds_sigma():
    X = np.random.default_rng(0).uniform(size=(80, 1))
    y = np.sin(2 * math.pi * 10 * X[:, 0])
    model = make_pipeline(FourierFeatures(n_frequencies=64, random_state=0), Ridge(alpha=1e-3))
    search = GridSearchCV(model, {"fourierfeatures__sigma": [0.1, 10, 1000]}).fit(X, y)
    # Ten cycles: sigma = 0.1 draws none so high, and 1000 decays within a thousandth of X.
    assert search.best_params_ == {"fourierfeatures__sigma": 10}
    assert search.best_score_ > 0.99


def test_parameters_are_left_alone(X):
    sigma, amplitude = [2.0, 0.5], np.ones(4)
    features = FourierFeatures(sigma, n_frequencies=4, amplitude=amplitude).fit(X)
    assert features.sigma is sigma
    assert features.amplitude is amplitude
    assert sigma == [2.0, 0.5]


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_frequencies": 0}, "'n_frequencies' parameter .* must be an int in the range"),
        ({"n_frequencies": 2.5}, "'n_frequencies' parameter .* must be an int"),
        ({"sigma": -1.0}, "sigma must be positive and finite.*Got sigma=-1.0"),
        ({"sigma": 0}, "sigma must be positive and finite"),
        ({"sigma": math.nan}, "sigma must be positive and finite"),
        ({"sigma": [1.0, math.inf]}, "sigma must be positive and finite"),
        ({"sigma": [1.0, 2.0, 3.0]}, "sigma must be .* one for each of the 2 columns of X"),
        ({"sigma": "large"}, "'sigma' parameter .* Got 'large' instead"),
        ({"distribution": Gaussian([1.0] * 3)}, "sigma must be .* each of the 2 columns of X"),
        ({"distribution": Gaussian(-1.0)}, "sigma must be positive and finite"),
        ({"distribution": Matern(nu=0)}, "nu must be positive"),
        ({"distribution": "gausian"}, "Did you mean 'gaussian'.*'basic', 'cauchy', 'gaussian'"),
        ({"distribution": "frequencies"}, "distribution='frequencies' is unknown"),
        ({"distribution": Gaussian}, "'distribution' parameter .* must be"),
        ({"distribution": None}, "'distribution' parameter .* must be"),
        ({"distribution": Frequencies([[1.0]])}, "each of the 2 columns of X. Got shape"),
        ({"distribution": "positional", "n_frequencies": 5}, "multiple of the 2 columns.*take 4"),
        (
            {"distribution": "basic", "sampling": "sobol"},
            "nothing to draw with sampling='sobol': .* its own freq",
        ),
        ({"sampling": "sobel"}, "sampling='sobel' is unknown. Did you mean 'sobol'"),
        ({"distribution": "cauchy", "sampling": "orthogonal"}, "Cauchy is not isotropic"),
        ({"amplitude": [1.0, 2.0]}, "one for each of the 256 frequencies. Got an array of shape"),
        ({"amplitude": math.nan}, "Amplitudes must be finite"),
        ({"amplitude": None}, "'amplitude' parameter"),
        ({"random_state": "zero"}, "'random_state' parameter"),
    ],
    ids=str,
)
def test_bad_parameters(X, parameters, message):
    with pytest.raises(ValueError, match=message):
        FourierFeatures(**parameters).fit(X)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[0.0, math.nan]], "Input X contains NaN"),
        ([[0.0, math.inf]], "Input X contains infinity"),
        (np.array([[0.0, 1j]]), "Complex data not supported"),
        ([0.0, 1.0], "Expected 2D array, got 1D array"),
        (np.zeros((2, 2, 2)), "Found array with dim 3"),
        (np.empty((0, 2)), "0 sample"),
        ([["a", "b"]], "holds strings"),
    ],
    ids=["nan", "inf", "complex", "1-D", "3-D", "empty", "strings"],
)
def test_bad_X(X, bad, message):
    with pytest.raises(ValueError, match=message):
        FourierFeatures().fit(bad)
    with pytest.raises(ValueError, match=message):
        FourierFeatures().fit(X).transform(bad)


def test_X_keeps_its_columns(X):
    message = "X has 1 features, but FourierFeatures is expecting 2 features"
    with pytest.raises(ValueError, match=message):
        FourierFeatures().fit(X).transform(X[:, :1])


@pytest.mark.parametrize("X", [1e20 * np.ones((3, 2)), np.float32(1e9) * np.ones((3, 2), "f4")])
def test_phases_that_the_dtype_does_not_resolve_are_refused(X):
    features = FourierFeatures(sigma=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"phases reach .* cycles, and float\d\d does not resolve"):
        features.transform(X)


def test_a_fit_that_fails_leaves_an_earlier_one_as_it_was():
    features = FourierFeatures(sigma=1, random_state=0).fit(np.zeros((3, 2)))
    before = dict(vars(features))
    with pytest.raises(ValueError, match="Did you mean 'random'"):
        features.set_params(sampling="randon").fit(np.zeros((3, 1)))
    assert vars(features) == before | {"sampling": "randon"}
    features.set_params(sampling="random")
    assert features.transform(np.zeros((1, 2))).shape == (1, 512)


@pytest.mark.parametrize("name", ["sigma", "amplitude"])
@pytest.mark.parametrize("value", [np.array([1j]), np.array(["3"]), np.array([True])])
def test_parameters_that_are_no_real_numbers(name, value):
    with pytest.raises(ValueError, match="must be a real number"):
        FourierFeatures().set_params(**{name: value}).fit(np.zeros((3, 1)))


def test_masked_coordinates_are_refused():
    X = np.ma.masked_less(np.ones((3, 1)), 2)
    with pytest.raises(ValueError, match="X is a masked array"):
        FourierFeatures().fit(X)
    with pytest.raises(ValueError, match="X is a masked array"):
        FourierFeatures().fit(np.ones((3, 1))).transform(X)


def test_frequencies_and_amplitudes_that_overflow_are_refused():
    X = np.zeros((3, 1), dtype=np.float32)
    with pytest.raises(ValueError, match="overflow float32"):
        FourierFeatures(amplitude=1e39).fit_transform(X)
    with pytest.raises(ValueError, match=r"frequencies drawn from Matern.* overflow"):
        FourierFeatures(distribution=Matern(nu=1e-4), random_state=0).fit(X)


class TestAutoSigma:
    def test_is_by_the_spacing_of_a_grid(self):
        X = pixel_grid((30, 30))[::-1]
        features = FourierFeatures("auto", random_state=0).fit(X)
        assert features.sigma_ == pytest.approx(0.02 * 30)
        wide = FourierFeatures("auto").fit(pixel_grid((30, 30)) * (1, 50))
        np.testing.assert_allclose(wide.sigma_, [0.6, 0.012])
        same = FourierFeatures(0.6, random_state=0).fit(X)
        np.testing.assert_allclose(
            FourierFeatures("auto", random_state=0).fit(X).frequencies_, same.frequencies_
        )

    def test_is_by_the_density_of_a_grid_with_holes(self):
        X = pixel_grid((60, 60))
        kept = np.random.default_rng(0).permutation(len(X))[:400]  # a ninth: thrice as far apart
        assert FourierFeatures("auto").fit(X[kept]).sigma_ == pytest.approx(0.02 * 60 / 3)
        line = np.delete(np.arange(20.0), [3, 7])[:, None]  # uneven, as is any line
        assert FourierFeatures("auto").fit(line).sigma_ == pytest.approx(0.02 * 17 / 19)

    def test_is_by_the_density_of_scattered_rows(self):
        X = np.random.default_rng(0).uniform(size=(900, 2)) * (1, 1)
        assert np.mean(FourierFeatures("auto").fit(X).sigma_) == pytest.approx(0.6, rel=0.01)

    def test_of_a_constant_column_and_of_one_row(self):
        X = np.column_stack([np.arange(100.0), np.full(100, 7.0)])
        np.testing.assert_allclose(FourierFeatures("auto").fit(X).sigma_, [0.02, 1])
        assert FourierFeatures("auto").fit(X[:1]).sigma_ == 1

    def test_a_number_is_itself(self):
        assert FourierFeatures(3).fit(np.zeros((2, 1))).sigma_ == 3

    def test_another_word_is_refused(self):
        with pytest.raises(ValueError, match="sigma"):
            FourierFeatures("scale").fit(np.zeros((2, 1)))

    def test_inside_a_network(self):
        X = pixel_grid((16, 16)).astype(float)
        network = CoordinateMLPRegressor(
            (16,), embedding=FourierFeatures("auto", random_state=0), max_iter=0
        )
        assert network.fit(X, X[:, 0]).embedding_.sigma_ == pytest.approx(0.32)
