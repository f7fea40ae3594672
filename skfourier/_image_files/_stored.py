"""The output of a decoder: the pixels of a file, and what the file says about them."""

from dataclasses import dataclass, field

import numpy as np


class UnknownWhiteError(ValueError):
    """The file can be read, but which of its values is white is not known."""


class IncompleteError(OSError):
    """Parts of the file are missing, which no decoder complains of."""


@dataclass
class Stored:
    """The first picture of a file, upright.

    Attributes
    ----------
    pixels : ndarray of shape (height, width), (height, width, 3) or (height, width, 4)
        Gray, RGB or RGBA, floats, 0 black and 1 white.
    bits : int
        Bits of a channel of `pixels`.
    profile : bytes
        The ICC profile of the colors; empty for sRGB.
    remarks : list of Warning
        What the user should know; each continues a sentence that begins with the path.
    """

    pixels: np.ndarray
    bits: int = 8
    profile: bytes = b""
    remarks: list[Warning] = field(default_factory=list)


def with_alpha(gray, alpha):
    """Combine gray and alpha to RGBA."""
    return np.stack([gray, gray, gray, alpha], axis=-1)


def remarks_on_size(n_pixels):
    """Compare the number of pixels with Pillow's limit, and return a warning, if any, in a list.

    Raises
    ------
    PIL.Image.DecompressionBombError
        Beyond twice the limit, as Pillow does.
    """
    from PIL import Image  # noqa: PLC0415

    limit = Image.MAX_IMAGE_PIXELS
    if limit is None or n_pixels <= limit:
        return []
    if n_pixels > 2 * limit:
        raise Image.DecompressionBombError(
            f"Image size ({n_pixels} pixels) exceeds limit of {2 * limit} pixels."
        )
    return [
        Image.DecompressionBombWarning(
            f"has {n_pixels} pixels, more than PIL.Image.MAX_IMAGE_PIXELS = {limit}, beyond which "
            "Pillow warns of files made to fill the memory. If you trust the file, set that to "
            f"{n_pixels}."
        )
    ]
