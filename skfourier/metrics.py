"""How close an image comes to another: PSNR and SSIM, and scorers of them for searches."""

import math

import numpy as np
from sklearn.metrics import make_scorer, mean_squared_error


def psnr(y_true, y_pred, *, data_range=None, sample_weight=None):
    r"""Compute the peak signal-to-noise ratio, in decibels.

    .. math:: 10 \log_{10} \frac{R^2}{\mathrm{MSE}}

    Parameters
    ----------
    y_true : array-like of any shape
        Images, or rows of samples.
    y_pred : array-like of the same shape
    data_range : float, default=None
        R, the distance from black to white. None takes the range of `y_true`'s dtype if that is
        an integer (255, 65535), else 1.
    sample_weight : array-like of shape (len(y_true),), default=None
        Weights along the first axis.

    Returns
    -------
    float
        Infinity if the two are equal.

    Raises
    ------
    ValueError
        If the shapes differ, values are not finite, or `data_range` is None and floats leave
        [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.metrics import psnr
    >>> psnr(np.zeros(4), np.full(4, 0.1))
    20.0
    """
    y_true, y_pred = _checked_pair(y_true, y_pred)
    data_range = _checked_range(y_true, data_range)
    rows = [y.reshape(len(y), -1).astype(float) for y in (y_true, y_pred)]
    mse = mean_squared_error(*rows, sample_weight=sample_weight)
    return math.inf if mse == 0 else float(10 * np.log10(data_range**2 / mse))


def ssim(image_true, image_pred, *, data_range=None):
    r"""Compute the structural similarity of two images, through scikit-image.

    .. math:: \frac{(2 \mu_1 \mu_2 + c_1)(2 \sigma_{12} + c_2)}
              {(\mu_1^2 + \mu_2^2 + c_1)(\sigma_1^2 + \sigma_2^2 + c_2)}
              \text{, averaged over windows of 7 pixels}

    Parameters
    ----------
    image_true : array-like of shape (height, width) or (height, width, n_channels)
    image_pred : array-like of the same shape
    data_range : float, default=None
        As in `psnr`.

    Returns
    -------
    float
        1 if the two are equal.

    Raises
    ------
    ValueError
        As in `psnr`, or if the images are smaller than 7 pixels.
    ImportError
        If scikit-image is not installed.

    References
    ----------
    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.metrics import ssim
    >>> image = np.linspace(0, 1, 64).reshape(8, 8)
    >>> float(ssim(image, image))
    1.0
    """
    try:
        from skimage.metrics import structural_similarity  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ImportError(
            'ssim needs scikit-image: python -m pip install "skfourier[ssim]".'
        ) from error
    image_true, image_pred = _checked_pair(image_true, image_pred)
    if image_true.ndim not in (2, 3):
        raise ValueError(
            f"ssim compares images of shape (height, width) or (height, width, n_channels). Got "
            f"shape {image_true.shape}; for rows of samples take make_ssim_scorer(shape)."
        )
    return structural_similarity(
        image_true.astype(float),
        image_pred.astype(float),
        data_range=_checked_range(image_true, data_range),
        channel_axis=2 if image_true.ndim == 3 else None,
    )


#: `psnr` as a scorer: `GridSearchCV(..., scoring=psnr_scorer)`.
psnr_scorer = make_scorer(psnr)


def make_ssim_scorer(shape):
    """Make a scorer of `ssim` for estimators that predict all pixels of one image.

    Parameters
    ----------
    shape : tuple (height, width) or (height, width, n_channels)
        The image whose pixels are the rows of y, row by row.

    Returns
    -------
    callable
        A scorer; it raises ValueError on rows that are not the whole image, such as the scattered
        pixels of a fold.

    Examples
    --------
    >>> from skfourier.metrics import make_ssim_scorer
    >>> scorer = make_ssim_scorer((64, 64))
    """
    return make_scorer(_ssim_of_rows, height=shape[0], width=shape[1])


def _ssim_of_rows(y_true, y_pred, *, height, width):
    if len(y_true) != height * width:
        raise ValueError(
            f"SSIM compares whole images: {height} x {width} pixels are {height * width} rows, "
            f"got {len(y_true)}. Scattered pixels (a fold) have a psnr only: take psnr_scorer."
        )
    pictures = [np.reshape(y, (height, width, *np.shape(y)[1:])) for y in (y_true, y_pred)]
    return ssim(*pictures)


def _checked_pair(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape or not y_true.size:
        raise ValueError(
            f"y_true and y_pred must have one shape and hold something. Got {y_true.shape} and "
            f"{y_pred.shape}."
        )
    for name, y in (("y_true", y_true), ("y_pred", y_pred)):
        if y.dtype.kind not in "fiub" or not np.all(np.isfinite(y)):
            raise ValueError(f"{name} must hold finite real numbers, without NaN or infinity.")
    return np.atleast_1d(y_true), np.atleast_1d(y_pred)


def _checked_range(y_true, data_range):
    if data_range is not None:
        if not 0 < data_range < math.inf:
            raise ValueError(f"data_range must be positive and finite. Got {data_range!r}.")
        return data_range
    if y_true.dtype.kind in "iu":
        return np.iinfo(y_true.dtype).max
    if y_true.min() < 0 or y_true.max() > 1:
        raise ValueError(
            f"Floats without data_range must lie in [0, 1]; y_true lies in [{y_true.min():g}, "
            f"{y_true.max():g}]. Pass data_range, the distance from black to white."
        )
    return 1.0
