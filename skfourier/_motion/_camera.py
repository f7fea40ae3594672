"""The motion of the camera between two frames: a pan, a zoom and a rotation, fitted to the flow."""

import numpy as np
from scipy.linalg import fractional_matrix_power

from skfourier._extras import required
from skfourier._motion._warping import pixel_places

# In pixels: flows that differ by more from the camera's are those of things that move.
_AGREEMENT = 1.0
# Shares of the pixels whose flow is known, and of those that move with the camera.
_KNOWN, _WITH_CAMERA = 0.1, 0.5
# Every so many pixels, and draws of two of them.
_STEP, _N_DRAWS = 4, 100


def camera_motion(flow, reliability):
    """Fit a similarity to a flow, by RANSAC.

    Parameters
    ----------
    flow : ndarray of shape (2, height, width)
    reliability : ndarray of shape (height, width)
        Weights in [0, 1].

    Returns
    -------
    ndarray of shape (3, 3)
        Maps homogeneous coordinates (row, column, 1) of the first frame to the second. The
        identity if most things do not move like that.
    """
    coarse = slice(_STEP // 2, None, _STEP), slice(_STEP // 2, None, _STEP)
    known = reliability[coarse].ravel() > _WITH_CAMERA
    if known.mean() < _KNOWN:
        return np.eye(3)
    start = pixel_places(reliability.shape)[:, *coarse].reshape(2, -1).T[known]
    end = start + flow[:, *coarse].reshape(2, -1).T[known]
    measure = required("skimage.measure", "scikit-image", "Measuring motion", "motion")
    transform = required("skimage.transform", "scikit-image", "Measuring motion", "motion")
    model, inliers = measure.ransac(
        (start, end),
        transform.SimilarityTransform,
        min_samples=2,
        residual_threshold=_AGREEMENT,
        max_trials=_N_DRAWS,
        rng=0,
    )
    if not model or np.mean(inliers) < _WITH_CAMERA:
        return np.eye(3)
    return np.asarray(model.params)


def carried(matrix, places):
    """Map places (2, ...) by a matrix of homogeneous coordinates."""
    return np.tensordot(matrix[:2, :2], places, 1) + matrix[:2, 2].reshape(2, *places[0].ndim * [1])


def part_way(matrix, share):
    """Return the matrix of a share of a motion: a part of the angle, a root of the zoom."""
    return np.real(fractional_matrix_power(matrix, share))
