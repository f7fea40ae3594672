"""Rendering videos: times, sizes, memory, files, and what a failure midway leaves."""

import re
import resource
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from making_videos import random_video
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfourier import images, videos
from skfourier.videos import load_video, render, save_video, video_grid, video_to_samples

SHAPE = (5, 4, 6)


class Recorder(RegressorMixin, BaseEstimator):
    """Predicts (2 x + 3 y + 5 t) / 10, or several multiples; notes what it was asked for."""

    def __init__(self, multiples=1, *, fails_at=None, error=RuntimeError):
        self.multiples = multiples
        self.fails_at = fails_at
        self.error = error

    def predict(self, X):
        self.calls_ = [*getattr(self, "calls_", []), X]
        if self.fails_at is not None and X[0, 2] >= self.fails_at:
            raise self.error("no more")
        return np.multiply.outer(X @ [0.2, 0.3, 0.5], self.multiples)


class TestArray:
    @pytest.mark.parametrize("shape", [(5, 4, 6), (1, 1, 9), (3, 9, 5, 3), (4, 2, 1, 1)])
    @pytest.mark.parametrize("aspect", ["stretch", "equal"])
    @pytest.mark.parametrize("multiples", [1, [1], [1, 0.5, 0.2]])
    def test_predicts_on_the_grid(self, shape, aspect, multiples):
        recorder = Recorder(multiples)
        video = render(recorder, shape, aspect=aspect)
        X = video_grid(shape, aspect)
        assert_array_equal(np.concatenate(recorder.calls_), X)
        assert video.shape == (*shape[:3], *np.shape(multiples))
        # Products with other numbers of rows round in another order.
        assert_allclose(
            video.reshape(len(X), -1), recorder.predict(X).reshape(len(X), -1), rtol=1e-14
        )

    def test_each_frame_is_an_image_of_that_time(self):
        video = render(Recorder(), (4, 5, 7), times=[0.9, 0, 1, 0.25], region=(-1, 0, 0.5, 2))
        for frame, time in zip(video, [0.9, 0, 1, 0.25], strict=True):

            class AtThatTime(BaseEstimator):
                def predict(self, X, time=time):
                    return np.column_stack([X, np.full(len(X), time)]) @ [0.2, 0.3, 0.5]

            image = images.render(AtThatTime(), (5, 7), region=(-1, 0, 0.5, 2))
            assert_allclose(frame, image, rtol=1e-13)

    def test_slow_motion_contains_the_source(self):
        source, slow = (render(Recorder(), (n_frames, 4, 6)) for n_frames in (5, 15))
        assert_allclose(slow[::3], source, rtol=1e-14)

    @pytest.mark.parametrize("n_frames", [31, 40])
    def test_frames_that_were_learned_are_met_at_their_times(self, n_frames):
        # With times of their own the four frames of 31 would lie at 0, 7.75, 15.5 and 23.25.
        video = random_video((n_frames, 4, 6, 3), float)
        X, y = video_to_samples(video, frames=slice(None, None, 10))
        # Pixels are so far apart that the nearest row is the same pixel of the nearest frame.
        apart = FunctionTransformer(lambda X: X * [1000, 1000, 1])
        nearest = make_pipeline(apart, KNeighborsRegressor(1)).fit(X, y)
        rendered = render(nearest, video.shape)
        kept = np.arange(0, n_frames, 10)
        for k, frame in enumerate(rendered):
            if k % 10 != 5:  # as far from the one before as from the one after
                assert_array_equal(frame, video[kept[np.abs(kept - k).argmin()]])

    @pytest.mark.parametrize("shape", [(2, 700, 300), (1, 3, 70_000)])
    def test_predicts_in_bands_of_whole_rows(self, shape):
        recorder = Recorder()
        render(recorder, shape)
        sizes = np.array([len(X) for X in recorder.calls_])
        assert np.all(sizes % shape[2] == 0)
        assert np.all(sizes <= max(65_536, shape[2]))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
    def test_is_of_floats(self, dtype):
        class Constant(BaseEstimator):
            def predict(self, X):
                return np.ones(len(X), dtype)

        video = render(Constant(), SHAPE)
        assert video.dtype == (np.float32 if dtype is np.float32 else np.float64)
        assert_array_equal(video, np.ones(SHAPE))

    def test_names_the_columns_as_in_fit(self):
        X, y = video_to_samples(random_video(SHAPE))
        model = LinearRegression().fit(pd.DataFrame(X, columns=["across", "down", "time"]), y)
        plain = LinearRegression().fit(X, y)
        assert_allclose(render(model, SHAPE), render(plain, SHAPE))


