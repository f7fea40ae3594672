"""
Interpolate a video: the paper's figure 3
=========================================

A network learns to map (x, y, t) to colors from every tenth of 31 frames. With a large sigma the
kept frames are sharp and those between are noise. With a small one they are smooth in time but
blurred. A sigma for each axis gives both: (10, 10, 0.25) is large in space and small in time.

No network beats a linear blend of the two neighboring frames here, and kernel regression at best
ties with it: a stationary kernel does not model motion, so moving objects appear twice. With
``--pan``, a panning camera, even a blur has less error. `MotionCompensatedRegressor` measures
motion. ``--full`` is the paper's recipe (1000 full-batch steps of 1e-4): ten minutes on two idle
cores, or an hour with ``--size 128``, the paper's size.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_sample_image

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressorCV
from skfourier import MotionCompensatedRegressor as Motion
from skfourier.datasets import load_sample_video
from skfourier.metrics import psnr
from skfourier.model_selection import FrameKFold, FrameSplit
from skfourier.videos import load_video, video_to_samples

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="the paper's recipe; takes ten minutes")
parser.add_argument("--size", type=int, default=64, help="pixels on a side")
parser.add_argument("--video", default=load_sample_video().filename, help="31 frames or more")
parser.add_argument("--pan", action="store_true", help="a panning camera")
options, _ = parser.parse_known_args()
film = load_video(options.video, size=options.size, frames=slice(31))
if options.pan:
    photograph = load_sample_image("china.jpg")[::4, ::4].astype(np.float32)[10:74] / 255
    film = np.stack([photograph[:, 2 * frame : 2 * frame + 64] for frame in range(31)])
X, y = video_to_samples(film)
kept, between = next(FrameSplit(keep_every=10).split(X))
# %%
# The paper's network; the closed form, with sigma in time chosen on kept frames; and motion.
quick = {"max_iter": 16, "batch_size": 1024, "learning_rate_init": 1e-3}
full = {"max_iter": 1000, "batch_size": "full", "learning_rate_init": 1e-4}
recipe = full | {"learning_rate": "constant"} if options.full else quick
network = CoordinateMLPRegressor(activation="relu", output_activation="sigmoid", solver="adam")
network.set_params(initialization="torch", batch_norm=True, random_state=0, **recipe)
models = {"no mapping": network}
for sigma in (0.5, 1, 2, 5, (10, 10, 0.25)):
    features = FourierFeatures(sigma, n_frequencies=128)
    models[f"sigma = {sigma}"] = clone(network).set_params(embedding=features)
sigmas = [[20], [20], [0.05, 0.1, 0.2, 0.5, 1, 2]]
closed_form = FourierKernelRegressorCV(sigmas, 1e-5, cv=FrameKFold(2), per_axis=True)
for k in ("gaussian", "cauchy"):
    models[f"closed form, {k}"] = clone(closed_form).set_params(kernel=k)
models["motion"] = Motion()
# Figure 3: five frames before and after the second kept frame.
start, share = np.arange(31) // 10 * 10, np.arange(31).reshape(-1, 1, 1, 1) % 10 / 10
films = {"the film": y, "nearest frame": film[(np.arange(31) + 4) // 10 * 10]}
films["linear blend"] = (1 - share) * film[start] + share * film[np.minimum(start + 10, 30)]
figure, axes = plt.subplots(len(films) + len(models), 11, figsize=(12, 12), layout="constrained")
for row, name in zip(axes, [*films, *models], strict=True):
    if name in models:
        model = models[name].fit(X[kept].astype(np.float32), y[kept])
        films[name] = model.predict(X.astype(np.float32)).clip(0, 1)
    pictures = films[name].reshape(y.shape)
    scores = [psnr(y[rows], pictures[rows]) for rows in (kept, between)]
    print(f"{name:24} kept {scores[0]:6.2f} dB, between {scores[1]:6.2f} dB", flush=True)
    label = name if name == "the film" else f"{name}\n{scores[1]:.1f} dB"
    row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for ax, frame in zip(row, range(5, 16), strict=True):
        ax.imshow(pictures.reshape(film.shape)[frame])
        ax.set(xticks=[], yticks=[], title=f"{frame - 10:+d}" if name == "the film" else "")
Path("output").mkdir(exist_ok=True)
figure.savefig("output/video_interpolation.png", dpi=100)
plt.show()
