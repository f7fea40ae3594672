"""Metrics of a reconstruction: PSNR and SSIM, with scorers for searches.

`psnr_scorer` is `psnr` as a scorer: pass the object, ``GridSearchCV(..., scoring=psnr_scorer)``.
Rows of an image are ordered, and scikit-learn's folds are contiguous unless told otherwise: with
``cv=KFold(5, shuffle=True)`` a search tests predictions between the pixels, and not beyond them.
"""

import math
from numbers import Real
from typing import Any

import numpy as np
from sklearn.metrics import make_scorer, mean_squared_error

from skfourier._checks import as_numbers, positive_integers
from skfourier._extras import required

__all__ = ["make_ssim_scorer", "psnr", "psnr_scorer", "ssim"]

_SSIM_WINDOW = 7
# The similarity multiplies four values, and no float64 exceeds 1e308.
_MAX_RANGES = 1e70
# PSNR of an image rounded to 16 bits, the finest that files hold: errors are uniform within half a
# level, of variance 1/12. Some 107 dB.
_BEST_SCORE = 10 * math.log10(12 * 65535**2)
# The range of each dtype that has one; that of floats holds if y_true lies in [0, 1].
_DATA_RANGES = {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0}


def psnr(
    y_true: Any, y_pred: Any, *, data_range: float | None = None, sample_weight: Any = None
) -> float:
    r"""Compute the peak signal-to-noise ratio in decibels: higher is better.

    .. math:: 10 \log_{10} (R^2 / \mathrm{MSE})

    with R the `data_range` and MSE the mean of the squared errors over all entries. Between
    float arrays in [0, 1] it is -10 log10(MSE).

    Parameters
    ----------
    y_true : array-like of shape (n_samples,), (n_samples, n_outputs) or any other
        The signal; an image of shape (height, width, channels) serves as well.
    y_pred : array-like of the shape of `y_true`
        The reconstruction.
    data_range : float, default=None
        R, the difference between the largest and smallest possible values. None: 255 for uint8,
        65535 for uint16, 1 for booleans and for floats, where `y_true` must then lie in [0, 1].
        Both arrays must be on that scale, see Notes.
    sample_weight : array-like of shape (n_samples,), default=None
        A weight, not negative, for each entry of the first axis.

    Returns
    -------
    float
        In decibels; infinity if the arrays are identical, as in scikit-image.

    Raises
    ------
    ValueError
        If the shapes differ or are empty; if a value is complex, NaN or infinite; if
        `data_range` is not positive, or None where the data do not tell it or the two are on
        different scales; if a weight is negative or not finite, or all are zero; if an array is
        masked, or a picture of Pillow.

    See Also
    --------
    psnr_scorer : The same for `GridSearchCV(scoring=...)`, with an upper limit.
    ssim : Compares structure instead of pixels.

    Notes
    -----
    Without `data_range` integers must have the same dtype (their byte order does not matter).
    Floats may predict integers, and may leave [0, 1], as overshooting predictions do. They are
    refused if they look like an image on another scale: if, read as one with white at 1, 255 or
    65535, they explain the true values, with an R^2 score above 0 and above that of what they
    are; or if they lie in [0, 1] and the true values are integers beyond.

    References
    ----------
    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", 2004, show what it does not see.

    Examples
    --------
    >>> from skfourier.metrics import psnr
    >>> round(psnr([0.0, 0.5, 1.0], [0.1, 0.4, 0.9]), 6)
    20.0
    """
    y_true, y_pred = _checked_pair(y_true, y_pred)
    data_range = _checked_range(y_true, y_pred, data_range)
    if sample_weight is not None and np.any(np.asarray(sample_weight) < 0):
        raise ValueError("sample_weight holds negative weights: pass weights of 0 or more.")
    # In float64 whatever came: integers may wrap around, and a mean in half precision is rough.
    errors = (y_pred.astype(np.float64) - y_true.astype(np.float64)).reshape(len(y_true), -1)
    largest = float(np.abs(errors).max())
    # In units of the largest: squares of very large errors overflow, of very small ones vanish.
    errors /= largest or 1
    error = mean_squared_error(np.zeros_like(errors), errors, sample_weight=sample_weight)
    if error == 0:
        return math.inf
    return 20 * (math.log10(data_range) - math.log10(largest)) - 10 * math.log10(error)


