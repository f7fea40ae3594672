"""
Frames never seen: what one sigma for all axes costs
====================================================

Every tenth of 31 frames trains a network from (x, y, t) to colours: figure 3 of the paper. A large
sigma is sharp on the frames kept and noise between them, a small one is smooth in time and blurred.
A sigma for each axis is both: (10, 10, 0.25) is sharp in space and slow in time.

Does it beat a linear blend of the two frames kept around? On this film no: the networks do not, and
the kernel in closed form ties with it. A stationary kernel weighs the frames kept by their distance
in time and knows no motion. What moves is seen twice, faintly, as the panning at the end shows.

``--full`` trains as the paper does (128 x 128 pixels, 1000 full-batch steps of 1e-4) and takes
hours on two cores; ``--video`` takes the first 31 frames of a film of your own.
"""

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_sample_image

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressorCV
from skfourier.datasets import load_sample_video
from skfourier.metrics import psnr
from skfourier.model_selection import FrameKFold
from skfourier.videos import load_video, render, video_to_samples

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="the paper's recipe; takes hours")
parser.add_argument("--video", default=load_sample_video().filename, help="31 frames or more")
options, _ = parser.parse_known_args()
output = Path("examples/output")
output.mkdir(parents=True, exist_ok=True)

video = load_video(options.video, size=128 if options.full else 64, frames=slice(31))
frames, kept, distances = np.arange(31), np.arange(0, 31, 10), np.arange(-5, 6)
between = np.setdiff1d(frames, kept)

# %%
# The paper's network, by its own recipe or by fewer and larger steps, and the closed form, whose
# sigma in time is chosen by leaving out inner frames of those kept. The other frames only test.
network = CoordinateMLPRegressor(
    activation="relu", batch_norm=True, output_activation="sigmoid", initialization="torch",
    solver="adam", random_state=0,
)  # fmt: skip
quick = {"max_iter": 16, "batch_size": 1024, "learning_rate_init": 1e-3}
paper = {"max_iter": 1000, "batch_size": "full", "learning_rate_init": 1e-4}
network.set_params(**(paper | {"learning_rate": "constant"} if options.full else quick))


def with_features(sigma):
    return clone(network).set_params(embedding=FourierFeatures(sigma, n_frequencies=128))


def closed_form(distribution):
    candidates = [[20, 40], [20, 40], [0.25, 0.5, 1, 2]]  # of x, y and t
    return FourierKernelRegressorCV(
        candidates, alphas=1e-5, distribution=distribution, cv=FrameKFold(2), per_axis=True
    )


models = {
    "no mapping": network,
    **{f"sigma = {sigma}": with_features(sigma) for sigma in (0.5, 1, 2, 5)},
    "sigma = (10, 10, 0.25)": with_features((10, 10, 0.25)),
    "closed form, Gaussian": closed_form("gaussian"),
    "closed form, Cauchy": closed_form("cauchy"),
}
weights = np.transpose([np.interp(frames, kept, unit) for unit in np.eye(len(kept))])
nearest = kept[np.abs(frames[:, np.newaxis] - kept).argmin(axis=1)]


def interpolations(film, names):
    """Predict all frames of a film from those kept, by each model and by the baselines."""
    print(f"{'PSNR in dB':24}{'kept':>9}{'between':>9}{'seconds':>9}", flush=True)
    X, y = video_to_samples(film, frames=kept)
    predicted = {
        "nearest frame": film[nearest],
        "linear blend": np.tensordot(weights, film[kept], 1),
    }
    for name in (*predicted, *names):
        start = time.perf_counter()
        if name in names:
            model = clone(models[name]).fit(X.astype(np.float32), y)
            predicted[name] = render(model, film.shape).clip(0, 1)
        scores = [psnr(film[part], predicted[name][part]) for part in (kept, between)]
        seconds = time.perf_counter() - start
        print(f"{name:24}{scores[0]:9.2f}{scores[1]:9.2f}{seconds:9.1f}", flush=True)
    return predicted


# %%
# Figure 3: five frames before and after the second frame kept.
predicted = interpolations(video, list(models))
figure, axes = plt.subplots(len(predicted) + 1, 11, figsize=(12, 10.2), layout="constrained")
for row, (name, film) in zip(axes, {"the film": video, **predicted}.items(), strict=True):
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for ax, distance in zip(row, distances, strict=True):
        ax.imshow(film[10 + distance])
        ax.set(xticks=[], yticks=[], title=f"{distance:+d}" if row is axes[0] else "")
figure.savefig(output / "video_interpolation.png", dpi=100)

# %%
# The same in figures, over all frames so far from a frame kept.
figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
for (name, film), line in zip(predicted.items(), ["--"] * 2 + ["-"] * 6 + ["-."] * 2, strict=True):
    shown = [np.intersect1d(kept + distance, frames) for distance in distances]
    ax.plot(distances, [psnr(video[part], film[part]) for part in shown], line, label=name)
ax.set(xlabel="frames from the nearest one kept", ylabel="PSNR in dB", ylim=(10, 40))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure.savefig(output / "video_interpolation_curves.png", dpi=100)

# %%
# A camera that pans by two pixels a frame: half way between two frames kept, all see double.
photograph = load_sample_image("china.jpg")[::4, ::4].astype(np.float32)[10:74] / 255
pan = np.stack([photograph[:, 2 * frame : 2 * frame + 64] for frame in frames])
seen = {"the scene": pan, **interpolations(pan, ["sigma = (10, 10, 0.25)", "closed form, Cauchy"])}
figure, axes = plt.subplots(1, len(seen), figsize=(13, 3), layout="constrained")
for ax, (name, film) in zip(axes, seen.items(), strict=True):
    ax.imshow(film[15])
    ax.set(title=name, xticks=[], yticks=[])
figure.savefig(output / "video_panning.png", dpi=100)
plt.show()
