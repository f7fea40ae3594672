"""Videos to samples and back."""

import numpy as np
import pytest
from making_videos import random_video
from numpy.testing import assert_array_equal

from skfourier.images import image_to_samples
from skfourier.videos import samples_to_video, video_grid, video_to_samples

SHAPES = [
    (3, 4, 6),
    (1, 1, 5),
    (2, 5, 1, 1),
    (3, 4, 5, 1),
    (3, 4, 3, 2),
    (2, 3, 5, 3),
    (1, 1, 7, 4),
]
INTEGERS = [np.uint8, np.uint16, bool]
NO_SHAPES = [
    5, (4,), (5, 5), (0, 4, 5), (4, -1, 5), (4.0, 6, 5), (3, 4, 6, 0), (3, 4, 6, 5),
    (2, 3, 4, 1, 1), "abc", None, (True, 4, 5),
]  # fmt: skip
IMAGES = [(128, 128, 3), (5, 7, 1), (5, 7, 4)]


class TestVideoGrid:
    @pytest.mark.parametrize("aspect", ["stretch", "equal"])
    @pytest.mark.parametrize("shape", SHAPES)
    def test_row_of_a_pixel(self, shape, aspect):
        n_frames, height, width = shape[:3]
        across, down = (width, height) if aspect == "stretch" else (max(height, width),) * 2
        expected = [
            (c / across, r / down, f / n_frames)
            for f in range(n_frames)
            for r in range(height)
            for c in range(width)
        ]
        X = video_grid(shape, aspect)
        assert X.dtype == np.float64
        assert_array_equal(X, expected)

    def test_times_take_the_place_of_the_frames(self):
        whole = video_grid((10, 3, 5))
        part = video_grid((2, 3, 5), times=[0.2, 0.7])
        assert_array_equal(part, whole[np.isin(whole[:, 2], [0.2, 0.7])])

    @pytest.mark.parametrize("shape", NO_SHAPES)
    def test_refuses_shapes_of_no_video(self, shape):
        with pytest.raises(ValueError, match=r"shape must be \(n_frames, .* Pass video\.shape"):
            video_grid(shape)

    @pytest.mark.parametrize("shape", IMAGES)
    def test_refuses_the_shape_of_an_image(self, shape):
        with pytest.raises(ValueError, match="is that of one image"):
            video_grid(shape)

    def test_refuses_unknown_aspects_and_times_of_other_frames(self):
        with pytest.raises(ValueError, match="aspect='fit'"):
            video_grid((3, 4, 6), "fit")
        with pytest.raises(ValueError, match="each of the 3 frames"):
            video_grid((3, 4, 6), times=[0, 0.5])


