"""Predicting videos: any number of frames at any resolution, in bounded memory."""

from os import PathLike
from typing import Any

from skfourier._extras import required
from skfourier._pixel_grids import check_n_columns, predict_pixels, region_axes
from skfourier._pixels import checked_shape
from skfourier.videos._reading import stacked
from skfourier.videos._times import frame_times
from skfourier.videos._writing import check_format_holds, write_predictions


def render(
    estimator: Any,
    shape: Any,
    path: str | PathLike[str] | None = None,
    *,
    times: Any = None,
    region: Any = None,
    aspect: str = "stretch",
    progress: bool = False,
    fps: float = 25,
) -> Any:
    r"""Predict a video of any number of frames, at any resolution or of any region.

    .. math:: t = \mathrm{frame} / n_\mathrm{frames}, \qquad
              x = x_0 + (x_1 - x_0) \, \mathrm{column} / \mathrm{width}

    with (x_0, x_1) = (left, right), and y likewise from top to bottom. Predicts frame by frame,
    about 65,536 pixels at a time; with a `path` no more than one frame is held.

    Parameters
    ----------
    estimator : object
        Fitted, with three columns X = (x, y, t), and a method ``predict``.
    shape : tuple of int, (n_frames, height, width) or (n_frames, height, width, channels)
        Of the grid, which need not be the one of `fit`. With the number of frames of the source
        the frames are at the times of the source's, with twice as many every second one is: slow
        motion. The channels do not matter; the estimator knows them.
    path : str or path-like, default=None
        Writes a file as `save_video` does, and returns nothing. None: returns an array.
    times : array-like of shape (n_frames,), default=None
        When to predict, in [0, 1], in any order; the source's frame i of n is at i / n. None:
        frame / n_frames.
    region : tuple of float (left, top, right, bottom), default=None
        What the grid covers, in units of X, the end points left out. None: the whole frame.
    aspect : {"stretch", "equal"}, default="stretch"
        That of `video_to_samples`, to find the whole frame; not used with a `region`.
    progress : bool, default=False
        Whether to show a progress bar. Needs rich: ``pip install "skfourier[progress]"``.
    fps : float, default=25
        Frames per second of the file.

    Returns
    -------
    ndarray of shape (n_frames, height, width) or (n_frames, height, width, channels), or None
        The predictions, floats, not clipped; None with a `path`.

    Raises
    ------
    ValueError
        If the estimator was fitted with other than three columns; if `shape`, `times`, `region`,
        `aspect` or `fps` is not as above; if the file cannot hold such a video, or predictions for
        it are not finite.
    NotFittedError
        If the estimator is not fitted.
    OSError
        If the folder does not exist or the file cannot be written.
    ImportError
        If a `path` is given and PyAV is missing, or `progress` and rich is.

    Notes
    -----
    When it fails midway, or is interrupted, an older file of the name `path` stays as it was, and
    what was rendered is kept in a new file beside it, such as ``film.partial-x7k2.mp4``: the
    exception carries a note that says where. Without a path it is lost, and the note says that.

    See Also
    --------
    samples_to_video : Clips and rounds, for predictions that you have.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skfourier.videos import render, video_to_samples
    >>> video = np.arange(4.0).reshape(4, 1, 1, 1) / 4
    >>> model = LinearRegression().fit(*video_to_samples(video, frames=[0, 3]))
    >>> render(model, (8, 1, 1, 1)).ravel().round(3)
    array([0.   , 0.125, 0.25 , 0.375, 0.5  , 0.625, 0.75 , 0.875])
    >>> render(model, (2, 1, 1, 1), times=[0.1, 1.0]).ravel().round(3)
    array([0.1, 1. ])
    """
    check_n_columns(estimator, ("x", "y", "t"), "video_to_samples(video)")
    shape = checked_shape(shape, "video")[:3]
    n_frames, height, width = shape
    times = frame_times(times, n_frames)
    axes = region_axes(height, width, region, aspect)
    if path is not None:
        check_format_holds(path, shape)
    frames = (predict_pixels(estimator, *axes, time) for time in times)
    if path is None:
        frames = _noting_losses(frames, n_frames)
    if progress:
        frames = _with_progress_bar(frames, n_frames)
    if path is None:
        return stacked(frames, n_frames)
    return write_predictions(path, frames, shape, fps)


def _noting_losses(frames, n_frames):
    """Pass the frames on; tell with an error how many come before it."""
    for k in range(n_frames):
        try:
            frame = next(frames)
        except BaseException as error:
            if k:
                error.add_note(
                    f"{k} of {n_frames} frames had been rendered and are lost. Pass a path to keep "
                    "what is rendered in a file."
                )
            raise
        yield frame


def _with_progress_bar(frames, n_frames):
    progress = required("rich.progress", "rich", "progress=True", "progress")
    return progress.track(frames, description="Rendering", total=n_frames)
