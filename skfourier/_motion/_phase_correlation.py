"""The motion of whole frames by phase correlation: where a flow may start from."""

import numpy as np

from skfourier._extras import required
from skfourier._motion._warping import mismatch, moved, pixel_places

# In pixels: what moves less, a flow finds by itself.
_FAR = 2.0
# By this factor a motion must match the frames better than none.
_CLEARLY_BETTER = 0.8
# Directions of the spectrum, one per degree of a half turn, and digits of the correlation.
_N_DIRECTIONS, _DIGITS = 180, 10


def starts(first, second):
    """Return the motions of the whole frame that a flow may not find: a shift, a zoom and rotation.

    Parameters
    ----------
    first, second : ndarray of shape (height, width)
        Frames of structure.

    Returns
    -------
    list of ndarray of shape (3, 3)
        Matrices that map homogeneous coordinates (row, column, 1) of the first to the second.
    """
    shift = np.eye(3)
    shift[:2, 2] = _shift(first, second)
    still = _cost(first, second, np.eye(3))
    return [
        each
        for each in (shift, _similarity(first, second))
        if np.hypot(*displacement(each, first.shape)).max() >= _FAR
        and _cost(first, second, each) < _CLEARLY_BETTER * still
    ]


def displacement(matrix, shape):
    """Return how far a matrix moves each pixel: an array of shape (2, height, width)."""
    places = pixel_places(shape)
    linear = np.tensordot(matrix[:2, :2] - np.eye(2), places, 1)
    return (linear + matrix[:2, 2].reshape(2, 1, 1)).astype(np.float32)


def _shift(first, second):
    """Find how far the first moves to the second: rows and columns."""
    first, second = (_windowed(each) for each in (first, second))
    return _correlated(first, second)


def _windowed(image):
    return (image - image.mean()) * np.outer(*(np.hanning(n) for n in image.shape))


def _correlated(first, second, digits=1):
    if not (first.any() and second.any()):
        return np.zeros(2)
    registration = required("skimage.registration", "scikit-image", "Measuring motion", "motion")
    return registration.phase_cross_correlation(second, first, upsample_factor=digits)[0]


def _similarity(first, second):
    """Find zoom, rotation and shift of the whole frame.

    In log-polar coordinates, zoom and rotation shift the magnitudes of the spectrum; shifts of the
    frame do not change them. A rotation is found up to a half turn, so that both are tried.
    """
    size = max(first.shape)
    one, other = (_log_polar_spectrum(each, size) for each in (first, second))
    turn, shrinkage = _correlated(one, other, _DIGITS)
    angle, zoom = -turn * np.pi / _N_DIRECTIONS, (size / 2) ** (-shrinkage / size)
    both = [_with_shift(first, second, angle + half, zoom) for half in (0, np.pi)]
    return min(both, key=lambda matrix: _cost(first, second, matrix))


def _log_polar_spectrum(image, size):
    spectrum = np.fft.fftshift(np.abs(np.fft.fft2(_windowed(image), (size, size))))
    transform = required("skimage.transform", "scikit-image", "Measuring motion", "motion")
    polar = transform.warp_polar(
        np.log1p(spectrum),
        radius=size / 2,
        output_shape=(2 * _N_DIRECTIONS, size),
        scaling="log",
    )[:_N_DIRECTIONS]
    return polar - polar.mean()


def _with_shift(first, second, angle, zoom):
    """Return the matrix of a zoom and rotation about the center, and of the shift that is left."""
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    matrix = np.eye(3)
    matrix[:2, :2] = [[cosine, -sine], [sine, cosine]]
    center = (np.array(first.shape) - 1) / 2
    matrix[:2, 2] = center - matrix[:2, :2] @ center
    shift = _shift(first, moved(second, displacement(matrix, first.shape)))
    matrix[:2, 2] += matrix[:2, :2] @ shift
    return matrix


def _cost(first, second, matrix):
    there = displacement(matrix, first.shape)
    nothing = np.zeros_like(there)
    return mismatch(first, second, nothing, there, nothing.astype(bool)).mean()
