"""
Fill the clouds of a satellite picture
======================================

The clouds of one day are laid over a clear picture of ground temperature from another day, so the
hidden values are known. Kernel regression fills them in, with a standard deviation for every cell.
The clouds are wide. Across them a linear trend and a kernel with two scales, whose weights the
likelihood finds, are more accurate than interpolation, and than splines at any of the smoothings
shown. The default, a single kernel without a trend, falls back to the mean under the clouds. It
comes out between the nearest cell and linear interpolation.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.interpolate import RBFInterpolator, griddata

from skfourier import FourierKernelRegressorCV
from skfourier.datasets import load_sample_clouds
from skfourier.spectra import Matern

# %%
# The picture; rows and columns are its coordinates.
picture = load_sample_clouds()
rows, columns = np.indices(picture.cloudy.shape)
cells = np.stack([columns, rows], axis=-1).reshape(-1, 2).astype(float)
truth, hidden = picture.temperature.ravel(), picture.cloudy.ravel()
X, y, places = cells[~hidden], truth[~hidden], cells[hidden]


def report(name, values):
    error = np.sqrt(np.mean((values - truth[hidden]) ** 2))
    print(f"{name:40} off by {error:.2f} degrees", flush=True)


# %%
# Simple baselines.
nearest = griddata(X, y, places, method="nearest")
linear = griddata(X, y, places, method="linear")
report("nearest", nearest)
report("linear", np.where(np.isnan(linear), nearest, linear))
for smoothing in (0, 1, 10, 100):
    splines = RBFInterpolator(X, y, neighbors=50, smoothing=smoothing)
    report(f"thin plate splines, smoothing {smoothing}", splines(places))

# %%
# A single kernel has one scale for the short distances and the long ones. For a sum, the likelihood
# finds the scale and the weight of each part.
report("one kernel, no trend", FourierKernelRegressorCV().fit(X, y).predict(places))
two_scales = 1.0 * Matern(0.05) + 1.0 * Matern(0.01)
model = FourierKernelRegressorCV(kernel=two_scales, trend="linear").fit(X, y)
mean, deviation = model.predict(cells, return_std=True)
report("two scales and a linear trend", mean[hidden])
noise = model.signal_scale_[0] * np.sqrt(model.alpha_)
within = np.abs(mean - truth)[hidden] < 2 * np.hypot(deviation[hidden], noise)
print(f"{model.kernel_}")
print(f"trend {model.trend_coef_.round(3)} degrees a cell; within 2 deviations {within.mean():.0%}")

# %%
# The visible cells, the filled picture, the truth, and the standard deviation.
figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
filled = np.where(hidden, mean, truth)
limits = {"vmin": truth.min(), "vmax": truth.max()}
for ax, title, values, colors in (
    (axes[0], "seen, in degrees Celsius", np.where(hidden, np.nan, truth), limits),
    (axes[1], "filled in", filled, limits),
    (axes[2], "beneath the clouds", truth, limits),
    (axes[3], "deviation", deviation, {"cmap": "magma", "vmin": 0}),
):
    shown = ax.imshow(values.reshape(rows.shape), **colors)
    ax.set(title=title, xticks=[], yticks=[])
    figure.colorbar(shown, ax=ax)
output = Path("output")
output.mkdir(parents=True, exist_ok=True)
figure.savefig(output / "fill_clouds.png", dpi=100)
plt.show()
