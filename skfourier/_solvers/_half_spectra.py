"""Spectra of real signals, of which one half of the modes is kept: the others are conjugates.

Arrays are of shape (n, *half_shape). Along each axis but the last the modes are in the order of an
FFT, 0, 1, ..., m, -m, ..., -1; along the last one 0, 1, ..., m only. An array of all modes is
called whole here.
"""

import math

import numpy as np


def fft_modes(m):
    """Return the modes to m in the order of an FFT: 0, 1, ..., m, -m, ..., -1."""
    return np.fft.ifftshift(np.arange(-m, m + 1))


def half_shape(highest):
    """Return the shape of one half of the modes, up to the highest along each axis."""
    return (*(2 * m + 1 for m in highest[:-1]), highest[-1] + 1)


def multiplicity(highest):
    """Return how many modes each of the last axis stands for: itself and its conjugate."""
    return np.where(np.arange(highest[-1] + 1) > 0, 2.0, 1.0)


def along(array, axis):
    """View the array with this axis first."""
    return np.moveaxis(array, axis, 0)


def cropped(half, highest):
    """Take the modes to `highest` out of more, along all axes but the first."""
    for axis, m in enumerate(highest[:-1], start=1):
        half = np.take(half, fft_modes(m) % half.shape[axis], axis=axis)
    return half[..., : highest[-1] + 1].copy()


def completed(half, highest):
    """Complete one half of the modes by their conjugates."""
    m = highest[-1]
    whole = np.zeros((*half.shape[:-1], 2 * m + 1), dtype=complex)
    whole[..., : m + 1] = half
    whole[..., m + 1 :] = _mirrored(whole).conj()[..., m + 1 :]
    return whole


def to_real(whole):
    """Turn the modes of real signals into as many real numbers, by a unitary map."""
    for axis in range(1, whole.ndim):
        whole = mixed(whole, axis, 1 + 1j)
    return whole.real


def from_real(numbers):
    """Turn real numbers into the modes of which `to_real` makes them."""
    for axis in range(1, numbers.ndim):
        numbers = mixed(numbers, axis, 1 - 1j)
    return numbers


def mixed(array, axis, factor):
    """Return (f a + conj(f) b) / 2, where b has the modes along an axis negated; |f|^2 = 2."""
    return (factor * array + np.conj(factor) * _mirrored(array, (axis,))) / 2


def paired(arrays, shape):
    """Turn two and two real or complex arrays into one complex, a + i b; the last may be alone.

    A number stands for an array of it.
    """
    pairs = np.zeros((math.ceil(len(arrays) / 2), *shape), dtype=complex)
    for j, array in enumerate(arrays):
        if np.iscomplexobj(array):
            pairs[j // 2] += 1j * array if j % 2 else array
        elif j % 2:
            pairs[j // 2].imag = array
        else:
            pairs[j // 2].real = array
    return pairs


def separated(pairs, highest):
    """Take the transforms of real a and b out of whole ones of a + i b: one half of the modes."""
    keep = (..., slice(highest[-1] + 1))
    straight, mirrored = pairs[keep], _mirrored(pairs)[keep].conj()
    both = np.stack([(straight + mirrored) / 2, (straight - mirrored) / 2j], axis=1)
    return both.reshape(-1, *both.shape[2:])


def _mirrored(whole, axes=None):
    """Return the array at the negative modes; along all axes but the first by default."""
    axes = tuple(range(1, whole.ndim)) if axes is None else axes
    return np.roll(np.flip(whole, axes), 1, axes)
