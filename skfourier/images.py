"""Images as regression problems: pixels to rows of coordinates and targets, and back.

The coordinates are those of Tancik et al., "Fourier features let networks learn high frequency
functions in low dimensional domains", 2020: columns (x, y) in [0, 1), the end point left out,
rows in the order of the pixels, row by row.
"""

import math
import os
import re
import shutil
import tempfile
import warnings
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from skfourier._sklearn import known_name, refuse_mask

__all__ = [
    "image_to_samples",
    "load_image",
    "pixel_grid",
    "render",
    "samples_to_image",
    "save_image",
]

# The largest value of each dtype that an image may have.
_WHITE = {"bool": 1, "uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
_PIXELS_PER_PREDICTION = 65536
# Named by dtype and number of channels; Pillow has no colour with 16 bits a channel.
_CONTENTS = {
    ("uint8", 1): "grey",
    ("uint8", 3): "RGB",
    ("uint8", 4): "RGBA",
    ("uint16", 1): "16 bit grey",
}
# An explicit list, as Pillow's writers drop alpha (BMP) or bits (WebP) without a word.
_HELD_BY = {
    ".png": ("grey", "RGB", "RGBA", "16 bit grey"),
    ".tif": ("grey", "RGB", "RGBA", "16 bit grey"),
    ".tiff": ("grey", "RGB", "RGBA", "16 bit grey"),
    ".jpg": ("grey", "RGB"),
    ".jpeg": ("grey", "RGB"),
    ".bmp": ("grey", "RGB"),
}


def pixel_grid(shape, aspect="stretch"):
    r"""Coordinates of the pixels of an image, row by row.

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
    return _rows(*_axes(shape, aspect))


def image_to_samples(image, *, aspect="stretch"):
    r"""Turn an image into coordinates X and intensities y, one row a pixel.

    .. math:: y = \mathrm{pixel} / \mathrm{white}

    with white 255 for uint8, 65535 for uint16 and 1 for booleans and floats.

    Parameters
    ----------
    image : array-like of shape (height, width) or (height, width, channels)
        1 to 4 channels, of dtype bool, uint8, uint16, float32 or float64. Floats pass as they
        are, also those outside [0, 1], which images of high dynamic range have.
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
        If `image` has no such shape or dtype, is empty or not finite; if `aspect` is unknown.

    See Also
    --------
    samples_to_image : The way back.
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
    image = _checked_image(image)
    intensities = _intensities(image)
    height, width, *channels = image.shape
    return pixel_grid(image.shape, aspect), intensities.reshape(height * width, *channels)


def samples_to_image(y, shape, dtype=np.uint8):
    r"""Turn intensities, one row a pixel, into an image.

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
        If y is no array of floats or booleans, is not finite, or does not fill `shape`; if
        `dtype` is another one.

    See Also
    --------
    image_to_samples : The way here.
    render : Predicts and makes the image, at any resolution.

    Examples
    --------
    >>> from skfourier.images import samples_to_image
    >>> samples_to_image([0.0, 0.2, 0.4, 1.3], (2, 2))
    array([[  0,  51],
           [102, 255]], dtype=uint8)
    """
    height, width, *channels = _checked_shape(shape)
    y = np.asarray(y)
    if y.dtype.kind not in "fb":
        raise ValueError(
            f"y must hold floats or booleans, 0 black and 1 white; came dtype {y.dtype}. Convert "
            "it to floats and divide by its white, 255 for uint8."
        )
    channels = channels or list(y.shape[1:])
    if not 1 <= y.ndim <= 2 or len(y) != height * width or y.size != len(y) * math.prod(channels):
        raise ValueError(
            f"shape={tuple(shape)} needs {height * width} rows, one a pixel, of its channels; y "
            f"came with shape {y.shape}. Pass the shape of the image that y came from."
        )
    image_shape = _checked_shape((height, width, *channels))
    _check_finite(y, "y")
    return _quantized(y, dtype).reshape(image_shape)


def load_image(path, size=None):
    """Read an image file as floats in [0, 1].

    Parameters
    ----------
    path : str or path-like
        Of any format that Pillow reads: grey or colour, with or without a palette or alpha, of
        any bit depth. Of several frames the first is read; the EXIF orientation is honoured.
    size : int or tuple of int (height, width), default=None
        None: as it is. An int: the central square, resized to so many pixels a side. A pair: the
        central part of that aspect ratio, resized. Resampling is Lanczos, antialiased, for each
        channel by itself, alpha like any other.

    Returns
    -------
    ndarray of shape (height, width), (height, width, 3) or (height, width, 4)
        Grey, RGB or RGBA, float32. Grey with alpha becomes RGBA, other colour spaces RGB.

    Warns
    -----
    UserWarning
        If the file has 16 bits a channel and colour, of which Pillow reads 8.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the file is a directory, is damaged or no image.
    ValueError
        If `size` is not positive; if the pixels have no known white, as floats outside [0, 1]
        or 32 bit integers.

    See Also
    --------
    save_image : The way back.
    image_to_samples : Makes coordinates and targets of the image.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skfourier.images import load_image, save_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "grey.png"
    ...     save_image(path, np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8))
    ...     print(load_image(path))
    ...     print(load_image(path, size=16).shape)
    [[0.  0.2 0.4]
     [0.6 0.8 1. ]]
    (16, 16)
    """
    size = None if size is None else _checked_size(size)
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist. Check the path; relative ones start from {Path.cwd()}."
        )
    if not (path.is_file() or path.is_dir()):  # a pipe would wait for ever
        raise OSError(f"{path} is no file. Pass the path of an image file.")
    try:
        image = _intensities(_decoded(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if image.min() < 0 or image.max() > 1:
        raise ValueError(
            f"{path} holds floats from {image.min():.6g} to {image.max():.6g}, and load_image "
            "returns [0, 1]. Read it with imageio.v3.imread and scale it."
        )
    image = image.astype(np.float32)
    return image if size is None else _cropped_and_resized(image, *size)


def save_image(path, image):
    """Write an image file; the ending of its name tells the format.

    The file appears, or takes the place of an older one, only when it is complete.

    Parameters
    ----------
    path : str or path-like
        Ends with .png, .tif, .tiff, .bmp, .jpg or .jpeg; the last two lose detail.
    image : array-like of shape (height, width) or (height, width, channels)
        1, 3 (RGB) or 4 (RGBA) channels. Floats in [0, 1], clipped, and booleans are written with
        8 bits; uint8 and uint16 as they are, the latter in grey only.

    Raises
    ------
    ValueError
        If `image` is no image or not finite; if the format is unknown or cannot hold it.
    OSError
        If the folder does not exist or the file cannot be written.

    See Also
    --------
    load_image : The way back.

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

    image = _checked_image(image)
    if image.dtype.kind in "fb":
        image = _quantized(_intensities(image), np.uint8)
    _check_format_holds(path, image)
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"The folder {target.parent} does not exist: create it first.")
    pixels = image[:, :, 0] if image.shape[2:] == (1,) else image
    # In a folder beside the target, as a replacement is atomic within one file system only.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".saving-") as folder:
        complete = Path(folder) / Path(path).name
        Image.fromarray(pixels).save(complete)
        if target.exists():
            if not os.access(target, os.W_OK):
                raise PermissionError(f"{target} is write-protected. Choose another name.")
            shutil.copymode(target, complete)
        os.replace(complete, target)


def render(estimator, shape, *, region=None, aspect="stretch"):
    r"""Predict an image on a pixel grid, at any resolution or of any region.

    .. math:: x = x_0 + (x_1 - x_0) \, \mathrm{column} / \mathrm{width}

    with (x_0, x_1) = (left, right), and y likewise from top to bottom. Predicts about 65,536
    pixels at a time, so that a pipeline which makes features of the coordinates keeps within
    memory.

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
    n_columns = getattr(estimator, "n_features_in_", 2)
    if n_columns != 2:
        raise ValueError(
            f"render draws functions of two columns (x, y); {type(estimator).__name__} was fitted "
            f"with {n_columns}. Fit it with image_to_samples(image)."
        )
    x, y = _axes(shape, aspect)
    if region is not None:
        left, top, right, bottom = _checked_region(region)
        x, y = _axes(shape, "stretch")
        x, y = left + (right - left) * x, top + (bottom - top) * y
    rows_at_once = max(1, _PIXELS_PER_PREDICTION // len(x))
    bands = [
        np.asarray(estimator.predict(_named_as_in_fit(estimator, _rows(x, band))))
        for band in np.split(y, range(rows_at_once, len(y), rows_at_once))
    ]
    prediction = np.concatenate(bands)
    if prediction.dtype.kind != "f":
        prediction = prediction.astype(np.float64)
    return prediction.reshape(len(y), len(x), *prediction.shape[1:])


def _axes(shape, aspect):
    """Return the coordinates along x and along y."""
    height, width = _checked_shape(shape)[:2]
    if known_name(aspect, ("stretch", "equal"), "aspect") == "equal":
        return np.arange(width) / max(height, width), np.arange(height) / max(height, width)
    return np.arange(width) / width, np.arange(height) / height


def _rows(x, y):
    """Pair every coordinate y with all of x."""
    return np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x))])


