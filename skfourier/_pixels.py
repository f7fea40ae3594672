"""Arrays of pixels, of images and of videos: their shapes, their dtypes, and rows made of them.

A `kind` is "image" or "video".
"""

import math
from numbers import Integral

import numpy as np

from skfourier._checks import as_numbers, positive_integers

# The largest value of each dtype that pixels may have.
_WHITE = {"bool": 1, "uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
_AXES = {"image": ("height", "width"), "video": ("n_frames", "height", "width")}
_MAX_CHANNELS = 4


def checked_pixels(array, kind):
    """Return the array, in native byte order, after checking that it is of that kind."""
    array = as_numbers(array, kind)
    _check_dtype(array.dtype, f"The {kind}")
    axes = _AXES[kind]
    n_axes = len(axes)
    if (
        not n_axes <= array.ndim <= n_axes + 1
        or array.size == 0
        or array.shape[n_axes:] > (_MAX_CHANNELS,)
    ):
        article = {"image": "An", "video": "A"}[kind]
        raise ValueError(
            f"{article} {kind} has shape ({', '.join(axes)}) or ({', '.join(axes)}, channels) with "
            f"1 to {_MAX_CHANNELS} channels; got {array.shape}. Channels come last: "
            f"np.moveaxis({kind}, {n_axes - 2}, -1)."
        )
    _refuse_an_image(array.shape, kind)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def checked_shape(shape, kind):
    """Return the shape of an image or a video as a tuple after checking it."""
    numbers = positive_integers(shape)
    axes = _AXES[kind]
    n_axes = len(axes)
    if not n_axes <= len(numbers) <= n_axes + 1 or numbers[n_axes:] > (_MAX_CHANNELS,):
        raise ValueError(
            f"shape must be ({', '.join(axes)}) or ({', '.join(axes)}, channels), positive "
            f"integers, with at most {_MAX_CHANNELS} channels; got {shape!r}. Pass {kind}.shape."
        )
    _refuse_an_image(numbers, kind)
    return numbers


def _refuse_an_image(shape, kind):
    """Refuse an image in place of a video: its channels would pass for pixels."""
    if kind == "video" and len(shape) == 3 and shape[2] <= _MAX_CHANNELS:
        raise ValueError(
            f"A video was expected, and the shape {tuple(shape)} is that of one image. "
            f"image[np.newaxis] is a video of one frame, of shape {(1, *shape)}; a gray video so "
            f"narrow needs its channel: {(*shape, 1)}."
        )


def checked_size(size):
    """Return the size as (height, width) after checking it."""
    numbers = positive_integers((size, size) if isinstance(size, Integral) else size)
    if len(numbers) != 2:
        raise ValueError(
            "size must be a positive integer, for a square, or a pair (height, width) of them; "
            f"got {size!r}."
        )
    return numbers


def intensities(array, name):
    """Return a copy as floats, 0 black and 1 white; floats stay as they are."""
    _check_dtype(array.dtype, name)
    if array.dtype.kind == "f":
        _check_finite(array, name)
        return array.copy()
    return array.astype(np.float64) / _WHITE[array.dtype.name]


def quantized(intensities, dtype):
    """Clip to [0, 1] and convert, rounding to the nearest integer of an integer dtype."""
    try:
        dtype = np.dtype(dtype)
    except TypeError as error:  # a name that NumPy does not know
        raise ValueError(f"dtype={dtype!r} is unknown; known are {', '.join(_WHITE)}.") from error
    _check_dtype(dtype, "dtype")
    clipped = np.clip(intensities.astype(np.float64), 0, 1)
    if dtype.kind != "f":
        clipped = np.rint(clipped * _WHITE[dtype.name])
    return clipped.astype(dtype)


def rows_to_pixels(y, shape, dtype, kind):
    """Turn intensities, one row per pixel, into an image or a video of that shape and dtype."""
    shape = checked_shape(shape, kind)
    axes, channels = shape[: len(_AXES[kind])], shape[len(_AXES[kind]) :]
    y = as_numbers(y, "y")
    if y.dtype.kind not in "fb":
        raise ValueError(
            f"y must hold floats or booleans, 0 black and 1 white; got dtype {y.dtype}. Convert "
            "it to floats and divide by its white, 255 for uint8."
        )
    channels = channels or y.shape[1:]
    n_pixels = math.prod(axes)
    if not 1 <= y.ndim <= 2 or len(y) != n_pixels or y.size != len(y) * math.prod(channels):
        raise ValueError(
            f"shape={shape} needs {n_pixels} rows, one per pixel, of its channels; y has shape "
            f"{y.shape}. Pass the shape of the {kind} that y came from."
        )
    shape = checked_shape((*axes, *channels), kind)
    _check_finite(y, "y")
    return quantized(y, dtype).reshape(shape)


def cropped_and_resized(image, height, width):
    """Cut out the largest central part of that aspect ratio and resample it.

    Of RGBA the colors count by their alpha, as in Pillow's resize, so that none appears which
    nobody saw.
    """
    rows, columns = image.shape[:2]
    crop_height = min(rows, max(1, round(columns * height / width)))
    crop_width = min(columns, max(1, round(rows * width / height)))
    top, left = (rows - crop_height) // 2, (columns - crop_width) // 2
    crop = image[top : top + crop_height, left : left + crop_width]
    if crop.shape[:2] == (height, width):
        return crop
    channels = np.atleast_3d(crop)
    if channels.shape[2] < 4:
        resized = _resampled(channels, height, width)
    else:
        alpha = channels[..., 3:]
        resized = _resampled(np.dstack([channels[..., :3] * alpha, alpha]), height, width)
        seen = resized[..., 3:] > 0
        resized[..., :3] *= seen / np.where(seen, resized[..., 3:], 1)
    # Lanczos weights are partly negative and overshoot at edges.
    return np.clip(resized, 0, 1).reshape(height, width, *image.shape[2:])


def _resampled(channels, height, width):
    from PIL import Image  # noqa: PLC0415

    return np.stack(
        [
            np.asarray(Image.fromarray(channel).resize((width, height), Image.Resampling.LANCZOS))
            for channel in np.moveaxis(channels, -1, 0)
        ],
        axis=-1,
    )


def _check_dtype(dtype, name):
    if dtype.name not in _WHITE:
        raise ValueError(
            f"{name} is {dtype}; known are {', '.join(_WHITE)}. Convert to one of them: "
            "to floats, 0 black and 1 white."
        )


def _check_finite(values, name):
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity: replace those values first.")
