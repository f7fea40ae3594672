"""Rows of samples as frames, and values between the pixels of a frame."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from skfourier.grids import find_grid

# Smaller frames hold no pyramid for the flow.
_SMALLEST = 16
# Of the spline, and by how many pixels frames are continued for it.
_ORDER, _MARGIN = 5, 12


@dataclass(frozen=True)
class Frames:
    """Frames at increasing times, with the axes of their pixels.

    Parameters
    ----------
    x, y, t : ndarray
        Coordinates of the columns, of the rows and of the frames.
    pixels : ndarray of shape (n_frames, height, width, channels)
    """

    x: np.ndarray
    y: np.ndarray
    t: np.ndarray
    pixels: np.ndarray

    def places(self, X):
        """Return rows and columns, in pixels, of coordinates (x, y, ...): shape (2, n_samples)."""
        return np.stack([_in_steps(self.y, X[:, 1]), _in_steps(self.x, X[:, 0])])


def as_frames(X, y):
    """Recognize rows as frames.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)

    Returns
    -------
    Frames or None
        None if X is not a full grid of three columns, even in x and y, of 16 x 16 pixels or more.
    """
    grid = find_grid(X, max_points_per_row=1) if X.shape[1] == 3 else None
    if grid is None or not grid.is_full or min(grid.shape[:2]) < _SMALLEST:
        return None
    if any(
        _is_uneven(axis, rounding)
        for axis, rounding in zip(grid.axes[:2], grid.rounding[:2], strict=True)
    ):
        return None
    pixels = np.empty((grid.n_points, *np.reshape(y, (len(X), -1)).shape[1:]), y.dtype)
    pixels[grid.index] = np.reshape(y, (len(X), -1))
    columns, rows, times = grid.axes
    pixels = pixels.reshape(*grid.shape, -1).transpose(2, 1, 0, 3)
    return Frames(columns, rows, times, np.ascontiguousarray(pixels))


def spline(frame):
    """Return the spline through a frame's pixels: an array of shape (channels, height, width)."""
    padded = np.pad(frame, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
    return np.stack(
        [
            ndimage.spline_filter(channel, _ORDER, output=channel.dtype)
            for channel in np.moveaxis(padded, -1, 0)
        ]
    )


def sampled(coefficients, places):
    """Evaluate a spline at places (2, n_samples): an array of shape (n_samples, channels).

    Beyond the frame its border continues.
    """
    last = np.reshape(coefficients.shape[1:], (2, 1)) - 2 * _MARGIN - 1
    places = np.clip(places, -0.5, last + 0.5) + _MARGIN
    values = [
        ndimage.map_coordinates(channel, places, order=_ORDER, prefilter=False)
        for channel in coefficients
    ]
    return np.stack(values, axis=-1)


def interpolated(fields, places):
    """Interpolate fields (n_fields, height, width) linearly at places: (n_fields, n_samples)."""
    return np.stack(
        [ndimage.map_coordinates(field, places, order=1, mode="nearest") for field in fields]
    )


def _in_steps(axis, values):
    return (values - axis[0]) * ((len(axis) - 1) / (axis[-1] - axis[0]))


def _is_uneven(axis, rounding):
    steps = np.diff(axis)
    return np.ptp(steps) > 4 * rounding + 1e-6 * steps.mean()
