"""
At a glance: a map with standard deviations, and a picture from a quarter of its pixels
=======================================================================================

Above, 3,000 measurements of terrain with errors of 5 m become a map. The closed form finds
smoothness, scale and noise by itself, and says how far the map may be off. Cubic interpolation
passes through every error. Below, a network rebuilds a photograph from a quarter of its pixels.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cbook
from matplotlib.colors import LightSource
from scipy.interpolate import griddata
from scipy.ndimage import map_coordinates
from skimage.data import astronaut

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressorCV
from skfourier.images import image_to_samples
from skfourier.metrics import psnr

# %%
# The terrain, from matplotlib's sample data, in kilometers. Nobody measured inside a circle.
earth = cbook.get_sample_data("jacksboro_fault_dem.npz")
heights = earth["elevation"].astype(float)[::2, :344:2]
step = 2 * 111.2 * np.array([earth["dx"] * np.cos(np.radians(36.6)), earth["dy"]])
places = np.stack(np.indices(heights.shape)[::-1], axis=-1).reshape(-1, 2) * step
rng = np.random.default_rng(0)
measured = rng.permutation(len(places))
from_center = np.linalg.norm(places[measured] - 0.4 * places[-1], axis=1)
measured = measured[from_center > 3][:3000]
X, y = places[measured], heights.ravel()[measured] + 5 * rng.normal(size=3000)

model = FourierKernelRegressorCV().fit(X, y)
mean, deviation = model.predict(places, return_std=True)
cubic = griddata(X, y, places, method="cubic")
cubic = np.where(np.isnan(cubic), griddata(X, y, places, method="nearest"), cubic)
within = np.mean(np.abs(mean - heights.ravel()) < 2 * deviation)
print(f"Matern, nu = {model.kernel_.nu}; {within:.0%} within 2 deviations")
# The photograph: every second pixel along rows and columns is known, a quarter of all.
photograph = astronaut()[:256, 100:356] / 255
X, y = (rows.reshape(256, 256, -1) for rows in image_to_samples(photograph))
X_known, y_known = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
network = CoordinateMLPRegressor(embedding=FourierFeatures(sigma="auto"), random_state=0)
rebuilt = network.fit(X_known, y_known).predict(X.reshape(-1, 2)).reshape(y.shape).clip(0, 1)
halved = np.indices(y.shape) / np.reshape((2, 2, 1), (3, 1, 1, 1))
bicubic = map_coordinates(y[::2, ::2], halved, order=3, mode="nearest").clip(0, 1)
tested = np.ones((256, 256), dtype=bool)
# Beyond the last known pixel there is nothing to interpolate.
tested[::2, ::2] = tested[-1] = tested[:, -1] = False
known = np.ones_like(y)
known[::2, ::2] = y[::2, ::2]

# %%
# Both pictures. The terrain is lit from the northwest.
colors = {"vmin": heights.min() - 400, "vmax": heights.max(), "cmap": plt.get_cmap("terrain")}
figure, (above, below) = plt.subplots(2, 4, figsize=(13, 6.9), layout="constrained")
above[0].scatter(*(places[measured] / step).T, s=1.5, c=heights.ravel()[measured], **colors)
above[0].set(aspect="equal", xlim=(0, 171), ylim=(171, 0), title="3,000 measurements")
for ax, name, values in ((above[1], "cubic interpolation", cubic), (above[2], "skfourier", mean)):
    terrain = values.reshape(heights.shape)
    ax.imshow(LightSource(altdeg=35).shade(terrain, vert_exag=0.01, blend_mode="soft", **colors))
    ax.set_title(f"{name}: off by {np.sqrt(np.mean((terrain - heights) ** 2)):.0f} m")
shown = above[3].imshow(deviation.reshape(heights.shape), cmap="magma")
above[3].set_title("its standard deviation")
figure.colorbar(shown, ax=above[3], label="m", shrink=0.8)
names = ("a quarter of the pixels", "bicubic", "skfourier", "the photograph")
for ax, name, picture in zip(below, names, (known, bicubic, rebuilt, y), strict=True):
    quality = f": {psnr(y[tested], picture[tested]):.1f} dB" if ax in below[1:3] else ""
    ax.imshow(picture[150:238, 120:208])
    ax.set_title(name + quality)
for ax in figure.axes[:8]:
    ax.set(xticks=[], yticks=[])
Path("output").mkdir(exist_ok=True)
figure.savefig("output/at_a_glance.png", dpi=100)
plt.show()
