"""
A photograph as a network: the effect of Fourier features
=========================================================

A network learns to map pixel coordinates to colors from every second pixel of a photograph. It is
trained without a mapping, and with Gaussian and uniform Fourier features of scale sigma = 1, 10 and
100, as in figures 1 and 2 of the paper. With batch normalization, as in the paper, a larger sigma
ends with a higher training PSNR (from 10 to 100 only just, see docs/performance.md). Between the
training pixels sigma = 100 invents noise, and interpolation is better than any of these networks.
`plot_choose_sigma.py` finds a better sigma.

``--full`` trains with the paper's recipe (full batch, 400 steps of 1e-4) and compares the
distributions with two more seeds. ``--size 256`` is the paper's size, and ``--image`` takes a
photograph of your own.
"""

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import map_coordinates
from sklearn.base import clone
from sklearn.datasets import load_sample_images

import skfourier
from skfourier.images import image_to_samples, load_image, render
from skfourier.metrics import psnr

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="the paper's recipe; takes hours")
parser.add_argument("--size", type=int, default=64, help="training pixels on a side")
parser.add_argument("--image", default=load_sample_images().filenames[0], help="a photograph")
options, _ = parser.parse_known_args()

# Every second pixel trains; those diagonally between four of them test.
image = load_image(options.image, size=2 * options.size)
X, y = (rows.reshape(*image.shape[:2], -1) for rows in image_to_samples(image))
X_train, y_train = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
X_between, y_between = (rows[1::2, 1::2].reshape(-1, rows.shape[2]) for rows in (X, y))


def report(name, training, values, start):
    between, seconds = psnr(y_between, values.clip(0, 1)), time.perf_counter() - start
    print(f"{name:36}{training:>9}{between:9.2f}{seconds:9.1f}", flush=True)
    return between


def fit_and_report(name, **params):
    start = time.perf_counter()
    model = clone(network).set_params(embedding=mappings[name], **params)
    model.fit(X_train.astype(np.float32), y_train)
    training = f"{psnr(y_train, model.predict(X_train).clip(0, 1)):.2f}"
    name = name if model.batch_norm else f"{name}, no batch norm"
    model.between_ = report(name, training, model.predict(X_between), start)
    return model


print(f"{'PSNR in dB':36}{'training':>9}{'between':>9}{'seconds':>9}", flush=True)
places = X_between[:, ::-1].T * options.size  # row and column among the training pixels
for name, order in (("bilinear interpolation", 1), ("cubic interpolation", 3)):
    start, planes = time.perf_counter(), np.moveaxis(y[::2, ::2], -1, 0)
    splines = [map_coordinates(plane, places, order=order, mode="nearest") for plane in planes]
    report(name, "exact", np.stack(splines, axis=-1), start)

# %%
# The paper's network, trained with its own recipe or with fewer and larger steps.
mappings = {"no mapping": None}
for distribution in ("gaussian", "uniform"):
    for sigma in (1, 10, 100):
        mappings[f"{distribution}, sigma = {sigma}"] = skfourier.FourierFeatures(
            sigma, n_frequencies=128, distribution=distribution
        )
network = skfourier.CoordinateMLPRegressor(
    activation="relu",
    output_activation="sigmoid",
    initialization="torch",
    solver="adam",
    random_state=0,
)
quick = {"max_iter": 30, "batch_size": 1024, "learning_rate_init": 1e-3}
paper = {"max_iter": 400, "batch_size": "full", "learning_rate_init": 1e-4}
network.set_params(**(paper | {"learning_rate": "constant"} if options.full else quick))
fitted = {name: fit_and_report(name, batch_norm=True) for name in mappings}
for name in mappings if options.full else list(mappings)[:4]:
    fit_and_report(name, batch_norm=False)

# %%
# The paper finds that the shape of the distribution hardly matters. Its recipe with three seeds:
for sigma in (1, 10, 100) if options.full else ():
    pair = [f"{distribution}, sigma = {sigma}" for distribution in ("gaussian", "uniform")]
    for_seeds = [[fit_and_report(n, batch_norm=True, random_state=s) for n in pair] for s in (1, 2)]
    gaps = [a.between_ - b.between_ for a, b in ([fitted[n] for n in pair], *for_seeds)]
    print(f"{pair[0]} - uniform: {np.mean(gaps):+.2f} +- {np.std(gaps):.2f} dB between")

# %%
# Figure 1: all pixels, including those between the training pixels.
figure, axes = plt.subplots(2, 4, figsize=(12, 6.4), layout="constrained")
shown = {"photograph": image, **{name: render(fitted[name], image.shape) for name in fitted}}
for ax, (name, picture) in zip(axes.flat, shown.items(), strict=True):
    title = f"{name}\n{fitted[name].between_:.1f} dB between" if name in fitted else f"{name}\n"
    ax.imshow(picture.clip(0, 1))
    ax.set(title=title, xticks=[], yticks=[])
output = Path("output")
output.mkdir(parents=True, exist_ok=True)
figure.savefig(output / "image_regression.png", dpi=100)

# %%
# Figure 2: without a mapping the loss falls at once, when the smooth part of the image is learned,
# and then hardly changes.
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
for name in (name for name in fitted if "uniform" not in name):
    left.semilogy(fitted[name].loss_curve_, label=name)
    right.plot(-10 * np.log10(fitted[name].loss_curve_), label=name)
left.set(xlabel="epoch", ylabel="training loss (mean squared error)")
right.set(xlabel="epoch", ylabel="training PSNR in dB")
right.legend()
figure.savefig(output / "image_regression_curves.png", dpi=100)
plt.show()