def ssim(image_true: Any, image_pred: Any, *, data_range: float | None = None) -> float:
    r"""Compute the mean structural similarity of two images: 1 if identical, else lower.

    .. math:: \frac{(2 \mu_x \mu_y + c_1)(2 \sigma_{xy} + c_2)}
              {(\mu_x^2 + \mu_y^2 + c_1)(\sigma_x^2 + \sigma_y^2 + c_2)}

    from the means, variances and covariance in a window, averaged over all windows and channels;
    c1 = (0.01 R)^2 and c2 = (0.03 R)^2 with R the `data_range`. The window is scikit-image's
    default, 7 x 7 and uniform. Needs scikit-image: ``pip install "skfourier[ssim]"``.

    Parameters
    ----------
    image_true : array-like of shape (height, width) or (height, width, channels)
        The signal; 7 pixels at least in height and width, 1 to 4 channels.
    image_pred : array-like of the shape of `image_true`
        The reconstruction.
    data_range : float, default=None
        R, as in `psnr`.

    Returns
    -------
    float
        At most 1.

    Raises
    ------
    ImportError
        If scikit-image is not installed.
    ValueError
        If the arrays are not images of the same shape, are smaller than the window or not
        finite; if `data_range` is not positive, or None where the data do not tell it or the two
        are on different scales (see the notes of `psnr`); if an array is masked, or a picture of
        Pillow.

    See Also
    --------
    make_ssim_scorer : The same for rows of pixels.

    References
    ----------
    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", 2004, equation 13.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.metrics import ssim
    >>> image = np.linspace(0, 1, 64).reshape(8, 8)
    >>> ssim(image, image)
    1.0
    >>> ssim(image, 1 - image) < 0
    True
    """
    skimage = required("skimage.metrics", "scikit-image", "ssim", "ssim")
    image_true, image_pred = _checked_pair(image_true, image_pred)
    _check_windows_fit(image_true.shape)
    similarity = skimage.structural_similarity(
        *_in_ranges(image_true, image_pred, _checked_range(image_true, image_pred, data_range)),
        win_size=_SSIM_WINDOW,
        data_range=1.0,
        channel_axis=-1 if image_true.ndim == 3 else None,
    )
    return float(similarity)


def _limited_psnr(y_true, y_pred, *, sample_weight=None):
    """Return `psnr`, but at most that of an image rounded to 16 bits."""
    return min(psnr(y_true, y_pred, sample_weight=sample_weight), _BEST_SCORE)


#: Scorer of `psnr`, greater is better, with the data range that the dtype of y tells:
#: ``GridSearchCV(model, grid, scoring=psnr_scorer)``. A score is at most that of an image rounded
#: to 16 bits, 107.12 dB, so that a fold which is predicted exactly (a black border) does not make
#: the mean of all folds infinite. For floats outside [0, 1] make your own:
#: ``make_scorer(psnr, data_range=...)``, which is infinite there.
psnr_scorer = make_scorer(_limited_psnr)


def make_ssim_scorer(shape: Any) -> Any:
    """Make a scorer of `ssim` for estimators whose rows are the pixels of one image.

    The rows are taken row by row of the image. They must be all of its pixels: a
    cross-validation fold of scattered pixels is not an image.

    Parameters
    ----------
    shape : tuple of int, (height, width) or (height, width, channels)
        Of the image that the rows make up; without channels y tells them.

    Returns
    -------
    callable
        ``scorer(estimator, X, y)``, greater is better; it can be pickled. It raises ValueError
        if the rows do not fill the image.

    Raises
    ------
    ValueError
        If `shape` is not two or three positive integers.

    See Also
    --------
    psnr_scorer : Scores any rows, scattered ones too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from skfourier.images import pixel_grid
    >>> from skfourier.metrics import make_ssim_scorer
    >>> X, y = pixel_grid((8, 9)), np.linspace(0, 1, 72)
    >>> model = KNeighborsRegressor(n_neighbors=1).fit(X, y)
    >>> make_ssim_scorer((8, 9))(model, X, y)
    1.0
    """
    numbers = positive_integers(shape)
    if len(numbers) not in (2, 3):
        raise ValueError(
            "shape must be (height, width) or (height, width, channels), positive integers; "
            f"got {shape!r}. Pass image.shape."
        )
    return make_scorer(_ssim_of_rows, shape=numbers)


def _ssim_of_rows(y_true, y_pred, *, shape):
    """Reshape rows of pixels to images of `shape` and compare them."""
    y_true, y_pred = _checked_pair(y_true, y_pred)
    image_shape = shape if len(shape) == 3 else shape + y_true.shape[1:]
    n_pixels = math.prod(shape[:2])
    if len(y_true) != n_pixels or y_true.size != math.prod(image_shape):
        raise ValueError(
            f"An image of shape {shape} is scored from {n_pixels} rows, one per pixel; y has "
            f"shape {y_true.shape}. A fold of scattered pixels is not an image: score the whole "
            "image, or take psnr_scorer."
        )
    return ssim(y_true.reshape(image_shape), y_pred.reshape(image_shape))


