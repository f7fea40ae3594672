"""Images as regression problems: pixels to rows of coordinates and targets, and back.

The coordinates are those of Tancik et al., "Fourier features let networks learn high frequency
functions in low dimensional domains", 2020: columns (x, y) in [0, 1), the end point left out,
rows in the order of the pixels, row by row.
"""

import warnings
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skfourier._files import complete_file, existing_file
from skfourier._image_files import read_image
from skfourier._pixel_grids import (
    beyond_domain,
    check_n_columns,
    grid_rows,
    pixel_axes,
    predict_pixels,
    region_axes,
)
from skfourier._pixels import (
    checked_pixels,
    checked_shape,
    checked_size,
    cropped_and_resized,
    intensities,
    quantized,
    rows_to_pixels,
)

__all__ = [
    "image_to_samples",
    "load_image",
    "pixel_grid",
    "render",
    "samples_to_image",
    "save_image",
]

# Named by dtype and number of channels; Pillow has no color with 16 bits per channel.
_CONTENTS = {
    ("uint8", 1): "gray",
    ("uint8", 3): "RGB",
    ("uint8", 4): "RGBA",
    ("uint16", 1): "16 bit gray",
}
# An explicit list, as Pillow's writers drop alpha (BMP) or bits (WebP) without a word.
_HELD_BY = {
    ".png": ("gray", "RGB", "RGBA", "16 bit gray"),
    ".tif": ("gray", "RGB", "RGBA", "16 bit gray"),
    ".tiff": ("gray", "RGB", "RGBA", "16 bit gray"),
    ".jpg": ("gray", "RGB"),
    ".jpeg": ("gray", "RGB"),
    ".bmp": ("gray", "RGB"),
}


def pixel_grid(shape: Any, aspect: str = "stretch") -> NDArray[Any]:
    r"""Return the coordinates of the pixels of an image, row by row.

    .. math:: x = \mathrm{column} / s_x, \qquad y = \mathrm{row} / s_y

    with (s_x, s_y) = (width, height) for "stretch", and both the longer of the two for "equal".

    Parameters
    ----------
    shape : tuple of int, (height, width) or (height, width, channels)
        Of the image; the channels do not matter.
    aspect : {"stretch", "equal"}, default="stretch"
        "stretch" spreads both axes over [0, 1); with "equal" the longer one fills it and a unit
        of X, and so a frequency, is the same length on both axes.

    Returns
    -------
    ndarray of shape (height * width, 2)
        Columns (x, y), float64, in [0, 1).

    Raises
    ------
    ValueError
        If `shape` is not that of an image, or `aspect` is unknown.

    References
    ----------
    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020.

    Examples
    --------
    >>> from skfourier.images import pixel_grid
    >>> pixel_grid((2, 4))[:5]
    array([[0.  , 0.  ],
           [0.25, 0.  ],
           [0.5 , 0.  ],
           [0.75, 0.  ],
           [0.  , 0.5 ]])
    >>> pixel_grid((2, 4), aspect="equal").max(axis=0)
    array([0.75, 0.25])
    """
    height, width = checked_shape(shape, "image")[:2]
    return grid_rows(*pixel_axes(height, width, aspect))