def _intensities(image):
    """Return a copy as floats, 0 black and 1 white; floats stay as they are."""
    _check_dtype(image.dtype, "The image")
    if image.dtype.kind == "f":
        _check_finite(image, "The image")
        return image.copy()
    return image.astype(np.float64) / _WHITE[image.dtype.name]


def _quantized(intensities, dtype):
    """Clip to [0, 1] and convert, rounding to the nearest integer of an integer dtype."""
    dtype = np.dtype(dtype)
    _check_dtype(dtype, "dtype")
    clipped = np.clip(intensities.astype(np.float64), 0, 1)
    if dtype.kind != "f":
        clipped = np.rint(clipped * _WHITE[dtype.name])
    return clipped.astype(dtype)


def _has_16_bits(picture):
    """Tell whether a file has 16 bits a channel, by the names of Pillow's decoders."""
    decoders = str(picture.tile)
    maximum_of_ppm = re.search(r"\('RGB', (\d+)\)", decoders)
    return (
        ";16" in decoders
        or "SGI16" in decoders
        or (maximum_of_ppm is not None and int(maximum_of_ppm[1]) > 255)
    )


def _decoded(path):
    """Read the first frame of a file, upright, as Pillow decodes it."""
    from PIL import Image, ImageOps  # noqa: PLC0415

    # Pillow itself, as imageio turns palettes wrongly and drops their transparency; and a file
    # that is open, as Pillow maps raw TIFFs by name and then turns those wrongly.
    try:
        with path.open("rb") as file, Image.open(file) as picture:
            mode = _mode_to_read(picture)
            loses_bits = mode.startswith("RGB") and _has_16_bits(picture)
            pixels = np.asarray(ImageOps.exif_transpose(picture).convert(mode))
            spreads_to_16_bits = mode == "I" and picture.format in {"PNG", "PPM"}
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        raise OSError(
            f"{path} could not be read as an image: {error}. Check that it is an image file, and "
            "whole, by opening it in a viewer."
        ) from error
    if loses_bits:
        warnings.warn(
            f"{path} has 16 bits a channel. Pillow reads 8 of them in colour; scale it to 8 bits "
            "yourself, or read it with another library, if the others matter.",
            stacklevel=3,
        )
    return pixels.astype(np.uint16) if spreads_to_16_bits else pixels


