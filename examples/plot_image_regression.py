"""
A photograph as a network: what Fourier features change
=======================================================

A network from pixel coordinates to colours is trained on every second pixel of a photograph,
without a mapping and with Fourier features of scale sigma = 1, 10 and 100, drawn from a Gaussian
and from a uniform distribution: figures 1 and 2 of the paper. The training PSNR rises with sigma;
between the pixels, where the network has to guess, sigma = 100 invents noise. Interpolation
stands beside it, evaluated at the same coordinates.

The default takes ten times larger steps on fewer pixels. ``--full`` trains as the paper does (full
batch, 400 steps of 1e-4), with two seeds more to compare the distributions; ``--size 256`` is the
paper's size, ``--image`` a photograph of your own.
"""

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import map_coordinates
from sklearn.base import clone
from sklearn.datasets import load_sample_image

import skfourier
from skfourier.images import image_to_samples, load_image, render, save_image
from skfourier.metrics import psnr

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="the paper's recipe; takes hours")
parser.add_argument("--size", type=int, default=64, help="training pixels on a side")
parser.add_argument("--image", help="a photograph; default: scikit-learn's china.jpg")
options, _ = parser.parse_known_args()
output = Path("examples/output")
output.mkdir(parents=True, exist_ok=True)
if options.image is None:
    options.image = output / "china.png"
    save_image(options.image, load_sample_image("china.jpg"))

# %%
# Every second pixel trains; those diagonally between four of them test.
image = load_image(options.image, size=2 * options.size)
X, y = (rows.reshape(*image.shape[:2], -1) for rows in image_to_samples(image))
X_train, y_train = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
X_between, y_between = (rows[1::2, 1::2].reshape(-1, rows.shape[2]) for rows in (X, y))


def interpolate(order):
    places = X_between[:, ::-1].T * options.size  # row and column among the training pixels
    channels = np.moveaxis(y[::2, ::2], -1, 0)
    splines = [
        map_coordinates(channel, places, order=order, mode="nearest") for channel in channels
    ]
    return np.stack(splines, axis=-1)


def fit_and_report(name, **params):
    model = clone(network).set_params(embedding=mappings[name], **params)
    start = time.perf_counter()
    model.fit(X_train.astype(np.float32), y_train)
    seconds = time.perf_counter() - start
    model.between_ = psnr(y_between, model.predict(X_between).clip(0, 1))
    training = psnr(y_train, model.predict(X_train).clip(0, 1))
    plain = "" if model.batch_norm else ", no batch norm"
    print(f"{name + plain:36}{training:9.2f}{model.between_:9.2f}{seconds:9.1f}", flush=True)
    return model


print(f"{'PSNR in dB':36}{'training':>9}{'between':>9}{'seconds':>9}", flush=True)
for name, order in (("bilinear interpolation", 1), ("cubic interpolation", 3)):
    start = time.perf_counter()
    between = psnr(y_between, interpolate(order).clip(0, 1))
    print(f"{name:36}{'exact':>9}{between:9.2f}{time.perf_counter() - start:9.1f}", flush=True)

# %%
# The paper's network, by its own recipe or in the few seconds that larger steps take.
mappings = {"no mapping": None}
for distribution in ("gaussian", "uniform"):
    for sigma in (1, 10, 100):
        mappings[f"{distribution}, sigma = {sigma}"] = skfourier.FourierFeatures(
            sigma, n_frequencies=128, distribution=distribution
        )
network = skfourier.CoordinateMLPRegressor(
    activation="relu", output_activation="sigmoid", initialization="torch", random_state=0
)
if options.full:
    network.set_params(max_iter=400, batch_size="full")
    network.set_params(learning_rate="constant", learning_rate_init=1e-4)
else:
    network.set_params(max_iter=30, batch_size=1024, learning_rate_init=1e-3)
fitted = {name: fit_and_report(name, batch_norm=True) for name in mappings}
for name in mappings if options.full else list(mappings)[:4]:
    fit_and_report(name, batch_norm=False)

# %%
# Figure 1: all pixels, those between the training pixels too.
shown = {"photograph": image, **{name: render(fitted[name], image.shape) for name in fitted}}
figure, axes = plt.subplots(2, 4, figsize=(12, 6.4), layout="constrained")
for ax, (name, picture) in zip(axes.flat, shown.items(), strict=True):
    title = f"{name}\n{fitted[name].between_:.1f} dB between" if name in fitted else f"{name}\n"
    ax.imshow(picture.clip(0, 1))
    ax.set(title=title, xticks=[], yticks=[])
figure.savefig(output / "image_regression.png", dpi=100)

# %%
# Figure 2: the loss falls faster, and the PSNR rises higher, with sigma.
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
for name in (name for name in fitted if "uniform" not in name):
    loss = np.asarray(fitted[name].loss_curve_)
    left.semilogy(loss, label=name)
    right.plot(-10 * np.log10(loss), label=name)
left.set(xlabel="epoch", ylabel="training loss (mean squared error)")
right.set(xlabel="epoch", ylabel="training PSNR in dB")
right.legend()
figure.savefig(output / "image_regression_curves.png", dpi=100)

# %%
# The paper finds that the distribution's shape hardly matters. Its recipe over three seeds:
for sigma in (1, 10, 100) if options.full else ():
    names = [f"{distribution}, sigma = {sigma}" for distribution in ("gaussian", "uniform")]
    gaussian, uniform = (
        [fitted[name].between_]
        + [fit_and_report(name, batch_norm=True, random_state=seed).between_ for seed in (1, 2)]
        for name in names
    )
    gap = np.subtract(gaussian, uniform)
    print(f"sigma = {sigma}: Gaussian - uniform = {gap.mean():+.2f} +- {gap.std():.2f} dB between")
plt.show()
