"""Every wrong argument of a spectrum is a ValueError whose message helps."""

import datetime
import math

import numpy as np
import pandas as pd
import pytest

from skfourier import spectra
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

X = np.random.default_rng(0).uniform(size=(5, 2))

RANDOM = [Cauchy, Gaussian, Laplace, Matern, Uniform]
FINITE = [Basic(), Frequencies([[1.0, 2.0]]), Positional(2, n_frequencies=4)]

USES = {
    "evaluate": lambda spectrum: spectrum.evaluate(X),
    "density": lambda spectrum: spectrum.density(X),
    "sample": lambda spectrum: spectrum.sample(4, 2, random_state=0),
    "call": lambda spectrum: spectrum(X),
    "gradient": lambda spectrum: spectrum(X, eval_gradient=True),
    "scaled": lambda spectrum: spectrum.scaled(2.0, n_features=2),
}
each_use = pytest.mark.parametrize("use", USES.values(), ids=USES)
each_random = pytest.mark.parametrize("make", RANDOM)
each_spectrum = pytest.mark.parametrize(
    "spectrum", [*FINITE, *(make() for make in RANDOM)], ids=lambda s: type(s).__name__
)


# sigma --------------------------------------------------------------------------------------------


@each_use
@each_random
def test_sigma_must_be_positive_and_finite(make, use):
    for sigma in (0, -1.0, math.nan, math.inf, (1.0, 0.0), [1.0, math.nan]):
        with pytest.raises(ValueError, match=r"sigma must be positive and finite.*Got sigma="):
            use(make(sigma))


@each_use
@each_random
def test_sigma_must_be_a_number_or_one_for_each_column(make, use):
    for sigma in ((1.0, 2.0, 3.0), np.ones((1, 2)), []):
        with pytest.raises(ValueError, match=r"one for each of the 2 columns of X\. Got sigma="):
            use(make(sigma))


@pytest.mark.parametrize("factor", [0.0, math.nan])
@each_spectrum
def test_the_factor_of_scaled_is_a_sigma(spectrum, factor):
    with pytest.raises(ValueError, match="sigma must be positive and finite"):
        spectrum.scaled(factor, n_features=2, n_frequencies=4)


# nu -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nu", [0, -1.5, math.inf, math.nan, 51, 1000])
@pytest.mark.parametrize("use", [USES[name] for name in USES if name != "scaled"])
def test_nu_must_be_positive_and_not_large(use, nu):
    message = r"nu must be positive and at most 50 .*Matern tends to Gaussian: take that.*Got nu="
    with pytest.raises(ValueError, match=message):
        use(Matern(nu=nu))


# sampling -----------------------------------------------------------------------------------------


@each_random
def test_unknown_sampling(make):
    message = (
        r"sampling='sobel' is unknown\. Did you mean 'sobol'\? .*'orthogonal', 'random', 'sobol'"
    )
    with pytest.raises(ValueError, match=message):
        make().sample(4, 2, sampling="sobel")


@pytest.mark.parametrize("make", [Uniform, Laplace, Cauchy])
def test_orthogonal_sampling_asks_for_an_isotropic_spectrum(make):
    message = f"isotropic distribution .*{make.__name__} is not isotropic.*sampling='sobol'"
    with pytest.raises(ValueError, match=message):
        make().sample(4, 2, sampling="orthogonal")


@pytest.mark.parametrize("sampling", ["sobol", "orthogonal", "nonsense"])
@pytest.mark.parametrize("spectrum", FINITE, ids=lambda s: type(s).__name__)
def test_finite_spectra_are_not_sampled(spectrum, sampling):
    message = f"nothing to draw with sampling='{sampling}': .* its own frequencies"
    with pytest.raises(ValueError, match=message):
        spectrum.sample(4, 2, sampling=sampling)


# Given frequencies --------------------------------------------------------------------------------

FINITE_USES = {name: use for name, use in USES.items() if name not in ("density", "gradient")}
each_finite_use = pytest.mark.parametrize("use", FINITE_USES.values(), ids=FINITE_USES)


@pytest.mark.parametrize(
    "frequencies",
    [[[1.0]], np.ones((4, 3)), [], np.empty((0, 2)), [1.0, 2.0], 3.0, np.ones((1, 2, 2))],
    ids=["narrow", "wide", "empty", "no rows", "1-D", "number", "3-D"],
)
@each_finite_use
def test_frequencies_have_a_column_for_each_of_X(use, frequencies):
    with pytest.raises(ValueError, match=r"for each of the 2 columns of X\. Got shape \("):
        use(Frequencies(frequencies))


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
@each_finite_use
def test_frequencies_must_be_finite(use, bad):
    with pytest.raises(ValueError, match="frequencies must be finite"):
        use(Frequencies([[1.0, bad]]))


@pytest.mark.parametrize("frequencies", [[[1j, 2.0]], [["a", "b"]], [[None, 1.0]], [[True, False]]])
@each_finite_use
def test_frequencies_must_be_real(use, frequencies):
    with pytest.raises(ValueError, match=r"frequencies must be real numbers\. Got dtype"):
        use(Frequencies(frequencies))


@pytest.mark.parametrize("amplitudes", [[1.0, 2.0], [], np.ones((3, 1))], ids=str)
@pytest.mark.parametrize("use", [USES["evaluate"], USES["call"]])
def test_amplitudes_are_one_for_each_frequency(use, amplitudes):
    with pytest.raises(ValueError, match=r"one for each of the 3 frequencies\. Got an array"):
        use(Frequencies(np.ones((3, 2)), amplitudes))