def _mode_to_read(picture):
    """Name the mode of Pillow that makes a picture grey, RGB or RGBA and keeps its depth."""
    if picture.mode.startswith(("I", "F")):
        return picture.mode
    if picture.has_transparency_data:
        return "RGBA"
    return picture.mode if picture.mode in {"1", "L", "RGB"} else "RGB"


def _cropped_and_resized(image, height, width):
    """Cut out the largest central part of that aspect ratio and resample it."""
    from PIL import Image  # noqa: PLC0415

    rows, columns = image.shape[:2]
    crop_height = min(rows, max(1, round(columns * height / width)))
    crop_width = min(columns, max(1, round(rows * width / height)))
    top, left = (rows - crop_height) // 2, (columns - crop_width) // 2
    crop = image[top : top + crop_height, left : left + crop_width]
    channels = [
        np.asarray(Image.fromarray(channel).resize((width, height), Image.Resampling.LANCZOS))
        for channel in np.moveaxis(np.atleast_3d(crop), -1, 0)
    ]
    # Lanczos weights are partly negative and overshoot at edges.
    return np.clip(np.stack(channels, axis=-1), 0, 1).reshape(height, width, *image.shape[2:])


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


def _checked_image(image):
    """Return the array, in native byte order, after checking that it is an image."""
    refuse_mask(image, "image")
    image = np.asarray(image)
    _check_dtype(image.dtype, "The image")
    if image.ndim not in (2, 3) or image.size == 0 or image.shape[2:] > (4,):
        raise ValueError(
            "An image has shape (height, width) or (height, width, channels) with 1 to 4 "
            f"channels; came {image.shape}. Channels come last: np.moveaxis(image, 0, -1)."
        )
    return image.astype(image.dtype.newbyteorder("="), copy=False)


def _checked_shape(shape):
    """Return the shape of an image as a tuple after checking it."""
    numbers = _positive_integers(shape)
    if len(numbers) not in (2, 3) or (len(numbers) == 3 and numbers[2] > 4):
        raise ValueError(
            "shape must be (height, width) or (height, width, channels), positive integers, with "
            f"at most 4 channels; came {shape!r}. Pass image.shape."
        )
    return numbers


def _checked_size(size):
    """Return the size as (height, width) after checking it."""
    numbers = _positive_integers((size, size) if isinstance(size, Integral) else size)
    if len(numbers) != 2:
        raise ValueError(
            "size must be a positive integer, for a square, or a pair (height, width) of them; "
            f"came {size!r}."
        )
    return numbers


def _positive_integers(numbers):
    """Return a tuple of integers, empty if anything in it is not a positive integer."""
    numbers = tuple(numbers) if np.iterable(numbers) else ()
    if all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in numbers):
        return tuple(map(int, numbers))
    return ()


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
            f"top < bottom; came {region!r}."
        )
    return numbers


def _check_dtype(dtype, name):
    if dtype.name not in _WHITE:
        raise ValueError(
            f"{name} is {dtype}; known are {', '.join(_WHITE)}. Convert to one of them: "
            "to floats, 0 black and 1 white."
        )


def _check_finite(values, name):
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity: replace those values first.")


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
            "(grey, RGB, RGBA, 16 bit grey), drop the alpha channel, or pass floats in [0, 1], "
            "which are written with 8 bits."
        )
