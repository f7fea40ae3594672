"""Colors of decoded frames: RGB or RGBA in [0, 1], from what the file says of its samples."""

from functools import cache

import numpy as np

from skfourier.videos._pyav import converted, pyav

# The shares of red and blue in the luma, by ITU-T H.273's numbers of matrices, which are FFmpeg's.
_RED_AND_BLUE = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.3, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601
    6: (0.299, 0.114),  # BT.601
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
}
_BT709, _UNKNOWN, _BT601 = 1, 2, 5
_LIMITED_RANGE, _FULL_RANGE = 1, 2


def intensities_of(frame):
    """Return a frame as RGB, or as RGBA if its format has alpha: float32, 0 black and 1 white.

    Raises
    ------
    ValueError
        If its luma and chroma are of a matrix that is not known.
    """
    n_channels = len(frame.format.components)
    others = frame.format.has_palette or frame.format.name.startswith("xyz") or n_channels == 2
    if frame.format.is_rgb or others:  # two are gray with alpha
        return _from_rgb(frame)
    if n_channels == 1:
        return _from_gray(frame)
    frame.colorspace = _matrix(frame)
    return _from_rgb(frame) if _bits(frame) == 8 else _from_deep_luma_and_chroma(frame)


def has_alpha(pixel_format):
    """Return whether frames of a format may be transparent."""
    return pixel_format.has_palette or any(part.is_alpha for part in pixel_format.components)


def is_opaque(frame):
    """Return whether all of the pixels of a frame are opaque."""
    return not has_alpha(frame.format) or bool(np.all(intensities_of(frame)[..., 3] == 1))


def _bits(frame):
    return max(part.bits for part in frame.format.components)


def _fractions(samples, white):
    return np.divide(samples, np.float32(white), dtype=np.float32)


def _from_rgb(frame):
    """Convert by FFmpeg's scaler, which is right for all but luma and chroma of many bits."""
    alpha = has_alpha(frame.format)
    if _bits(frame) == 8:
        return _fractions(converted(frame, "rgba" if alpha else "rgb24").to_ndarray(), 255)
    pixels = converted(frame, "rgba64le" if alpha else "rgb48le").to_ndarray()
    if _bits(frame) > 8:
        return _fractions(pixels, 65535)
    return np.minimum(pixels / _white(frame.format.name), 1)


@cache
def _white(pixel_format):
    """Return what the scaler makes of white, of 65535, where colors share one byte or two."""
    frame = pyav().VideoFrame(16, 16, pixel_format)
    for plane in frame.planes:
        plane.update(b"\xff" * plane.buffer_size)
    return converted(frame, "rgb48le").to_ndarray()[8, 8].astype(np.float32)


def _from_gray(frame):
    gray = _fractions(converted(frame, "gray16le").to_ndarray(), 65535)
    bits = _bits(frame)
    if frame.color_range == _LIMITED_RANGE and 8 <= bits <= 16:  # which the scaler takes for full
        gray = np.clip((gray * np.float32((2**bits - 1) / 2 ** (bits - 8)) - 16) / 219, 0, 1)
    return np.stack([gray] * 3, axis=-1)


def _matrix(frame):
    """Return the number of the matrix; without one it is guessed as players do."""
    if frame.colorspace == _UNKNOWN:
        return _BT709 if frame.height >= 720 or frame.width >= 1280 else _BT601
    if frame.colorspace not in _RED_AND_BLUE:
        raise ValueError(
            f"Its colors are of matrix {frame.colorspace} of ITU-T H.273, and "
            f"{', '.join(map(str, _RED_AND_BLUE))} are known. Convert it first: "
            "ffmpeg -i FILE -vf zscale=matrix=gbr,format=gbrp -c:v ffv1 FILE.mkv."
        )
    return frame.colorspace


def _from_deep_luma_and_chroma(frame):
    """Apply the formula of ITU-R BT.709 and BT.2100 to samples of more than 8 bits.

    In the scaler's own RGB white is at 65283 of 65535, and elsewhere for other ranges. It is asked
    for nothing but the chroma of each pixel, at the bits that there are: luma stays as it is.
    """
    bits = _bits(frame)
    alpha = "a" if has_alpha(frame.format) else ""
    planes = _planes_of_16_bits(converted(frame, f"yuv{alpha}444p{bits}le"))
    unit, most = 2 ** (bits - 8), 2**bits - 1
    if frame.color_range == _FULL_RANGE:
        black, luma_span, chroma_span = 0, most, most
    else:
        black, luma_span, chroma_span = 16 * unit, 219 * unit, 224 * unit
    luma = (planes[0] - black) / luma_span
    blueness, redness = (planes[1:3] - 128 * unit) / chroma_span
    kr, kb = _RED_AND_BLUE[frame.colorspace]
    red, blue = 2 * (1 - kr) * redness, 2 * (1 - kb) * blueness
    green = -(kr * red + kb * blue) / (1 - kr - kb)  # so that luma is their mean, weighted
    rgb = np.clip([luma + red, luma + green, luma + blue], 0, 1)
    return np.moveaxis(np.concatenate([rgb, planes[3:] / most]), 0, -1)


def _planes_of_16_bits(frame):
    """Return all planes of a frame whose samples take two bytes, as float32."""
    rows = [np.frombuffer(plane, "<u2").reshape(frame.height, -1) for plane in frame.planes]
    return np.stack([samples[:, : frame.width] for samples in rows]).astype(np.float32)
