"""TIFFs by imageio's plugin of tifffile: all bits of gray and RGB, which Pillow reads in part."""

import math
from typing import Any

import numpy as np

from skfourier._image_files._stored import IncompleteError, Stored, remarks_on_size
from skfourier._image_files._tiff_tags import TiffTags

_MAGIC = {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}
_SEPARATE_PLANES, _REDUCED = 2, 1


def is_tiff(path):
    """Tell a TIFF, BigTIFF included, by its first bytes."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def read_tiff(path):
    """Read the first page of gray or RGB; None for what Pillow knows better.

    Raises
    ------
    UnknownWhiteError
        If its samples have no known white.
    IncompleteError
        If strips or tiles are missing.
    Exception
        Whatever tifffile raises for files that are damaged, or compressed in a way that it cannot
        undo without imagecodecs.
    """
    import imageio.v3 as iio  # noqa: PLC0415

    tiff: Any  # imageio annotates what all of its plugins share
    # A file that is open, as imageio takes some names for addresses or archives.
    with path.open("rb") as file, iio.imopen(file, "r", plugin="tifffile") as tiff:
        page = tiff.metadata(index=..., page=0)
        remarks = remarks_on_size(page["ImageWidth"] * page["ImageLength"])
        remarks += _remarks_on_thumbnail(page)
        tags = TiffTags.by_name(page)
        tags.check_white_is_known()
        if not (_is_sure(page, path.stat().st_size) and tags.need_no_conversion):
            return None
        samples = tiff.read(index=..., page=0)
    if samples.ndim == 3 and _is_planar(page):
        samples = np.moveaxis(samples, 0, -1)
    shape = (page["ImageLength"], page["ImageWidth"], len(tags.bits))
    if samples.size != math.prod(shape) or samples.shape[:2] != shape[:2]:  # a volume
        return None
    return Stored(
        upright(tags.image(samples.reshape(shape)), page.get("Orientation", 1)),
        bits=max(tags.bits),
        profile=bytes(page.get("InterColorProfile", b"")),
        remarks=[*remarks, *tags.remarks()],
    )


def _remarks_on_thumbnail(page):
    """Return a warning, in a list, if the page says that it is a smaller copy of another one."""
    if not int(page.get("NewSubfileType", 0)) & _REDUCED:
        return []
    return [
        UserWarning(
            "begins with a thumbnail, which is read. tifffile.TiffFile(path).pages has the other "
            "pages, and those below them."
        )
    ]


def _is_planar(page):
    return page.get("PlanarConfiguration", 1) == _SEPARATE_PLANES


def _is_sure(page, n_bytes):
    """Return whether tifffile would notice damage: it makes black what is empty or ends too early.

    Raises
    ------
    IncompleteError
        If there are fewer strips or tiles than the page has room for, which Pillow paints black.
    """
    kind = "Tile" if "TileOffsets" in page else "Strip"
    offsets = np.atleast_1d(page.get(f"{kind}Offsets", ())).astype(object)  # of any size
    counts = np.atleast_1d(page.get(f"{kind}ByteCounts", ()))
    if len(offsets) < _n_segments(page, kind):
        raise IncompleteError(
            f"{_n_segments(page, kind) - len(offsets)} of its {kind}s are missing"
        )
    return len(counts) == len(offsets) and counts.min() > 0 and (offsets + counts).max() <= n_bytes


def _n_segments(page, kind):
    """Count the strips or tiles that it takes to cover the page."""
    height, width = page["ImageLength"], page["ImageWidth"]
    across = page["TileWidth"] if kind == "Tile" else width
    down = page["TileLength"] if kind == "Tile" else min(page.get("RowsPerStrip", height), height)
    n_planes = page.get("SamplesPerPixel", 1) if _is_planar(page) else 1
    return math.ceil(height / down) * math.ceil(width / across) * n_planes


def upright(pixels, orientation):
    """Turn and mirror pixels as a viewer does for this orientation of EXIF or TIFF, 1 to 8."""
    if not 1 <= orientation <= 8:
        return pixels
    if orientation > 4:
        pixels = pixels.swapaxes(0, 1)
    mirrored, turned = (orientation - 1) % 4 in (1, 2), (orientation - 1) % 4 in (2, 3)
    return pixels[:: -1 if turned else 1, :: -1 if mirrored else 1]
