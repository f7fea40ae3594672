"""Writing video files; what formats refuse; failures that leave an older file."""

import os
import resource
import sys

import av
import imageio.v3 as iio
import numpy as np
import pytest
from making_videos import random_video
from numpy.testing import assert_allclose, assert_array_equal

from skfourier.metrics import psnr
from skfourier.videos import load_video, save_video

BAD_RATES = [0, -1, np.nan, np.inf, "25", None, True, 1e-9, 1e9]


def smooth_video(n_frames=6, height=48, width=64, shift=0.0):
    """Return waves of all colors, of 12 pixels and more, that move."""
    t, y, x = np.meshgrid(np.arange(n_frames), np.arange(height), np.arange(width), indexing="ij")
    x = x + shift
    phases = [x / 16 + t / 6, y / 12 - t / 6, (x + y) / 24]
    return np.stack([0.5 + 0.4 * np.sin(2 * np.pi * phase) for phase in phases], axis=-1)


class TestLossless:
    @pytest.mark.parametrize(
        "shape",
        [
            (3, 15, 21, 3),
            (1, 1, 1, 3),
            (2, 2, 7, 3),
            (2, 9, 1, 3),
            (1, 289, 353, 3),
            (1, 300, 1, 3),
        ],
    )
    def test_load_gives_the_video_again(self, tmp_path, shape):
        video = random_video(shape)
        save_video(tmp_path / "film.mkv", video)
        assert_array_equal(load_video(tmp_path / "film.mkv"), (video / 255).astype(np.float32))

    def test_imageio_reads_the_same(self, tmp_path):
        video = random_video((4, 15, 21, 3))
        save_video(tmp_path / "film.mkv", video)
        assert_array_equal(iio.imread(tmp_path / "film.mkv", plugin="pyav"), video)

    @pytest.mark.parametrize("shape", [(3, 5, 7), (3, 5, 7, 1)])
    @pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32])
    def test_gray_is_written_as_rgb(self, tmp_path, shape, dtype):
        video = random_video(shape, dtype)
        save_video(tmp_path / "gray.mkv", video)
        white = 255 if dtype is np.uint8 else 1
        expected = np.rint(255 / white * video.reshape(3, 5, 7, 1).astype(float)) / 255
        assert_array_equal(
            load_video(tmp_path / "gray.mkv"), np.broadcast_to(np.float32(expected), (3, 5, 7, 3))
        )

    def test_floats_are_clipped_and_rounded(self, tmp_path):
        video = np.array([-0.5, 0.0, 0.0012, 0.501, 1.0, 9.0]).reshape(1, 1, 6, 1)
        save_video(tmp_path / "film.mkv", video)
        loaded = load_video(tmp_path / "film.mkv")[0, 0, :, 0]
        assert_array_equal(np.rint(255 * loaded), [0, 0, 0, 128, 255, 255])


class TestLossy:
    def test_is_near(self, tmp_path):
        video = smooth_video()
        save_video(tmp_path / "film.mp4", video)
        reached = psnr(video, load_video(tmp_path / "film.mp4"))
        # Chroma half a pixel off, as by readers that expect it elsewhere, would be this far.
        shifted = smooth_video(shift=0.5)
        shifted += ((video - shifted) @ [0.299, 0.587, 0.114])[..., None]
        assert reached > psnr(video, shifted) + 3
        # And what imageio writes by default, and reads, is farther.
        iio.imwrite(
            tmp_path / "imageio.mp4", np.rint(255 * video).astype(np.uint8), plugin="pyav",
            codec="libx264",
        )  # fmt: skip
        assert reached > psnr(video, iio.imread(tmp_path / "imageio.mp4", plugin="pyav") / 255)

    def test_has_no_bias(self, tmp_path):
        video = smooth_video()
        save_video(tmp_path / "film.mp4", video)
        bias = (load_video(tmp_path / "film.mp4") - video).mean(axis=(0, 1, 2))
        assert_allclose(bias, 0, atol=0.5 / 255)  # half a level: what rounding down costs

    def test_players_are_told_the_colors(self, tmp_path):
        save_video(tmp_path / "film.mp4", smooth_video())
        with av.open(str(tmp_path / "film.mp4")) as container:
            frame = next(container.decode(video=0))
        assert frame.format.name == "yuv420p"
        assert frame.colorspace == 5  # BT.601
        assert frame.color_range == 1  # 16 to 235

    @pytest.mark.parametrize(
        ("suffix", "fps"),
        [
            *[(".mp4", fps) for fps in (25, 23.976, 30000 / 1001)],
            *[(".mkv", fps) for fps in (12.5, 23.976, 30000 / 1001)],
            (".MP4", np.float32(10)),
        ],
    )
    def test_has_the_frame_rate(self, tmp_path, suffix, fps):
        path = tmp_path / f"film{suffix}"
        save_video(path, smooth_video(4, 16, 16), fps)
        # limit_denominator(1001) is off by at most 1 / 1001**2.
        assert iio.immeta(path, plugin="pyav")["fps"] == pytest.approx(fps, abs=1e-6)
        assert len(load_video(path)) == 4


