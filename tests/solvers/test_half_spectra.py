"""One half of the modes of real signals, against NumPy's FFT."""

import numpy as np
import pytest

from skfourier._solvers._half_spectra import (
    completed,
    cropped,
    fft_modes,
    from_real,
    half_shape,
    multiplicity,
    paired,
    separated,
    to_real,
)

HIGHEST = [(4,), (3, 5), (2, 1, 3)]


def signals(highest, n=3):
    return np.random.default_rng(0).normal(size=(n, *(2 * m + 1 for m in highest)))


def whole_spectra(highest):
    return np.fft.fftn(signals(highest), axes=range(1, len(highest) + 1))


@pytest.mark.parametrize("highest", HIGHEST)
def test_two_transforms_are_one(highest):
    spectra = whole_spectra(highest)
    pairs = np.fft.fftn(
        paired(signals(highest), spectra.shape[1:]), axes=range(1, len(highest) + 1)
    )
    half = separated(pairs, highest)[:3]
    assert half.shape[1:] == half_shape(highest)
    np.testing.assert_allclose(half, spectra[..., : highest[-1] + 1], atol=1e-12)


@pytest.mark.parametrize("highest", HIGHEST)
def test_the_other_half_comes_back(highest):
    spectra = whole_spectra(highest)
    half = spectra[..., : highest[-1] + 1]
    np.testing.assert_allclose(completed(half, highest), spectra, atol=1e-12)
    # Parseval: the power of all modes by those that are kept.
    power = (multiplicity(highest) * np.abs(half) ** 2).sum()
    np.testing.assert_allclose(power, (np.abs(spectra) ** 2).sum())


@pytest.mark.parametrize("highest", HIGHEST)
def test_cropping_keeps_the_lower_modes(highest):
    more = tuple(m + 2 for m in highest)
    modes = np.meshgrid(*map(fft_modes, more[:-1]), np.arange(more[-1] + 1), indexing="ij")
    kept = np.meshgrid(*map(fft_modes, highest[:-1]), np.arange(highest[-1] + 1), indexing="ij")
    for all_modes, expected in zip(modes, kept, strict=True):
        np.testing.assert_array_equal(cropped(all_modes[None], highest)[0], expected)


def test_a_number_stands_for_an_array_of_it():
    pairs = paired([1.0, np.arange(3.0), 2.0], (3,))
    np.testing.assert_array_equal(pairs, [[1, 1 + 1j, 1 + 2j], [2, 2, 2]])


@pytest.mark.parametrize("highest", HIGHEST)
def test_as_many_real_numbers_and_back(highest):
    spectra = whole_spectra(highest)
    numbers = to_real(spectra)
    assert np.isrealobj(numbers)
    # Unitary: norms are kept, and the way back is the transposed one.
    np.testing.assert_allclose(np.linalg.norm(numbers), np.linalg.norm(spectra))
    np.testing.assert_allclose(from_real(numbers), spectra, atol=1e-12)
