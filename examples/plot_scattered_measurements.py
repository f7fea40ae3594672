"""
Map scattered measurements, with standard deviations
====================================================

The elevation of 13,000 places near the Jacksboro fault (Tennessee) is measured with errors of 5 m.
Kernel regression turns the measurements into a map and says how far the map may be off. Nothing is
set by hand: the likelihood of the measurements determines how smooth the terrain is, how far a
measurement reaches along each axis, and how large the errors are. The map is more accurate than
scipy's best, even if the test places pick the smoothing of the splines.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cbook
from scipy.interpolate import RBFInterpolator, griddata

from skfourier import FourierKernelRegressorCV

# %%
# The elevation model ships with matplotlib; its places in kilometers.
model_of_earth = cbook.get_sample_data("jacksboro_fault_dem.npz")
elevation = model_of_earth["elevation"].astype(float)
rows, columns = np.indices(elevation.shape)
step = 111.2 * np.array([model_of_earth["dx"] * np.cos(np.radians(36.6)), model_of_earth["dy"]])
places = np.stack([columns, rows], axis=-1).reshape(-1, 2) * step
heights = elevation.ravel()

rng = np.random.default_rng(0)
order = rng.permutation(len(places))
measured, others = order[:13_000], order[13_000:33_000]
X, y = places[measured], heights[measured] + 5 * rng.normal(size=len(measured))


def report(name, values, note=""):
    error = np.sqrt(np.mean((values - heights[others]) ** 2))
    print(f"{name:34} off by {error:5.1f} m {note}", flush=True)


# %%
# Interpolation passes through every measurement with its error. Splines can be smoothed by hand.
for method in ("linear", "cubic"):
    inside = griddata(X, y, places[others], method=method)
    outside = griddata(X, y, places[others], method="nearest")
    report(method, np.where(np.isnan(inside), outside, inside))
for smoothing in (0, 1e-3, 1e-2, 1e-1):
    splines = RBFInterpolator(X, y, neighbors=50, smoothing=smoothing)
    report(f"thin plate splines, smoothing {smoothing:g}", splines(places[others]))

# %%
# The likelihood chooses among four kernels. The truth should lie within two standard deviations of
# the map at 95 % of the places.
model = FourierKernelRegressorCV().fit(X, y)
tried = [model.cv_results_[column] for column in ("param_kernel", "mean_test_score")]
for kernel, score in zip(*tried, strict=True):
    print(f"{kernel!r:50} log likelihood of a row {score:.3f}")
noise = float(model.signal_scale_[0] * np.sqrt(model.alpha_))
mean, deviation = model.predict(places, return_std=True)
within = np.mean(np.abs(mean - heights)[others] < 2 * deviation[others])
report(f"{model.kernel_.__class__.__name__}, nu = {model.kernel_.nu}", mean[others])
print(f"errors of {noise:.1f} m found, 5 m made; within 2 deviations {within:.0%}")

# %%
# The truth, the map, and its standard deviation, which is small where measurements are dense.
figure, axes = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
for ax, title, values, limits in (
    (axes[0], "elevation in m", heights, (heights.min(), heights.max())),
    (axes[1], "map made of 13,000 measurements", mean, (heights.min(), heights.max())),
    (axes[2], "its deviation in m", deviation, (0, np.quantile(deviation, 0.999))),
):
    extent = (0, *places[-1], 0)
    shown = values.reshape(elevation.shape)
    picture = ax.imshow(shown, extent=extent, vmin=limits[0], vmax=limits[1])
    ax.set(title=title, xlabel="km")
    figure.colorbar(picture, ax=ax)
Path("output").mkdir(exist_ok=True)
figure.savefig("output/scattered_measurements.png", dpi=100)
plt.show()