class TestRefusals:
    def test_other_than_three_columns(self):
        model = Ridge().fit(np.eye(5, 2), np.arange(5))
        with pytest.raises(ValueError, match=r"three columns \(x, y, t\); Ridge was fitted with 2"):
            render(model, SHAPE)

    def test_estimators_that_are_not_fitted(self):
        with pytest.raises(NotFittedError):
            render(Ridge(), SHAPE)

    @pytest.mark.parametrize(
        ("shape", "arguments", "message"),
        [
            ((4, 6), {}, "shape must be"),
            ((0, 4, 6), {}, "shape must be"),
            ((128, 128, 3), {}, "one image"),
            (SHAPE, {"times": [0, 0.5]}, "each of the 5 frames"),
            (SHAPE, {"times": [0, 1, 2, 3, 4]}, r"must lie in \[0, 1\]"),
            (SHAPE, {"region": (1, 0, 0, 1)}, "region must be"),
            (SHAPE, {"aspect": "fit"}, "aspect='fit'"),
            (SHAPE, {"path": "film.avi"}, "must end with"),
            ((5, 15, 6), {"path": "film.mp4"}, "needs an even height and width"),
            (SHAPE, {"path": "film.mp4", "fps": 0}, "fps must be"),
        ],
    )
    def test_of_arguments_come_before_the_first_prediction(
        self, tmp_path, shape, arguments, message
    ):
        if "path" in arguments:
            arguments = {**arguments, "path": tmp_path / arguments["path"]}
        recorder = Recorder()
        with pytest.raises(ValueError, match=message):
            render(recorder, shape, **arguments)
        assert not hasattr(recorder, "calls_")
        assert list(tmp_path.iterdir()) == []

    def test_of_folders_come_before_the_first_prediction(self, tmp_path):
        recorder = Recorder()
        with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
            render(recorder, SHAPE, tmp_path / "nowhere" / "film.mkv")
        assert not hasattr(recorder, "calls_")

    @pytest.mark.parametrize(
        ("multiples", "message"), [([1, 1], "1 or 3 channels"), (np.nan, "NaN or infinity")]
    )
    def test_of_predictions_that_no_file_holds(self, tmp_path, multiples, message):
        recorder = Recorder(multiples)
        with pytest.raises(ValueError, match=message):
            render(recorder, SHAPE, tmp_path / "film.mkv")
        assert len(recorder.calls_) == 1
        assert list(tmp_path.iterdir()) == []


class TestFile:
    @pytest.mark.parametrize("multiples", [1, [1], [1, 0.5, 9]])
    def test_holds_the_predictions(self, tmp_path, multiples):
        path = tmp_path / "film.mkv"
        assert render(Recorder(multiples), SHAPE, path, times=[0, 0.3, 0.1, 1, 0.5]) is None
        predicted = render(Recorder(multiples), (*SHAPE, 3), times=[0, 0.3, 0.1, 1, 0.5])
        save_video(tmp_path / "expected.mkv", predicted)
        assert_array_equal(load_video(path), load_video(tmp_path / "expected.mkv"))
        assert load_video(path).max() > 0.5

    def test_mp4_has_the_frames_and_the_rate(self, tmp_path):
        path = tmp_path / "film.mp4"
        render(Recorder([1, 0.5, 0.2]), (5, 16, 32), path, fps=10)
        expected = render(Recorder([1, 0.5, 0.2]), (5, 16, 32))
        # Smooth: a few levels of 255 by crf 16.
        assert_allclose(load_video(path), expected, atol=0.05)

    def test_does_not_gather_frames(self, tmp_path):
        class Constant(BaseEstimator):
            def predict(self, X):
                return np.full(len(X), 0.5)

        def peak(n_frames):
            tracemalloc.start()
            render(Constant(), (n_frames, 64, 64), tmp_path / "film.mkv")
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

        peak(2)  # what is loaded when first used
        # A frame of predictions takes 32 KB: 90 more of them would add 3 MB. What libraries and
        # the collector do by the way was seen to differ by 0.1 MB.
        assert peak(100) < peak(10) + 1_000_000


