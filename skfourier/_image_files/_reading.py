"""Image files to intensities in sRGB: tifffile or Pillow decodes, a profile converts."""

import numpy as np

from skfourier._image_files._pillow import read_by_pillow
from skfourier._image_files._profiles import ProfileError, in_srgb
from skfourier._image_files._stored import IncompleteError, UnknownWhiteError
from skfourier._image_files._tiff import is_tiff, read_tiff


def read_image(path):
    """Read the first picture of a file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    pixels : ndarray of shape (height, width), (height, width, 3) or (height, width, 4)
        Gray, RGB or RGBA in sRGB, floats in [0, 1].
    remarks : list of Warning
        What the user should know; each continues a sentence that begins with the path.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not known which value is white.
    """
    try:
        stored = _decoded(path)
        _check_floats(stored.pixels)
    except UnknownWhiteError as error:
        raise ValueError(f"{path}: {error}") from error
    except (MemoryError, PermissionError, ImportError):
        raise
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        raise OSError(f"{path} could not be read as an image: {error}{_remedy(error)}") from error
    _convert_to_srgb(stored)
    return stored.pixels, stored.remarks


def _decoded(path):
    """Decode a file: TIFFs of gray and RGB by tifffile where it can, all others by Pillow."""
    from PIL import Image  # noqa: PLC0415

    if not is_tiff(path):
        return read_by_pillow(path)
    try:
        stored, failure = read_tiff(path), None
    except (UnknownWhiteError, IncompleteError, Image.DecompressionBombError, MemoryError):
        raise
    except Exception as error:  # damage, or a compression that Pillow knows and tifffile does not
        stored, failure = None, error
    if stored is not None:
        return stored
    try:
        return read_by_pillow(path)
    except Image.UnidentifiedImageError:  # whole, perhaps, but of no kind that Pillow knows
        if failure is not None and "imagecodecs" in str(failure):
            raise failure from None
        raise


def _check_floats(pixels):
    """Check that floats lie in [0, 1]; what was made of integers does."""
    if not np.isfinite(pixels).all():
        raise UnknownWhiteError("The image holds NaN or infinity: replace those values first.")
    if pixels.min() < 0 or pixels.max() > 1:
        raise UnknownWhiteError(
            f"The image holds floats from {pixels.min():.6g} to {pixels.max():.6g}, and load_image "
            "returns [0, 1]. Read it with imageio.v3.imread and scale it."
        )


def _convert_to_srgb(stored):
    """Apply the profile of a picture, if it has one that is not sRGB; remark what that loses."""
    if not stored.profile:
        return
    try:
        converted = in_srgb(stored.pixels, stored.profile)
    except ProfileError as error:
        stored.remarks.append(error.as_warning())
        return
    if converted is None:
        return
    stored.pixels = converted
    if stored.bits > 8:
        stored.remarks.append(
            UserWarning(
                f"has {stored.bits} bits per channel and an ICC profile other than that of sRGB, "
                "which is applied to 8 of them. Convert it to sRGB yourself if the others matter."
            )
        )


def _remedy(error):
    """Say what to do about an error of a decoder, after its own message."""
    from PIL import Image  # noqa: PLC0415

    if isinstance(error, Image.DecompressionBombError):
        return (
            " If you trust the file, raise the limit: set PIL.Image.MAX_IMAGE_PIXELS to its number "
            "of pixels, or to None."
        )
    if "MAX_" in str(error):
        return ". If you trust the file, raise that limit of Pillow."
    if "imagecodecs" in str(error):
        return ": pip install imagecodecs."
    return (
        ". Check that it is an image file, and whole, by opening it in a viewer; save it there as "
        "a PNG or a TIFF if it is."
    )
