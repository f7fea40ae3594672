"""
Measurements at scattered places: how high, and how sure
========================================================

A thousand places near the Jacksboro fault (Tennessee) have their elevation measured, give or take
10 m. Kernel regression makes a map of them, and says how far the map may be off. sigma and alpha
are chosen by leave-one-out, which asks for small errors, or by the marginal likelihood, which asks
for an honest deviation. The kernel matters: with the Gaussian one interpolation is better, with
Matern's 3/2 the map is slightly better than the best of scipy's, which state no deviation.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cbook
from scipy.interpolate import RBFInterpolator, griddata

from skfourier import FourierKernelRegressorCV
from skfourier.spectra import Matern

# %%
# The elevation model ships with matplotlib; its places in kilometres.
model_of_earth = cbook.get_sample_data("jacksboro_fault_dem.npz")
elevation = model_of_earth["elevation"][::2, ::2].astype(float)
rows, columns = np.indices(elevation.shape)
step = 2 * 111.2 * np.array([model_of_earth["dx"] * np.cos(np.radians(36.6)), model_of_earth["dy"]])
places = np.stack([columns, rows], axis=-1).reshape(-1, 2) * step
heights = elevation.ravel()

rng = np.random.default_rng(0)
measured = rng.choice(len(places), 1000, replace=False)
X, y = places[measured], heights[measured] + 10 * rng.normal(size=1000)
others = np.setdiff1d(np.arange(len(places)), measured)


def report(name, values, note=""):
    error = np.sqrt(np.mean((values[others] - heights[others]) ** 2))
    print(f"{name:34} off by {error:5.1f} m {note}", flush=True)


# %%
# Interpolation passes through the measurements, errors and all; splines can be smoothed by hand.
for method in ("linear", "cubic"):
    inside = griddata(X, y, places, method=method)
    report(method, np.where(np.isnan(inside), griddata(X, y, places, method="nearest"), inside))
report("thin plate spline", RBFInterpolator(X, y)(places))

# %%
# Each spectrum and criterion: what was chosen, the error, and how often the truth lies within two
# deviations, which should be 95 % of the places.
for kernel in ("gaussian", Matern(nu=1.5)):
    for criterion in ("leave_one_out", "log_marginal_likelihood"):
        model = FourierKernelRegressorCV(kernel=kernel, criterion=criterion).fit(X, y)
        mean, deviation = model.predict(places, return_std=True)
        within = np.mean((np.abs(mean - heights) < 2 * deviation)[others])
        note = f"sigma={model.sigma_:.3f}, alpha={model.alpha_:g}, within 2 deviations {within:.0%}"
        report(f"{kernel}, {criterion}", mean, note)

# %%
# The last one: the scores of its search, the truth, the map with the places, and the deviation.
figure, axes = plt.subplots(1, 4, figsize=(17, 4), layout="constrained")
sigmas, alphas = (np.unique(model.cv_results_[f"param_{name}"]) for name in ("sigma", "alpha"))
scores = model.cv_results_["mean_test_score"].reshape(len(sigmas), len(alphas)).T
mesh = axes[0].pcolormesh(sigmas, alphas, scores, vmin=np.median(scores))
axes[0].plot(model.sigma_, model.alpha_, "r*", markersize=14)
axes[0].set(xscale="log", yscale="log", xlabel="sigma (cycles per km)", ylabel="alpha")
axes[0].set_xticks([0.02, 0.05, 0.1, 0.2, 0.4], [0.02, 0.05, 0.1, 0.2, 0.4], minor=False)
axes[0].set_xticks([], minor=True)
axes[0].set_title("log marginal likelihood")
figure.colorbar(mesh, ax=axes[0])
height_range = heights.min(), heights.max()
for ax, title, values, (low, high) in (
    (axes[1], "elevation in m", heights, height_range),
    (axes[2], "map made of 1,000 measurements", mean, height_range),
    (axes[3], "its deviation in m", deviation, (0, deviation.max())),
):
    extent = (0, *places[-1], 0)
    picture = ax.imshow(values.reshape(elevation.shape), extent=extent, vmin=low, vmax=high)
    ax.set(title=title, xlabel="km")
    figure.colorbar(picture, ax=ax)
for ax in axes[2:]:
    ax.plot(*X.T, "k.", markersize=1.5)
output = Path("examples/output")
output.mkdir(parents=True, exist_ok=True)
figure.savefig(output / "scattered_measurements.png", dpi=100)
plt.show()
