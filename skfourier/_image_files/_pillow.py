"""Files by Pillow, which reads most formats; what its modes do not say comes from the headers."""

import threading
import warnings
from contextlib import contextmanager

import numpy as np

from skfourier._image_files._headers import bits_of_channels, icc_profile, strange_colors
from skfourier._image_files._jpeg2000 import (
    deep_samples,
    intensities_of_components,
    is_misread,
)
from skfourier._image_files._profiles import ProfileError, rgb_of
from skfourier._image_files._stored import (
    Stored,
    UnknownWhiteError,
    remarks_on_size,
    with_alpha,
)
from skfourier._image_files._tiff_tags import TiffTags

# All threads share the filters of warnings: two that change them at once may leave them changed.
_FILTERS = threading.Lock()
_WHITE_OF_16_BITS = 65535
# Of those, the channels of Pillow are the components of a JPEG 2000.
_MODES_OF_COMPONENTS = {"L", "LA", "RGB", "RGBA"}


def read_by_pillow(path):
    """Read the first picture of a file.

    Raises
    ------
    UnknownWhiteError
        If its samples have no known white.
    Exception
        Whatever decoders raise for damaged files.
    """
    from PIL import ImageOps  # noqa: PLC0415

    # A file that is open, as Pillow maps raw TIFFs by name and then turns those wrongly.
    with path.open("rb") as file, _opened(file) as picture:
        tags = _tags(picture)
        bits = _bits(picture, file, tags)
        stored = Stored(
            pixels=np.empty((0, 0)),
            bits=max(bits) if _is_deep(picture) else 8,
            profile=icc_profile(picture, file),
            remarks=[
                *remarks_on_size(picture.width * picture.height),
                *([] if tags is None else tags.remarks()),
                *_remarks_on_depth(picture, bits),
                *_remarks_on_colors(picture, file),
                *_mend_transparency(picture, bits),
            ],
        )
        if is_misread(picture, bits):
            stored.pixels = intensities_of_components(deep_samples(path), bits)
            stored.bits = max(bits)
            return stored
        upright = ImageOps.exif_transpose(picture)
        if _is_deep(picture):
            stored.pixels = _deep_pixels(upright, picture.format, bits, tags)
        elif picture.format == "JPEG2000" and picture.mode in _MODES_OF_COMPONENTS:
            stored.pixels = intensities_of_components(np.asarray(upright), bits)
        else:
            stored.pixels = _converted(upright, stored) / np.float64(255)
    return stored


@contextmanager
def _opened(file):
    """Open a picture without Pillow's warning of large ones, which names no line of the user's."""
    from PIL import Image  # noqa: PLC0415

    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        picture = Image.open(file)
    with picture:
        yield picture


def _is_deep(picture):
    return picture.mode.startswith(("I", "F"))


def _tags(picture):
    """Return the tags of a TIFF after checking that its samples have a known white, else None."""
    if picture.format != "TIFF":
        return None
    tags = TiffTags.of_picture(picture)
    tags.check_white_is_known()
    return tags


def _bits(picture, file, tags):
    bits = bits_of_channels(picture, file) if tags is None else tags.bits
    if min(bits) < 0:
        raise UnknownWhiteError("The image has signed samples, of which no white is known.")
    return bits


def _remarks_on_depth(picture, bits):
    if _is_deep(picture) or is_misread(picture, bits) or max(bits) <= 8:
        return []
    return [
        UserWarning(
            f"has {max(bits)} bits per channel, of which Pillow reads 8. Save it as a TIFF of gray "
            "or RGB without compression to have all of them read."
        )
    ]


def _remarks_on_colors(picture, file):
    strange = strange_colors(picture, file)
    if not strange:
        return []
    return [
        UserWarning(
            f"says that its colors are not those of sRGB ({strange}); they are taken as if they "
            "were. Convert it to sRGB, or give it an ICC profile, which is applied."
        )
    ]


def _mend_transparency(picture, bits):
    """Put the transparent color of a PNG on the scale of Pillow's pixels; say if that fails."""
    color = picture.info.get("transparency")
    if picture.format != "PNG" or color is None:
        return []
    if picture.mode == "L":
        picture.info["transparency"] = color * 255 // (2 ** bits[0] - 1)
    elif picture.mode == "RGB" and bits[0] > 8:
        del picture.info["transparency"]
        return [UserWarning("has a transparent color of 16 bits, and is read without alpha.")]
    return []


def _deep_pixels(picture, file_format, bits, tags):
    """Return the intensities of gray with more than 8 bits, or of floats."""
    samples = np.asarray(picture)
    if tags is not None:
        return tags.intensities(samples)
    if samples.dtype.kind == "f":
        return samples
    if file_format not in {"PNG", "PPM", "JPEG2000"}:
        raise UnknownWhiteError(
            f"The image is {file_format} with {samples.dtype} samples, of which no white is known. "
            "Read it with PIL.Image.open or imageio.v3.imread and scale it."
        )
    if file_format == "JPEG2000":
        return intensities_of_components(samples, bits)
    gray = samples / np.float64(_WHITE_OF_16_BITS)
    clear = picture.info.get("transparency") if file_format == "PNG" else None
    return gray if clear is None else with_alpha(gray, np.where(samples == clear, 0.0, 1.0))


def _converted(picture, stored):
    """Return gray, RGB or RGBA with 8 bits, as Pillow or, for CMYK, a profile converts it."""
    if picture.mode == "CMYK" and stored.profile:
        profile, stored.profile = stored.profile, b""
        try:
            return rgb_of(picture, profile)
        except ProfileError as error:
            stored.remarks.append(error.as_warning())
    if picture.mode == "LAB":  # converted by lcms, whose Lab needs no profile
        stored.profile = b""
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        return np.asarray(picture.convert("RGBA"))
    if picture.mode in {"1", "L"}:
        return np.asarray(picture.convert("L"))
    return np.asarray(picture.convert("RGB"))
