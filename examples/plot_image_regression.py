"""
A photograph as a network: the paper's figures 1 and 2
======================================================

A network learns every second pixel of a photograph: without a mapping, and with Gaussian and
uniform Fourier features. A larger sigma gives a higher training PSNR (from 10 to 100 only slightly,
see docs/performance.md). Between the training pixels sigma = 100 invents noise, and interpolation
is better than any of these networks. ``--full --size 256`` is the paper's recipe.
"""

import argparse
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import map_coordinates
from sklearn.datasets import load_sample_images

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples, load_image
from skfourier.metrics import psnr
from skfourier.model_selection import GridHoldoutSplit

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true", help="the paper's recipe; takes hours")
parser.add_argument("--size", type=int, default=64, help="training pixels on a side")
parser.add_argument("--image", default=load_sample_images().filenames[0], help="a photograph")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--no-batch-norm", action="store_true")
options, _ = parser.parse_known_args()
image = load_image(options.image, size=2 * options.size)
X, y = image_to_samples(image)
train, between = next(GridHoldoutSplit().split(X))


def report(name, predicted):
    on, off = (psnr(y[rows], predicted[rows].clip(0, 1)) for rows in (train, between))
    print(f"{name:26} training {on:6.2f} dB, between {off:6.2f} dB", flush=True)
    return f"{name}\n{off:.1f} dB between"


halved = np.indices(image.shape) / np.reshape((2, 2, 1), (3, 1, 1, 1))
for name, order in (("bilinear interpolation", 1), ("cubic interpolation", 3)):
    finer = map_coordinates(image[::2, ::2], halved, order=order, mode="nearest")
    report(name, finer.reshape(y.shape))

# The paper's network, trained with its own recipe or with fewer and larger steps.
quick = {"max_iter": 30, "batch_size": 1024, "learning_rate_init": 1e-3}
full = {"max_iter": 400, "batch_size": "full", "learning_rate_init": 1e-4}
recipe = full | {"learning_rate": "constant"} if options.full else quick
network = CoordinateMLPRegressor(activation="relu", output_activation="sigmoid", solver="adam")
network.set_params(initialization="torch", batch_norm=not options.no_batch_norm, **recipe)
mappings = {"no mapping": None}
for shape, sigma in product(("gaussian", "uniform"), (1, 10, 100)):
    features = FourierFeatures(sigma, n_frequencies=128, distribution=shape)
    mappings[f"{shape}, sigma = {sigma}"] = features
pictures, curves = {"photograph\n": y}, {}
for name, mapping in mappings.items():
    network.set_params(embedding=mapping, random_state=options.seed)
    predicted = network.fit(X[train].astype(np.float32), y[train]).predict(X)
    pictures[report(name, predicted)], curves[name] = predicted.clip(0, 1), network.loss_curve_

# %%
# Figure 1: all pixels, including those between the training pixels.
Path("output").mkdir(exist_ok=True)
figure, axes = plt.subplots(2, 4, figsize=(12, 6.6), layout="constrained")
for ax, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
    ax.imshow(picture.reshape(image.shape))
    ax.set(title=title, xticks=[], yticks=[])
figure.savefig("output/image_regression.png", dpi=100)
# Figure 2: without a mapping the smooth part is learned at once, and then the loss hardly changes.
plt.figure()
for name in list(mappings)[:4]:
    plt.plot(-10 * np.log10(curves[name]), label=name)
plt.gca().set(xlabel="epoch", ylabel="training PSNR in dB")
plt.legend()
plt.savefig("output/image_regression_curves.png", dpi=100)
plt.show()
