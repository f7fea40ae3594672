"""Frames sampled at displaced pixels, and how well two of them match."""

import numpy as np
from scipy import ndimage

from skfourier._units import powers_of_two

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


def mismatch(first, second, back, ahead, hidden):
    """Compare patches of both frames, moved.

    Parameters
    ----------
    first, second : ndarray of shape (height, width)
        Frames of structure.
    back, ahead : ndarray of shape (2, height, width)
        Displacements at which the first and the second are taken.
    hidden : ndarray of shape (2, height, width)
        Where these places are covered by something else, in the first and in the second.

    Returns
    -------
    ndarray of shape (height, width)
        Mean absolute difference. What lies outside of a frame, or is covered in both, differs by
        the contrast; what is covered in one of them is not compared.
    """
    difference = np.abs(moved(first, back) - moved(second, ahead))
    difference[~(inside(back) & inside(ahead))] = CONTRAST
    if not hidden.any():
        return ndimage.gaussian_filter(difference, _PATCH)
    difference[hidden.all(axis=0)] = CONTRAST
    compared = (hidden[0] == hidden[1]) + 1e-3
    return local_mean(difference, compared)


def light_change(first, second, flow, weights):
    """Return how the light of a frame becomes that of another: a gain, and what is then added.

    Parameters
    ----------
    first, second : ndarray of shape (height, width, channels)
    flow : ndarray of shape (2, height, width)
        Leads to pixels of the same things, in whatever light.
    weights : ndarray of shape (height, width)
        Of the pixels.
    """
    # Squares of very large or small numbers would overflow, or be 0.
    unit = float(powers_of_two(np.stack((first, second))))
    first, second = first / unit, second / unit
    there = np.moveaxis(moved(np.moveaxis(second, -1, 0), flow), 0, -1)
    weights = np.broadcast_to((weights * inside(flow))[..., np.newaxis], first.shape)
    if not weights.any():
        return 1.0, 0.0
    here, there = ((each, np.average(each, weights=weights)) for each in (first, there))
    variances = [np.average((each - mean) ** 2, weights=weights) for each, mean in (here, there)]
    gain = float(np.sqrt(variances[1] / variances[0])) if all(variances) else 1.0
    return gain, unit * float(there[1] - gain * here[1])


def local_mean(values, weights):
    """Average over patches, with weights."""
    sums = ndimage.gaussian_filter(weights * values, _PATCH)
    return sums / ndimage.gaussian_filter(weights, _PATCH)


def scattered(places, values):
    """Add values at scattered places to the four pixels around, by the distances."""
    shape = values.shape
    corner = np.floor(places).astype(int)
    total = np.zeros(values.size)
    for offset in np.ndindex(2, 2):
        pixel = corner + np.reshape(offset, (2, 1, 1))
        weight = np.prod(1 - np.abs(places - pixel), axis=0) * values
        within = np.all((pixel >= 0) & (pixel < np.reshape(shape, (2, 1, 1))), axis=0)
        index = np.ravel_multi_index(pixel[:, within], shape)
        total += np.bincount(index, weight[within], values.size)
    return total.reshape(shape)


def inside(displacement):
    """Return which pixels are still within the frame after a displacement."""
    last = np.reshape(displacement.shape[1:], (2, 1, 1)) - 1
    places = pixel_places(displacement.shape[1:]) + displacement
    # Half a pixel, as the outermost pixels reach so far.
    return np.all((places >= -0.5) & (places <= last + 0.5), axis=0)
