"""FourierFeatures beside RBFSampler: time per output column, and the error of the kernel.

    python benchmarks/fourier_features.py

Prints two tables. The times are the least of several, taken in turn, so that a machine whose speed
drifts treats both alike.
"""

import numpy as np
from harness import fastest, row, run
from sklearn.kernel_approximation import RBFSampler

from skfourier import FourierFeatures
from skfourier.spectra import Gaussian, Matern

SIGMA, N_ROWS, N_COLUMNS = 10, 100_000, 512
N_POINTS, N_SEEDS, SAMPLINGS = 400, 10, ("random", "orthogonal", "sobol")


def measure_speed(_):
    for dtype in (np.float32, np.float64):
        X = np.random.default_rng(0).uniform(size=(N_ROWS, 2)).astype(dtype)
        peer = RBFSampler(gamma=2 * np.pi**2 * SIGMA**2, n_components=N_COLUMNS).fit(X)
        ours = FourierFeatures(SIGMA, n_frequencies=N_COLUMNS // 2).fit(X)
        times = fastest(lambda: peer.transform(X), lambda: ours.transform(X), repetitions=7)  # noqa: B023
        what = f"{N_ROWS:,} rows to {N_COLUMNS} columns, {dtype.__name__}"
        row(f"{what}: time of RBFSampler / FourierFeatures", times[0] / times[1], 1)


def measure_samplings(_):
    X = np.random.default_rng(0).uniform(size=(N_POINTS, 2))
    print(f"\nRoot mean square error of the kernel, two columns, sigma = 3, over {N_SEEDS} seeds")
    print(f"  {'distribution':14}{'m':>6}" + "".join(f"{name:>12}" for name in SAMPLINGS))
    for distribution in (Gaussian(3), Matern(3, nu=1.5)):
        for m in (16, 64, 256, 1024):
            errors = (error(distribution, m, sampling, X) for sampling in SAMPLINGS)
            figures = "".join(f"{error:12.4f}" for error in errors)
            print(f"  {type(distribution).__name__:14}{m:6}{figures}")


def error(distribution, m, sampling, X):
    """Return the root mean square error of the kernel of m features, over the seeds."""
    features = FourierFeatures(n_frequencies=m, distribution=distribution, sampling=sampling)
    kernels = (
        features.set_params(random_state=seed).fit(X).induced_kernel()(X) / m
        for seed in range(N_SEEDS)
    )
    return np.sqrt(np.mean([np.square(kernel - distribution(X)) for kernel in kernels]))


if __name__ == "__main__":
    run(__doc__, [measure_speed, measure_samplings])
