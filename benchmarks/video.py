"""Frames between frames: sigma for each axis against one sigma and against blending, in one run.

    python benchmarks/video.py bigbuckbunny.mp4

for a file of 91 frames or more, of which frames 0 to 30 and 60 to 90 are taken, the whole picture
squeezed to 128 x 128 pixels. Nothing else should run meanwhile. `--only` picks one of the
measurements: closed (every 10th and every 2nd frame kept) or network (every 10th).
"""

import argparse
import math
import time
import warnings

import numpy as np
import torch
from PIL import Image
from scipy import stats
from table import processor, row

from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)
from skfourier.metrics import psnr
from skfourier.model_selection import FrameKFold, FrameSplit
from skfourier.spectra import ProductSpectrum
from skfourier.videos import iterate_video, render, video_to_samples

SIZE, N_FRAMES = 128, 31
CLIPS = {"frames 0-30": 0, "frames 60-90": 60}
# A film has no noise that a model should smooth away.
ALPHA = 1e-5
# In cycles per clip, that is per 31 frames.
TIME_SIGMAS = [0.25, 0.5, 1, 2, 4]
EPOCHS = 24
# By how many dB the closed form may lie below the linear blend; it is to win where motion is slow.
BARS = {
    "frames 0-30, 9 of 10 dropped": -0.5,
    "frames 60-90, 9 of 10 dropped": -0.5,
    "frames 0-30, 1 of 2 dropped": -0.3,
    "frames 60-90, 1 of 2 dropped": 0,
}


def times(function):
    """Time one call by both clocks; return its seconds and its result."""
    start = clocks()
    result = function()
    return clocks() - start, result


class ProductMatern(ProductSpectrum):
    """Matern 3/2 on each axis by itself: once differentiable, and fast on grids."""

    axis_frequency = stats.t(df=3)

    def axis_kernel(self, u):
        """Evaluate (1 + r) exp(-r), r = 2 pi sqrt(3) abs(u)."""
        r = 2 * math.pi * math.sqrt(3) * np.abs(u)
        return (1 + r) * np.exp(-r)

    def axis_slope(self, u):
        """Evaluate -r^2 exp(-r)."""
        r = 2 * math.pi * math.sqrt(3) * np.abs(u)
        return -(r**2) * np.exp(-r)


DISTRIBUTIONS = ["gaussian", "cauchy", ProductMatern()]


def clocks():
    """Read the wall's clock and the processor's: on a busy machine the second tells more."""
    return np.array([time.perf_counter(), time.process_time()])


def time_row(what, duration, bar):
    """Print the row of a time, and the processor's time with it."""
    row(f"{what}, s (of the processor: {duration[1]:.1f})", duration[0], bar, at_most=True)


class Clip:
    """Frames of a file as samples, some of them kept for training.

    Parameters
    ----------
    path : str
    first, keep_every : int
    """

    def __init__(self, path, first, keep_every):
        frames = iterate_video(path, frames=slice(first, first + N_FRAMES))
        self.video = np.stack([squeezed(frame) for _, frame in frames])
        self.kept = np.arange(0, N_FRAMES, keep_every)
        X, y = video_to_samples(self.video)
        self.train, self.test = next(FrameSplit(keep_every).split(X))
        self.X, self.y = X[self.train], y[self.train]
        self.true = y

    def report(self, name, predicted, duration):
        """Print and return the PSNR on the frames kept and on those between."""
        rows = predicted.reshape(self.true.shape).clip(0, 1)
        training, between = (psnr(self.true[part], rows[part]) for part in (self.train, self.test))
        print(f"  {name:58} {training:7.2f} {between:7.2f} {duration[0]:7.1f} s", flush=True)
        return training, between

    def nearest_frame(self):
        """Repeat the frames kept; of two as near the earlier one."""
        distance = np.abs(np.arange(N_FRAMES)[:, np.newaxis] - self.kept)
        return self.video[self.kept[distance.argmin(axis=1)]]

    def linear_blend(self):
        """Blend the two neighbours of each frame, by their distances."""
        rows = self.video[self.kept].reshape(len(self.kept), -1)
        weights = [np.interp(np.arange(N_FRAMES), self.kept, unit) for unit in np.eye(len(rows))]
        return np.transpose(weights) @ rows


def squeezed(frame):
    """Resize a whole frame to a square, antialiased."""
    image = Image.fromarray((255 * frame).round().astype(np.uint8))
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.float32) / 255


