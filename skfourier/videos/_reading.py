"""Reading video files frame by frame: a long one never lies in memory whole."""

from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skfourier._files import existing_file
from skfourier._pixels import checked_size, cropped_and_resized
from skfourier.videos._colors import intensities_of
from skfourier.videos._oddities import warn_of_oddities
from skfourier.videos._orientation import upright
from skfourier.videos._pictures import pictures, survey
from skfourier.videos._pyav import opened_video
from skfourier.videos._times import frame_indices, last_needed, presentation_times


def iterate_video(
    path: str | PathLike[str], size: Any = None, frames: Any = slice(None), *, times: str = "index"
) -> Iterator[tuple[float, NDArray[Any]]]:
    r"""Read a video file frame by frame, each with its time.

    .. math:: t = \mathrm{frame} / n_\mathrm{frames} \qquad \text{or} \qquad
              t = (p - p_\mathrm{first}) / (p_\mathrm{last} + d_\mathrm{last} - p_\mathrm{first})

    of the file, whichever frames are read; p are presentation times and d a duration. One frame is
    in memory at a time, so that ``partial_fit`` learns videos of any length.

    Parameters
    ----------
    path : str or path-like
        Of any format that FFmpeg reads.
    size : int or tuple of int (height, width), default=None
        None: as it is. An int: the central square, resized to that many pixels per side. A pair:
        the central part of that aspect ratio, resized. As in `load_image`.
    frames : slice or sequence of int, default=slice(None)
        The frames to read, in the order of the file.
    times : {"index", "pts"}, default="index"
        "index": the index of a frame / number of frames, as if all were shown equally long. "pts":
        when it is shown, by the clock of the file, as a part of the duration; needed where frames
        were dropped or are shown for different times. At a constant rate both are the same, but for
        the rounding of the clock.

    Yields
    ------
    time : float
        In [0, 1).
    frame : ndarray of shape (height, width, 3) or (height, width, 4)
        RGB, float32 in [0, 1]; RGBA if any pixel of the whole file is not opaque.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the file is a directory, no video or without frames; if it is cut short or damaged: it
        says how many frames can be read, and `frames` can ask for those. All of it at once.
    ValueError
        If `size`, `frames` or `times` are not as above; if the file does not say when frames are
        shown, and `times` asks for it; if frames change their size, or their colors or the angle
        that they are to be turned by are not known here.
    ImportError
        If PyAV is not installed: ``pip install "skfourier[video]"``.

    Warns
    -----
    UserWarning
        If times by index are not those of the file: some frames are shown at least twice as long as
        others. If it is of high dynamic range or interlaced, or its pixels are not square: such
        frames are read as they are stored.

    See Also
    --------
    load_video : All of it as an array.
    video_to_samples : Makes coordinates and targets of frames and their times.

    Notes
    -----
    The stream that is marked as default is read, else the first; covers and thumbnails do not
    count. Frames are turned and mirrored as the file says, to the nearest quarter.

    The number of frames is that of the pictures that decode, which a first pass counts: the whole
    file is decoded twice, and converted once. The number in the container is ignored. Pictures that
    a decoder reports as damaged end the video; it conceals some silently, as players do.
    What can be read of a damaged file counts as the whole.

    Luma and chroma become RGB by the matrix and the range that the file is tagged with. Without a
    tag the matrix is that of BT.709 from 720 rows or 1280 columns on, else that of BT.601, as
    players have it; the range is limited (16 to 235 of 255), that of gray full. White is exactly 1
    at any number of bits, and frames of more than 8 bits per channel keep them. Chroma at half
    resolution is interpolated (bicubic) from where the file says that its samples lie: on every
    second column, which is the default of H.264, HEVC and MPEG-2, or, where nothing is said,
    between the columns. FFmpeg's program takes "between" for all files, which moves sharp colors of
    H.264 by half a pixel (but for ``-vf zscale`` or ``-vf scale=in_chroma_loc=left``). Transfer
    functions and primaries (BT.2020, P3) are not converted: values are as the file codes them.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import CoordinateMLPRegressor, FourierFeatures
    >>> from skfourier.datasets import load_sample_video
    >>> from skfourier.videos import iterate_video, video_to_samples
    >>> path = load_sample_video().filename
    >>> network = CoordinateMLPRegressor(embedding=FourierFeatures((10, 10, 1)), random_state=0)
    >>> for time, frame in iterate_video(path, size=16, frames=[0, 10, 20, 30]):
    ...     X, y = video_to_samples(frame[np.newaxis], times=[time])
    ...     network = network.partial_fit(X, y)
    >>> frame.shape, bool(time == 30 / 91)
    ((16, 16, 3), True)
    """
    path, size, indices, moments, n_channels = _checked(path, size, frames, times, all_times=True)
    return _timed_frames(path, size, indices, moments, n_channels)


