"""Sigma, noise and smoothness chosen from the data: time, error and honesty, and rivals.

    python benchmarks/kernel_selection.py [--only NAME ...] [--satellite modis.npz]

Each row is `FourierKernelRegressorCV().fit(X, y)`, and a prediction with deviations. Peers run
beside it. "coverage" is the share of the places whose truth lies within the interval that is named.

scattered   3,000 rows of sin(20 x) cos(31 y) + sin(60 x y) / 2, noise 0.1; 20,000 places.
            `GaussianProcessRegressor` with a Matern kernel and a WhiteKernel finds its parameters
            by itself.
million     10^6 such rows; 50,000 places. `Nystroem(1000)` and `Ridge` choose nothing: their gamma
            is that of our sigma. They take 17 GB of memory.
stream      10^8 such rows in blocks, by `partial_fit`; --blocks of 10^6.
terrain     matplotlib's elevation model: 13,000 cells at random, 20,000 others; also with 5 m of
            noise, where each rival has its own best smoothing, found on the tested places.
satellite   Heaton et al. 2019: 105,569 cells of a satellite picture, 42,740 under clouds; needs the
            file.
co2         Weekly carbon dioxide at Mauna Loa (statsmodels' data set), the last two years held out:
            a linear trend, a periodic kernel and Matern's. Intervals are of measurements, the noise
            included. Rivals are the last year again (seasonal naive), and a line with four
            harmonics by least squares.
"""

import math
import time

import numpy as np
from harness import cells, memory, run, seconds
from scipy.interpolate import CloughTocher2DInterpolator, NearestNDInterpolator, RBFInterpolator
from scipy.stats import norm
from signals import terrain
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skfourier import FourierKernelRegressorCV
from skfourier.datasets import load_sample_series
from skfourier.spectra import Matern as OurMatern
from skfourier.spectra import Periodic


def signal(X):
    return np.sin(20 * X[:, 0]) * np.cos(31 * X[:, 1]) + 0.5 * np.sin(60 * X[:, 0] * X[:, 1])


def scattered(n_rows, n_places, seed=0):
    """Return noisy rows, and places with the truth there."""
    rng = np.random.default_rng(seed)
    X, places = rng.uniform(size=(n_rows, 2)), rng.uniform(size=(n_places, 2))
    return X, signal(X) + 0.1 * rng.normal(size=n_rows), places, signal(places)


def satellite(path):
    """Return the cells that are seen, and those under clouds."""
    picture = np.load(path)
    X = np.stack(np.meshgrid(picture["lon"], picture["lat"]), axis=-1).reshape(-1, 2)
    seen, true = (picture[name].ravel().astype(float) for name in ("observed", "true"))
    learned = np.isfinite(seen)
    hidden = ~learned & np.isfinite(true)
    return X[learned], seen[learned], X[hidden], true[hidden]


def continuous_ranked_probability_score(y, mean, deviation):
    """Return the mean score of normal distributions, in units of y."""
    z = (y - mean) / deviation
    score = z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi)
    return float(np.mean(deviation * score))


def report(name, duration, truth, prediction, note):
    """Print one row; a prediction is a mean, or a mean and its deviation."""
    mean, *deviation = prediction if isinstance(prediction, tuple) else (prediction,)
    error, scores = mean - truth, ["", "", ""]
    if deviation:
        scores = [f"{continuous_ranked_probability_score(truth, mean, deviation[0]):.4g}"]
        scores += [f"{np.mean(np.abs(error) < k * deviation[0]):.3f}" for k in (1.645, 1.96)]
    errors = (f"{np.abs(error).mean():.4g}", f"{np.sqrt(np.mean(error**2)):.4g}")
    cells(name, f"{duration:.1f} s", *errors, *scores, note)


def ours(X, y, places, truth, *, name="FourierKernelRegressorCV()", model=None):
    """Choose, fit and predict; return the model and the seconds."""
    model = model or FourierKernelRegressorCV()
    duration, prediction = seconds(lambda: model.fit(X, y).predict(places, return_std=True))
    noise = float(model.signal_scale_[0] * np.sqrt(model.alpha_))
    note = f"{model.kernel_}, noise {noise:.4g}, {model.solver_}"
    report(name, duration, truth, prediction, note)
    return model, duration


def timed(name, truth, ours, predict, *args):
    """Run a peer, and print its row and how many times as long it takes."""
    own, prediction = seconds(lambda: predict(*args))
    report(name, own, truth, prediction, f"{own / ours:.1f} times the seconds")


