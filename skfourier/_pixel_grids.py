"""Coordinates of the pixels of images and frames, and predictions there in bounded memory."""

import math
from numbers import Real

import numpy as np

from skfourier._checks import known_name

_PIXELS_PER_PREDICTION = 65536
_WORDS = {2: "two", 3: "three"}


def pixel_axes(height, width, aspect):
    """Return the coordinates along x and along y."""
    if known_name(aspect, ("stretch", "equal"), "aspect") == "equal":
        return np.arange(width) / max(height, width), np.arange(height) / max(height, width)
    return np.arange(width) / width, np.arange(height) / height


def region_axes(height, width, region, aspect):
    """Return the coordinates along x and along y of a grid over the region, None for all."""
    axes = pixel_axes(height, width, aspect)
    if region is None:
        return axes
    left, top, right, bottom = _checked_region(region)
    x, y = pixel_axes(height, width, "stretch")
    return left + (right - left) * x, top + (bottom - top) * y


def grid_rows(*axes):
    """Combine the coordinates along the axes into rows; the first axis runs fastest."""
    grids = np.meshgrid(*reversed(axes), indexing="ij")
    return np.column_stack([grid.ravel() for grid in reversed(grids)])


def check_n_columns(estimator, columns, samples):
    """Check that the estimator, if it says so, was fitted with these columns of coordinates."""
    n_columns = getattr(estimator, "n_features_in_", len(columns))
    if n_columns != len(columns):
        raise ValueError(
            f"render draws functions of { ({2: 'two', 3: 'three'}[len(columns)]) } columns "
            f"({', '.join(columns)}); {type(estimator).__name__} was fitted with {n_columns}. Fit "
            f"it with {samples}."
        )


def beyond_domain(estimator, x, y):
    """Name the columns in which a grid leaves the `domain` of the estimator, if it has one."""
    domain = np.asarray(getattr(estimator, "domain", None))
    if domain.shape != (2, 2):
        return ""
    return " and ".join(
        f"{name} from {axis[0]:.6g} to {axis[-1]:.6g}"
        for name, axis, (low, high) in zip("xy", (x, y), domain, strict=True)
        if axis[0] < low or axis[-1] > high
    )


def predict_pixels(estimator, x, y, *further):
    """Predict at all pairs of x and y, some 65,536 at a time; the further columns are constant.

    Returns
    -------
    ndarray of shape (len(y), len(x)) or (len(y), len(x), n_outputs)
        Floats.
    """
    rows_at_once = max(1, _PIXELS_PER_PREDICTION // len(x))
    constants = [np.array([value]) for value in further]
    bands = [
        np.asarray(estimator.predict(_named_as_in_fit(estimator, grid_rows(x, band, *constants))))
        for band in np.split(y, range(rows_at_once, len(y), rows_at_once))
    ]
    prediction = np.concatenate(bands)
    if prediction.dtype.kind != "f":
        prediction = prediction.astype(np.float64)
    return prediction.reshape(len(y), len(x), *prediction.shape[1:])


def _named_as_in_fit(estimator, X):
    """Give the columns of X the names that the estimator was fitted with, if there were any."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return X
    try:
        import pandas as pd  # noqa: PLC0415
    except ImportError as error:
        raise ImportError(
            f"{type(estimator).__name__} was fitted with named columns, and render needs pandas "
            "to name them again. Install it: pip install pandas; or fit with an array."
        ) from error
    return pd.DataFrame(X, columns=names)


def _checked_region(region):
    """Return (left, top, right, bottom) after checking that they enclose something."""
    numbers = tuple(region) if np.iterable(region) else ()
    if (
        len(numbers) != 4
        or not all(isinstance(n, Real) and math.isfinite(n) for n in numbers)
        or not (numbers[0] < numbers[2] and numbers[1] < numbers[3])
    ):
        raise ValueError(
            "region must be (left, top, right, bottom) in units of X, with left < right and "
            f"top < bottom; got {region!r}."
        )
    return numbers
