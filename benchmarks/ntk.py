"""Neural tangent kernels against scikit-ntk and against a loop over samples, in one run.

    python benchmarks/ntk.py

takes about a minute on two cores; nothing else should run meanwhile. It needs scikit-ntk. Peak
memory is that of the process, sampled during the call, less what it held before. `--only`
picks one of the measurements: analytic or empirical.
"""

import argparse
import threading
import time
from pathlib import Path

import numpy as np
import skntk
import torch
from table import note, processor, row

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.ntk import NeuralTangentKernel, empirical_ntk
from skfourier.spectra import Gaussian

N_POINTS, N_HIDDEN_LAYERS, SIGMA, N_FREQUENCIES = 4096, 3, 10, 128
N_POINTS_EMPIRICAL, REPETITIONS = 1024, 5


def seconds(function, repetitions=REPETITIONS):
    """Return the least of the times of some calls."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_megabytes(function):
    """Return the most that the process held during a call, less what it held before."""
    page, peak, done = 4096, [0], threading.Event()

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    def watch():
        while not done.is_set():
            peak[0] = max(peak[0], resident())
            time.sleep(1e-3)

    before = resident()
    watcher = threading.Thread(target=watch)
    watcher.start()
    function()
    done.set()
    watcher.join()
    return (peak[0] - before) / 1e6


def compare_analytic():
    """Compare the composed kernel of 4,096 points with scikit-ntk's on the features."""
    X = np.random.default_rng(0).uniform(size=(N_POINTS, 2))
    features = FourierFeatures(SIGMA, n_frequencies=N_FREQUENCIES, random_state=0).fit(X)
    gamma = features.transform(X) / np.sqrt(N_FREQUENCIES)
    other = skntk.NeuralTangentKernel(N_HIDDEN_LAYERS, bias=0.0)
    theirs, their_peak = seconds(lambda: other(gamma), 3), peak_megabytes(lambda: other(gamma))
    note(f"scikit-ntk, {N_POINTS} points: {theirs:.2f} s, {their_peak:.0f} MB")
    bases = {
        "the Gaussian's expectation": (Gaussian(SIGMA), X),
        "the same features": (features.induced_kernel(), X),
        "no base, rows that are the features": (None, gamma),
    }
    for name, (base, rows) in bases.items():
        kernel = NeuralTangentKernel(N_HIDDEN_LAYERS, base=base)
        ours = seconds(lambda kernel=kernel, rows=rows: kernel(rows))
        peak = peak_megabytes(lambda kernel=kernel, rows=rows: kernel(rows))
        note(f"ours, {name}: {ours:.2f} s, {peak:.0f} MB")
        row(f"time of scikit-ntk / ours, {name}", theirs / ours, 5)
        row(f"peak memory of ours / scikit-ntk's, {name}", peak / their_peak, 1 / 3, at_most=True)
    kernel = NeuralTangentKernel(N_HIDDEN_LAYERS, base=features.induced_kernel())
    difference = np.abs(kernel(X, X.copy()) - (N_HIDDEN_LAYERS + 1) * other(gamma))
    note(
        f"largest difference on the same features: {difference.max():.1e} of {kernel.diag(X)[0]:g}"
    )


def loop_over_samples(network, X):
    """Evaluate equation 1 by a backward pass for each sample and one product."""
    parameters = list(network.parameters())
    gradients = []
    for x in torch.tensor(X):
        (output,) = network.unscaled(x[None])[0]
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(output, parameters)]))
    jacobian = torch.stack(gradients)
    return (jacobian @ jacobian.T).numpy()


def compare_empirical():
    """Compare the kernel of the default network at 1,024 points with a loop over samples."""
    X = np.random.default_rng(0).uniform(size=(N_POINTS_EMPIRICAL, 2)).astype(np.float32)
    network = CoordinateMLPRegressor(
        embedding=FourierFeatures(SIGMA, random_state=0), max_iter=1, random_state=0
    ).fit(X, np.sin(9 * X[:, 0]))
    theirs = seconds(lambda: loop_over_samples(network.module_, X), 2)
    ours = seconds(lambda: empirical_ntk(network, X))
    note(f"loop over samples: {theirs:.2f} s; ours: {ours:.3f} s")
    row(f"time of a loop over {N_POINTS_EMPIRICAL} samples / ours", theirs / ours, 3)
    expected = loop_over_samples(network.module_, X)
    error = np.abs(empirical_ntk(network, X) - expected).max() / expected.max()
    note(f"largest difference, float32: {error:.1e} of the largest entry")


MEASUREMENTS = {"analytic": compare_analytic, "empirical": compare_empirical}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", choices=MEASUREMENTS)
    only = parser.parse_args().only
    print(
        f"{processor()}; numpy {np.__version__}, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads"
    )
    for name, measure in MEASUREMENTS.items():
        if only in (None, name):
            measure()


if __name__ == "__main__":
    main()
