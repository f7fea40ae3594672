"""Selected frames of a video and their times: by index in the whole video, or by its clock."""

from itertools import pairwise

import numpy as np

from skfourier._checks import as_numbers, refuse_no_numbers


def frame_indices(frames, n_frames):
    """Return the indices, increasing and from 0 on, that a slice or a sequence of ints asks for."""
    if isinstance(frames, slice):
        indices = np.arange(n_frames)[frames]
    else:
        indices = np.asarray(frames)
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            raise ValueError(
                f"frames must be a slice or a sequence of integers; got {frames!r}. For one frame "
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
            f"frames must be in the order of the video, each once; got {frames!r}. Sort them, "
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
            f"times must hold a number for each of the {n_frames} frames; got {times!r}."
        )
    array = array.astype(np.float64)
    outside = ~((array >= 0) & (array <= 1))
    if outside.any():
        raise ValueError(
            f"times must lie in [0, 1], from the start of the video to its end; got "
            f"{array[outside][0]:g}. The time of a frame is its index / number of frames."
        )
    return array


def last_needed(frames):
    """Return how many frames from the first on hold those asked for; None if all may be needed."""
    if isinstance(frames, slice):
        start, stop, step = frames.start, frames.stop, frames.step
        from_the_start = stop is not None and stop >= 0 and (start or 0) >= 0 and (step or 1) > 0
        return stop if from_the_start else None
    indices = np.asarray(frames)
    if indices.dtype.kind not in "iu" or not indices.size or indices.min() < 0:
        return None
    return int(indices.max()) + 1


def presentation_times(ticks, last_duration):
    r"""Return the times of all frames of a video by its clock.

    .. math:: t_k = (p_k - p_0) / (p_{n - 1} + d_{n - 1} - p_0)

    Parameters
    ----------
    ticks : list of int or None
        The p: when each is shown.
    last_duration : int
        The d of the last; 0 if it is unknown: then as long as the one before.

    Raises
    ------
    ValueError
        If not every frame has its time, after that of the one before.
    """
    if not rises(ticks):
        raise ValueError(
            'times="pts" needs a file that says when each frame is shown, one after the other; '
            'this one does not. Take times="index".'
        )
    elapsed = np.array([tick - ticks[0] for tick in ticks], np.float64)
    last_gap = elapsed[-1] - elapsed[-2] if len(ticks) > 1 else 1
    return elapsed / (elapsed[-1] + (last_duration or last_gap))


def rises(ticks):
    """Return whether each of the ticks is known, and after the one before."""
    return None not in ticks and all(a < b for a, b in pairwise(ticks))
