"""The sample video: a clip of the film Big Buck Bunny."""

from pathlib import Path
from typing import Any

from sklearn.utils import Bunch

from skfourier.videos import load_video

_DATA = Path(__file__).parent / "data"


def load_sample_video() -> Any:
    """Load 91 frames of Big Buck Bunny, 128 x 128 pixels: a rabbit climbs out and stretches.

    The background rests. The rabbit moves fast in frames 0 to 30 and hardly in 60 to 90, on which
    interpolation in time can be tried where it is hard and where it is easy.

    (c) Blender Foundation, www.bigbuckbunny.org, under the license Creative Commons Attribution
    3.0, https://creativecommons.org/licenses/by/3.0/; changed: 3.6 seconds of it, cut to the
    central square, made smaller and compressed anew.

    Returns
    -------
    Bunch
        With the attributes

        video : ndarray of shape (91, 128, 128, 3)
            RGB, float32 in [0, 1].
        fps : float
            Frames per second, 25.
        filename : str
            Path of the file, for `iterate_video` and `load_video`.
        DESCR : str
            Where it is from, and its license.

    Raises
    ------
    ImportError
        If PyAV is not installed: ``pip install "skfourier[video]"``.

    Examples
    --------
    >>> from skfourier.datasets import load_sample_video
    >>> clip = load_sample_video()
    >>> clip.video.shape, clip.fps
    ((91, 128, 128, 3), 25.0)
    """
    path = _DATA / "big_buck_bunny.mp4"
    return Bunch(
        video=load_video(path),
        fps=25.0,
        filename=str(path),
        DESCR=(_DATA / "big_buck_bunny.txt").read_text(encoding="utf-8"),
    )
