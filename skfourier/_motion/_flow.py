"""Optical flow between two frames, measured by scikit-image in both directions."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from skfourier._extras import required
from skfourier._motion._phase_correlation import displacement, starts
from skfourier._motion._regions import regional_motions
from skfourier._motion._warping import CONTRAST, mismatch, moved

# In pixels: what is brightness, and what is structure.
_STRUCTURE = 16.0
# Structure of this share of the standard deviation of the frames is noise.
_FAINT = 0.08
# The weight of the data in the variational flow.
_ATTACHMENT = 60
# Of the pixels, a share for which a start must be better to be worth another flow.
_WORTHWHILE = 0.02


def structure(frame):
    r"""Divide a frame's structure by its local contrast: changes of light are no motion.

    .. math:: \frac{c\, (I - G I)}{\sqrt{G (I - G I)^2 + \epsilon^2}}

    with G a Gaussian of 16 pixels, c = 0.15, and epsilon = 0.08.

    Parameters
    ----------
    frame : ndarray of shape (height, width, channels)
        Of standard deviation 1, over all frames.

    Returns
    -------
    ndarray of shape (height, width), float32
    """
    gray = frame.mean(axis=-1, dtype=np.float32)
    detail = gray - ndimage.gaussian_filter(gray, _STRUCTURE)
    contrast = ndimage.gaussian_filter(detail * detail, _STRUCTURE) + _FAINT**2
    return (CONTRAST * detail / np.sqrt(contrast)).astype(np.float32)


@dataclass(frozen=True)
class Motion:
    """The flow of the pixels of one frame to another, and back.

    Parameters
    ----------
    forward : ndarray of shape (2, height, width)
        The pixel at p in the first frame is at p + forward[:, p] in the second; rows, columns.
    backward : ndarray of shape (2, height, width)
        The same from the second to the first.
    regions : ndarray of shape (2, height, width)
        Which pixels of the first and of the second frame are parts of regions that move as one.
    """

    forward: np.ndarray
    backward: np.ndarray
    regions: np.ndarray


def measure_motions(first, second, colors, flows):
    """Measure the motion between two frames.

    Parameters
    ----------
    first, second : ndarray of shape (height, width)
        Their structure.
    colors : tuple of two ndarray of shape (height, width, channels)
        Their pixels, of standard deviation 1.
    flows : list of callable
        ``flow(reference, moving)``, as scikit-image's.

    Returns
    -------
    list of Motion
        One for each flow.
    """
    matrices = starts(first, second)
    ahead = [displacement(each, first.shape) for each in matrices]
    back = [displacement(np.linalg.inv(each), first.shape) for each in matrices]
    forward = [_flow_from(ahead, first, second, flow) for flow in flows]
    backward = [_flow_from(back, second, first, flow) for flow in flows]
    regions, (there, back_again) = regional_motions(colors[0], colors[1], forward, backward)
    return [
        Motion(np.where(regions[0], there, one), np.where(regions[1], back_again, other), regions)
        for one, other in zip(forward, backward, strict=True)
    ]


def _flow_from(starts, reference, moving, flow):
    """Measure a flow from zero, and again from the starts if these match better somewhere."""
    nothing = np.zeros((2, *reference.shape), np.float32)
    compared = partial(mismatch, reference, moving, nothing, hidden=nothing.astype(bool))
    found = measured(flow, reference, moving)
    least = cost = compared(found)
    mixed = found
    for start in starts:
        other_cost = compared(start)
        mixed = np.where(other_cost < least, start, mixed)
        least = np.minimum(other_cost, least)
    if (least < cost).mean() < _WORTHWHILE:
        return found
    mixed = _smoothed(mixed)
    other = mixed + measured(flow, reference, moved(moving, mixed, order=3))
    return _smoothed(np.where(compared(other) < cost, other, found))


def _smoothed(flow):
    return ndimage.median_filter(flow, (1, 5, 5))


def default_flows():
    """Return the flows of scikit-image that are averaged: one variational, three of local windows.

    They err in different places: TV-L1 keeps the borders of things, Lucas and Kanade's flow finds
    longer ways, the further the larger its windows are.
    """
    registration = required("skimage.registration", "scikit-image", "Measuring motion", "motion")
    return [
        partial(registration.optical_flow_tvl1, attachment=_ATTACHMENT, prefilter=True),
        *(partial(registration.optical_flow_ilk, radius=n, prefilter=True) for n in (4, 7, 12)),
    ]


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
