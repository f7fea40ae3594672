"""Frames between frames: sigma for each axis against one sigma and against blending, in one run.

    python benchmarks/video.py bigbuckbunny.mp4

for a file of 91 frames or more, of which frames 0 to 30 and 60 to 90 are taken, the whole picture
squeezed to 128 x 128 pixels. Nothing else should run meanwhile. `--only` picks measurements: closed
(every 10th and every 2nd frame kept), network (every 10th) or motion (with pans, zooms and
rotations over photographs too, plain shapes that move over a pan, and FFmpeg's minterpolate by
imageio-ffmpeg).
"""

import math
import subprocess
import warnings

import numpy as np
from harness import note, row, run, seconds
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage, stats
from sklearn.datasets import load_sample_image

from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
    MotionCompensatedRegressor,
)
from skfourier.datasets import load_sample_video
from skfourier.metrics import psnr, ssim
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


class Clip:
    """Frames of a file as samples, every so many of them kept for training."""

    def __init__(self, path, first, keep_every):
        frames = iterate_video(path, frames=slice(first, first + N_FRAMES))
        self.video = np.stack([squeezed(frame) for _, frame in frames])
        self.kept = np.arange(0, N_FRAMES, keep_every)
        X, self.true = video_to_samples(self.video)
        self.train, self.test = next(FrameSplit(keep_every).split(X))
        self.X, self.y = X[self.train], self.true[self.train]

    def report(self, name, predicted, duration=0):
        """Print and return the PSNR on the frames kept and on those between, and the seconds."""
        rows = predicted.reshape(self.true.shape).clip(0, 1)
        training, between = (psnr(self.true[part], rows[part]) for part in (self.train, self.test))
        note(f"{name:58} {training:7.2f} {between:7.2f} {duration:7.1f} s")
        return training, between, duration

    def nearest_frame(self):
        """Repeat the frames kept; of two as near the earlier one."""
        distance = np.abs(np.arange(N_FRAMES)[:, np.newaxis] - self.kept)
        return self.video[self.kept[distance.argmin(axis=1)]]


def blended(video, kept):
    """Blend the two neighbors of each frame, by their distances."""
    weights = [np.interp(np.arange(len(video)), kept, unit) for unit in np.eye(len(kept))]
    return np.tensordot(np.transpose(weights), video[kept], 1)


def squeezed(frame):
    """Resize a whole frame to a square, antialiased."""
    image = Image.fromarray((255 * frame).round().astype(np.uint8))
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.float32) / 255


# The closed form --------------------------------------------------------------------------------


def measure_closed(options):
    for keep_every in (10, 2):
        for frames, first in CLIPS.items():
            name = f"{frames}, {keep_every - 1} of {keep_every} dropped"
            print(f"{name}: PSNR in dB on those kept, between, time")
            compare_closed_forms(name, Clip(options.video, first, keep_every), keep_every)


def compare_closed_forms(name, clip, keep_every):
    clip.report("nearest frame", clip.nearest_frame())
    _, blend, _ = clip.report("linear blend", blended(clip.video, clip.kept))
    half, five = (fitted_and_rendered(clip, f"isotropic, sigma = {s}", s) for s in (0.5, 5))
    choosing, searches = seconds(lambda: [searched(clip, each) for each in DISTRIBUTIONS])
    best = max(searches, key=lambda search: search.best_score_)
    for search in searches:
        axes = ", ".join(f"{sigma:g}" for sigma in search.sigma_)
        mark = "chosen by CV" if search is best else "by CV"
        label = f"{search.kernel!r:17} ({axes}), {mark}".replace("'", "")
        result = fitted_and_rendered(clip, label, search.sigma_, search.kernel)
        if search is best:
            training, between, duration = result
    row(f"{name}, on the frames kept: dB above isotropic sigma = 5", training - five[0], 0)
    if keep_every == 10:
        row(f"{name}, between: dB above isotropic sigma = 0.5", between - half[1], 5)
    row(f"{name}, between: dB above the linear blend", between - blend, BARS[name])
    row(f"{name}: fit and render, s", duration, 3, at_most=True)
    row(f"{name}: choice by CV, fit, render, s", choosing + duration, 30, at_most=True)


