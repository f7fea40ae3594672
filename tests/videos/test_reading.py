"""Reading video files, whole, in part, and those that cannot be read."""

import gc
import os
import sys
import wave
import weakref
from pathlib import Path

import av
import imageio.v3 as iio
import numpy as np
import pytest
from making_videos import encode, random_video
from numpy.testing import assert_allclose, assert_array_equal

from skfourier.images import load_image, save_image
from skfourier.videos import iterate_video, load_video, save_video

# BT.601 and BT.709: the shares of red and blue in the luma.
RED_AND_BLUE = {5: (0.299, 0.114), 1: (0.2126, 0.0722)}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Return a lossless file of 12 frames, and what is in it."""
    video = random_video((12, 15, 20, 3))
    return encode(tmp_path_factory.mktemp("film") / "film.mkv", video), video


@pytest.fixture(scope="module")
def moving_film(tmp_path_factory):
    """Return the folder of a film of 40 frames that all depend on each other, in some formats."""
    folder = tmp_path_factory.mktemp("moving")
    frames = np.stack([np.roll(random_video((64, 64, 3)), 3 * k, axis=1) for k in range(40)])
    h264 = {"codec": "libx264", "pixel_format": "yuv420p", "g": "100"}
    encode(folder / "film.mp4", frames, container={"movflags": "faststart"}, **h264)
    encode(folder / "film.mkv", frames, **h264)
    encode(folder / "film.webm", frames, codec="libvpx-vp9", pixel_format="yuv420p")
    encode(folder / "film.avi", frames, codec="mpeg4", pixel_format="yuv420p")
    encode(folder / "film.ts", frames, **h264)
    encode(folder / "film.gif", frames, codec="gif", pixel_format="rgb8")
    return folder


def cut(path, share, folder):
    """Write the first part of a file."""
    data = path.read_bytes()
    shorter = folder / f"cut{path.suffix}"
    shorter.write_bytes(data[: int(len(data) * share)])
    return shorter


class TestWhole:
    @pytest.mark.parametrize("as_path", [str, Path])
    def test_lossless_file_is_read_exactly(self, film, as_path):
        path, video = film
        loaded = load_video(as_path(path))
        assert loaded.dtype == np.float32
        assert_array_equal(loaded, (video / 255).astype(np.float32))

    def test_what_imageio_writes_is_read_exactly(self, tmp_path):
        video = random_video((3, 16, 20, 3))
        path = tmp_path / "film.mkv"
        iio.imwrite(path, video, plugin="pyav", codec="ffv1", out_pixel_format="bgr0")
        assert_array_equal(load_video(path), (video / 255).astype(np.float32))

    def test_frames_come_with_their_times(self, film):
        path, video = film
        times, frames = zip(*iterate_video(path), strict=True)
        assert times == tuple(k / 12 for k in range(12))
        assert_array_equal(np.stack(frames), np.float32(video / 255))

    @pytest.mark.parametrize("name", ["b:film.mkv", "-film.mkv", "fil%02dm.mkv", "Künstler .mkv"])
    def test_names_are_names(self, film, tmp_path, monkeypatch, name):
        # Some of these are protocols or patterns to FFmpeg.
        (tmp_path / name).write_bytes(film[0].read_bytes())
        monkeypatch.chdir(tmp_path)
        assert load_video(name).shape == film[1].shape

    def test_titles_may_be_in_any_encoding(self, tmp_path):
        path = encode(tmp_path / "film.avi", random_video((2, 8, 8, 3)), title="sounds!")
        data = path.read_bytes()
        assert b"sounds!" in data
        path.write_bytes(data.replace(b"sounds!", "naïvité".encode("latin-1")))
        assert len(load_video(path)) == 2

    @pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are seen on Linux")
    def test_leaves_no_thread_behind(self, moving_film, tmp_path):
        def n_threads():
            return len(list(Path("/proc/self/task").iterdir()))

        before = n_threads()
        video = load_video(moving_film / "film.mp4")
        save_video(tmp_path / "film.mp4", video)
        # Not equal: a thread that an earlier test left, of a pool elsewhere, may end meanwhile.
        assert n_threads() <= before

    def test_ten_bits_are_kept(self, tmp_path):
        gray = np.linspace(20000, 20400, 32).astype(np.uint16)
        frame = np.broadcast_to(gray[None, :, None], (16, 32, 3)).copy()
        path = encode(tmp_path / "deep.mkv", [frame], pixel_format="gbrp10le", given="rgb48le")
        # Half a step of 10 bits, and rounding by the scaler of as much; 8 bits are off by 128.
        assert_allclose(load_video(path)[0], frame / 65535, atol=64 / 65535)

    @pytest.mark.parametrize("colorspace", [5, 1])
    def test_colors_are_those_of_the_standard(self, tmp_path, colorspace):
        # Flat frames, whose chroma needs no interpolation.
        rng = np.random.default_rng(0)
        luma = rng.integers(90, 160, 40)
        blueness, redness = rng.integers(108, 149, (2, 40))
        frames = np.empty((40, 24, 16), np.uint8)  # planes one below the other
        frames[:, :16], frames[:, 16:20], frames[:, 20:] = (
            luma[:, None, None], blueness[:, None, None], redness[:, None, None],
        )  # fmt: skip
        path = encode(
            tmp_path / "flat.mkv", frames, pixel_format="yuv420p", given="yuv420p",
            colorspace=colorspace,
        )  # fmt: skip
        kr, kb = RED_AND_BLUE[colorspace]
        y, b, r = (luma - 16) / 219, (blueness - 128) / 224, (redness - 128) / 224
        red, blue = y + 2 * (1 - kr) * r, y + 2 * (1 - kb) * b
        expected = np.stack([red, (y - kr * red - kb * blue) / (1 - kr - kb), blue], axis=-1)
        error = 255 * (load_video(path) - expected[:, None, None])
        # Rounded to 8 bits, by a scaler of 14 bits; without a bias, which has a deviation of
        # 0.3 / sqrt(40 frames) where rounding alone is at work.
        assert np.abs(error).max() < 0.75
        assert np.abs(error.mean(axis=(0, 1, 2))).max() < 0.2

    @pytest.mark.parametrize("rotation", [0, 90, -90, 180])
    def test_is_turned_as_a_player_does(self, tmp_path, rotation):
        frame = np.zeros((32, 48, 3), np.uint8)
        frame[:16, :16] = 255  # top left
        path = encode(
            tmp_path / "turned.mp4", [frame] * 3, codec="libx264", pixel_format="yuv444p",
            rotation=rotation,
        )  # fmt: skip
        # Degrees against the clock, in PyAV and in NumPy.
        assert_allclose(load_video(path)[1], np.rot90(frame, rotation // 90) / 255, atol=0.1)

    def test_frames_that_an_editor_hid_do_not_count(self, moving_film, tmp_path):
        path = tmp_path / "trimmed.mp4"
        with av.open(str(moving_film / "film.mp4")) as source, av.open(str(path), "w") as target:
            stream = source.streams.video[0]
            copy = target.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.size:
                    shift = round(7 / 25 / packet.time_base)
                    packet.pts, packet.dts, packet.stream = (
                        packet.pts - shift, packet.dts - shift, copy,
                    )  # fmt: skip
                    target.mux(packet)
        video, times = load_video(path, return_times=True)
        assert_array_equal(video, load_video(moving_film / "film.mp4")[7:])
        assert_array_equal(times, np.arange(33) / 33)


class TestInPart:
    @pytest.mark.parametrize("frames", [slice(None, None, 5), [0, 3, -1], slice(-2, None), [4]])
    def test_some_frames_with_their_times_in_the_file(self, film, frames):
        path, video = film
        loaded, times = load_video(path, frames=frames, return_times=True)
        assert_array_equal(loaded, np.float32(video[frames] / 255))
        assert_array_equal(times, np.arange(12)[frames] / 12)
        assert [time for time, _ in iterate_video(path, frames=frames)] == times.tolist()

    @pytest.mark.parametrize("size", [8, (8, 20), (30, 31), np.int64(5)])
    def test_size_is_that_of_images(self, film, tmp_path, size):
        path, video = film
        resized = load_video(path, size, [0, 7])
        for frame, index in zip(resized, [0, 7], strict=True):
            save_image(tmp_path / "frame.png", video[index])
            assert_array_equal(frame, load_image(tmp_path / "frame.png", size))

    @pytest.mark.parametrize("size", [0, (4,), 2.5, "16", True])
    def test_refuses_sizes_of_no_image(self, film, size):
        with pytest.raises(ValueError, match="size must be a positive integer"):
            load_video(film[0], size)
        with pytest.raises(ValueError, match="size must be a positive integer"):
            iterate_video(film[0], size)

    @pytest.mark.parametrize("frames", [[12], slice(12, None), [2, 1], 3])
    def test_refuses_frames_that_it_has_not(self, film, frames):
        with pytest.raises(ValueError, match="frames"):
            load_video(film[0], frames=frames)
        with pytest.raises(ValueError, match="frames"):
            iterate_video(film[0], frames=frames)

    def test_holds_one_frame_at_a_time(self, film):
        reader = iterate_video(film[0])
        first = weakref.ref(next(reader)[1])
        second = next(reader)
        gc.collect()
        assert first() is None
        assert second[0] == 1 / 12

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are seen on Linux")
    def test_that_is_given_up_closes_the_file(self, film):
        def is_open():
            files = [
                os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
            ]
            return os.path.realpath(film[0]) in files

        reader = iterate_video(film[0])
        next(reader)
        assert is_open()
        reader.close()
        assert not is_open()


class TestCutShort:
    @pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi", ".ts", ".gif"])
    @pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
    def test_says_how_many_frames_can_be_read(self, moving_film, tmp_path, suffix, share):
        path = cut(moving_film / f"film{suffix}", share, tmp_path)
        with pytest.raises(OSError, match=rf"cut{suffix} is cut short or damaged: \d+ f") as caught:
            load_video(path)
        n_read = int(str(caught.value).split("damaged: ")[1].split()[0])
        assert 0 < n_read < 40
        # As it says, these can be read. They count as the whole.
        assert f"frames=slice({n_read})" in str(caught.value)
        video, times = load_video(path, frames=slice(n_read), return_times=True)
        assert_array_equal(times, np.arange(n_read) / n_read)
        assert_array_equal(video, load_video(moving_film / f"film{suffix}", frames=slice(n_read)))

    @pytest.mark.parametrize(
        "frames", [slice(None), slice(4, None), slice(40), slice(-3, None), [0, -1], [0, 39]]
    )
    def test_refuses_what_may_be_missing_at_once(self, moving_film, tmp_path, frames):
        path = cut(moving_film / "film.mkv", 0.5, tmp_path)
        for read in (load_video, iterate_video):
            with pytest.raises(OSError, match=r"frames could be read"):
                read(path, frames=frames)


class TestNoVideo:
    def test_of_a_missing_file(self, tmp_path):
        with pytest.raises(
            FileNotFoundError, match=r"nothing\.mp4 does not exist\. Check the path"
        ):
            load_video(tmp_path / "nothing.mp4")

    def test_of_a_directory(self, tmp_path):
        with pytest.raises(OSError, match="could not be read as a video: Is a directory"):
            load_video(tmp_path)

    def test_of_a_pipe(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.mp4")
        with pytest.raises(OSError, match=r"is not a file\. Pass the path of a video file"):
            load_video(tmp_path / "pipe.mp4")

    @pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ""])
    @pytest.mark.parametrize(
        "data", [b"", b"Dear reader, ", bytes(random_video(5000))], ids=["empty", "text", "noise"]
    )
    def test_of_anything_else(self, tmp_path, suffix, data):
        path = tmp_path / f"file{suffix}"
        path.write_bytes(data)
        for read in (load_video, iterate_video):
            with pytest.raises(OSError, match=r"could not be read as a video: .* in a player"):
                read(path)

    def test_of_text_that_ffmpeg_would_draw(self, tmp_path):
        (tmp_path / "letter.txt").write_text("Dear reader,\n" * 50)
        with pytest.raises(OSError, match=r"letter\.txt holds no video, but text\."):
            load_video(tmp_path / "letter.txt")

    def test_of_sound(self, tmp_path):
        with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(8000))
        with pytest.raises(OSError, match="holds no video, but audio"):
            load_video(tmp_path / "sound.wav")

    @pytest.mark.parametrize(
        ("suffix", "codec"), [(".mp4", "libx264"), (".mkv", "libx264"), (".avi", "mpeg4")]
    )
    def test_of_a_file_without_frames(self, tmp_path, suffix, codec):
        path = tmp_path / f"none{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.height = stream.width = 64
            stream.pix_fmt = "yuv420p"
            container.start_encoding()
        with pytest.raises(OSError, match=r"without frames|holds no video|End of file"):
            load_video(path)

    def test_of_frames_that_change_their_size(self, tmp_path):
        # Transport streams may be joined end to end.
        parts = [random_video((6, 48, 64, 3)), random_video((6, 32, 32, 3))]
        path = tmp_path / "joined.ts"
        path.write_bytes(
            b"".join(
                encode(
                    tmp_path / f"{k}.ts", part, codec="mpeg2video", pixel_format="yuv420p"
                ).read_bytes()
                for k, part in enumerate(parts)
            )
        )
        for size in (None, 16):
            with pytest.raises(
                ValueError, match=r"from \(48, 64\) to \(32, 32\) at frame (\d)"
            ) as caught:
                load_video(path, size)
        n_before = int(str(caught.value).split("slice(")[1][0])
        assert 0 < n_before <= 6
        assert load_video(path, frames=slice(n_before)).shape == (n_before, 48, 64, 3)

    def test_without_pyav(self, film, monkeypatch):
        monkeypatch.setitem(sys.modules, "av", None)
        with pytest.raises(ImportError, match=r"needs PyAV.*pip install \"skfourier\[video\]\""):
            load_video(film[0])
