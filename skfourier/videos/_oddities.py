"""Warnings of what the frames of a file, or their times, do not show."""

import warnings

import numpy as np

from skfourier.videos._times import rises

_HIGH_DYNAMIC_RANGE = {16: "PQ", 18: "HLG"}  # FFmpeg's numbers of transfer functions


def warn_of_oddities(path, seen, times, stacklevel):
    """Warn the caller so many levels up of each oddity that the survey `seen` has found."""
    for oddity in (_gaps(seen, times), _transfer(seen), _interlacing(seen), _pixel_aspect(seen)):
        if oddity:
            warnings.warn(f"{path} {oddity}", UserWarning, stacklevel=stacklevel + 1)


def _gaps(seen, times):
    if times != "index" or len(seen.ticks) < 3 or not rises(seen.ticks):
        return None
    gaps = np.diff(seen.ticks)
    if gaps.max() < 2 * gaps.min():
        return None
    return (
        f"shows some frames {gaps.max() / gaps.min():.3g} times as long as others, and times by "
        'index are evenly spaced. Pass times="pts", for times by the clock of the file (to '
        "load_video with return_times=True)."
    )


def _transfer(seen):
    if seen.transfer not in _HIGH_DYNAMIC_RANGE:
        return None
    return (
        f"is of high dynamic range, coded by {_HIGH_DYNAMIC_RANGE[seen.transfer]}. Its values are "
        "read as they are coded, and not converted to sRGB."
    )


def _interlacing(seen):
    if not seen.interlaced:
        return None
    return (
        "is interlaced: every second row of a frame shows another moment. To have whole frames, "
        "convert it: ffmpeg -i FILE -vf bwdif -c:v ffv1 FILE.mkv."
    )


def _pixel_aspect(seen):
    if abs(seen.pixel_aspect - 1) < 1e-3:
        return None
    return (
        f"has pixels {float(seen.pixel_aspect):.3g} times as wide as high, which are read as they "
        "are stored. To have square ones, convert it: ffmpeg -i FILE -vf "
        "scale=iw*sar:ih,setsar=1 -c:v ffv1 FILE.mkv."
    )