def image_to_samples(image: Any, *, aspect: str = "stretch") -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Turn an image into coordinates X and intensities y, one row per pixel.

    .. math:: y = \mathrm{pixel} / \mathrm{white}

    with white 255 for uint8, 65535 for uint16 and 1 for booleans and floats.

    Parameters
    ----------
    image : array-like of shape (height, width) or (height, width, channels)
        1 to 4 channels, of dtype bool, uint8, uint16, float32 or float64. Floats are
        passed unchanged, also those outside [0, 1], as in images of high dynamic range.
    aspect : {"stretch", "equal"}, default="stretch"
        As in `pixel_grid`.

    Returns
    -------
    X : ndarray of shape (height * width, 2)
        Coordinates (x, y), float64, in [0, 1).
    y : ndarray of shape (height * width,) or (height * width, channels)
        Intensities, 0 black and 1 white: float32 if the image is, else float64.

    Raises
    ------
    ValueError
        If `image` has no such shape or dtype, is empty, masked or not finite; if it is a picture
        of Pillow, or NumPy cannot read it; if `aspect` is unknown.

    See Also
    --------
    samples_to_image : The inverse.
    pixel_grid : X alone.

    References
    ----------
    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.images import image_to_samples
    >>> X, y = image_to_samples(np.array([[0, 51], [102, 255]], dtype=np.uint8))
    >>> X
    array([[0. , 0. ],
           [0.5, 0. ],
           [0. , 0.5],
           [0.5, 0.5]])
    >>> y
    array([0. , 0.2, 0.4, 1. ])
    """
    image = checked_pixels(image, "image")
    height, width, *channels = image.shape
    y = intensities(image, "The image").reshape(height * width, *channels)
    return pixel_grid(image.shape, aspect), y


def samples_to_image(y: Any, shape: Any, dtype: Any = np.uint8) -> NDArray[Any]:
    r"""Turn intensities, one row per pixel, into an image.

    .. math:: \mathrm{pixel} = \mathrm{round}(\mathrm{white} \cdot \min(\max(y, 0), 1))

    with white as in `image_to_samples`; floats are not rounded. After `image_to_samples` of a
    bool, uint8 or uint16 image it gives the same image again.

    Parameters
    ----------
    y : array-like of shape (height * width,) or (height * width, channels)
        Intensities, floats or booleans, 0 black and 1 white; what lies outside is clipped.
    shape : tuple of int, (height, width) or (height, width, channels)
        Of the image.
    dtype : dtype, default=numpy.uint8
        bool, uint8, uint16, float32 or float64.

    Returns
    -------
    ndarray of shape (height, width) or (height, width, channels)
        (height, width) if y has one dimension and `shape` no channels.

    Raises
    ------
    ValueError
        If y is not an array of floats or booleans, is not finite, or does not fill `shape`; if
        `dtype` is another one.

    See Also
    --------
    image_to_samples : The inverse.
    render : Predicts and makes the image, at any resolution.

    Examples
    --------
    >>> from skfourier.images import samples_to_image
    >>> samples_to_image([0.0, 0.2, 0.4, 1.3], (2, 2))
    array([[  0,  51],
           [102, 255]], dtype=uint8)
    """
    return rows_to_pixels(y, shape, dtype, "image")


def load_image(path: str | PathLike[str], size: Any = None) -> NDArray[Any]:
    """Read an image file as floats in [0, 1], in sRGB.

    Parameters
    ----------
    path : str or path-like
        Of any format that Pillow reads: gray or color, with or without a palette or alpha. Of
        several frames or pages the first is read; the EXIF orientation is honored.
    size : int or tuple of int (height, width), default=None
        None: as it is. An int: the central square, resized to that many pixels per side. A pair:
        the central part of that aspect ratio, resized. Resampling is Lanczos, antialiased; colors
        count by their alpha.

    Returns
    -------
    ndarray of shape (height, width), (height, width, 3) or (height, width, 4)
        Gray, RGB or RGBA, float32. Gray with alpha becomes RGBA, other color spaces RGB.

    Warns
    -----
    UserWarning
        If not all of the file is in the result: bits beyond 8 of a color (all are read of TIFF and
        JPEG 2000), samples that are neither colors nor alpha, a transparent color of 16 bits; if
        its colors are not those of sRGB and are not converted, or with 8 of more bits.
    PIL.Image.DecompressionBombWarning
        If it has more pixels than ``PIL.Image.MAX_IMAGE_PIXELS``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the file is a directory, is damaged or not an image; if it has more than twice the pixels
        of ``PIL.Image.MAX_IMAGE_PIXELS``.
    ValueError
        If `size` is not positive; if it is not known which value is white: of signed integers,
        of those with more than 16 bits, of floats outside [0, 1].
    ImportError
        If it is a JPEG 2000 with more than 8 bits of a color and PyAV is not installed:
        ``pip install "skfourier[video]"``.

    Notes
    -----
    Integers of n bits are divided by 2^n - 1, and inverted where a TIFF says that white is zero.
    Colors with an ICC profile other than that of sRGB are converted by lcms with 8 bits, as
    `PIL.ImageCms.profileToProfile` does; those without one are taken as sRGB, and CMYK is
    converted as Pillow does.

    See Also
    --------
    save_image : The inverse.
    image_to_samples : Makes coordinates and targets of the image.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skfourier.images import load_image, save_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "gray.png"
    ...     save_image(path, np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8))
    ...     print(load_image(path))
    ...     print(load_image(path, size=16).shape)
    [[0.  0.2 0.4]
     [0.6 0.8 1. ]]
    (16, 16)
    """
    size = None if size is None else checked_size(size)
    path = existing_file(path, "an image")
    image, remarks = read_image(path)
    for remark in remarks:
        warnings.warn(f"{path} {remark}", type(remark), stacklevel=2)
    image = image.astype(np.float32)
    return image if size is None else cropped_and_resized(image, *size)


def save_image(path: str | PathLike[str], image: Any) -> None:
    """Write an image file; the file extension sets the format.

    The file appears, or takes the place of an older one, only when it is complete.

    Parameters
    ----------
    path : str or path-like
        Ends with .png, .tif, .tiff, .bmp, .jpg or .jpeg; the last two lose detail.
    image : array-like of shape (height, width) or (height, width, channels)
        1, 3 (RGB) or 4 (RGBA) channels. Floats in [0, 1], clipped, and booleans are written with
        8 bits; uint8 and uint16 as they are, the latter in gray only.

    Raises
    ------
    ValueError
        If `image` is not an image (see `image_to_samples`) or not finite; if the format is unknown
        or cannot hold it.
    OSError
        If the folder does not exist or the file cannot be written.

    See Also
    --------
    load_image : The inverse.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skfourier.images import load_image, save_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "red.png"
    ...     save_image(path, np.full((2, 3, 3), [1.0, 0.0, 0.0]))
    ...     print(load_image(path)[0, 0])
    [1. 0. 0.]
    """
    from PIL import Image  # noqa: PLC0415

    image = checked_pixels(image, "image")
    if image.dtype.kind in "fb":
        image = quantized(intensities(image, "The image"), np.uint8)
    _check_format_holds(path, image)
    pixels = image[:, :, 0] if image.shape[2:] == (1,) else image
    with complete_file(path) as complete:
        Image.fromarray(pixels).save(complete)


def render(
    estimator: Any, shape: Any, *, region: Any = None, aspect: str = "stretch"
) -> NDArray[Any]:
    r"""Predict an image on a pixel grid, at any resolution or of any region.

    .. math:: x = x_0 + (x_1 - x_0) \, \mathrm{column} / \mathrm{width}

    with (x_0, x_1) = (left, right), and y likewise from top to bottom: a pixel stands for its upper
    left corner. (An image resize aligns the centers of pixels instead: doubling the size, the two
    differ by a quarter of a pixel of the small image.) Predicts about 65,536 pixels at a time, so
    that a pipeline which makes features of the coordinates keeps within memory.

    Parameters
    ----------
    estimator : object
        Fitted, with two columns X, the first of them x, and a method ``predict``.
    shape : tuple of int, (height, width) or (height, width, channels)
        Of the grid, which need not be the one of `fit`: a finer one upsamples. The channels do
        not matter; the estimator knows them.
    region : tuple of float (left, top, right, bottom), default=None
        What the grid covers, in units of X, the end points left out. None: the whole image.
    aspect : {"stretch", "equal"}, default="stretch"
        That of `image_to_samples`, to find the whole image; not used with a `region`.

    Returns
    -------
    ndarray of shape (height, width) or (height, width, channels)
        The predictions, floats, not clipped; (height, width) if they have one dimension.

    Raises
    ------
    ValueError
        If the estimator was fitted with other than two columns; if `shape`, `region` or
        `aspect` is not as above.
    NotFittedError
        If the estimator is not fitted.

    Warns
    -----
    UserWarning
        If the whole image leaves the `domain` of an estimator that has one, as with another
        `aspect` than that of the fit.

    See Also
    --------
    samples_to_image : Clips and rounds, for predictions that you have.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skfourier.images import image_to_samples, render
    >>> X, y = image_to_samples(np.array([[0.0, 0.2], [0.4, 0.6]]))
    >>> model = LinearRegression().fit(X, y)
    >>> render(model, (2, 4)).round(3)
    array([[0. , 0.1, 0.2, 0.3],
           [0.4, 0.5, 0.6, 0.7]])
    >>> render(model, (1, 2), region=(0.5, 0.5, 1.0, 1.0)).round(3)
    array([[0.6, 0.7]])
    """
    check_n_columns(estimator, ("x", "y"), "image_to_samples(image)")
    height, width = checked_shape(shape, "image")[:2]
    axes = region_axes(height, width, region, aspect)
    beyond = "" if region is not None else beyond_domain(estimator, *axes)
    if beyond:
        warnings.warn(
            f"The whole image has {beyond}, beyond the domain {estimator.domain} of the "
            "estimator, and is extrapolated there. Pass the aspect that image_to_samples had, or "
            "a region.",
            stacklevel=2,
        )
    return predict_pixels(estimator, *axes)


def _check_format_holds(path, image):
    """Check that the format that `path` ends with holds all of an image of integers."""
    suffix = Path(path).suffix.lower()
    if suffix not in _HELD_BY:
        raise ValueError(
            f"{path} must end with one of {', '.join(_HELD_BY)}, which tells the format to write."
        )
    n_channels = image.shape[2] if image.ndim == 3 else 1
    contents = _CONTENTS.get(
        (image.dtype.name, n_channels), f"{image.dtype} in {n_channels} channels"
    )
    if contents not in _HELD_BY[suffix]:
        raise ValueError(
            f"{path}: {suffix} holds {', '.join(_HELD_BY[suffix])}, not {contents}. Save as .png "
            "(gray, RGB, RGBA, 16 bit gray), drop the alpha channel, or pass floats in [0, 1], "
            "which are written with 8 bits."
        )
