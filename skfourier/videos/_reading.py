"""Reading video files frame by frame: a long one never lies in memory whole."""

import re

import numpy as np

from skfourier._files import existing_file
from skfourier._pixels import checked_size, cropped_and_resized, intensities
from skfourier.videos._pyav import converted, opened_video, pyav
from skfourier.videos._times import frame_indices


def iterate_video(path, size=None, frames=slice(None)):
    r"""Read a video file frame by frame, each with its time.

    .. math:: t = \mathrm{frame} / n_\mathrm{frames}

    of the file, whichever frames are read. One of them is in memory at a time, so that
    ``partial_fit`` learns videos of any length.

    Parameters
    ----------
    path : str or path-like
        Of any format that FFmpeg reads.
    size : int or tuple of int (height, width), default=None
        None: as it is. An int: the central square, resized to so many pixels a side. A pair: the
        central part of that aspect ratio, resized. As in `load_image`.
    frames : slice or sequence of int, default=slice(None)
        The frames to read, in the order of the file. Those before them are decoded as well, those
        after them are not.

    Yields
    ------
    time : float
        In [0, 1): index / number of frames in the file.
    frame : ndarray of shape (height, width, 3)
        RGB, float32 in [0, 1].

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the file is a directory, no video or without frames, at once; if it turns out to be cut
        short or damaged, at that frame: it says how many were read.
    ValueError
        If `size` or `frames` are not as above; if frames change their size.
    ImportError
        If PyAV is not installed: ``pip install "skfourier[video]"``.

    See Also
    --------
    load_video : All of it as an array.
    video_to_samples : Makes coordinates and targets of frames and their times.

    Notes
    -----
    Frames are turned upright as a player does. Those of more than 8 bits a channel keep them. The
    number of frames is counted in a first pass, which decodes none. A decoder conceals damage
    within a picture as players do, without a word.

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
    path, size, indices, n_frames = _checked(path, size, frames)
    return _timed_frames(path, size, indices, n_frames)


def load_video(path, size=None, frames=slice(None), *, return_times=False):
    r"""Read a video file, or some of its frames, as floats in [0, 1].

    Only the frames asked for are held, resized one by one.

    Parameters
    ----------
    path : str or path-like
        Of any format that FFmpeg reads.
    size : int or tuple of int (height, width), default=None
        None: as it is. An int: the central square, resized to so many pixels a side. A pair: the
        central part of that aspect ratio, resized. As in `load_image`.
    frames : slice or sequence of int, default=slice(None)
        The frames to read, in the order of the file. For some of them take `return_times` too, as
        `video_to_samples` needs to be told when they are.
    return_times : bool, default=False
        Whether to return the times of the frames in the file.

    Returns
    -------
    video : ndarray of shape (n_frames, height, width, 3)
        RGB, float32.
    times : ndarray of shape (n_frames,)
        Index / number of frames in the file, float64. Only if `return_times`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the file is a directory, no video or without frames; if it is cut short or damaged: it
        says how many frames were read, and `frames` can ask for those.
    ValueError
        If `size` or `frames` are not as above; if frames change their size.
    ImportError
        If PyAV is not installed: ``pip install "skfourier[video]"``.

    See Also
    --------
    iterate_video : One frame at a time; its notes hold here too.
    save_video : The way back.

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
    path, size, indices, n_frames = _checked(path, size, frames)
    frames = (frame for _, frame in _timed_frames(path, size, indices, n_frames))
    video = stacked(frames, len(indices))
    return (video, indices / n_frames) if return_times else video


def stacked(frames, n_frames):
    """Make one array of so many frames, without holding them twice."""
    first = next(frames)
    video = np.empty((n_frames, *first.shape), first.dtype)
    video[0] = first
    for k, frame in enumerate(frames, start=1):
        video[k] = frame
    return video


def _checked(path, size, frames):
    """Return path, size and indices after checking them, and the number of frames."""
    size = None if size is None else checked_size(size)
    path = existing_file(path, "a video")
    n_frames = count_frames(path)
    return path, size, frame_indices(frames, n_frames), n_frames


def _timed_frames(path, size, indices, n_frames):
    for index, frame in _decoded(path, indices, n_frames):
        image = intensities(_upright(frame), "The frame").astype(np.float32)
        yield index / n_frames, image if size is None else cropped_and_resized(image, *size)


def _upright(frame):
    """Return a frame as RGB of 8 or 16 bits, turned as its file says."""
    deep = frame.format.components[0].bits > 8
    pixels = converted(frame, "rgb48le" if deep else "rgb24").to_ndarray()
    return np.rot90(pixels, frame.rotation // 90)  # both count against the clock


def count_frames(path):
    """Count the frames that a file shows, or would show if it were whole, decoding none."""
    n_packets, n_hidden, end = 0, 0, 0
    with opened_video(path) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.size:
                n_packets += 1
                n_hidden += packet.is_discard  # an editor has cut it off; it stays in the file
                end = max(end, (packet.pts or 0) + packet.duration)
        n_missing = _frames_after(stream, end)
        n_frames = max(n_packets + n_missing, stream.frames) - n_hidden
    if n_frames == 0:
        raise OSError(f"{path} is a video without frames.")
    return n_frames


def _frames_after(stream, end):
    """Return how many frames would follow `end`, by the duration that Matroska files announce."""
    announced = re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", ""))
    if announced is None or not stream.average_rate:
        return 0
    hours, minutes, seconds = map(float, announced.groups())
    missing = 3600 * hours + 60 * minutes + seconds - float(end * stream.time_base)
    return max(0, round(missing * stream.average_rate))


def _decoded(path, indices, n_frames):
    """Yield the frames of these indices with their indices, as PyAV decodes them."""
    av = pyav()
    chosen, size = set(indices.tolist()), None
    with opened_video(path) as container:
        decoder = container.decode(video=0)
        for index in range(indices[-1] + 1):
            try:
                frame, cause = next(decoder, None), None
            except av.FFmpegError as error:
                frame, cause = None, error
            if frame is None or frame.is_corrupt:
                raise OSError(
                    f"{path} is cut short or damaged: {index} of its {n_frames} frames could be "
                    f"read. frames=slice({index}) reads those."
                ) from cause
            if size not in (None, (frame.height, frame.width)):
                raise ValueError(
                    f"{path} changes its size midway, from {size} to {(frame.height, frame.width)} "
                    f"at frame {index}. frames=slice({index}) reads those before."
                )
            size = frame.height, frame.width
            if index in chosen:
                yield index, frame
