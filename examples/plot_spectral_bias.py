"""
Spectral bias: which parts of a photograph each sigma learns
============================================================

The eigenvalues of a wide network's neural tangent kernel determine how fast it learns each part of
a signal. The network here is a ReLU network with three hidden layers on Fourier features of scale
sigma = 0.3 (hardly a mapping at all), 1, 10 and 100. Its kernel predicts the image that gradient
descent produces after 10 to 100,000 steps, on the training pixels and between them. No network is
trained, and nothing is random.

With a small sigma coarse structure is learned at once and fine structure never. With a large one
everything is learned slowly: at sigma = 100 a pixel says nothing about its neighbors, so each is
learned separately, and between them only the mean color is predicted.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_images

from skfourier.images import image_to_samples, load_image
from skfourier.inspection import EigenspectrumDisplay
from skfourier.metrics import psnr
from skfourier.ntk import NeuralTangentKernel, predict_training
from skfourier.spectra import Gaussian

parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=128, help="training pixels on a side")
parser.add_argument("--image", default=load_sample_images().filenames[0], help="a photograph")
options, _ = parser.parse_known_args()
Path("output").mkdir(exist_ok=True)
kernels = {sigma: NeuralTangentKernel(3, base=Gaussian(sigma)) for sigma in (0.3, 1, 10, 100)}
names = [f"sigma = {sigma}" for sigma in kernels]

# %%
# The share of the picture that is learned by each step, from the eigenvalues and the power of the
# picture in each eigenvector. It is a thumbnail, because the dense kernel matrix is decomposed.
# The mean color is subtracted: it is learned first and is of no interest. The learning rate is the
# same for all sigmas, and stable: no eigenvalue is larger than the trace, n k(0) = 4 n.
X, y = image_to_samples(load_image(options.image, size=40))
display = EigenspectrumDisplay.from_kernels(
    kernels.values(), X, y - y.mean(axis=0), names=names, learning_rate=1 / (4 * len(X))
)
display.ax_.set(xlim=(1, 1e6), title="40 x 40 pixels: the share of the picture that is learned")
display.figure_.savefig("output/spectral_bias_spectra.png", dpi=100)

# %%
# The pictures. Every second pixel of the photograph is trained on, and all are predicted. Since the
# kernel is stationary and the pixels form a grid, polynomials of the kernel matrix, whose products
# are FFTs, replace its 16,384 eigenvectors.
image = load_image(options.image, size=2 * options.size)
X, y = (rows.reshape(*image.shape[:2], -1) for rows in image_to_samples(image))
X_train, y_train = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
mean, steps = y_train.mean(axis=0), [10, 100, 1000, 10_000, 100_000]
figure, axes = plt.subplots(4, 5, figsize=(12, 10.6), layout="constrained")
print(f"{'PSNR in dB on the pixels / between':36}" + "".join(f"{step:>15,}" for step in steps))
for row, (sigma, kernel) in zip(axes, kernels.items(), strict=True):
    dynamics = predict_training(
        kernel,
        X_train,
        y_train - mean,
        X.reshape(-1, 2),
        learning_rate=1 / (4 * len(X_train)),
        steps=steps,
    )
    cells = []
    pictures = (dynamics.test + mean).reshape(-1, *image.shape).clip(0, 1)
    for ax, step, picture in zip(row, steps, pictures, strict=True):
        on, between = (psnr(y[i::2, i::2], picture[i::2, i::2]) for i in (0, 1))
        cells.append(f"{on:6.1f} / {between:.1f}")
        ax.imshow(picture)
        ax.set(xticks=[], yticks=[], xlabel=f"{cells[-1]} dB")
        if sigma == 0.3:
            ax.set_title(f"{step:,} steps")
    row[0].set_ylabel(f"sigma = {sigma}", fontsize=12)
    print(f"sigma = {sigma:<28}" + "".join(f"{cell:>15}" for cell in cells))
figure.savefig("output/spectral_bias_pictures.png", dpi=100)
plt.show()
