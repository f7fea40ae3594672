"""
Choose sigma: a grid search, successive halving, or "auto"
==========================================================

A network learns every second pixel of a photograph along rows and columns. The test pixels lie
diagonally between them. At a good sigma the network predicts these better than cubic interpolation;
at a large one it invents noise, and at a small one it blurs. This example compares three ways to
find a good sigma without looking at the test pixels: a grid search, scikit-learn's successive
halving, and sigma="auto", which also halves the candidates but continues to train those that are
left.
"""

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import map_coordinates
from skimage.data import coffee
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, ShuffleSplit

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
from skfourier.inspection import SigmaSearchDisplay
from skfourier.metrics import psnr

photograph = coffee()[60:316, 200:456]
X, y = (rows.reshape(256, 256, -1) for rows in image_to_samples(photograph))
X_learned, y_learned = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
X_between, y_between = (rows[1:-1:2, 1:-1:2].reshape(-1, rows.shape[2]) for rows in (X, y))


def network(sigma):
    return CoordinateMLPRegressor(embedding=FourierFeatures(sigma), random_state=0)


def report(name, sigma, seconds, values):
    quality = psnr(y_between, values.clip(0, 1))
    print(f"{name:22} sigma {sigma:>5}: {quality:5.2f} dB between, {seconds:5.1f} s", flush=True)
    return values, quality


# %%
# Interpolation, and networks with a sigma that is too small and one that is too large.
places = np.mgrid[0.5:127, 0.5:127]
planes = np.moveaxis(y[::2, ::2], 2, 0)
pictures = {}
for name, order in (("bilinear", 1), ("cubic", 3)):
    start = time.perf_counter()
    values = np.stack([map_coordinates(plane, places, order=order) for plane in planes], axis=2)
    seconds = time.perf_counter() - start
    pictures[name] = report(name, "-", seconds, values.reshape(-1, 3))
for sigma in (0.6, 15):
    start = time.perf_counter()
    values = network(sigma).fit(X_learned, y_learned).predict(X_between)
    seconds = time.perf_counter() - start
    pictures[f"sigma {sigma}"] = report("network", sigma, seconds, values)

# %%
# Each search holds out a tenth of the known pixels, and then trains on all of them.
sigmas = (0.64, 1.28, 2.56, 5.12, 10.24)
holdout = ShuffleSplit(1, test_size=0.1, random_state=0)
grid = {"embedding__sigma": sigmas}
searches = {
    "grid search": GridSearchCV(network(1), grid, cv=holdout),
    "halving": HalvingGridSearchCV(
        network(1),
        grid,
        cv=holdout,
        resource="max_iter",
        min_resources=4,
        max_resources=32,
        factor=2,
    ),
    'sigma="auto"': network("auto"),
}
for name, search in searches.items():
    start = time.perf_counter()
    values = search.fit(X_learned, y_learned).predict(X_between)
    seconds = time.perf_counter() - start
    chosen = getattr(search, "best_estimator_", search).embedding_.sigma_
    pictures[name] = report(name, round(chosen, 2), seconds, values)

# %%
# The scores that the searches compared.
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharey=True)
for ax, name in zip(axes, ("grid search", 'sigma="auto"'), strict=True):
    SigmaSearchDisplay.from_estimator(searches[name], ax=ax)
    ax.set_title(name)
output = Path("output")
output.mkdir(parents=True, exist_ok=True)
figure.savefig(output / "choose_sigma_curves.png", dpi=100)

# %%
# The test pixels, at the scale of the photograph.
figure, axes = plt.subplots(1, 5, figsize=(14, 3.2), layout="constrained")
names = {"photograph": "", "cubic": "", "sigma 0.6": "", "sigma 15": "", 'sigma="auto"': ""}
for ax, name in zip(axes, names, strict=True):
    values, quality = pictures.get(name, (y_between, np.inf))
    ax.imshow(values.reshape(127, 127, 3)[14:94, 14:94].clip(0, 1))
    ax.set(title=name if name == "photograph" else f"{name}: {quality:.1f} dB")
    ax.set(xticks=[], yticks=[])
figure.savefig(output / "choose_sigma.png", dpi=100)
plt.show()
