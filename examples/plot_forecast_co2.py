"""
Forecast a series with a trend and a season
===========================================

The concentration of carbon dioxide at Mauna Loa rises, varies with the seasons, and was not
measured every week. Two years are held out. A linear trend, a periodic kernel, and a kernel for the
rest are fitted together. The forecast is more accurate than repeating the last year, and than a
least-squares fit of a line and harmonics, and the truth lies within its intervals.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skfourier import FourierKernelRegressorCV
from skfourier.datasets import load_sample_series
from skfourier.spectra import Matern, Periodic

series = load_sample_series()
late = series.year > series.year[-1] - 2
X, y = series.year[~late, None], series.co2[~late]
places, truth = series.year[late, None], series.co2[late]


def report(name, values):
    error = np.sqrt(np.mean((values - truth) ** 2))
    print(f"{name:40} off by {error:.2f} ppm", flush=True)


# %%
# Two baselines: the last measured year, repeated, and least squares.
years_back = np.ceil(places[:, 0] - X[-1, 0])
report("the same week of the last year", np.interp(places[:, 0] - years_back, X[:, 0], y))


def line_and_harmonics(t):
    phases = 2 * np.pi * (t - 1980) * np.arange(1, 5)
    return np.hstack([np.ones_like(t), t - 1980, np.cos(phases), np.sin(phases)])


coefficients = np.linalg.lstsq(line_and_harmonics(X), y, rcond=None)[0]
report("a line with harmonics", line_and_harmonics(places) @ coefficients)

# %%
# The likelihood finds how large the season and the rest are, how fast the rest changes, and how
# smooth it is. The period is fixed at one year.
kernels = [1.0 * Matern(0.1, nu=nu) + 1.0 * Periodic(1.0) for nu in (0.5, 1.5, 2.5)]
model = FourierKernelRegressorCV(kernel=kernels, trend="linear").fit(X, y)
mean, deviation = model.predict(places, return_std=True)
report("trend, season and rest", mean)
noise = model.signal_scale_[0] * np.sqrt(model.alpha_)
within = np.abs(mean - truth) < 1.96 * np.hypot(deviation, noise)
print(f"{model.kernel_}, noise {noise:.2f} ppm")
print(f"{model.trend_coef_[0]:.2f} ppm a year; within the 95 % interval {within.mean():.0%}")

# %%
# The forecast, continued. Its standard deviation includes the uncertainty of the trend.
figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
t = np.arange(1996, 2006, 0.02)[:, None]
mean, deviation = model.predict(t, return_std=True)
low, high = mean - 1.96 * deviation, mean + 1.96 * deviation
ax.fill_between(t[:, 0], low, high, alpha=0.3, label="95 %, without noise")
ax.plot(t[:, 0], mean, label="fit and forecast")
ax.plot(X, y, ".", ms=3, color="black", label="measured")
ax.plot(places, truth, ".", ms=3, color="tab:red", label="held out")
ax.set(xlim=(1996, 2006), ylim=(355, 390), xlabel="year", ylabel="ppm", title="Mauna Loa")
ax.legend(loc="upper left")
output = Path("output")
output.mkdir(parents=True, exist_ok=True)
figure.savefig(output / "forecast_co2.png", dpi=100)
plt.show()
