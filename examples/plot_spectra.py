"""
Five spectra: scale matters, shape hardly does
==============================================

A stationary kernel is a distribution of frequencies (Bochner's theorem). The first figure shows
five distributions of scale sigma = 10: the density, the kernel, and the kernel of 64 frequencies
sampled from it. The second figure checks a claim of the paper on a photograph: at its best scale
each distribution leads to nearly the same PSNR between the pixels. The shape changes what sigma
means: heavy tails (Cauchy, Matern) contain more high frequencies and need a smaller sigma.
"""

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
from skfourier.metrics import psnr
from skfourier.spectra import Cauchy, Gaussian, Laplace, Matern, Uniform

output = Path("output")
output.mkdir(parents=True, exist_ok=True)
spectra = [Gaussian(10), Uniform(10), Laplace(10), Cauchy(10), Matern(10, nu=1.5)]

# %%
# Density, kernel, and the kernel of 64 sampled frequencies, which are marked on the axis.
figure, axes = plt.subplots(2, 5, figsize=(15, 5), sharex="row", sharey="row", layout="constrained")
frequency, lag = np.linspace(-40, 40, 801)[:, None], np.linspace(0, 0.12, 601)[:, None]
for (top, bottom), spectrum in zip(axes.T, spectra, strict=True):
    features = FourierFeatures(distribution=spectrum, n_frequencies=64, random_state=0).fit(lag)
    draws = features.frequencies_[:, 0]
    top.plot(frequency, spectrum.density(frequency))
    top.plot(draws, np.zeros_like(draws), "|k", markersize=12)
    top.set(title=type(spectrum).__name__, xlabel="frequency (cycles per unit)", xlim=(-40, 40))
    bottom.plot(lag, spectrum.evaluate(lag), label="kernel")
    bottom.plot(lag, features.induced_kernel().evaluate(lag) / 64, label="64 frequencies")
    bottom.set(xlabel="distance")
axes[0, 0].set(ylabel="density")
axes[1, 0].set(ylabel="k")
axes[1, 0].legend()
figure.savefig(output / "spectra.png", dpi=100)

# %%
# A network is trained on every second pixel of a photograph and tested on those between. The
# estimator's sigma multiplies that of the spectrum, 10.
photograph = load_sample_image("flower.jpg")[100:356:2, 200:456:2]
X, y = (rows.reshape(128, 128, -1) for rows in image_to_samples(photograph))
X_train, y_train = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
X_test, y_test = (rows[1::2, 1::2].reshape(-1, rows.shape[2]) for rows in (X, y))
X_train = X_train.astype(np.float32)
scales = [1, 3, 10, 30]
print(f"{'PSNR between the pixels, dB':30}" + "".join(f"{f'sigma = {s}':>13}" for s in scales))
curves = {}
for spectrum in spectra:
    name = type(spectrum).__name__
    start, curves[name] = time.perf_counter(), []
    for sigma in scales:
        embedding = FourierFeatures(sigma / 10, n_frequencies=128, distribution=spectrum)
        network = CoordinateMLPRegressor(embedding=embedding, max_iter=30, random_state=0)
        network.fit(X_train, y_train)
        curves[name].append(psnr(y_test, network.predict(X_test).clip(0, 1)))
    cells = "".join(f"{value:13.2f}" for value in curves[name])
    print(f"{name:30}{cells}   {time.perf_counter() - start:.0f} s", flush=True)

# %%
# The five curves have the same shape.
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, values in curves.items():
    ax.semilogx(scales, values, "o-", label=name)
ax.set(xlabel="sigma (cycles per image)", ylabel="PSNR between the pixels, dB")
ax.legend()
figure.savefig(output / "spectra_on_a_photograph.png", dpi=100)
plt.show()
