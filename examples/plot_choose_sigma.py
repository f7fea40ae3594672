"""
Choose sigma: a grid search, successive halving, or "auto"
==========================================================

A network learns every second pixel of a photograph along rows and columns. The test pixels lie
diagonally between them. At a good sigma the network predicts these better than cubic interpolation;
at a large one it invents noise, and at a small one it blurs. This example compares three ways to
find a good sigma without looking at the test pixels: a grid search, scikit-learn's successive
halving, and sigma="auto", which also halves the candidates but continues to train those that are
left, and chooses the weight decay too.
"""

import time
from pathlib import Path

import matplotlib.pyplot as plt
from scipy.interpolate import RegularGridInterpolator
from skimage.data import coffee
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, ShuffleSplit

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
from skfourier.inspection import ReconstructionDisplay, SigmaSearchDisplay
from skfourier.metrics import psnr

photograph = coffee()[60:316, 200:456]
X, y = (rows.reshape(256, 256, -1) for rows in image_to_samples(photograph))
X_learned, y_learned = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
X_between, between = X[1:-1:2, 1:-1:2].reshape(-1, 2), y[1:-1:2, 1:-1:2]


def network(sigma):
    return CoordinateMLPRegressor(embedding=FourierFeatures(sigma), random_state=0)


# %%
# Each search holds out a tenth of the known pixels, and then trains on all of them. For comparison,
# one network has a sigma that is too small, and one a sigma that is too large.
grid = {"embedding__sigma": (0.64, 1.28, 2.56, 5.12, 10.24)}
holdout = ShuffleSplit(1, test_size=0.1, random_state=0)
epochs = {"resource": "max_iter", "min_resources": 4, "max_resources": 32, "factor": 2}
models = {
    "sigma 0.6": network(0.6),
    "sigma 15": network(15),
    "grid search": GridSearchCV(network(1), grid, cv=holdout),
    "halving": HalvingGridSearchCV(network(1), grid, cv=holdout, **epochs),
    'sigma="auto"': network("auto"),
}
cubic = RegularGridInterpolator((X[::2, 0, 1], X[0, ::2, 0]), y[::2, ::2], method="cubic")
predictions = {"cubic": cubic(X_between[:, ::-1])}
print(
    f"{'cubic interpolation':20}{psnr(between, predictions['cubic'].reshape(between.shape)):.2f} dB"
)
for name, model in models.items():
    start = time.perf_counter()
    predictions[name] = model.fit(X_learned, y_learned).predict(X_between)
    seconds = time.perf_counter() - start
    sigma = getattr(model, "best_estimator_", model).embedding_.sigma_
    quality = psnr(between, predictions[name].reshape(between.shape))
    print(f"{name:20}{quality:.2f} dB between, sigma {sigma:.2f}, {seconds:.1f} s", flush=True)

# %%
# The scores that the searches compared.
figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharey=True)
for ax, name in zip(axes, ("grid search", 'sigma="auto"'), strict=True):
    SigmaSearchDisplay.from_estimator(models[name], ax=ax)
    ax.set_title(name)
output = Path("output")
output.mkdir(parents=True, exist_ok=True)
figure.savefig(output / "choose_sigma_curves.png", dpi=100)

# %%
# The test pixels.
shown = {name: predictions[name] for name in ("cubic", "sigma 0.6", "sigma 15", 'sigma="auto"')}
display = ReconstructionDisplay.from_predictions(shown, between)
display.figure_.savefig(output / "choose_sigma.png", dpi=100)
plt.show()
