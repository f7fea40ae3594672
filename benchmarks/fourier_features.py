"""FourierFeatures beside RBFSampler: time per output column, and the error of the kernel.

    python benchmarks/fourier_features.py

Prints two tables of ratios. The times are medians of runs taken in turn, so that a machine whose
speed drifts treats both alike.
"""

import statistics
import time

import numpy as np
from sklearn.kernel_approximation import RBFSampler

from skfourier import FourierFeatures
from skfourier.spectra import Gaussian, Matern

SIGMA = 10


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def compare_speed(n_rows=100_000, n_columns=512, n_runs=7):
    print(f"{n_rows:,} rows to {n_columns} columns: time of RBFSampler / FourierFeatures")
    for dtype in (np.float32, np.float64):
        X = np.random.default_rng(0).uniform(size=(n_rows, 2)).astype(dtype)
        peer = RBFSampler(gamma=2 * np.pi**2 * SIGMA**2, n_components=n_columns).fit(X)
        ours = FourierFeatures(SIGMA, n_frequencies=n_columns // 2).fit(X)
        ratios = [seconds(peer.transform, X) / seconds(ours.transform, X) for _ in range(n_runs)]
        ratio = statistics.median(ratios)
        print(f"  {dtype.__name__}: {ratio:5.2f}   {'pass' if ratio >= 1 else 'FAIL'} (at least 1)")


def compare_samplings(n_points=400, n_seeds=10):
    X = np.random.default_rng(0).uniform(size=(n_points, 2))
    print(f"\nRoot mean square error of the kernel, two columns, sigma = 3, over {n_seeds} seeds")
    samplings = ("random", "orthogonal", "sobol")
    print(f"  {'distribution':14}{'m':>6}" + "".join(f"{name:>12}" for name in samplings))
    for distribution in (Gaussian(3), Matern(3, nu=1.5)):
        for m in (16, 64, 256, 1024):
            errors = [
                rms(
                    [
                        induced(distribution, m, sampling, seed, X) - distribution(X)
                        for seed in range(n_seeds)
                    ]
                )
                for sampling in samplings
            ]
            cells = "".join(f"{error:12.4f}" for error in errors)
            print(f"  {type(distribution).__name__:14}{m:6}{cells}")


def induced(distribution, m, sampling, seed, X):
    features = FourierFeatures(
        n_frequencies=m, distribution=distribution, sampling=sampling, random_state=seed
    )
    return features.fit(X).induced_kernel()(X) / m


def rms(errors):
    return float(np.sqrt(np.mean(np.square(errors))))


if __name__ == "__main__":
    compare_speed()
    compare_samplings()
