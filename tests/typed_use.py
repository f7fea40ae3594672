"""The public API in a user's typed script: `mypy` checks it, with calls to untyped code refused.

Nothing here is run; what a type checker knows is stated by `assert_type`.
"""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline

import skfourier
from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
    MotionCompensatedRegressor,
)
from skfourier.datasets import load_sample_video
from skfourier.grids import find_grid
from skfourier.images import image_to_samples, load_image, render, samples_to_image, save_image
from skfourier.inspection import KernelDisplay
from skfourier.metrics import make_ssim_scorer, psnr, psnr_scorer, ssim
from skfourier.model_selection import BlockKFold, GridHoldoutSplit
from skfourier.ntk import NeuralTangentKernel, eigenspectrum, predict_training
from skfourier.spectra import Gaussian, Matern
from skfourier.videos import iterate_video, video_to_samples

Rows = NDArray[np.float64]


def image(path: Path) -> None:
    """Learn an image from a file, and write it twice as large."""
    picture = load_image(path, size=64)
    X, y = image_to_samples(picture)
    network = CoordinateMLPRegressor(
        (64, 64), activation="relu", embedding=FourierFeatures(sigma="auto"), max_iter=10
    )
    network.fit(X, y)
    assert_type(psnr(y, network.predict(X)), float)
    print(network.loss_curve_[-1], network.predict_gradient(X).shape)
    save_image("larger.png", render(network, (128, 128)))
    assert_type(ssim(picture, samples_to_image(y, picture.shape)), float)
    print(psnr_scorer(network, X, y), make_ssim_scorer((64, 64)))
    CoordinateMLPEnsemble(network, n_estimators=2).fit(X, y).predict(X, return_std=True)


def map_of(X: Rows, y: Rows) -> None:
    """Fit a map with standard deviations, choose its kernel, save and load."""
    mean, deviation = FourierKernelRegressorCV().fit(X, y).predict(X, return_std=True)
    print(mean.shape, deviation.shape)
    kernel = Gaussian(3.0) + 0.1 * Matern([30.0, 20.0], nu=0.5)
    model = FourierKernelRegressor(sigma=[1.0, 2.0], kernel=kernel, alpha=0.1, trend="linear")
    model.partial_fit(X, y).save("model.safetensors")
    assert_type(model.with_alpha(0.2).calibrated(), FourierKernelRegressor)
    assert_type(model.sample_y(X, 3), NDArray[Any])
    print(model.n_iter_ + 1, skfourier.load("model.safetensors").predict(X))
    pipeline = make_pipeline(FourierFeatures(2.0), FourierKernelRegressor()).fit(X, y)
    skfourier.save(pipeline, Path("pipeline.safetensors"))


def splits_and_kernels(X: Rows, y: Rows) -> None:
    """Split pixels, find grids, predict a training."""
    for train, test in GridHoldoutSplit(2).split(X):
        print(train.size, test.size)
    assert_type(BlockKFold(8, n_splits=3).get_n_splits(X), int)
    grid = find_grid(X)
    if grid is not None:
        print(grid.shape, grid.spacing())
    tangent = NeuralTangentKernel(3, base=Gaussian(5.0))
    dynamics = predict_training(tangent, X, y, learning_rate=1e-3, steps=[1, 10])
    print(dynamics.loss, eigenspectrum(tangent, X, y).steps, tangent(X).shape)
    KernelDisplay.from_kernels([tangent], distances=[0.0, 0.1])


def video() -> None:
    """Read a video frame by frame, and frames between frames."""
    clip = load_sample_video()
    for time, frame in iterate_video(clip.filename, size=32):
        print(time + 0.5, frame.shape)
    X, y = video_to_samples(clip.video, frames=slice(None, None, 10))
    print(MotionCompensatedRegressor().fit(X, y).predict(X).shape)