def searched(clip, kernel):
    """Choose sigma for each axis by the frames kept alone."""
    spatial, cv = [20, 40], FrameKFold(min(3, len(clip.kept) - 2))
    axes = [spatial, spatial, TIME_SIGMAS]
    how = {"kernel": kernel, "cv": cv, "scoring": "neg_mean_squared_error", "per_axis": True}
    search = FourierKernelRegressorCV(axes, ALPHA, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the edges of so short lists are meant
        return search.fit(clip.X, clip.y)


def fitted_and_rendered(clip, name, sigma, kernel="gaussian"):
    """Fit the closed form, render all frames; return PSNR kept, between, and the seconds."""
    model = FourierKernelRegressor(sigma, kernel=kernel, alpha=ALPHA)
    duration, video = seconds(lambda: render(model.fit(clip.X, clip.y), clip.video.shape))
    return clip.report(name, video, duration)


# The network ------------------------------------------------------------------------------------


def measure_network(options):
    for name, first in CLIPS.items():
        clip = Clip(options.video, first, 10)
        print(f"{name}, 9 of 10 dropped: PSNR in dB on those kept, between, time")
        clip.report("linear blend", blended(clip.video, clip.kept))
        one, five, axes = (trained(clip, sigma) for sigma in (0.5, 5, (10, 10, 0.25)))
        row(f"{name}, network, on the frames kept: dB above sigma = 5", axes[0] - five[0], -0.3)
        row(f"{name}, network, between: dB above sigma = 0.5", axes[1] - one[1], 4)
        row(f"{name}, network: fit, s", axes[2], 120, at_most=True)
        for sigma in ((2, 2, 0.25), "auto", "auto_per_axis"):
            trained(clip, sigma)


def trained(clip, sigma):
    """Train the default network longer; return PSNR kept, between, and the seconds of the fit."""
    features = FourierFeatures(sigma, random_state=0)
    network = CoordinateMLPRegressor(embedding=features, max_iter=EPOCHS, random_state=0)
    duration, _ = seconds(lambda: network.fit(clip.X.astype(np.float32), clip.y))
    video = render(network, clip.video.shape)
    chosen = np.round(network.embedding_.sigma_, 2)
    how = f"{sigma}: {chosen}" if isinstance(sigma, str) else sigma
    return clip.report(f"network, sigma = {how}, {EPOCHS} epochs", video, duration)


# Motion -----------------------------------------------------------------------------------------

# By how many dB motion is to lie above the linear blend.
MOTION_BARS = {
    ("sample clip, frames 0-30", 2): 3.5,
    ("sample clip, frames 0-30", 10): 0.5,
    ("sample clip, frames 60-90", 2): -0.05,
    ("sample clip, frames 60-90", 10): 1,
    ("frames 0-30", 2): 3.5,
    ("frames 0-30", 10): 0.5,
    ("frames 60-90", 2): -0.05,
    ("frames 60-90", 10): 1,
    ("pan, china", 4): 8,
    ("pan, flower", 4): 8,
    ("shapes over a pan, china", 4): 8,
    ("shapes over a pan, flower", 4): 8,
    ("zoom, china", 10): 8,
    ("rotation, china", 10): 8,
    ("zoom and rotation, flower", 10): 8,
}


def measure_motion(options):
    films = {name: Clip(options.video, first, 2).video for name, first in CLIPS.items()}
    sample = load_sample_video().video  # the central square of the same film
    films |= {f"sample clip, {name}": sample[k : k + N_FRAMES] for name, k in CLIPS.items()}
    films |= {
        f"pan, {name}": panned(load_sample_image(f"{name}.jpg")) for name in ("china", "flower")
    }
    films |= {
        f"shapes over a pan, {name}": with_shapes(films[f"pan, {name}"])
        for name in ("china", "flower")
    }
    china, flower = (load_sample_image(f"{name}.jpg") for name in ("china", "flower"))
    films["zoom, china"] = turned(china, degrees=0, zoom=1.01)
    films["rotation, china"] = turned(china, degrees=1, zoom=1)
    films["zoom and rotation, flower"] = turned(flower, degrees=2, zoom=1.01)
    for (name, keep_every), bar in MOTION_BARS.items():
        compare_motion(name, films[name], keep_every, bar)


def panned(photograph):
    """Pan over a photograph by 1.5 pixels a frame."""
    image = np.asarray(Image.fromarray(photograph).resize((320, 213), Image.Resampling.LANCZOS))
    rows, columns = np.mgrid[40 : 40 + SIZE, 60 : 60 + SIZE].astype(float)
    frames = [
        np.stack([ndimage.map_coordinates(c, (rows, columns + 1.5 * k), float, order=5)
                  for c in np.moveaxis(image, -1, 0)], axis=-1)
        for k in range(N_FRAMES)
    ]  # fmt: skip
    return np.rint(np.clip(frames, 0, 255)).astype(np.float32) / 255


def with_shapes(film):
    """Move plain shapes over a film: a disc, a triangle in front of it, and a thin letter."""
    fine = 4  # times the size, reduced, so that edges are smooth
    frames = []
    for k, frame in enumerate(film):
        layer = Image.new("RGBA", (fine * SIZE, fine * SIZE))
        draw = ImageDraw.Draw(layer)
        x, y = fine * (10 + 2 * k), fine * (70 - 0.5 * k)
        draw.ellipse((x, y, x + 24 * fine, y + 24 * fine), "orange", "black", 2 * fine)
        x, y = fine * (90 - 1.5 * k), fine * (60 + 0.5 * k)
        corners = [(x, y + 26 * fine), (x + 30 * fine, y + 26 * fine), (x + 15 * fine, y)]
        draw.polygon(corners, "white")
        place = (fine * (20 + k), fine * (5 + 1.5 * k))
        draw.text(place, "A", "yellow", ImageFont.load_default(32 * fine))
        layer = layer.resize((SIZE, SIZE), Image.Resampling.BOX)
        image = Image.fromarray(np.rint(255 * frame).astype(np.uint8)).convert("RGBA")
        frames.append(Image.alpha_composite(image, layer).convert("RGB"))
    return np.stack(frames).astype(np.float32) / 255


def turned(photograph, degrees, zoom):
    """Turn a camera over a photograph, and zoom in, by so much a frame."""
    image = Image.fromarray(photograph).resize((320, 213), Image.Resampling.LANCZOS)
    frames = []
    for k in range(N_FRAMES):
        angle, size = math.radians(degrees * k), zoom**-k
        a, b = size * math.cos(angle), size * math.sin(angle)
        width, height = image.size
        x, y = (width - (a + b) * SIZE) / 2, (height - (a - b) * SIZE) / 2
        rows = (a, b, x, -b, a, y)
        frames.append(
            image.transform((SIZE, SIZE), Image.Transform.AFFINE, rows, Image.Resampling.BICUBIC)
        )
    return np.stack(frames).astype(np.float32) / 255


def compare_motion(name, video, keep_every, bar):
    """Print PSNR and SSIM between the frames kept of the blend, of motion and of FFmpeg."""
    kept = np.arange(0, N_FRAMES, keep_every)
    video = video[: kept[-1] + 1]
    X, y = video_to_samples(video, frames=slice(None, None, keep_every))
    model = MotionCompensatedRegressor()
    duration, moved = seconds(lambda: render(model.fit(X, y), video.shape).clip(0, 1))
    films = {
        "linear blend": blended(video, kept).astype(np.float32),
        "motion": moved,
        "minterpolate": minterpolated(video[kept], keep_every),
    }
    between = np.setdiff1d(np.arange(len(video)), kept)
    label = f"{name}, {keep_every - 1} of {keep_every} dropped"
    print(f"{label}: PSNR in dB and SSIM between those kept")
    scores = {key: psnr(video[between], film[between]) for key, film in films.items()}
    for key, film in films.items():
        similarity = np.mean([ssim(video[k], film[k]) for k in between])
        note(f"{key:58} {scores[key]:7.2f} {similarity:7.4f}")
    for rival, least in (("the linear blend", bar), ("minterpolate", 0)):
        above = scores["motion"] - scores[rival.removeprefix("the ")]
        row(f"{label}, motion: dB above {rival}", above, least)
    what = f"{label}, motion: fit and render, for a frame in between, s"
    row(what, duration / len(between), 2, at_most=True)


def minterpolated(frames, factor):
    """Interpolate by FFmpeg: the filter swallows ends, so that these are repeated."""
    import imageio_ffmpeg  # noqa: PLC0415 (needed here only)

    padded = np.concatenate([frames[:1], frames, frames[-1:], frames[-1:]])
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{SIZE}x{SIZE}", "-r", "1", "-i", "-", "-vf",
        f"format=yuv444p,minterpolate=fps={factor}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-",
    ]  # fmt: skip
    pixels = np.rint(255 * padded).astype(np.uint8).tobytes()
    output = subprocess.run(command, input=pixels, capture_output=True, check=True).stdout
    film = np.frombuffer(output, np.uint8).reshape(-1, *frames.shape[1:])[factor:]
    return film[: factor * (len(frames) - 1) + 1].astype(np.float32) / 255


if __name__ == "__main__":
    run(__doc__, [measure_closed, measure_network, measure_motion], "video")