class TestFailureMidway:
    @pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_keeps_the_older_file_and_what_was_rendered(self, tmp_path, suffix, error):
        path = tmp_path / f"film{suffix}"
        save_video(path, random_video((2, 4, 6, 3)))
        before = path.read_bytes()
        with pytest.raises(error, match="no more") as caught:
            render(Recorder(fails_at=0.6, error=error), SHAPE, path)
        assert path.read_bytes() == before
        (partial,) = set(tmp_path.iterdir()) - {path}
        (note,) = caught.value.__notes__
        assert note == f"3 of 5 frames had been rendered; 3 of them are in {partial}."
        assert partial.name.startswith("film.partial-")
        # Up to three levels by the compression of a small .mp4 with soft colors.
        expected = render(Recorder([1, 1, 1]), SHAPE)[:3]
        assert_allclose(load_video(partial), expected, atol=0.05 if suffix == ".mp4" else 0.5 / 255)

    def test_again_keeps_what_the_first_one_left(self, tmp_path):
        for n_files in (1, 2):
            with pytest.raises(RuntimeError, match="no more"):
                render(
                    Recorder(fails_at=0.6),
                    SHAPE,
                    tmp_path / "film.mkv",
                )
            assert len(list(tmp_path.iterdir())) == n_files

    def test_keeps_it_under_a_long_name(self, tmp_path):
        path = tmp_path / f"{'é' * 120}.mkv"  # 240 of 255 bytes
        with pytest.raises(RuntimeError, match="no more") as caught:
            render(Recorder(fails_at=0.6), SHAPE, path)
        (partial,) = tmp_path.iterdir()
        assert caught.value.__notes__[0].endswith(f"3 of them are in {partial}.")
        assert partial.name.startswith(f"{'é' * 100}.partial-")

    def test_at_the_first_frame_leaves_nothing(self, tmp_path):
        with pytest.raises(RuntimeError, match="no more") as caught:
            render(Recorder(fails_at=0), SHAPE, tmp_path / "film.mkv")
        assert not hasattr(caught.value, "__notes__")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("suffix", "fate"), [(".mkv", r"\d+ of them are in .*partial"), (".mp4", "they are lost")]
    )
    def test_on_a_full_disk_tells_what_is_kept(self, tmp_path, suffix, fate):
        noise = random_video((60, 64, 64, 3))

        class Noise(BaseEstimator):
            def predict(self, X):
                return noise[round(60 * X[0, 2])].reshape(-1, 3) / 255

        path = tmp_path / f"film{suffix}"
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limit[1]))
        try:
            with pytest.raises(OSError, match="File too large") as caught:
                render(Noise(), (60, 64, 64), path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert not path.exists()
        (note,) = caught.value.__notes__
        assert re.search(fate, note)
        assert len(list(tmp_path.iterdir())) == (1 if suffix == ".mkv" else 0)

    def test_without_a_path_says_that_it_is_lost(self):
        with pytest.raises(RuntimeError, match="no more") as caught:
            render(Recorder(fails_at=0.6), SHAPE)
        assert caught.value.__notes__[0].startswith("3 of 5 frames had been rendered and are lost")


class TestProgress:
    @pytest.mark.parametrize("to_file", [False, True])
    def test_shows_a_bar(self, tmp_path, capsys, to_file):
        path = tmp_path / "film.mkv" if to_file else None
        render(Recorder(), SHAPE, path, progress=True)
        shown = capsys.readouterr().out
        assert "Rendering" in shown
        assert "100%" in shown

    def test_is_silent_if_not_asked(self, capsys):
        render(Recorder(), SHAPE)
        assert capsys.readouterr().out == ""

    def test_without_rich_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "rich.progress", None)
        recorder = Recorder()
        with pytest.raises(ImportError, match=r"needs rich.*pip install \"skfourier\[progress\]\""):
            render(recorder, SHAPE, progress=True)
        assert not hasattr(recorder, "calls_")


def test_all_public_functions_have_an_example():
    assert all(">>>" in getattr(videos, name).__doc__ for name in videos.__all__)
