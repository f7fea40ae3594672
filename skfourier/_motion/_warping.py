"""Frames sampled at displaced pixels, and how well two of them match."""

import numpy as np
from scipy import ndimage

# Of structure: what the default step widths of the flow are made for.
CONTRAST = 0.15
_PATCH = 2.0


def moved(image, displacement, order=1):
    """Sample an image, or each of several, at every pixel's place plus its displacement."""
    places = pixel_places(displacement.shape[1:]) + displacement
    sampled = [
        ndimage.map_coordinates(each, places, order=order, mode="nearest")
        for each in np.reshape(image, (-1, *image.shape[-2:]))
    ]
    return np.reshape(sampled, (*image.shape[:-2], *displacement.shape[1:])).astype(image.dtype)


def pixel_places(shape):
    """Return rows and columns of the pixels, an array of shape (2, height, width)."""
    return np.mgrid[: shape[0], : shape[1]].astype(np.float32)


def mismatch(first, second, back, ahead):
    """Compare patches of both frames, moved.

    Parameters
    ----------
    first, second : ndarray of shape (height, width)
        Frames of structure.
    back, ahead : ndarray of shape (2, height, width)
        Displacements at which the first and the second are taken.

    Returns
    -------
    ndarray of shape (height, width)
        Mean absolute difference; what lies outside of a frame differs by the contrast.
    """
    difference = np.abs(moved(first, back) - moved(second, ahead))
    difference[~(inside(back) & inside(ahead))] = CONTRAST
    return ndimage.gaussian_filter(difference, _PATCH)


def inside(displacement):
    """Return which pixels are still within the frame after a displacement."""
    last = np.reshape(displacement.shape[1:], (2, 1, 1)) - 1
    places = pixel_places(displacement.shape[1:]) + displacement
    # Half a pixel, as the outermost pixels reach so far.
    return np.all((places >= -0.5) & (places <= last + 0.5), axis=0)
