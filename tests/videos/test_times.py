"""Which frames, and when."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skfourier.videos._times import frame_indices, frame_times


@pytest.mark.parametrize(
    "frames",
    [slice(None), slice(3), slice(2, None), slice(None, None, 4), slice(-5, -1, 2), slice(3, 99)],
)
def test_slices_are_those_of_a_list(frames):
    assert frame_indices(frames, 11).tolist() == list(range(11))[frames]


@pytest.mark.parametrize("as_sequence", [list, tuple, np.array, lambda f: np.array(f, np.uint8)])
def test_sequences_are_taken_as_they_are(as_sequence):
    assert_array_equal(frame_indices(as_sequence([0, 3, 10]), 11), [0, 3, 10])


def test_negative_ones_count_from_the_end():
    assert_array_equal(frame_indices([1, -2, -1], 11), [1, 9, 10])


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (3, "must be a slice or a sequence of integers"),
        ([[1, 2]], "must be a slice or a sequence of integers"),
        ([0.5, 2.0], "must be a slice or a sequence of integers"),
        ([True, False], "np.flatnonzero"),
        ("every", "must be a slice or a sequence of integers"),
        (None, "must be a slice or a sequence of integers"),
        ([0, 11], "frame 11, and the video has 11: 0 to 10"),
        ([-12, 3], "frame -12, and the video has 11"),
        ([3, 2], "in the order of the video, each once"),
        ([2, 2], "in the order of the video, each once"),
        ([-1, 0], "in the order of the video, each once"),
        (slice(None, None, -1), "in the order of the video, each once"),
        ([], "leaves none of the 11 frames"),
        (slice(11, None), "leaves none of the 11 frames"),
    ],
)
def test_refuses_other_frames(frames, message):
    with pytest.raises(ValueError, match=message):
        frame_indices(frames, 11)


def test_times_of_a_whole_video_leave_the_end_out():
    assert_array_equal(frame_times(None, 4), [0, 0.25, 0.5, 0.75])


def test_given_times_are_taken_as_they_are():
    assert_array_equal(frame_times([1, 0, 0.3], 3), [1, 0, 0.3])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0, 0.5], "a number for each of the 3 frames"),
        (0.5, "a number for each of the 3 frames"),
        ([[0, 0.1, 0.2]], "a number for each of the 3 frames"),
        (["a", "b", "c"], "times holds strings"),
        ([0, 0.5, 1.01], r"must lie in \[0, 1\].* got 1.01"),
        ([0, 10, 20], r"must lie in \[0, 1\].* got 10\. .*index / number of frames"),
        ([-0.1, 0.5, 1], r"must lie in \[0, 1\].* got -0.1"),
        ([0, np.nan, 1], r"must lie in \[0, 1\].* got nan"),
    ],
)
def test_refuses_other_times(times, message):
    with pytest.raises(ValueError, match=message):
        frame_times(times, 3)
