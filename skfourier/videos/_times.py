"""Which frames of a video, and when: a time is an index in the whole video / number of frames."""

import numpy as np

from skfourier._sklearn import as_numbers, refuse_no_numbers


def frame_indices(frames, n_frames):
    """Return the indices, increasing and from 0 on, that a slice or a sequence of ints asks for."""
    if isinstance(frames, slice):
        indices = np.arange(n_frames)[frames]
    else:
        indices = np.asarray(frames)
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            raise ValueError(
                f"frames must be a slice or a sequence of integers; came {frames!r}. For one frame "
                "pass a list of one index, for a mask np.flatnonzero(mask)."
            )
        refuse_no_numbers(frames, "frames")  # a mask, which NumPy has lost
        outside = (indices < -n_frames) | (indices >= n_frames)
        if outside.any():
            raise ValueError(
                f"frames asks for frame {indices[outside][0]}, and the video has {n_frames}: "
                f"0 to {n_frames - 1}."
            )
        indices = indices.astype(int)  # of unsigned ones differences, of short ones sums wrap
        indices = np.where(indices < 0, indices + n_frames, indices)
    if not indices.size:
        raise ValueError(f"frames={frames!r} leaves none of the {n_frames} frames.")
    if np.any(np.diff(indices) <= 0):
        raise ValueError(
            f"frames must be in the order of the video, each once; came {frames!r}. Sort them, "
            "and reorder the result."
        )
    return indices


def frame_times(times, n_frames):
    """Return the times of the frames after checking them; None: those of a whole video."""
    if times is None:
        return np.arange(n_frames) / n_frames
    array = as_numbers(times, "times")
    if array.shape != (n_frames,) or array.dtype.kind not in "fiu":
        raise ValueError(
            f"times must hold a number for each of the {n_frames} frames; came {times!r}."
        )
    array = array.astype(np.float64)
    outside = ~((array >= 0) & (array <= 1))
    if outside.any():
        raise ValueError(
            f"times must lie in [0, 1], from the start of the video to its end; came "
            f"{array[outside][0]:g}. The time of a frame is its index / number of frames."
        )
    return array
