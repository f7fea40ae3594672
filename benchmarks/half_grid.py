"""Every second pixel learned, those diagonally between tested, and the interpolations there."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import map_coordinates

from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr


def middle(image, size):
    """Cut the square of `size` pixels out of the middle of an image, in [0, 1] with channels."""
    image = image[..., None] if image.ndim == 2 else image[..., :3]
    top, left = ((n - size) // 2 for n in image.shape[:2])
    cut = image[top : top + size, left : left + size]
    return cut / 255 if cut.dtype == np.uint8 else cut


def crop(path, size):
    """Read an image and cut its middle out."""
    return middle(load_image(path), size)


def halves(image):
    """Return (X, y) of every second pixel, and of those diagonally between."""
    X, y = (rows.reshape(*image.shape[:2], -1) for rows in image_to_samples(image))
    return [
        [rows[start::2, start::2].reshape(-1, rows.shape[2]) for rows in (X, y)] for start in (0, 1)
    ]


def interpolated(image, order):
    """Interpolate every second pixel at those diagonally between: order 1 bilinear, 3 cubic."""
    known = image[::2, ::2]
    places = np.mgrid[0.5 : len(known), 0.5 : known.shape[1]]
    planes = np.moveaxis(known, 2, 0)
    values = [map_coordinates(plane, places, order=order, mode="nearest") for plane in planes]
    return np.stack(values, axis=2).reshape(-1, known.shape[2])


def interpolations(image):
    """Return the PSNR of bilinear and cubic interpolation at the pixels between."""
    _, (_, y) = halves(image)
    orders = {"bilinear": 1, "cubic": 3}
    return {name: psnr(y, interpolated(image, k).clip(0, 1)) for name, k in orders.items()}


def filtered(image, reach=3):
    """Predict the pixels between by the best linear filter of 6 x 6 known ones.

    It is fitted to the very pixels that are tested: no method that is linear in the values, and the
    same everywhere and in all channels, with so small a reach, does better.
    """
    known = np.pad(image[::2, ::2], ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    windows = sliding_window_view(known, (2 * reach, 2 * reach), axis=(0, 1))[1:, 1:]
    patches = windows.reshape(-1, (2 * reach) ** 2)
    patches = np.column_stack([patches, np.ones(len(patches))])
    targets = image[1::2, 1::2].ravel()
    weights = np.linalg.lstsq(patches, targets, rcond=None)[0]
    return (patches @ weights).reshape(-1, image.shape[2])


def quality(model, X, y):
    """Return the PSNR of a model's colors at the rows of X."""
    return psnr(y, model.predict(X).clip(0, 1))