class TestRefusals:
    @pytest.mark.parametrize(
        ("height", "width", "sizes"),
        [
            (15, 20, "14 x 20 or 16 x 20"),
            (16, 21, "16 x 20 or 16 x 22"),
            (15, 21, "14 x 20 or 16 x 22"),
            (1, 20, "Take 2 x 20, or"),
        ],
    )
    def test_odd_sizes_in_an_mp4(self, tmp_path, height, width, sizes):
        message = rf"film\.mp4: an \.mp4 needs an even .* got {height} x {width}\. .*{sizes}.*\.mkv"
        with pytest.raises(ValueError, match=message):
            save_video(tmp_path / "film.mp4", np.zeros((2, height, width, 3)))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["film", "film.avi", "film.gif", ".mp4"])
    def test_unknown_formats(self, tmp_path, name):
        with pytest.raises(ValueError, match=r"must end with one of \.mp4, \.mkv"):
            save_video(tmp_path / name, np.zeros((2, 4, 6, 3)))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("video", "message"),
        [
            (np.full((2, 4, 6), np.nan), "NaN or infinity"),
            (np.zeros((2, 4, 6, 4)), r"holds 1 or 3 channels.* got 4\. Drop alpha"),
            (np.zeros((2, 4, 6, 2)), r"holds 1 or 3 channels.* got 2\."),
            (np.zeros((4, 6, 3)), "one image"),
            (np.zeros((4, 6)), "A video has shape"),
            (np.zeros((0, 4, 6, 3)), "A video has shape"),
            (np.zeros((2, 4, 6, 3), np.int64), "known are"),
            (np.zeros((2, 4, 6, 3), np.uint16), r"uint16.*8 bits.*video / 65535"),
        ],
    )
    @pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
    def test_what_is_no_such_video(self, tmp_path, suffix, video, message):
        with pytest.raises(ValueError, match=message):
            save_video(tmp_path / f"film{suffix}", video)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("fps", BAD_RATES)
    def test_other_frame_rates(self, tmp_path, fps):
        with pytest.raises(ValueError, match="fps must be a number of frames per second"):
            save_video(tmp_path / "film.mkv", np.zeros((2, 4, 6, 3)), fps)
        assert list(tmp_path.iterdir()) == []

    def test_missing_folders(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"folder .*nowhere does not exist: create it"):
            save_video(tmp_path / "nowhere" / "film.mkv", np.zeros((2, 4, 6, 3)))

    def test_without_pyav(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "av", None)
        with pytest.raises(ImportError, match=r"needs PyAV.*pip install \"skfourier\[video\]\""):
            save_video(tmp_path / "film.mkv", np.zeros((2, 4, 6, 3)))


class TestCompleteOrNotAtAll:
    @pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
    def test_replaces_a_file_at_once(self, tmp_path, suffix):
        # Whoever has the older file still has all of it, as nothing was written into it.
        path, older = tmp_path / f"film{suffix}", tmp_path / f"older{suffix}"
        save_video(path, random_video((2, 4, 6, 3)))
        before = path.read_bytes()
        os.link(path, older)
        save_video(path, random_video((3, 4, 6, 3), seed=1))
        assert older.read_bytes() == before != path.read_bytes()
        assert len(list(tmp_path.iterdir())) == 2

    def test_that_fails_midway_leaves_the_older_file(self, tmp_path):
        path = tmp_path / "film.mkv"
        save_video(path, random_video((2, 4, 6, 3)))
        before = path.read_bytes()
        video = random_video((5, 4, 6, 3), float)
        video[4, 0, 0] = np.nan
        with pytest.raises(ValueError, match="The video holds NaN"):
            save_video(path, video)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_on_a_full_disk_leaves_the_older_file(self, tmp_path):
        path = tmp_path / "film.mkv"
        save_video(path, random_video((2, 4, 6, 3)))
        before = path.read_bytes()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                save_video(path, random_video((30, 64, 64, 3)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]