class TestSamples:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("dtype", [*INTEGERS, np.float32, np.float64])
    def test_round_trip_is_exact(self, shape, dtype):
        video = random_video(shape, dtype)
        X, y = video_to_samples(video)
        assert_array_equal(X, video_grid(shape))
        assert y.shape == (np.prod(shape[:3]), *shape[3:])
        assert y.dtype == (np.float32 if dtype is np.float32 else np.float64)
        back = samples_to_video(y, shape, dtype)
        assert back.dtype == dtype
        assert_array_equal(back, video)

    def test_each_frame_is_an_image(self):
        video = random_video((4, 3, 5, 3))
        X, y = video_to_samples(video)
        for f, (X_frame, y_frame) in enumerate(zip(np.split(X, 4), np.split(y, 4), strict=True)):
            X_image, y_image = image_to_samples(video[f])
            assert_array_equal(X_frame[:, :2], X_image)
            assert_array_equal(X_frame[:, 2], f / 4)
            assert_array_equal(y_frame, y_image)

    @pytest.mark.parametrize("frames", [slice(None, None, 10), [0, 3, 30], slice(-1, None)])
    def test_some_frames_keep_the_times_of_the_whole(self, frames):
        video = random_video((31, 2, 5, 3))
        X, y = video_to_samples(video)
        kept = np.isin(np.rint(X[:, 2] * 31), np.arange(31)[frames])
        X_part, y_part = video_to_samples(video, frames=frames)
        assert_array_equal(X_part, X[kept])
        assert_array_equal(y_part, y[kept])

    def test_a_part_with_its_times_is_that_part(self):
        video = random_video((31, 2, 5, 3))
        kept = np.arange(0, 31, 10)
        for frames in ([0, 1, 2, 3], slice(1, None, 2)):
            from_part = video_to_samples(video[kept], times=kept / 31, frames=frames)
            from_whole = video_to_samples(video, frames=kept[frames])
            for ours, expected in zip(from_part, from_whole, strict=True):
                assert_array_equal(ours, expected)

    @pytest.mark.parametrize("aspect", ["stretch", "equal"])
    def test_passes_the_aspect_on(self, aspect):
        X, _ = video_to_samples(random_video((2, 5, 7)), aspect=aspect)
        assert_array_equal(X, video_grid((2, 5, 7), aspect))

    def test_does_not_share_memory_with_the_video(self):
        video = random_video((2, 3, 5), np.float64)
        video_to_samples(video)[1][:] = 9
        assert video.max() < 1

    @pytest.mark.parametrize("shape", [(5, 5), (), (2, 3, 4, 5), (0, 4, 5), (2, 3, 4, 1, 1)])
    def test_refuses_what_is_no_video(self, shape):
        with pytest.raises(ValueError, match=r"A video has shape .* np\.moveaxis\(video, 1, -1\)"):
            video_to_samples(np.zeros(shape))

    @pytest.mark.parametrize("shape", IMAGES)
    def test_refuses_an_image(self, shape):
        with pytest.raises(ValueError, match=r"one image\. image\[np\.newaxis\] is a video of one"):
            video_to_samples(np.zeros(shape))

    @pytest.mark.parametrize("dtype", [complex, np.int64, np.float16, object, str])
    def test_refuses_dtypes_without_a_white(self, dtype):
        with pytest.raises(ValueError, match=r"The video is .*known are bool, uint8|holds strings"):
            video_to_samples(np.zeros((2, 3, 5), dtype))

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_refuses_what_is_not_finite(self, bad):
        video = np.zeros((2, 3, 5, 3), np.float32)
        video[1, 2, 0, 1] = bad
        with pytest.raises(ValueError, match="The video holds NaN or infinity"):
            video_to_samples(video)
        with pytest.raises(ValueError, match="y holds NaN or infinity"):
            samples_to_video(video.reshape(30, 3), (2, 3, 5))

    def test_refuses_masks(self):
        with pytest.raises(ValueError, match="video is a masked array"):
            video_to_samples(np.ma.masked_less(np.zeros((2, 3, 5)), 1))

    @pytest.mark.parametrize(
        ("frames", "times", "message"),
        [([9], None, "the video has 2"), (slice(None), [0, 2], "must lie in"), (3, None, "slice")],
    )
    def test_refuses_other_frames_and_times(self, frames, times, message):
        with pytest.raises(ValueError, match=message):
            video_to_samples(np.zeros((2, 3, 5)), frames=frames, times=times)


class TestSamplesToVideo:
    def test_clips_and_rounds_to_uint8(self):
        video = samples_to_video([[-3.0], [0.0012], [0.501], [7.5]], (2, 1, 2, 1))
        assert video.dtype == np.uint8
        assert_array_equal(video.ravel(), [0, 0, 128, 255])

    @pytest.mark.parametrize(
        ("y_shape", "shape", "video_shape"),
        [
            ((30,), (2, 3, 5), (2, 3, 5)),
            ((30,), (2, 3, 5, 1), (2, 3, 5, 1)),
            ((30, 1), (2, 3, 5), (2, 3, 5, 1)),
            ((30, 3), (2, 3, 5), (2, 3, 5, 3)),
            ((30, 3), (2, 3, 5, 3), (2, 3, 5, 3)),
        ],
    )
    def test_channels_come_from_y_or_the_shape(self, y_shape, shape, video_shape):
        assert samples_to_video(np.zeros(y_shape), shape).shape == video_shape

    @pytest.mark.parametrize(
        ("y_shape", "shape"),
        [
            ((30,), (2, 3, 6)),
            ((30, 3), (2, 3, 5, 4)),
            ((90,), (2, 3, 5, 3)),
            ((15, 3), (2, 3, 5, 3)),
            ((2, 3, 5), (2, 3, 5)),
            ((0,), (1, 1, 5)),
        ],
    )
    def test_refuses_rows_that_do_not_fill_the_shape(self, y_shape, shape):
        n_pixels = np.prod(shape[:3])
        with pytest.raises(ValueError, match=rf"needs {n_pixels} rows.*of the video that y came"):
            samples_to_video(np.zeros(y_shape), shape)

    @pytest.mark.parametrize("shape", NO_SHAPES)
    def test_refuses_shapes_of_no_video(self, shape):
        with pytest.raises(ValueError, match="shape must be"):
            samples_to_video(np.zeros(4), shape)

    def test_refuses_other_numbers_of_channels_and_integers(self):
        with pytest.raises(ValueError, match="at most 4 channels"):
            samples_to_video(np.zeros((30, 5)), (2, 3, 5))
        with pytest.raises(ValueError, match="y must hold floats or booleans"):
            samples_to_video(np.zeros(30, np.uint8), (2, 3, 5))
