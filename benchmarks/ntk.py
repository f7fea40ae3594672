"""Neural tangent kernels against scikit-ntk and against a loop over samples, in one run.

    python benchmarks/ntk.py

takes about a minute on two cores; nothing else should run meanwhile. It needs scikit-ntk. Peak
memory is that of the process during the call, less what it held before. `--only` picks one of the
measurements: analytic or empirical.
"""

import numpy as np
import skntk
import torch
from harness import fastest, note, peak_megabytes, row, run

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.ntk import NeuralTangentKernel, empirical_ntk
from skfourier.spectra import Gaussian

N_POINTS, N_HIDDEN_LAYERS, SIGMA, N_FREQUENCIES = 4096, 3, 10, 128
N_POINTS_EMPIRICAL = 1024


def cost(function, repetitions=5):
    """Return the seconds of a call, and the memory it takes in MB."""
    (duration,) = fastest(function, repetitions=repetitions)
    peak, before = peak_megabytes(function)
    return duration, peak - before


def measure_analytic(_):
    """Compare the composed kernel of 4,096 points with scikit-ntk's on the features."""
    X = np.random.default_rng(0).uniform(size=(N_POINTS, 2))
    features = FourierFeatures(SIGMA, n_frequencies=N_FREQUENCIES, random_state=0).fit(X)
    gamma = features.transform(X) / np.sqrt(N_FREQUENCIES)
    other = skntk.NeuralTangentKernel(N_HIDDEN_LAYERS, bias=0.0)
    theirs, their_peak = cost(lambda: other(gamma), 3)
    note(f"scikit-ntk, {N_POINTS} points: {theirs:.2f} s, {their_peak:.0f} MB")
    bases = {
        "the Gaussian's expectation": (Gaussian(SIGMA), X),
        "the same features": (features.induced_kernel(), X),
        "no base, rows that are the features": (None, gamma),
    }
    for name, (base, rows) in bases.items():
        kernel = NeuralTangentKernel(N_HIDDEN_LAYERS, base=base)
        ours, peak = cost(lambda kernel=kernel, rows=rows: kernel(rows))
        note(f"ours, {name}: {ours:.2f} s, {peak:.0f} MB")
        row(f"time of scikit-ntk / ours, {name}", theirs / ours, 5)
        row(f"peak memory of ours / scikit-ntk's, {name}", peak / their_peak, 1 / 3, at_most=True)
    kernel = NeuralTangentKernel(N_HIDDEN_LAYERS, base=features.induced_kernel())
    difference = np.abs(kernel(X, X.copy()) - (N_HIDDEN_LAYERS + 1) * other(gamma))
    largest = kernel.diag(X)[0]
    note(f"largest difference on the same features: {difference.max():.1e} of {largest:g}")


def loop_over_samples(network, X):
    """Evaluate equation 1 by a backward pass for each sample and one product."""
    parameters = list(network.parameters())
    gradients = []
    for x in torch.tensor(X):
        (output,) = network.unscaled(x[None])[0]
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(output, parameters)]))
    jacobian = torch.stack(gradients)
    return (jacobian @ jacobian.T).numpy()


def measure_empirical(_):
    """Compare the kernel of the default network at 1,024 points with a loop over samples."""
    X = np.random.default_rng(0).uniform(size=(N_POINTS_EMPIRICAL, 2)).astype(np.float32)
    network = CoordinateMLPRegressor(
        embedding=FourierFeatures(SIGMA, random_state=0), max_iter=1, random_state=0
    ).fit(X, np.sin(9 * X[:, 0]))
    (theirs,) = fastest(lambda: loop_over_samples(network.module_, X), repetitions=2)
    (ours,) = fastest(lambda: empirical_ntk(network, X))
    note(f"loop over samples: {theirs:.2f} s; ours: {ours:.3f} s")
    row(f"time of a loop over {N_POINTS_EMPIRICAL} samples / ours", theirs / ours, 3)
    expected = loop_over_samples(network.module_, X)
    error = np.abs(empirical_ntk(network, X) - expected).max() / expected.max()
    note(f"largest difference, float32: {error:.1e} of the largest entry")


if __name__ == "__main__":
    run(__doc__, [measure_analytic, measure_empirical])
