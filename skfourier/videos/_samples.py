"""Videos in memory: pixels to rows of coordinates and targets, and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skfourier._pixel_grids import grid_rows, pixel_axes
from skfourier._pixels import checked_pixels, checked_shape, intensities, rows_to_pixels
from skfourier.videos._times import frame_indices, frame_times


def video_grid(shape: Any, aspect: str = "stretch", *, times: Any = None) -> NDArray[Any]:
    r"""Return the coordinates of the pixels of a video, frame by frame, row by row.

    .. math:: x = \mathrm{column} / s_x, \qquad y = \mathrm{row} / s_y, \qquad
              t = \mathrm{frame} / n_\mathrm{frames}

    with (s_x, s_y) = (width, height) for "stretch", and both the longer of the two for "equal".

    Parameters
    ----------
    shape : tuple of int, (n_frames, height, width) or (n_frames, height, width, channels)
        Of the video; the channels do not matter.
    aspect : {"stretch", "equal"}, default="stretch"
        "stretch" spreads x and y over [0, 1) each; with "equal" the longer one fills it and a unit
        of X is the same length on both axes. Time fills [0, 1) either way.
    times : array-like of shape (n_frames,), default=None
        Times of the frames, in [0, 1], in place of frame / n_frames.

    Returns
    -------
    ndarray of shape (n_frames * height * width, 3)
        Columns (x, y, t), float64.

    Raises
    ------
    ValueError
        If `shape` is not that of a video, `aspect` is unknown, or `times` are not as above.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", section 3.2.

    Examples
    --------
    >>> from skfourier.videos import video_grid
    >>> video_grid((2, 1, 2, 3))
    array([[0. , 0. , 0. ],
           [0.5, 0. , 0. ],
           [0. , 0. , 0.5],
           [0.5, 0. , 0.5]])
    """
    n_frames, height, width = checked_shape(shape, "video")[:3]
    return grid_rows(*pixel_axes(height, width, aspect), frame_times(times, n_frames))


def video_to_samples(
    video: Any, *, frames: Any = slice(None), times: Any = None, aspect: str = "stretch"
) -> tuple[NDArray[Any], NDArray[Any]]:
    r"""Turn a video, or some of its frames, into rows: coordinates X and intensities y of a pixel.

    .. math:: t = \mathrm{frame} / n_\mathrm{frames}, \qquad y = \mathrm{pixel} / \mathrm{white}

    with the frame's index and n_frames of the whole `video`, and white 255 for uint8, 65535 for
    uint16 and 1 for booleans and floats.

    Parameters
    ----------
    video : array-like of shape (n_frames, height, width) or (n_frames, height, width, channels)
        1 to 4 channels, of dtype bool, uint8, uint16, float32 or float64. Floats pass as they are.
    frames : slice or sequence of int, default=slice(None)
        The frames to make rows of, in the order of the video. To learn every tenth one say
        ``frames=slice(None, None, 10)`` and not ``video[::10]``, which would pass for a whole
        video, with times of its own.
    times : array-like of shape (n_frames,), default=None
        Times of the frames of `video`, in [0, 1], if it is only a part: those that `iterate_video`
        and `load_video` give. None: it is whole.
    aspect : {"stretch", "equal"}, default="stretch"
        As in `video_grid`.

    Returns
    -------
    X : ndarray of shape (n_chosen * height * width, 3)
        Coordinates (x, y, t), float64.
    y : ndarray of shape (n_chosen * height * width,) or (n_chosen * height * width, channels)
        Intensities, 0 black and 1 white: float32 if the video is, else float64.

    Raises
    ------
    ValueError
        If `video` has no such shape or dtype, is empty or not finite; if `frames`, `times` or
        `aspect` are not as above.

    See Also
    --------
    samples_to_video : The inverse.
    video_grid : X alone.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.videos import video_to_samples
    >>> video = np.arange(5, dtype=np.float32).reshape(5, 1, 1, 1) / 4
    >>> X, y = video_to_samples(video, frames=slice(None, None, 2))
    >>> X
    array([[0. , 0. , 0. ],
           [0. , 0. , 0.4],
           [0. , 0. , 0.8]])
    >>> y
    array([[0. ],
           [0.5],
           [1. ]], dtype=float32)
    """
    video = checked_pixels(video, "video")
    n_frames, height, width, *channels = video.shape
    chosen = frame_indices(frames, n_frames)
    times = frame_times(times, n_frames)[chosen]
    X = video_grid((len(chosen), height, width, 1), aspect, times=times)
    return X, intensities(video[chosen], "The video").reshape(len(X), *channels)


def samples_to_video(y: Any, shape: Any, dtype: Any = np.uint8) -> NDArray[Any]:
    r"""Turn intensities, one row per pixel, into a video.

    .. math:: \mathrm{pixel} = \mathrm{round}(\mathrm{white} \cdot \min(\max(y, 0), 1))

    with white as in `video_to_samples`; floats are not rounded. After `video_to_samples` of a
    bool, uint8 or uint16 video it gives the same video again.

    Parameters
    ----------
    y : array-like of shape (n_pixels,) or (n_pixels, channels)
        Intensities, floats or booleans, 0 black and 1 white; what lies outside is clipped.
    shape : tuple of int, (n_frames, height, width) or (n_frames, height, width, channels)
        Of the video.
    dtype : dtype, default=numpy.uint8
        bool, uint8, uint16, float32 or float64.

    Returns
    -------
    ndarray of shape (n_frames, height, width) or (n_frames, height, width, channels)
        (n_frames, height, width) if y has one dimension and `shape` no channels.

    Raises
    ------
    ValueError
        If y is not an array of floats or booleans, is not finite, or does not fill `shape`; if
        `dtype` is another one.

    See Also
    --------
    video_to_samples : The inverse.
    render : Predicts and makes the video, of any number of frames and at any resolution.

    Examples
    --------
    >>> from skfourier.videos import samples_to_video
    >>> samples_to_video([[0.0], [0.2], [0.4], [1.3]], (2, 1, 2, 1)).shape
    (2, 1, 2, 1)
    """
    return rows_to_pixels(y, shape, dtype, "video")
