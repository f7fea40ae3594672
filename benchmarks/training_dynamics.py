"""The training of an infinitely wide network on a photograph, predicted: against a loop of steps.

    python benchmarks/training_dynamics.py [--size 256]

The kernel is the NTK of three hidden layers on Gaussian features of sigma 10, the rows are the
pixels of scikit-learn's photograph, three channels. The peer takes one step after the other, each
by the same FFT product that `predict_training` uses: what there is without it, as the dense matrix
of 65,536 rows takes 34 GB. About two minutes on two cores.
"""

import numpy as np
from harness import note, row, run, seconds
from sklearn.datasets import load_sample_images

from skfourier.images import image_to_samples, load_image
from skfourier.ntk import NeuralTangentKernel, predict_training
from skfourier.ntk._kernel_matrix import kernel_functions
from skfourier.spectra import Gaussian

# The error that `tol` stands for; products are several times fewer than steps from here on.
TOL, LEAST_RATIO, LOOPED = 1e-6, 3, 1000


def loop(kernel, X, y, learning_rate, n_steps):
    """Take the steps one by one; return the predictions."""
    matrix = kernel_functions(kernel, X, TOL).matrix
    target = matrix.scatter(y)
    predictions = np.zeros_like(target)
    for _ in range(n_steps):
        predictions += learning_rate * (matrix @ (target - predictions))
    return matrix.gather(predictions)


def compare(options):
    size = options.size
    X, y = image_to_samples(load_image(load_sample_images().filenames[0], size=size))
    y, kernel, rate = (
        y - y.mean(axis=0),
        NeuralTangentKernel(3, base=Gaussian(10)),
        1 / (4 * len(X)),
    )
    duration, looped = seconds(lambda: loop(kernel, X, y, rate, LOOPED))
    per_step = duration / LOOPED
    print(f"{size} x {size} pixels; a step of the loop: {1e3 * per_step:.1f} ms")
    for n_steps in (100, LOOPED, 10_000, 100_000):
        duration, result = seconds(
            lambda n=n_steps: predict_training(kernel, X, y, learning_rate=rate, steps=n)
        )
        note(f"{n_steps:,} steps, {result.method}: {duration:.2f} s")
        if n_steps >= LOOPED:
            bar = LEAST_RATIO * np.sqrt(n_steps / LOOPED)
            row(f"loop / predict_training, {n_steps:,} steps", n_steps * per_step / duration, bar)
        if n_steps == LOOPED:
            error = np.linalg.norm(result.train - looped) / np.linalg.norm(y)
            row(f"error after {n_steps:,} steps, relative to y", error, TOL, at_most=True)


if __name__ == "__main__":
    run(__doc__, compare, size=256)
