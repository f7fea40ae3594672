"""
Compare embeddings and activations with GridSearchCV
====================================================

The embedding and the activation of a network are ordinary parameters, so scikit-learn's grid search
compares them, in two processes. Each third of the pixels of a photograph is predicted from the
other two. Fourier features matter more than the activation: without them even a sine, which is
made for coordinates, is almost four decibels behind the worst network that has them.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image
from sklearn.model_selection import GridSearchCV, KFold

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
from skfourier.metrics import psnr_scorer

X, y = image_to_samples(load_sample_image("flower.jpg")[::5, ::5])
embeddings = {
    "none": None,
    "Gaussian": FourierFeatures(4),
    "uniform": FourierFeatures(4, distribution="uniform"),
    "Laplace": FourierFeatures(4, distribution="laplace"),
}
activations = ["relu", "tanh", "gelu", "sine"]

# %%
# The folds are drawn at random, so that most pixels have neighbors among those that train.
search = GridSearchCV(
    CoordinateMLPRegressor(max_iter=12, random_state=0),
    {"embedding": list(embeddings.values()), "activation": activations},
    scoring=psnr_scorer,
    cv=KFold(3, shuffle=True, random_state=0),
    refit=False,
    n_jobs=2,
).fit(X.astype(np.float32), y)

# %%
# The grid varies the embedding fastest: parameters are in alphabetical order, the last one fastest.
scores = search.cv_results_["mean_test_score"].reshape(len(activations), -1)
figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
ax.imshow(scores, cmap="viridis")
for (row, column), score in np.ndenumerate(scores):
    ax.text(
        column,
        row,
        f"{score:.1f}",
        ha="center",
        va="center",
        color="black" if score > scores.mean() else "white",
    )
ax.set_xticks(range(len(embeddings)), embeddings)
ax.set_yticks(range(len(activations)), activations)
ax.set(title="PSNR of held-out pixels in dB", xlabel="embedding", ylabel="activation")
Path("output").mkdir(exist_ok=True)
figure.savefig("output/compare_embeddings.png", dpi=100)
plt.show()
