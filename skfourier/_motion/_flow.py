"""Optical flow between two frames, measured by scikit-image in both directions."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from skfourier._extras import required

# In pixels: what is brightness, and what is structure.
_STRUCTURE = 16.0
# Structure of this share of the standard deviation of the frames is noise.
_FAINT = 0.08
# Contrast that the flow's default step widths are made for, and its weight of the data.
_CONTRAST, _ATTACHMENT = 0.15, 60
# In pixels: a shift of the whole frame that the flow does not find better by itself.
_FAR = 2.0
# Of the pixels, a share that a shift must explain better to be worth another flow.
_WORTHWHILE = 0.02
_PATCH = 2.0


def structure(frame, scale):
    r"""Divide a frame's structure by its local contrast: changes of light are no motion.

    .. math:: \frac{c\, (I - G I)}{\sqrt{G (I - G I)^2 + \epsilon^2}}

    with G a Gaussian of 16 pixels, c = 0.15, and epsilon a share of 0.08 of the `scale`.

    Parameters
    ----------
    frame : ndarray of shape (height, width, channels)
    scale : float
        The standard deviation of the frames.

    Returns
    -------
    ndarray of shape (height, width), float32
    """
    gray = frame.mean(axis=-1, dtype=np.float32)
    detail = gray - ndimage.gaussian_filter(gray, _STRUCTURE)
    contrast = ndimage.gaussian_filter(detail * detail, _STRUCTURE) + (_FAINT * scale) ** 2
    return (_CONTRAST * detail / np.sqrt(contrast)).astype(np.float32)


@dataclass(frozen=True)
class Motion:
    """The flow of the pixels of one frame to another, and back.

    Parameters
    ----------
    forward : ndarray of shape (2, height, width)
        The pixel at p in the first frame is at p + forward[:, p] in the second; rows, columns.
    backward : ndarray of shape (2, height, width)
        The same from the second to the first.
    """

    forward: np.ndarray
    backward: np.ndarray


def measure_motion(first, second, flow):
    """Measure the motion between two frames of structure.

    Parameters
    ----------
    first, second : ndarray of shape (height, width)
    flow : callable
        ``flow(reference, moving)``, as scikit-image's.

    Returns
    -------
    Motion
    """
    shift = global_shift(first, second)
    return Motion(
        _flow_or_shifted_flow(first, second, flow, shift),
        _flow_or_shifted_flow(second, first, flow, -shift),
    )


def default_flows():
    """Return the flows of scikit-image that are averaged: one variational, three of local windows.

    They err in different places: TV-L1 keeps the borders of things, Lucas and Kanade's flow finds
    longer ways, the further the larger its windows are.
    """
    registration = _registration()
    return [
        partial(registration.optical_flow_tvl1, attachment=_ATTACHMENT, prefilter=True),
        *(partial(registration.optical_flow_ilk, radius=n, prefilter=True) for n in (4, 7, 12)),
    ]


def _registration():
    """Import scikit-image's registration, or say how to install it."""
    return required("skimage.registration", "scikit-image", "Measuring motion", "motion")


def measured(flow, reference, moving):
    """Call a flow, and check what it returns.

    Raises
    ------
    ValueError
        If it is not finite or of another shape.
    """
    found = np.asarray(flow(reference, moving), np.float32)
    if found.shape != (2, *reference.shape) or not np.isfinite(found).all():
        raise ValueError(
            f"A flow must return finite numbers of shape {(2, *reference.shape)}, rows and columns "
            f"in pixels, for frames of shape {reference.shape}. Got shape {found.shape}"
            f"{'' if found.shape != (2, *reference.shape) else ' with NaN or infinity'}."
        )
    return found


def global_shift(first, second):
    """Find by phase correlation how far the whole of the first frame moves to the second."""
    window = np.outer(*(np.hanning(n) for n in first.shape))
    if not (first.any() and second.any()):
        return np.zeros(2)
    return _registration().phase_cross_correlation(second * window, first * window)[0]


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
    difference[~(inside(back) & inside(ahead))] = _CONTRAST
    return ndimage.gaussian_filter(difference, _PATCH)


def inside(displacement):
    """Return which pixels are still within the frame after a displacement."""
    last = np.reshape(displacement.shape[1:], (2, 1, 1)) - 1
    places = pixel_places(displacement.shape[1:]) + displacement
    # Half a pixel, as the outermost pixels reach so far.
    return np.all((places >= -0.5) & (places <= last + 0.5), axis=0)


def _flow_or_shifted_flow(reference, moving, flow, shift):
    """Take each pixel's flow from zero or from a shift, whichever matches better."""
    nothing = np.zeros((2, *reference.shape), np.float32)
    found = measured(flow, reference, moving)
    if np.hypot(*shift) < _FAR:
        return found
    cost = mismatch(reference, moving, nothing, found)
    shifts = nothing + np.reshape(shift, (2, 1, 1)).astype(np.float32)
    better = mismatch(reference, moving, nothing, shifts) < cost
    if better.mean() < _WORTHWHILE:
        return found
    other = shifts + measured(flow, reference, moved(moving, shifts))
    better = mismatch(reference, moving, nothing, other) < cost
    mixed = ndimage.median_filter(np.where(better, other, found), (1, 5, 5))
    return mixed + measured(flow, reference, moved(moving, mixed, order=3))