def _checked_pair(y_true, y_pred):
    """Return both as arrays after checking that they can be compared."""
    y_true, y_pred = as_numbers(y_true, "y_true"), as_numbers(y_pred, "y_pred")
    for name, y in (("true", y_true), ("predicted", y_pred)):
        if y.dtype.kind not in "biuf":
            raise ValueError(
                f"The {name} values must be real numbers; got dtype {y.dtype}. Convert them to "
                "floats."
            )
        if not np.isfinite(y).all():
            raise ValueError(f"The {name} values hold NaN or infinity: replace those first.")
    if y_true.shape != y_pred.shape or y_true.ndim == 0 or y_true.size == 0:
        raise ValueError(
            "The true and the predicted values must have the same shape, not empty; got "
            f"{y_true.shape} and {y_pred.shape}. Reshape one to the other."
        )
    return y_true, y_pred


def _checked_range(y_true, y_pred, data_range):
    """Return the data range: the one that was passed, or the one that the data tell."""
    if data_range is not None:
        if not (isinstance(data_range, Real) and 0 < float(data_range) < math.inf):
            raise ValueError(
                f"data_range must be a positive number; got {data_range!r}. Pass the distance of "
                "the least possible value from the greatest."
            )
        return float(data_range)
    if y_true.dtype.kind == "f":
        data_range = _range_of_floats(y_true)
    elif y_true.dtype.name in _DATA_RANGES:
        data_range = _DATA_RANGES[y_true.dtype.name]
    elif y_pred.dtype.name in _DATA_RANGES:
        raise _other_scale(y_true, y_pred)
    else:
        raise ValueError(
            f"The true values are {y_true.dtype}, which does not tell their range; of integers "
            "uint8 and uint16 do. Pass data_range, or convert them to floats in [0, 1]."
        )
    if not _is_on_the_scale(y_true, y_pred, data_range):
        raise _other_scale(y_true, y_pred)
    return data_range


def _in_ranges(image_true, image_pred, data_range):
    """Return the images in units of the data range, on which the similarity does not depend.

    Raises
    ------
    ValueError
        If they are so large that the similarity overflows.
    """
    images = [image.astype(np.float64) for image in (image_true, image_pred)]
    largest = max(np.abs(image).max() for image in images)
    if largest / _MAX_RANGES > data_range:
        raise ValueError(
            f"The values reach {largest:.3g}, too many times the data range {data_range:.3g} for "
            "their similarity to be computed. Pass the data_range that belongs to them."
        )
    return [image / data_range for image in images]


def _is_on_the_scale(y_true, y_pred, data_range):
    """Return whether predictions can be on the scale of the true values.

    Integers and booleans tell theirs by their dtype. Of floats, which may overshoot, it is a
    matter of likelihood. They are on another scale if, read on that one, they explain the true
    values (better than their mean does), and better than read on the scale of the true values; or
    if the true values are integers and they themselves never leave [0, 1].
    """
    if y_pred.dtype.kind != "f":
        return _DATA_RANGES.get(y_pred.dtype.name) == data_range
    y_true, y_pred = y_true.astype(np.float64), y_pred.astype(np.float64)
    if data_range > 1 and y_true.max() > 1 and 0 <= y_pred.min() <= y_pred.max() <= 1:
        return not y_pred.any()  # black on any scale
    y_true /= data_range
    with np.errstate(over="ignore"):  # to infinity: no explanation
        bound = min(np.var(y_true), np.mean((y_true - y_pred / data_range) ** 2))
        return all(
            np.mean((y_true - y_pred / other) ** 2) >= bound
            for other in set(_DATA_RANGES.values()) - {data_range}
        )


def _other_scale(y_true, y_pred):
    return ValueError(
        f"The true values are {_described(y_true)}, the predicted ones {_described(y_pred)}: their "
        "scales may differ. Convert one to the scale of the other, or pass data_range."
    )


def _described(y):
    return f"{y.dtype.name} from {y.min():.6g} to {y.max():.6g}"


def _range_of_floats(y_true):
    """Return 1 after checking that floats keep to [0, 1]."""
    least, greatest = y_true.min(), y_true.max()
    if least < 0 or greatest > 1:
        raise ValueError(
            f"The true values range from {least:.6g} to {greatest:.6g}; without data_range they "
            "must lie in [0, 1]. Pass data_range, the distance of the least possible value from "
            "the greatest."
        )
    return 1.0


def _check_windows_fit(shape):
    """Check that `shape` is that of an image no smaller than the window of the similarity."""
    if len(shape) not in (2, 3) or shape[2:] > (4,):
        raise ValueError(
            "ssim compares images of shape (height, width) or (height, width, channels) with at "
            f"most 4 channels; got {shape}. For rows of pixels see make_ssim_scorer."
        )
    if min(shape[:2]) < _SSIM_WINDOW:
        raise ValueError(
            f"ssim needs {_SSIM_WINDOW} x {_SSIM_WINDOW} pixels at least; got {shape}. Use psnr."
        )