def run_scattered(_):
    begin("scattered")
    X, y, places, truth = scattered(3000, 20_000)
    _, duration = ours(X, y, places, truth)

    def process():
        kernel = ConstantKernel() * Matern(0.1, nu=1.5) + WhiteKernel(0.01)
        model = GaussianProcessRegressor(kernel, normalize_y=True).fit(X, y)
        mean, deviation = model.predict(places, return_std=True)
        noise = model.kernel_.k2.noise_level * y.var()
        return mean, np.sqrt(np.maximum(deviation**2 - noise, 0))

    timed("GaussianProcessRegressor", truth, duration, process)


def run_million(_):
    begin("million")
    X, y, places, truth = scattered(10**6, 50_000)
    model, duration = ours(X, y, places, truth)
    gamma = 2 * np.pi**2 * float(np.mean(model.sigma_)) ** 2
    features = Nystroem(gamma=gamma, n_components=1000, random_state=0)
    peer = make_pipeline(features, Ridge(1e-3))
    timed("Nystroem(1000) + Ridge", truth, duration, lambda: peer.fit(X, y).predict(places))


def run_stream(options):
    begin("stream")
    model = FourierKernelRegressorCV(domain=[[0, 1], [0, 1]])
    start = time.perf_counter()
    for block in range(options.blocks):
        X, y, places, truth = scattered(10**6, 50_000, seed=block)
        model.partial_fit(X, y)
        if block == min(9, options.blocks // 2):
            before = memory("VmHWM")
    growth, adding = memory("VmHWM") - before, time.perf_counter() - start
    duration, prediction = seconds(lambda: model.predict(places, return_std=True))
    note = f"{options.blocks} blocks in {adding:.0f} s, {growth:.0f} MB more since the tenth"
    report("after the last block", duration, truth, prediction, note)


def thin_plates(X, y, places, smoothing):
    return RBFInterpolator(X, y, neighbors=50, smoothing=smoothing)(places)


def clough_tocher(X, y, places):
    values = CloughTocher2DInterpolator(X, y)(places)
    return np.where(np.isnan(values), NearestNDInterpolator(X, y)(places), values)


def run_terrain(_):
    begin("terrain")
    for noise, smoothings in ((0, [0]), (5, [0, 1e-7, 1e-6, 3e-6, 1e-5])):
        X, y, places, truth = data = terrain(noise)
        _, duration = ours(*data, name=f"FourierKernelRegressorCV(), noise {noise} m")
        for smoothing in smoothings:
            name = f"RBFInterpolator, thin plates, 50 neighbors, smoothing {smoothing:g}"
            timed(name, truth, duration, thin_plates, X, y, places, smoothing)
        timed("Clough-Tocher", truth, duration, clough_tocher, X, y, places)


def run_satellite(options):
    begin("satellite")
    if options.satellite is None:
        print("satellite: pass --satellite modis.npz")
        return
    data = satellite(options.satellite)
    ours(*data)
    rough = OurMatern(nu=1.5)
    ours(*data, name="of Matern 3/2 alone", model=FourierKernelRegressorCV(kernel=rough))


def line_and_harmonics(t):
    phases = 2 * np.pi * (t - 1980) * np.arange(1, 5)
    return np.hstack([np.ones_like(t), t - 1980, np.cos(phases), np.sin(phases)])


def run_co2(_):
    begin("co2")
    series = load_sample_series()
    late = series.year > series.year[-1] - 2
    X, y = series.year[~late, None], series.co2[~late]
    places, truth = series.year[late, None], series.co2[late]
    kernels = [1.0 * OurMatern(0.1, nu=nu) + 1.0 * Periodic(1.0) for nu in (0.5, 1.5, 2.5)]
    model = FourierKernelRegressorCV(kernel=kernels, trend="linear")
    duration, (mean, deviation) = seconds(lambda: model.fit(X, y).predict(places, return_std=True))
    noise = float(model.signal_scale_[0] * np.sqrt(model.alpha_))
    note = f"{model.kernel_}, noise {noise:.3f}, slope {model.trend_coef_[0]:.2f}, {model.solver_}"
    report("trend, season and rest", duration, truth, (mean, np.hypot(deviation, noise)), note)

    def last_year():
        return np.interp(places[:, 0] - np.ceil(places[:, 0] - X[-1, 0]), X[:, 0], y)

    def least_squares():
        coefficients = np.linalg.lstsq(line_and_harmonics(X), y, rcond=None)[0]
        return line_and_harmonics(places) @ coefficients

    timed("seasonal naive", truth, duration, last_year)
    timed("a line and harmonics", truth, duration, least_squares)


def begin(title):
    print(f"\n{title}\n")
    cells("", "seconds", "MAE", "RMSE", "CRPS", "90 %", "95 %", "")
    print("|---" * 8 + "|")


if __name__ == "__main__":
    FourierKernelRegressorCV().fit(*scattered(500, 1)[:2])  # what is imported when first used
    runs = [run_scattered, run_million, run_stream, run_terrain, run_satellite, run_co2]
    run(__doc__, runs, satellite=None, blocks=100)
