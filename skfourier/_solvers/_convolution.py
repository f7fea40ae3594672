"""The product with a kernel matrix between two evenly spaced grids, by FFT."""

import numpy as np
from scipy import fft

# Of k(0): below the rounding of a sum that holds k(0) itself.
_NEGLIGIBLE = 1e-17


class Convolution:
    """The product with a kernel matrix between two evenly spaced grids of the same spacing.

    It is a corner of a circulant matrix, which FFTs make diagonal. Where the kernel has decayed to
    nothing before the ends of the grid, a smaller circulant matrix serves.

    Parameters
    ----------
    lags : ndarray of shape (n_1 + m_1 - 1, n_2 + m_2 - 1, ...)
        The kernel at all lags, from m's first point less n's last one upwards.
    shape : tuple of int
        (n_1, n_2, ...), the points multiplied.
    """

    def __init__(self, lags, shape):
        self.axes = tuple(range(1, lags.ndim + 1))
        self.counts = tuple(size - n + 1 for size, n in zip(lags.shape, shape, strict=True))
        reach = [_reach(lags, axis) for axis in range(lags.ndim)]
        # Long enough for points and results, and for no lag to be taken for one on the other side.
        self.lengths = tuple(
            fft.next_fast_len(max(n, m, last + 1, n + m - 1 - first), real=True)
            for n, m, (first, last) in zip(shape, self.counts, reach, strict=True)
        )
        lags = lags[tuple(slice(first, last + 1) for first, last in reach)]
        circulant = np.zeros(self.lengths)
        circulant[tuple(map(slice, lags.shape))] = lags
        offsets = [first - (n - 1) for n, (first, _) in zip(shape, reach, strict=True)]
        self.spectrum = fft.rfftn(np.roll(circulant, offsets, tuple(range(lags.ndim))))

    def __call__(self, array):
        """Multiply: (k, n_1, n_2, ...) to (k, m_1, m_2, ...)."""
        spectrum = fft.rfftn(array, self.lengths, axes=self.axes)
        spectrum *= self.spectrum
        product = fft.irfftn(spectrum, self.lengths, axes=self.axes, overwrite_x=True)
        return product[(slice(None), *map(slice, self.counts))]


def _reach(lags, axis):
    """Return the first and last place along an axis where the kernel is not negligible."""
    others = tuple(other for other in range(lags.ndim) if other != axis)
    places = np.flatnonzero(np.abs(lags).max(axis=others) > _NEGLIGIBLE)
    return (places[0], places[-1]) if len(places) else (0, 0)
