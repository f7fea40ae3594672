"""
Interpolate a video: one sigma for each axis, and motion
========================================================

A network learns to map (x, y, t) to colors from every tenth of 31 frames, as in figure 3 of the
paper. With a large sigma the kept frames are sharp and those between are noise. With a small one
they are smooth in time but blurred. A sigma for each axis gives both: (10, 10, 0.25) is large in
space and small in time.

No network beats a linear blend of the two neighboring frames here, and kernel regression at best
ties with it. A stationary kernel knows no motion: whatever moves appears twice, faintly, as a
panning camera shows. `MotionCompensatedRegressor` measures the motion, without learned weights.

``--full`` is the paper's recipe (1000 full-batch steps of 1e-4; half an hour on two cores),
``--size 128`` its size. ``--video`` takes the first 31 frames of your own film.
"""

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_sample_image

from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressorCV,
    MotionCompensatedRegressor,
)
from skfourier.datasets import load_sample_video
from skfourier.metrics import psnr
from skfourier.model_selection import FrameKFold
from skfourier.videos import load_video, render, video_to_samples

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="the paper's recipe; takes half an hour")
parser.add_argument("--size", type=int, default=64, help="pixels on a side")
parser.add_argument("--video", default=load_sample_video().filename, help="31 frames or more")
options, _ = parser.parse_known_args()
(output := Path("output")).mkdir(parents=True, exist_ok=True)
video = load_video(options.video, size=options.size, frames=slice(31))
frames, kept, distances = np.arange(31), np.arange(0, 31, 10), np.arange(-5, 6)
between = np.setdiff1d(frames, kept)
# %%
# The paper's network, trained with its own recipe or with fewer and larger steps; the closed form,
# with sigma in time chosen by cross-validation on the kept frames; and motion compensation.
network = CoordinateMLPRegressor(
    activation="relu", batch_norm=True, output_activation="sigmoid", initialization="torch",
    solver="adam", random_state=0)  # fmt: skip
quick = {"max_iter": 16, "batch_size": 1024, "learning_rate_init": 1e-3}
paper = {"max_iter": 1000, "batch_size": "full", "learning_rate_init": 1e-4}
network.set_params(**(paper | {"learning_rate": "constant"} if options.full else quick))
models = {"no mapping": network}
for sigma in (0.5, 1, 2, 5, (10, 10, 0.25)):
    features = FourierFeatures(sigma, n_frequencies=128)
    models[f"sigma = {sigma}"] = clone(network).set_params(embedding=features)
# Held-out frames say nothing about sigma in x and y: each pixel is known at other times.
candidates = [[20], [20], [0.05, 0.1, 0.2, 0.5, 1, 2]]
closed_form = FourierKernelRegressorCV(candidates, 1e-5, cv=FrameKFold(2), per_axis=True)
models |= {f"closed form, {name}": clone(closed_form).set_params(kernel=name)
           for name in ("gaussian", "cauchy")}  # fmt: skip
models["motion"] = MotionCompensatedRegressor()
weights = np.transpose([np.interp(frames, kept, unit) for unit in np.eye(len(kept))])
nearest = kept[np.abs(frames[:, np.newaxis] - kept).argmin(axis=1)]


def interpolations(film, names):
    """Predict all frames from the kept ones, with each model and each baseline."""
    print(f"{'PSNR in dB':24}{'kept':>9}{'between':>9}{'seconds':>9}", flush=True)
    X, y = video_to_samples(film, frames=kept)
    blend = np.tensordot(weights, film[kept], 1)
    predicted = {"nearest frame": film[nearest], "linear blend": blend}
    for name in (*predicted, *names):
        start = time.perf_counter()
        if name in names:
            model = clone(models[name]).fit(X.astype(np.float32), y)
            predicted[name] = render(model, film.shape).clip(0, 1)
        duration = time.perf_counter() - start
        scores = *(psnr(film[part], predicted[name][part]) for part in (kept, between)), duration
        print(name.ljust(24) + "".join(f"{score:9.2f}" for score in scores), flush=True)
    return predicted


# %%
# Figure 3: five frames before and after the second kept frame.
predicted = interpolations(video, list(models))
figure, axes = plt.subplots(len(predicted) + 1, 11, figsize=(12, 11), layout="constrained")
for row, (name, film) in zip(axes, {"the film": video, **predicted}.items(), strict=True):
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for ax, distance in zip(row, distances, strict=True):
        ax.imshow(film[10 + distance])
        ax.set(xticks=[], yticks=[], title=f"{distance:+d}" if film is video else "")
figure.savefig(output / "video_interpolation.png", dpi=100)

# %%
# PSNR by the distance from the nearest kept frame.
figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
for (name, film), line in zip(predicted.items(), ["--"] * 2 + ["-"] * 6 + ["-."] * 3, strict=True):
    shown = [np.intersect1d(kept + distance, frames) for distance in distances]
    ax.plot(distances, [psnr(video[part], film[part]) for part in shown], line, label=name)
ax.set(xlabel="frames from the nearest kept one", ylabel="PSNR in dB", ylim=(7, 40))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure.savefig(output / "video_interpolation_curves.png", dpi=100)

# %%
# A camera that pans by two pixels a frame. Halfway between two kept frames the nearest frame is
# late, and everything but motion compensation sees double.
photograph = load_sample_image("china.jpg")[::4, ::4].astype(np.float32)[10:74] / 255
pan = np.stack([photograph[:, 2 * frame : 2 * frame + 64] for frame in frames])
names = ["sigma = (10, 10, 0.25)", "closed form, cauchy", "motion"]
seen = {"the scene": pan, **interpolations(pan, names)}
figure, axes = plt.subplots(1, len(seen), figsize=(15, 3), layout="constrained")
for ax, (name, film) in zip(axes, seen.items(), strict=True):
    ax.imshow(film[15])
    ax.set(title=name, xticks=[], yticks=[])
figure.savefig(output / "video_panning.png", dpi=100)
plt.show()
