"""The product with a block Toeplitz matrix of Fourier modes, by FFT."""

import numpy as np
import scipy.fft

from skfourier._solvers._half_spectra import along, fft_modes


class ToeplitzProduct:
    """The product with T, by FFT: T is a corner of a circulant matrix of twice the size.

    Parameters
    ----------
    toeplitz : ndarray
        One half of T's modes, along each axis to twice the highest mode.
    highest : tuple of int
        The highest mode along each axis of the arrays multiplied.
    """

    def __init__(self, toeplitz, highest):
        self.highest = highest
        self.lengths = [scipy.fft.next_fast_len(4 * m + 1, real=True) for m in highest]
        doubled = [2 * m for m in highest]
        self.circulant = self._to_points(toeplitz[None], doubled)

    def __call__(self, half):
        """Multiply arrays of shape (n_outputs, *half_shape)."""
        product = np.empty_like(half)
        for output in range(len(half)):  # one alone stays in the cache
            points = self._to_points(half[output : output + 1], self.highest)
            points *= self.circulant
            product[output] = self._to_modes(points)[0]
        return product

    def _to_points(self, half, highest):
        # Axis by axis: what is zero beyond the highest mode is not transformed along the others.
        for axis, (m, length) in enumerate(zip(highest[:-1], self.lengths, strict=False), start=1):
            wide = np.zeros((*half.shape[:axis], length, *half.shape[axis + 1 :]), dtype=complex)
            along(wide, axis)[: m + 1] = along(half, axis)[: m + 1]
            along(wide, axis)[length - m :] = along(half, axis)[m + 1 :]
            half = scipy.fft.ifft(wide, axis=axis, norm="forward", overwrite_x=True)
        return scipy.fft.irfft(half, self.lengths[-1], axis=-1, norm="forward")

    def _to_modes(self, points):
        half = scipy.fft.rfft(points, axis=-1, norm="forward")[..., : self.highest[-1] + 1]
        for axis in range(len(self.highest) - 1, 0, -1):
            m = self.highest[axis - 1]
            half = scipy.fft.fft(half, axis=axis, norm="forward")
            half = np.take(half, fft_modes(m) % self.lengths[axis - 1], axis=axis)
        return half
