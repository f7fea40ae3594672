"""How well sigma and alpha are chosen: PSNR lost between the pixels, against the best candidate.

    python benchmarks/choosing_sigma.py [kodim03.png ...]

scikit-learn's two photographs come first. Each is cut to a square of --size pixels; every second
pixel trains, those diagonally between are tested. "best" is the candidate that does best on these,
which no criterion sees; the columns after it are the PSNR that each criterion loses to it, with its
sigma and alpha. The candidates are FourierKernelRegressorCV's own, the kernel the bare one. --folds
adds five folds of pixels, which take a hundred times as long. "exponential" chooses nothing: the
kernel exp(-r / l) of a spectrum that falls like a photograph's, of one sigma for all of them.
"""

import warnings
from pathlib import Path

import numpy as np
from half_grid import halves, interpolations, quality
from harness import cells, run
from sklearn.datasets import load_sample_images
from sklearn.model_selection import KFold

from skfourier import FourierKernelRegressor, FourierKernelRegressorCV
from skfourier.images import load_image
from skfourier.spectra import Matern

CRITERIA = {
    "leave-one-out": {"criterion": "leave_one_out"},
    "GCV": {"criterion": "gcv"},
    "likelihood": {"alphas": np.logspace(-4, 1, 11)},
}
EXPONENTIAL = FourierKernelRegressor(3, kernel=Matern(nu=0.5), alpha=1e-3)
FOLDS = {
    "5 folds": {"cv": KFold(5, shuffle=True, random_state=0), "scoring": "neg_mean_squared_error"}
}


def compare(image, kernel, criteria):
    """Return the figures of a row, in dB, and what was chosen, a string for each."""
    training, between = halves(image)
    models = {
        name: FourierKernelRegressorCV(kernel=kernel, **params).fit(*training)
        for name, params in criteria.items()
    }
    candidates = models["GCV"].cv_results_["params"]
    fits = (FourierKernelRegressor(kernel=kernel, **c).fit(*training) for c in candidates)
    tried = [quality(fit, *between) for fit in fits]
    best = candidates[int(np.argmax(tried))]
    figures = [*interpolations(image).values()]
    figures += [quality(EXPONENTIAL.fit(*training), *between), max(tried)]
    figures += [max(tried) - quality(model, *between) for model in models.values()]
    chosen = [(best["sigma"], best["alpha"])]
    chosen += [(model.sigma_, model.alpha_) for model in models.values()]
    return figures, ["", "", "", *(f" ({sigma:.0f}, {alpha:.1g})" for sigma, alpha in chosen)]


def table(options):
    warnings.filterwarnings("ignore", "The best candidate is at the edge")
    criteria = CRITERIA | (FOLDS if options.folds else {})
    columns = ["photograph", "bilinear", "cubic", "exponential", "best (sigma, alpha)", *criteria]
    cells(*columns)
    print("|---" * len(columns) + "|")
    rows = []
    for path in (*load_sample_images().filenames, *options.images):
        figures, chosen = compare(load_image(path, size=options.size), options.kernel, criteria)
        rows.append(figures)
        cells(Path(path).stem, *(f"{x:.2f}{at}" for x, at in zip(figures, chosen, strict=True)))
    cells("mean", *(f"{figure:.2f}" for figure in np.mean(rows, axis=0)))


if __name__ == "__main__":
    run(__doc__, table, "images*", size=256, kernel="gaussian", folds=False)
