"""Kernel regression in closed form against scikit-learn's: ratios taken in one run.

    python benchmarks/kernel_regression.py kodim05.png

`--only` picks rows: grid, megapixel, video, gcv, search, composed, scattered, noise, growth,
stream or dense. `--video clip.mp4` takes a clip for the row "video", of 64 frames at least;
without it that row is random smooth data of the shape of one. The row "stream" takes a few minutes;
nothing else should run meanwhile. Memory is read from Linux's /proc.
"""

import functools
import time
import warnings

import numpy as np
import scipy.linalg
from harness import fastest, note, peak_megabytes, row, run, seconds
from scipy.ndimage import gaussian_filter, map_coordinates
from sklearn.gaussian_process.kernels import RBF
from sklearn.gaussian_process.kernels import Matern as MaternCovariance
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfourier import FourierKernelRegressor, FourierKernelRegressorCV
from skfourier.images import image_to_samples, load_image, pixel_grid
from skfourier.kernels import NeuralTangentKernel
from skfourier.spectra import Gaussian, Matern
from skfourier.videos import iterate_video

SIGMA, ALPHA = 10, 1e-3
# scikit-learn's parameter of the same Gaussian kernel.
GAMMA = 2 * np.pi**2 * SIGMA**2


def pixels(path, size):
    """Return the coordinates and colors of a photograph of size x size pixels."""
    return image_to_samples(load_image(path, size=size))


@functools.cache
def kernel_ridge(path, n_rows):
    """Time KernelRidge's fit and prediction on so many pixels, drawn at random."""
    X, y = pixels(path, 256)
    some = np.random.default_rng(0).choice(len(X), n_rows, replace=False)
    peer = KernelRidge(alpha=ALPHA, kernel="rbf", gamma=GAMMA)
    duration, _ = seconds(lambda: peer.fit(X[some], y[some]).predict(X[some]))
    note(f"KernelRidge, fit and predict on {n_rows} rows: {duration:.2f} s")
    return duration


def our_time(X, y, X_new, **params):
    """Time fit and prediction, the better of two."""
    model = FourierKernelRegressor(**{"sigma": SIGMA, "alpha": ALPHA} | params)
    (duration,) = fastest(lambda: model.fit(X, y).predict(X_new), repetitions=2)
    note(f"ours, {model.solver_}, {len(X)} rows, predicting {len(X_new)}: {duration:.3f} s")
    return duration


# Grids -------------------------------------------------------------------------------------------


def measure_grid(options):
    X, y = pixels(options.image, 256)
    ours = our_time(X, y, pixel_grid((512, 512)))
    ratio = kernel_ridge(options.image, 4096) / ours
    row("256 x 256 grid to 512 x 512, 3 channels: KernelRidge on 4,096 rows / ours", ratio, 10)


def measure_megapixel(options):
    X, y = pixels(options.image, 1024)
    ratio = kernel_ridge(options.image, 8192) / our_time(X, y, X)
    row("1024 x 1024 grid on itself: KernelRidge on 8,192 rows / ours", ratio, 3)


def measure_video(options):
    shape = (64, 128, 128)
    if options.video is None:
        noise = np.random.default_rng(0).normal(size=(*shape, 3))
        frames = gaussian_filter(noise, (2, 2, 2, 0))
    else:
        frames = np.stack([f for _, f in iterate_video(options.video, shape[1:], slice(64))])
    t, y, x = np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij")
    X = np.stack([x, y, t], axis=-1).reshape(-1, 3)
    ours = our_time(X, frames.reshape(len(X), -1), X, sigma=(40, 40, 2))
    ratio = kernel_ridge(options.image, 8192) / ours
    row("64 x 128 x 128 video on itself: KernelRidge on 8,192 rows / ours", ratio, 3)


def measure_gcv(options):
    X, y = pixels(options.image, 256)
    model = FourierKernelRegressor(SIGMA, alpha=ALPHA)
    (one,) = fastest(lambda: model.fit(X, y), repetitions=3)
    search = FourierKernelRegressorCV(
        np.geomspace(1, 100, 20), np.logspace(-6, 0, 20), kernel="gaussian", criterion="gcv"
    )
    duration, _ = seconds(lambda: search.fit(X, y))
    note(f"one fit: {one:.3f} s; the search: {duration:.2f} s, {search.sigma_}, {search.alpha_}")
    what = "20 sigmas x 20 alphas by exact GCV, 256 x 256 / one such fit"
    row(what, duration / one, 25, at_most=True)


