"""
Fill in missing pixels, and enlarge an image, in closed form
============================================================

Kernel regression needs neither a network nor training. Here it fills in a photograph that has lost
70 % of its pixels, and it predicts the pixels between every second one. Cross-validation on the
known pixels chooses sigma and alpha. On scattered pixels the Laplace spectrum is a few tenths of a
decibel better than interpolation on triangles and takes twenty times as long. The Gaussian spectrum
is about equal to interpolation and leaves spots in the sky. Between the pixels of a grid, bilinear
or cubic interpolation wins and takes next to no time.
"""

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.interpolate import griddata
from scipy.ndimage import map_coordinates
from sklearn.datasets import load_sample_images
from sklearn.model_selection import ShuffleSplit

from skfourier import FourierKernelRegressorCV
from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr

parser = argparse.ArgumentParser()
parser.add_argument("--image", default=load_sample_images().filenames[0], help="a photograph")
parser.add_argument("--size", type=int, default=256, help="pixels on a side, an even number")
options, _ = parser.parse_known_args()
X, y = image_to_samples(load_image(options.image, size=(size := options.size)))
sigmas, alphas = np.geomspace(8, 32, 5), [0.03, 0.1, 0.3, 1]


def report(name, truth, predict, *args, **choice):
    start = time.perf_counter()
    values = predict(*args, **choice).clip(0, 1)
    seconds, quality = time.perf_counter() - start, psnr(truth, values)
    print(f"{name:24}{quality:8.2f} dB{seconds:8.2f} s", flush=True)
    return f"{name}, {quality:.1f} dB", values


def closed_form(kernel, X, y, X_new, **choice):
    model = FourierKernelRegressorCV(sigmas, alphas, kernel=kernel, **choice).fit(X, y)
    print(f"  {model.solver_}, sigma = {model.sigma_:.0f}, alpha = {model.alpha_:g}")
    return model.predict(X_new)


# %%
# Three pixels of ten are known. A tenth of them is held out to choose sigma and alpha.
known = np.random.default_rng(0).random(len(X)) < 0.3


def on_triangles(method):
    values = griddata(X[known], y[known], X[~known], method=method)
    nearest = griddata(X[known], y[known], X[~known], method="nearest")
    return np.where(np.isnan(values), nearest, values)  # outside of all triangles


print("70 % of the pixels filled in")
task = X[known], y[known], X[~known]
choice = {
    "cv": ShuffleSplit(1, test_size=0.1, random_state=0),
    "scoring": "neg_mean_squared_error",
}
filled = [report(f"{m} on triangles", y[~known], on_triangles, m) for m in ("linear", "cubic")]
filled += [report(k, y[~known], closed_form, k, *task, **choice) for k in ("gaussian", "laplace")]

# %%
# Every second pixel is known, and those diagonally between are predicted. On a full grid the kernel
# matrix is factorized, so generalized cross-validation is exact and fast.
every_second, between = (
    [r.reshape(size, size, -1)[i::2, i::2].reshape(-1, r.shape[1]) for r in (X, y)] for i in (0, 1)
)


def spline(order):
    planes = every_second[1].reshape(size // 2, size // 2, 3).transpose(2, 0, 1)
    places = between[0][:, ::-1].T * size / 2  # row and column among the known pixels
    return np.stack([map_coordinates(p, places, order=order, mode="nearest") for p in planes], 1)


print("between every second pixel")
task = *every_second, between[0]
finer = [report(n, between[1], spline, o) for n, o in (("bilinear", 1), ("cubic", 3))]
finer += [
    report(k, between[1], closed_form, k, *task, criterion="gcv") for k in ("gaussian", "laplace")
]

# %%
# The pictures. Top: the missing pixels filled in. Bottom: the pixels between.
figure, axes = plt.subplots(2, 5, figsize=(15, 6.6), layout="constrained")
pictures = [("30 % of the pixels", np.where(known[:, None], y, 1))]
for name, values in filled:
    pictures.append((name, y.copy()))
    pictures[-1][1][~known] = values
pictures += [("pixels between", between[1]), *finer]
for ax, (name, values) in zip(axes.flat, pictures, strict=True):
    ax.imshow(values.reshape(int(len(values) ** 0.5), -1, 3))
    ax.set(title=name, xticks=[], yticks=[])
Path("output").mkdir(parents=True, exist_ok=True)
figure.savefig("output/closed_form_image.png", dpi=100)
plt.show()
