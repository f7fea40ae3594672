"""
Choose sigma with GridSearchCV
==============================

sigma is an ordinary parameter of a pipeline step, so scikit-learn's grid search can choose it. If
sigma is too small, the image is blurred and both the training and the validation PSNR are low. If
it is too large, the network memorizes the training pixels and invents noise between them. The best
sigma is at the maximum of the validation curve.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples, render
from skfourier.metrics import psnr_scorer

output = Path("output")
output.mkdir(parents=True, exist_ok=True)

# %%
# A photograph of 86 x 128 pixels: 11,008 rows of (x, y) and red, green, blue.
photograph = load_sample_image("flower.jpg")[::5, ::5]
X, y = image_to_samples(photograph)
X = X.astype(np.float32)

# %%
# Two thirds of the pixels, drawn at random, predict the other third. Most held-out pixels have
# neighbors in the training set, so the score measures what lies *between* pixels.
model = make_pipeline(
    FourierFeatures(n_frequencies=128, random_state=0),
    CoordinateMLPRegressor(max_iter=12, random_state=0),
)
sigmas = [0.5, 1, 2, 5, 10, 20, 50]
search = GridSearchCV(
    model,
    {"fourierfeatures__sigma": sigmas},
    scoring=psnr_scorer,
    cv=KFold(3, shuffle=True, random_state=0),
    return_train_score=True,
    verbose=2,
).fit(X, y)
results = search.cv_results_
for sigma, training, validation in zip(
    sigmas, results["mean_train_score"], results["mean_test_score"], strict=True
):
    print(f"sigma = {sigma:4}: training {training:5.2f} dB, validation {validation:5.2f} dB")

# %%
# The validation curve, and the image at three of the sigmas.
figure, axes = plt.subplots(1, 4, figsize=(14, 3.4), layout="constrained")
axes[0].semilogx(sigmas, results["mean_train_score"], "o-", label="training")
axes[0].errorbar(
    sigmas, results["mean_test_score"], results["std_test_score"], fmt="o-", label="validation"
)
axes[0].set(xlabel="sigma (cycles per image)", ylabel="PSNR in dB")
axes[0].legend()
best = search.best_params_["fourierfeatures__sigma"]
for ax, sigma in zip(axes[1:], (sigmas[0], best, sigmas[-1]), strict=True):
    picture = render(model.set_params(fourierfeatures__sigma=sigma).fit(X, y), (172, 256))
    ax.imshow(picture.clip(0, 1))
    ax.set(title=f"sigma = {sigma}" + (" (best)" if sigma == best else ""), xticks=[], yticks=[])
figure.savefig(output / "grid_search_sigma.png", dpi=100)
plt.show()
