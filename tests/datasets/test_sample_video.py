"""The clip that ships with the package."""

from pathlib import Path

import imageio.v3 as iio
import numpy as np
from numpy.testing import assert_array_equal

from skfourier import datasets
from skfourier.datasets import load_sample_video
from skfourier.videos import load_video


def test_is_what_its_docstring_says():
    clip = load_sample_video()
    assert clip.video.shape == (91, 128, 128, 3)
    assert clip.video.dtype == np.float32
    assert 0 <= clip.video.min() < 0.1
    assert 0.9 < clip.video.max() <= 1
    assert clip.fps == iio.immeta(clip.filename, plugin="pyav")["fps"]
    assert_array_equal(clip.video[30:61:10], load_video(clip.filename, frames=slice(30, 61, 10)))


def test_moves_fast_first_and_slowly_later():
    video = load_sample_video().video
    change = np.square(np.diff(video, axis=0)).mean(axis=(1, 2, 3))
    assert change[:30].mean() > 10 * change[60:90].mean()


def test_names_its_authors_and_license():
    clip = load_sample_video()
    for text in (clip.DESCR, load_sample_video.__doc__):
        assert "(c) Blender Foundation, www.bigbuckbunny.org" in text
        assert "https://creativecommons.org/licenses/by/3.0/" in text
        assert "hange" in text  # the license asks to say what was changed


def test_is_small():
    assert sum(path.stat().st_size for path in Path(datasets.__file__).parent.glob("data/*")) < 4e5