# The closed form --------------------------------------------------------------------------------


def measure_closed_form(path):
    for keep_every in (10, 2):
        for frames, first in CLIPS.items():
            clip, name = (
                Clip(path, first, keep_every),
                f"{frames}, {keep_every - 1} of {keep_every} dropped",
            )
            print(f"{name}: PSNR in dB on those kept, between, time")
            compare_closed_forms(name, clip, keep_every)


def compare_closed_forms(name, clip, keep_every):
    clip.report("nearest frame", clip.nearest_frame(), [0])
    _, blend = clip.report("linear blend", clip.linear_blend(), [0])
    one = {sigma: fitted_and_rendered(clip, f"isotropic, sigma = {sigma}", sigma)
           for sigma in (0.5, 5)}  # fmt: skip
    choosing, searches = times(lambda: [searched(clip, each) for each in DISTRIBUTIONS])
    best = max(searches, key=lambda search: search.best_score_)
    for search in searches:
        axes = ", ".join(f"{sigma:g}" for sigma in search.sigma_)
        mark = "chosen by CV" if search is best else "by CV"
        label = f"{search.kernel!r:17} ({axes}), {mark}".replace("'", "")
        result = fitted_and_rendered(clip, label, search.sigma_, search.kernel)
        if search is best:
            training, between, duration = result
    row(f"{name}, on the frames kept: dB above isotropic sigma = 5", training - one[5][0], 0)
    if keep_every == 10:
        row(f"{name}, between: dB above isotropic sigma = 0.5", between - one[0.5][1], 5)
    row(f"{name}, between: dB above the linear blend", between - blend, BARS[name])
    time_row(f"{name}: fit and render", duration, 3)
    time_row(f"{name}: choice by CV, fit, render", choosing + duration, 30)


def searched(clip, kernel):
    """Choose sigma for each axis by the frames kept alone."""
    spatial = [20, 40]
    cv = FrameKFold(min(3, len(clip.kept) - 2))
    search = FourierKernelRegressorCV(
        [spatial, spatial, TIME_SIGMAS],
        ALPHA,
        kernel=kernel,
        cv=cv,
        scoring="neg_mean_squared_error",
        per_axis=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the edges of so short lists are meant
        return search.fit(clip.X, clip.y)


def fitted_and_rendered(clip, name, sigma, kernel="gaussian"):
    """Fit the closed form, render all frames; return PSNR kept, between, and the seconds."""
    model = FourierKernelRegressor(sigma, kernel=kernel, alpha=ALPHA)
    duration, video = times(lambda: render(model.fit(clip.X, clip.y), clip.video.shape))
    return *clip.report(name, video, duration), duration


# The network ------------------------------------------------------------------------------------


def measure_network(path):
    for name, first in CLIPS.items():
        clip = Clip(path, first, 10)
        print(f"{name}, 9 of 10 dropped: PSNR in dB on those kept, between, time")
        clip.report("linear blend", clip.linear_blend(), [0])
        one, five, axes = (trained(clip, sigma) for sigma in (0.5, 5, (10, 10, 0.25)))
        row(f"{name}, network, on the frames kept: dB above sigma = 5", axes[0] - five[0], -0.3)
        row(f"{name}, network, between: dB above sigma = 0.5", axes[1] - one[1], 4)
        time_row(f"{name}, network: fit", axes[2], 120)


def trained(clip, sigma):
    """Train the default network longer; return PSNR kept, between, and the seconds of the fit."""
    features = FourierFeatures(sigma, random_state=0)
    network = CoordinateMLPRegressor(embedding=features, max_iter=EPOCHS, random_state=0)
    duration, _ = times(lambda: network.fit(clip.X.astype(np.float32), clip.y))
    video = render(network, clip.video.shape)
    name = f"network, sigma = {sigma}, {EPOCHS} epochs"
    return *clip.report(name, video, duration), duration


MEASUREMENTS = {"closed": measure_closed_form, "network": measure_network}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("video")
    parser.add_argument("--only", choices=MEASUREMENTS)
    arguments = parser.parse_args()
    print(f"{processor()}; torch {torch.__version__}, {torch.get_num_threads()} threads")
    for name, measure in MEASUREMENTS.items():
        if arguments.only in (None, name):
            measure(arguments.video)


if __name__ == "__main__":
    main()
