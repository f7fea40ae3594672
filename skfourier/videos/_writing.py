"""Writing video files frame by frame; they appear only when they are complete."""

import os
import tempfile
from contextlib import contextmanager
from fractions import Fraction
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from skfourier._files import complete_file
from skfourier._pixels import checked_pixels, intensities, quantized
from skfourier.videos._pictures import survey
from skfourier.videos._pyav import converted, pyav

# By the ending of the name: codec, pixel format and options of the codec. FFmpeg's scaler puts
# chroma between the pixels, and readers expect it elsewhere unless told.
_CODECS = {
    ".mp4": ("libx264", "yuv420p", {"crf": "16", "chroma_sample_location": "center"}),
    ".mkv": ("ffv1", "bgr0", {"level": "1"}),  # level 3 cuts it into slices: too narrow for some
}
# A name has 255 bytes in most file systems, of which some tell that a file is partial.
_STEM_BYTES = 200


def save_video(path: str | PathLike[str], video: Any, fps: float = 25) -> None:
    """Write a video file; the file extension sets the format.

    The file appears, or takes the place of an older one, only when it is complete.

    Parameters
    ----------
    path : str or path-like
        Ends with .mp4 (H.264 with chroma at half resolution: small, plays everywhere, loses detail,
        and needs an even height and width) or .mkv (FFV1: lossless, any size, large).
    video : array-like of shape (n_frames, height, width) or (n_frames, height, width, channels)
        1 or 3 (RGB) channels, of dtype bool, uint8, float32 or float64; floats in [0, 1], clipped.
        Written with 8 bits per channel, gray as RGB.
    fps : float, default=25
        Frames per second. That of another file is
        ``imageio.v3.immeta(path, plugin="pyav")["fps"]``.

    Raises
    ------
    ValueError
        If `video` is not a video or not finite; if the format is unknown or cannot hold it, as odd
        sizes in an .mp4; if `fps` is not positive.
    OSError
        If the folder does not exist or the file cannot be written.
    ImportError
        If PyAV is not installed: ``pip install "skfourier[video]"``.

    See Also
    --------
    load_video : The inverse.
    render : Writes the predictions of an estimator, frame by frame.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skfourier.videos import load_video, save_video
    >>> video = np.random.default_rng(0).integers(0, 256, (5, 17, 31, 3), dtype=np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "noise.mkv"
    ...     save_video(path, video, fps=5)
    ...     bool(np.all(load_video(path) == np.float32(video / 255)))
    True
    """
    video = checked_pixels(video, "video")
    check_format_holds(path, video.shape)
    if video.dtype == np.uint16:
        raise ValueError(
            "The video is uint16, and videos are written with 8 bits per channel. Pass "
            "video / 65535 to have it rounded."
        )
    with complete_file(path) as complete, encoder(complete, video.shape[1:3], fps) as append:
        for frame in video:
            append(frame)


def write_predictions(path, frames, shape, fps):
    """Write predicted frames, each as it comes; if that fails, keep those that came.

    They are then in a file beside `path`, whose name is added to the error as a note.
    """
    n_written = 0
    with complete_file(path) as complete:
        try:
            with encoder(complete, shape[1:3], fps) as append:
                for frame in frames:
                    check_format_holds(path, (1, *frame.shape))
                    append(frame)
                    n_written += 1
        except BaseException as error:
            if n_written:
                fate = _kept_beside(complete, Path(path).resolve())
                error.add_note(f"{n_written} of {shape[0]} frames had been rendered; {fate}.")
            raise


@contextmanager
def encoder(path, size, fps):
    """Give a function that appends a frame; however the block ends, the file can be played."""
    av = pyav()
    from av.video.reformatter import ColorRange, Colorspace  # noqa: PLC0415

    codec, pixel_format, options = _CODECS[Path(path).suffix.lower()]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=_checked_rate(fps), options=options)
        stream.height, stream.width = size
        stream.pix_fmt = pixel_format
        if pixel_format.startswith("yuv"):  # unless told, players guess the matrix by the height
            stream.codec_context.colorspace = Colorspace.ITU601
            stream.codec_context.color_range = ColorRange.MPEG

        def append(image):
            frame = av.VideoFrame.from_ndarray(_rgb(image), format="rgb24")
            frame = converted(frame, pixel_format, dst_colorspace="ITU601")
            container.mux(stream.encode(frame))

        try:
            yield append
        finally:
            container.mux(stream.encode())


def check_format_holds(path, shape):
    """Check that the format that `path` ends with holds a video of that shape."""
    suffix = Path(path).suffix.lower()
    if suffix not in _CODECS:
        raise ValueError(
            f"{path} must end with one of {', '.join(_CODECS)}, which tells the format to write."
        )
    height, width, *channels = shape[1:]
    if channels not in ([], [1], [3]):
        raise ValueError(
            f"A video file holds 1 or 3 channels, gray or RGB; got {channels[0]}. Drop alpha: "
            "video[..., :3]."
        )
    if suffix == ".mp4" and (height % 2 or width % 2):
        smaller = max(2, height - height % 2), max(2, width - width % 2)
        larger = height + height % 2, width + width % 2
        sizes = " or ".join(f"{rows} x {columns}" for rows, columns in sorted({smaller, larger}))
        raise ValueError(
            f"{path}: an .mp4 needs an even height and width; got {height} x {width}. Take "
            f"{sizes}, or an .mkv, which takes any."
        )


def _checked_rate(fps):
    rate = float(fps) if isinstance(fps, Real) and not isinstance(fps, bool) else 0.0
    if not 0.01 <= rate <= 1000:
        raise ValueError(f"fps must be a number of frames per second, 0.01 to 1000; got {fps!r}.")
    return Fraction(rate).limit_denominator(1001)  # 30000 / 1001 is that of NTSC


def _rgb(image):
    """Return an image as 8 bit RGB."""
    if image.dtype != np.uint8:
        image = quantized(intensities(image, "The video"), np.uint8)
    image = image.reshape(*image.shape[:2], -1)
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))


def _kept_beside(complete, target):
    """Move what was written to a new name beside the target, if it can be read; tell its fate."""
    try:
        n_kept = len(survey(complete).ticks)
    except OSError:
        return "they are lost, as the file could not be ended"
    stem = target.stem.encode(errors="ignore")[:_STEM_BYTES].decode(errors="ignore")
    handle, partial = tempfile.mkstemp(
        prefix=f"{stem}.partial-", suffix=target.suffix, dir=target.parent
    )
    os.close(handle)
    os.replace(complete, partial)
    return f"{n_kept} of them are in {partial}"
