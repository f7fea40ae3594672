"""Colors by ICC profiles, made those of sRGB by lcms, which Pillow brings along."""

import io

import numpy as np

from skfourier._pixels import quantized

# Between two tables for the same curve, lcms rounds to levels of 255 that differ by one at most.
_ROUNDING = 1
_SPACES = {"L": ("GRAY", "RGB"), "RGB": ("RGB",), "RGBA": ("RGB",), "CMYK": ("CMYK",)}


class ProfileError(Exception):
    """Why a profile is not applied: the end of a sentence that begins with it."""

    def as_warning(self):
        """Say so to the user."""
        return UserWarning(
            f"has an ICC profile that {self}; its colors are taken as those of sRGB."
        )


def in_srgb(pixels, profile):
    """Convert gray, RGB or RGBA to sRGB, with 8 bits; None if they are in sRGB already.

    Parameters
    ----------
    pixels : ndarray of shape (height, width) or (height, width, channels)
        Floats in [0, 1].
    profile : bytes

    Raises
    ------
    ProfileError
        If the profile is damaged, or not one for such colors.
    """
    from PIL import Image  # noqa: PLC0415

    mode = "L" if pixels.ndim == 2 else "RGBA" if pixels.shape[2] == 4 else "RGB"
    transform = _transform(profile, mode)
    if np.ptp([_probe(mode), transform(_probe(mode))], axis=0).max() <= _ROUNDING:
        return None
    return transform(Image.fromarray(quantized(pixels, np.uint8))) / np.float64(255)


def rgb_of(picture, profile):
    """Convert a picture of Pillow in CMYK to RGB.

    Raises
    ------
    ProfileError
        As `in_srgb`.
    """
    return _transform(profile, picture.mode)(picture)


def _transform(profile, mode):
    """Build the function from a picture in that mode to its array in sRGB."""
    from PIL import ImageCms  # noqa: PLC0415

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except OSError as error:
        raise ProfileError("is damaged") from error
    space = source.profile.xcolor_space.strip()
    if space not in _SPACES[mode]:
        raise ProfileError(f"is for {space}, and the pixels are {mode}")
    input_mode = "RGB" if (mode, space) == ("L", "RGB") else mode
    output_mode = "RGBA" if mode == "RGBA" else "RGB"
    try:
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), input_mode, output_mode
        )
    except ImageCms.PyCMSError as error:
        raise ProfileError("cannot be applied") from error

    def apply(picture):
        result = transform.apply(picture.convert(input_mode))
        return np.asarray(result.convert("L") if mode == "L" else result)

    return apply


def _probe(mode):
    """Make a picture of all grays, or of a few thousand colors."""
    from PIL import Image  # noqa: PLC0415

    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
    levels = np.linspace(0, 255, 18, dtype=np.uint8)  # multiples of 15
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
    return Image.fromarray(colors.reshape(len(levels), -1, 3)).convert(mode)
