"""JPEG 2000: samples of any depth, which Pillow puts at the top of 8 or 16 bits."""

import numpy as np

from skfourier._extras import required
from skfourier._image_files._stored import with_alpha

# FFmpeg's names of RGB and RGBA with 16 bits.
_DEEP_FORMATS = {"rgb48le", "rgba64le"}


def is_misread(picture, bits):
    """Return whether Pillow would round colors up to 256, and so turn white into black."""
    deep_color = picture.mode not in {"I;16", "P", "PA"} and max(bits) > 8
    return picture.format == "JPEG2000" and deep_color


def intensities_of_components(samples, bits):
    """Return gray, RGB or RGBA from samples of 8 or 16 bits, of which the upper `bits` are used."""
    channels = samples.reshape(*samples.shape[:2], -1)
    unused = 8 * samples.dtype.itemsize - np.array(bits)
    values = (channels >> unused) / (2.0 ** np.array(bits) - 1)
    if values.shape[2] == 2:
        return with_alpha(values[..., 0], values[..., 1])
    return values[..., 0] if values.shape[2] == 1 else values


def deep_samples(path):
    """Decode RGB or RGBA of more than 8 bits by FFmpeg, which keeps all of them.

    Raises
    ------
    ImportError
        If PyAV is not installed.
    OSError
        If the colors are others.
    """
    av = required("av", "PyAV", "Reading JPEG 2000 with more than 8 bits of color", "video")
    with av.open(str(path.absolute()), format="image2") as container:
        frame = next(container.decode(video=0))
        if frame.format.name not in _DEEP_FORMATS:
            raise OSError(f"its colors are {frame.format.name}, and RGB or RGBA is needed")
        return frame.to_ndarray()