def measure_search(options):
    X, y = pixels(options.image, 128)
    folds, sigmas = KFold(5, shuffle=True, random_state=0), [2, 5, 10, 20, 40]
    scaled = make_pipeline(StandardScaler(), FourierKernelRegressor())
    # StandardScaler divides [0, 1) by its deviation, 0.289.
    for name, model, grid in (
        ("alone", FourierKernelRegressor(), {"sigma": sigmas}),
        ("in a Pipeline", scaled, {"fourierkernelregressor__sigma": [0.289 * s for s in sigmas]}),
    ):
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "No fast solver applies")  # no fold falls to cg
            found = GridSearchCV(model, grid, cv=folds, error_score="raise")
            duration, _ = seconds(lambda found=found: found.fit(X, y))
        row(f"GridSearchCV, 5 sigmas, 5 folds, 128 x 128, {name}: s", duration, 60, at_most=True)


def measure_composed(options):
    X, y = pixels(options.image, 256)
    kernel = NeuralTangentKernel(3, base=Gaussian())
    for sigma in (3, 10):
        model = FourierKernelRegressor(sigma, kernel=kernel, alpha=ALPHA, tol=1e-6)
        duration, _ = seconds(lambda model=model: model.fit(X, y))
        what = f"NTK of 3 hidden layers, sigma = {sigma}, 256 x 256, {model.solver_}"
        row(f"{what}: iterations to 1e-6", model.n_iter_, 150, at_most=True)
        row(f"{what}: seconds", duration, 5, at_most=True)


# Scattered points --------------------------------------------------------------------------------


def scattered_rows(path, n_rows, seed):
    """Read a photograph at random places, between the pixels linearly; float32."""
    image = load_image(path, size=512)
    rng = np.random.default_rng(seed)
    X = rng.random((n_rows, 2), dtype=np.float32)
    places = X[:, ::-1].T * 512
    y = np.stack([map_coordinates(c, places, order=1) for c in np.moveaxis(image, 2, 0)], axis=1)
    return X, y.astype(np.float32)


def error(y, prediction):
    return float(np.sqrt(np.mean((y - prediction) ** 2)))


def measure_scattered(options):
    X, y = scattered_rows(options.image, 1_000_000, 0)
    X_new, y_new = scattered_rows(options.image, 100_000, 1)
    models = {
        "ours": FourierKernelRegressor(SIGMA, alpha=ALPHA),
        "Nystroem(1000) + Ridge": make_pipeline(
            Nystroem(gamma=GAMMA, n_components=1000, random_state=0), Ridge(alpha=ALPHA)
        ),
    }
    times, errors = {}, {}
    for name, model in models.items():
        times[name], predicted = seconds(lambda m=model: m.fit(X, y).predict(X_new))
        errors[name] = error(y_new, predicted)
        note(f"{name}: {times[name]:.2f} s, error between the rows {errors[name]:.4f}")
    ours = models["ours"]
    note(f"solver {ours.solver_}, {ours.n_iter_} iterations")
    what = "10^6 scattered rows, sigma = 10: Nystroem(1000) + Ridge / ours"
    row(f"{what}, seconds", times["Nystroem(1000) + Ridge"] / times["ours"], 1)
    row(f"{what}, error between the rows", errors["Nystroem(1000) + Ridge"] / errors["ours"], 1)


def measure_noise(_):
    """Print the iterations that little noise takes, on even rows and on clusters."""
    rng = np.random.default_rng(0)
    centers = rng.uniform(size=(30, 2))
    clusters = centers[rng.integers(30, size=100_000)] + 0.05 * rng.normal(size=(100_000, 2))
    for name, X in {"even": rng.uniform(size=(10**6, 2)), "clusters": clusters.clip(0, 1)}.items():
        wave = np.sin(9 * X[:, 0]) * np.cos(7 * X[:, 1] + 5 * X[:, 0] ** 2)
        y = wave + 0.1 * rng.normal(size=len(X))
        model = FourierKernelRegressor(SIGMA, alpha=ALPHA)
        duration, _ = seconds(functools.partial(model.fit, X, y))
        note(
            f"{len(X):,} rows, {name}: {model.n_iter_} iterations, {duration:.2f} s, "
            f"accuracy {model.accuracy_:.0e}"
        )