def load_video(
    path: str | PathLike[str],
    size: Any = None,
    frames: Any = slice(None),
    *,
    return_times: bool = False,
    times: str = "index",
) -> Any:
    r"""Read a video file, or some of its frames, as floats in [0, 1].

    Only the frames asked for are held, resized one by one.

    Parameters
    ----------
    path : str or path-like
        Of any format that FFmpeg reads.
    size : int or tuple of int (height, width), default=None
        None: as it is. An int: the central square, resized to that many pixels per side. A pair:
        the central part of that aspect ratio, resized. As in `load_image`.
    frames : slice or sequence of int, default=slice(None)
        The frames to read, in the order of the file. For some of them take `return_times` too, as
        `video_to_samples` needs to be told when they are.
    return_times : bool, default=False
        Whether to return the times of the frames in the file.
    times : {"index", "pts"}, default="index"
        Which times to return, as in `iterate_video`.

    Returns
    -------
    video : ndarray of shape (n_frames, height, width, 3) or (n_frames, height, width, 4)
        RGB, float32; RGBA if any pixel of the whole file is not opaque.
    times : ndarray of shape (n_frames,)
        In [0, 1), float64. Only if `return_times`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the file is a directory, no video or without frames; if it is cut short or damaged: it
        says how many frames can be read, and `frames` can ask for those.
    ValueError
        As `iterate_video` does; if `times` is "pts" without `return_times`.
    ImportError
        If PyAV is not installed: ``pip install "skfourier[video]"``.

    Warns
    -----
    UserWarning
        As `iterate_video` does.

    See Also
    --------
    iterate_video : One frame at a time; its notes hold here too.
    save_video : The inverse.

    Examples
    --------
    >>> from skfourier.datasets import load_sample_video
    >>> from skfourier.videos import load_video, video_to_samples
    >>> path = load_sample_video().filename
    >>> every_tenth = slice(None, None, 10)
    >>> video, times = load_video(path, size=(18, 32), frames=every_tenth, return_times=True)
    >>> X, y = video_to_samples(video, times=times)
    >>> video.shape, X.shape, y.shape
    ((10, 18, 32, 3), (5760, 3), (5760, 3))
    """
    if times == "pts" and not return_times:
        raise ValueError('times="pts" needs return_times=True: without, there are none to return.')
    path, size, indices, moments, n_channels = _checked(
        path, size, frames, times, all_times=return_times
    )
    timed_frames = _timed_frames(path, size, indices, moments, n_channels)
    video = stacked((frame for _, frame in timed_frames), len(indices))
    return (video, moments) if return_times else video


def stacked(frames, n_frames):
    """Make one array of `n_frames` frames, without holding them twice."""
    first = next(frames)
    video = np.empty((n_frames, *first.shape), first.dtype)
    video[0] = first
    for k, frame in enumerate(frames, start=1):
        video[k] = frame
    return video


def _checked(path, size, frames, times, *, all_times):
    """Return path, size, indices, their times and the number of channels, after checking all."""
    size = None if size is None else checked_size(size)
    if times not in ("index", "pts"):
        raise ValueError(f'times must be "index" or "pts"; got {times!r}.')
    path = existing_file(path, "a video")
    n_needed = last_needed(frames)
    seen = survey(path, None if all_times else n_needed)
    n_frames = len(seen.ticks)
    if seen.damage and (n_needed is None or n_needed > n_frames):
        raise seen.damage
    indices = frame_indices(frames, n_frames)
    warn_of_oddities(path, seen, times, stacklevel=3)
    if times == "pts":
        moments = presentation_times(seen.ticks, seen.last_duration)[indices]
    else:
        moments = indices / n_frames
    return path, size, indices, moments, 3 if seen.opaque else 4


def _timed_frames(path, size, indices, moments, n_channels):
    chosen, shape = dict(zip(indices.tolist(), moments.tolist(), strict=True)), None
    with opened_video(path) as stream:
        for index, frame in zip(range(indices[-1] + 1), pictures(path, stream), strict=False):
            if shape not in (None, (frame.height, frame.width)):
                raise ValueError(
                    f"{path} changes its size midway, from {shape} to "
                    f"{(frame.height, frame.width)} at frame {index}. frames=slice({index}) reads "
                    "those before."
                )
            shape = frame.height, frame.width
            if index in chosen:
                image = _image(path, index, frame, n_channels)
                yield chosen[index], image if size is None else cropped_and_resized(image, *size)


def _image(path, index, frame, n_channels):
    try:
        pixels = intensities_of(frame)[..., :n_channels]
        pixels = np.ascontiguousarray(upright(pixels, frame))
    except ValueError as error:
        raise ValueError(f"{path}, frame {index}: {error}") from error
    if pixels.shape[2] < n_channels:  # others have alpha
        return np.dstack([pixels, np.ones(pixels.shape[:2], np.float32)])
    return pixels
