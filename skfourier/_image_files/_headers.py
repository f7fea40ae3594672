"""Entries of file headers that Pillow does not pass on: bits per channel, coded colors."""

import mmap
import re

# The start of a JPEG 2000 codestream: number of components, then three bytes for each, the first
# its depth less one, with the sign in front (ISO 15444-1, A.5.1).
_JPEG2000_COMPONENTS = re.compile(rb"\xff\x4f\xff\x51.{36}(..)", re.DOTALL)
# The box of a JP2 with an ICC profile: its length, name and method 2 (ISO 15444-1, I.5.3.3).
_JPEG2000_PROFILE = re.compile(rb"(.{4})colr\x02..", re.DOTALL)
# AV1's configuration: its third byte has a flag for 10 bits and one for 12 (AV1-ISOBMFF, 2.3).
_AV1_CONFIGURATION = re.compile(rb"av1C\x81.(.)", re.DOTALL)
# Colors by numbers of ITU-T H.273, in two bytes each (AVIF) or one (PNG).
_CODED_COLORS = {
    "AVIF": re.compile(rb"colrnclx(..)(..)", re.DOTALL),
    "PNG": re.compile(rb"\x00\x00\x00\x04cICP(.)(.)", re.DOTALL),
}
# Those of sRGB, unspecified ones, and curves which displays take for sRGB's.
_PRIMARIES_OF_SRGB = {1, 2}
_CURVES_OF_SRGB = {1, 2, 6, 13, 14, 15}
# The primaries and the white of sRGB as PNG stores them; what libpng takes for the same.
_SRGB_CHROMATICITY = (0.3127, 0.329, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_SAME_CHROMATICITY, _SAME_GAMMA = 0.01, 0.05


def bits_of_channels(picture, file):
    """Return the bits of each channel in the file, or one number for all of them.

    Negative numbers are those of signed channels.
    """
    if picture.format == "PPM":
        return (_maximum_of_ppm(picture).bit_length(),)
    header = {"PNG": _png, "JPEG2000": _jpeg2000, "AVIF": _avif, "SGI": _sgi}.get(picture.format)
    if header is None:
        return (8,)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return header(data)


def icc_profile(picture, file):
    """Return the ICC profile of a file, empty if it has none."""
    if picture.format != "JPEG2000":
        return picture.info.get("icc_profile") or b""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _JPEG2000_PROFILE.search(data)
        return data[found.end() : found.start() + int.from_bytes(found[1])] if found else b""


def strange_colors(picture, file):
    """Name what a file without an ICC profile says of colors that are not sRGB's, or return ""."""
    if picture.format not in _CODED_COLORS or "icc_profile" in picture.info:
        return ""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _CODED_COLORS[picture.format].search(data)
        codes = [int.from_bytes(code) for code in found.groups()] if found else []
    if codes:
        primaries, curve = codes
        if primaries in _PRIMARIES_OF_SRGB and curve in _CURVES_OF_SRGB:
            return ""
        return f"primaries {primaries} and transfer curve {curve} of ITU-T H.273"
    return "" if "srgb" in picture.info else _strange_gamma(picture.info)


def _strange_gamma(info):
    gamma, chromaticity = info.get("gamma", 1 / 2.2), info.get("chromaticity", _SRGB_CHROMATICITY)
    if abs(gamma * 2.2 - 1) > _SAME_GAMMA:
        return f"gamma {gamma:.5g}"
    if any(
        abs(one - other) > _SAME_CHROMATICITY
        for one, other in zip(chromaticity, _SRGB_CHROMATICITY, strict=True)
    ):
        return f"primaries of chromaticity {chromaticity[2:]}"
    return ""


def _png(data):
    return (data[24],)


def _sgi(data):
    return (8 * data[3],)


def _jpeg2000(data):
    found = _JPEG2000_COMPONENTS.search(data)
    if found is None:
        raise OSError("it has no header of a JPEG 2000 codestream")
    codes = data[found.end() : found.end() + 3 * int.from_bytes(found[1]) : 3]
    return tuple((1 + (code & 127)) * (-1 if code & 128 else 1) for code in codes)


def _avif(data):
    flags = [match[1][0] for match in _AV1_CONFIGURATION.finditer(data)]
    return (max((8 + 2 * bool(f & 64) * (1 + bool(f & 32)) for f in flags), default=8),)


def _maximum_of_ppm(picture):
    """Return the white of a color one; of gray, Pillow keeps all bits."""
    maximum = re.search(r"\('RGB', (\d+)\)", str(picture.tile))
    return 255 if maximum is None else int(maximum[1])