def measure_growth(options):
    times = {}
    for n_rows in (1_000_000, 10_000_000):
        X, y = scattered_rows(options.image, n_rows, 0)
        model = FourierKernelRegressor(SIGMA, alpha=ALPHA * n_rows / 1e6)
        times[n_rows], _ = seconds(lambda m=model, X=X, y=y: m.fit(X, y).predict(X[:100_000]))
        note(f"{n_rows} rows: {times[n_rows]:.2f} s, {model.n_iter_} iterations")
    ratio = times[10_000_000] / times[1_000_000]
    row("scattered, alpha growing with n: 10^7 rows / 10^6 rows, seconds", ratio, 4, at_most=True)


def measure_stream(_):
    """Add up blocks that are made as they are needed, and watch the peak of the memory."""
    n_blocks, peaks, start = 100, [], time.perf_counter()
    model = FourierKernelRegressor(
        SIGMA, alpha=ALPHA * n_blocks, solver="nufft", domain=[[0, 1], [0, 1]]
    )
    for block in range(n_blocks):
        rng = np.random.default_rng(block)
        X = rng.uniform(size=(1_000_000, 2))
        clean = np.sin(40 * X[:, 0]) * np.cos(60 * X[:, 1])
        y = clean + rng.normal(scale=0.1, size=len(X))
        peaks.append(peak_megabytes(lambda X=X, y=y: model.partial_fit(X, y))[0])
    duration = time.perf_counter() - start
    solving, _ = seconds(lambda: model.n_iter_)
    early, late = max(peaks[:10]), max(peaks[10:])
    note(
        f"10^8 rows: {duration:.0f} s, solved in {solving:.1f} s, {model.n_iter_} iterations, "
        f"error {error(clean, model.predict(X)):.2e} of a signal of {clean.std():.2f}, noise 0.1"
    )
    note(f"peak in blocks 1 to 10: {early:.0f} MB, after: {late:.0f} MB")
    row("10^8 rows by partial_fit: growth of peak memory, MB", late - early, 100, at_most=True)


# Against a dense factorization -------------------------------------------------------------------


def measure_dense(options):
    """Compare every solver that applies with SciPy's Cholesky and scikit-learn's kernel matrix."""
    n_rows = 4096
    rng = np.random.default_rng(0)
    photograph = tuple(array.astype(float) for array in pixels(options.image, 64))
    X = rng.uniform(size=(n_rows, 2))
    line = rng.uniform(size=(n_rows, 1))
    data = {
        "64 x 64 grid": photograph,
        "4,096 scattered": (X, np.stack([np.sin(30 * X[:, 0]), np.cos(20 * X.sum(axis=1))], 1)),
        "4,096 on a line": (line, np.sin(40 * line)),
    }
    for place, (X, y) in data.items():
        X_new = rng.uniform(X.min(axis=0), X.max(axis=0), size=(500, X.shape[1]))
        for kernel in (Gaussian(), Matern(nu=2.5)):
            compare_solvers(kernel, (X, y, X_new), place)


def dense_prediction(kernel, X, y, X_new):
    length = 1 / (2 * np.pi * SIGMA)
    theirs = RBF(length) if kernel == Gaussian() else MaternCovariance(length, nu=2.5)
    mean, scale = y.mean(axis=0), y.std(axis=0)
    matrix = theirs(X) + ALPHA * np.eye(len(X))
    dual = scipy.linalg.cho_solve(scipy.linalg.cho_factor(matrix), (y - mean) / scale)
    return theirs(X_new, X) @ dual * scale + mean


def compare_solvers(kernel, data, place):
    X, y, X_new = data
    expected = dense_prediction(kernel, *data)
    for solver in ("kronecker", "masked_kronecker", "toeplitz", "nufft", "cholesky", "cg"):
        model = FourierKernelRegressor(SIGMA, kernel=kernel, alpha=ALPHA, tol=1e-10, solver=solver)
        try:
            duration, _ = seconds(lambda m=model: m.fit(X, y))
        except ValueError:  # it does not apply, and says why
            continue
        off = np.linalg.norm(model.predict(X_new) - expected) / np.linalg.norm(expected)
        what = f"{place}, {kernel!r}: {solver} / dense, relative"
        row(what, off, 1e-6, at_most=True)
        note(f"{duration:.2f} s, {model.n_iter_} iterations")


if __name__ == "__main__":
    rows = [function for name, function in globals().items() if name.startswith("measure_")]
    run(__doc__, rows, "image", video=None)