@pytest.mark.parametrize("use", [USES["evaluate"], USES["call"]])
def test_amplitudes_must_be_finite(use):
    with pytest.raises(ValueError, match="Amplitudes must be finite"):
        use(Frequencies(np.ones((2, 2)), [1.0, math.nan]))


@pytest.mark.parametrize(("n_frequencies", "instead"), [(5, 4), (1, 2), (0, 2), (-1, 2)])
@each_finite_use
def test_positional_takes_a_multiple_of_the_columns(use, n_frequencies, instead):
    if use is USES["sample"]:  # there the argument counts

        def use(spectrum):
            spectrum.sample(n_frequencies, 2)

    message = f"multiple of the 2 columns of X. Got {n_frequencies}; take {instead}"
    with pytest.raises(ValueError, match=message):
        use(Positional(n_frequencies=n_frequencies))


@pytest.mark.parametrize("max_log2_frequency", [0, -1.0, math.nan, math.inf])
@each_finite_use
def test_positional_has_a_highest_frequency(use, max_log2_frequency):
    with pytest.raises(
        ValueError, match=r"max_log2_frequency must be a number above 0, at most 52.*Got"
    ):
        use(Positional(max_log2_frequency, n_frequencies=4))


# X and Y ------------------------------------------------------------------------------------------


@each_spectrum
def test_X_and_Y_have_equally_many_columns(spectrum):
    with pytest.raises(ValueError, match="X has 2, Y has 1"):
        spectrum(X, X[:, :1])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@each_spectrum
def test_X_and_Y_must_be_finite(spectrum, bad):
    with pytest.raises(ValueError, match="Input X contains"):
        spectrum([[0.0, bad]])
    with pytest.raises(ValueError, match="Input Y contains"):
        spectrum(X, [[0.0, bad]])


STRANGE = {
    "strings": [["0.1", "0.2"]],
    "bytes": np.array([[b"0.1", b"0.2"]]),
    "objects": np.array([[0.1, "0.2"]], dtype=object),
    "dates": np.array([["2024-01-01", "2024-01-02"]], dtype="M8[ns]"),
    "differences of dates": np.array([[1, 2]], dtype="m8[D]"),
    "datetimes": [[datetime.datetime(2024, 1, 1), 0.0]],
    "a column of dates": pd.DataFrame({"t": pd.to_datetime(["2024-01-01"]), "x": [0.1]}),
}


@pytest.mark.parametrize("bad", STRANGE.values(), ids=STRANGE)
@each_spectrum
def test_what_could_be_converted_is_not_a_number(spectrum, bad):
    with pytest.raises(ValueError, match="X must hold numbers; got strings or dates"):
        spectrum(bad)
    with pytest.raises(ValueError, match="Y must hold numbers"):
        spectrum(X, bad)


@each_spectrum
def test_objects_that_are_numbers_are_accepted(spectrum):
    np.testing.assert_array_equal(spectrum(X.astype(object)), spectrum(X))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (X[0], "Expected 2D array, got 1D"),
        (X + 0j, "Complex data not supported"),
        (np.empty((0, 2)), "0 sample"),
    ],
    ids=["1-D", "complex", "empty"],
)
@each_spectrum
def test_X_is_a_table_of_real_numbers(spectrum, bad, message):
    with pytest.raises(ValueError, match=message):
        spectrum(bad)


@each_spectrum
def test_the_gradient_is_that_of_a_square_matrix(spectrum):
    with pytest.raises(ValueError, match="gradient is evaluated for Y=None only"):
        spectrum(X, X, eval_gradient=True)


@pytest.mark.parametrize("lag", [0.5, X + 0j], ids=["number", "complex"])
@each_spectrum
def test_lags_and_frequencies_are_real_and_have_columns(spectrum, lag):
    message = "last axis has one entry for each column of X"
    with pytest.raises(ValueError, match=message):
        spectrum.evaluate(lag)
    if hasattr(spectrum, "density"):
        with pytest.raises(ValueError, match=message):
            spectrum.density(lag)


# as_spectrum --------------------------------------------------------------------------------------


@pytest.mark.parametrize("distribution", [Gaussian, None, 3.0, ["gaussian"]])
def test_a_distribution_is_a_name_or_an_object(distribution):
    with pytest.raises(ValueError, match=r"a name \('gaussian'\), an object .*not the class"):
        as_spectrum(distribution)


@pytest.mark.parametrize(
    ("name", "nearest"), [("gausian", "gaussian"), ("Matern", "matern"), ("laplacian", "laplace")]
)
def test_a_misspelled_distribution(name, nearest):
    message = f"distribution='{name}' is unknown. Did you mean '{nearest}'.*Known are: 'basic', "
    with pytest.raises(ValueError, match=message):
        as_spectrum(name)


def test_frequencies_have_no_name_for_they_need_an_argument():
    with pytest.raises(ValueError, match="distribution='frequencies' is unknown") as raised:
        as_spectrum("frequencies")
    known = str(raised.value).split("Known are: ")[1]
    named = [name for name in spectra.__all__ if name not in ("Frequencies", "Periodic")]
    assert known == ", ".join(repr(name.lower()) for name in named) + "."


@each_spectrum
def test_names_and_objects_are_spectra(spectrum):
    assert as_spectrum(spectrum) is spectrum
    if not isinstance(spectrum, Frequencies):
        assert type(as_spectrum(type(spectrum).__name__.lower())) is type(spectrum)
