"""Splitters that respect neighboring pixels, for any search or score of scikit-learn.

Folds of pixels drawn at random flatter every model: each pixel held out has its neighbors in the
training set. `GridHoldoutSplit` tests between the pixels of a coarser grid, `BlockKFold` in
patches without known pixels, `FrameSplit` and `FrameKFold` between the frames of a video.
"""

from skfourier.model_selection._frames import FrameKFold, FrameSplit
from skfourier.model_selection._pixels import BlockKFold, GridHoldoutSplit

__all__ = ["BlockKFold", "FrameKFold", "FrameSplit", "GridHoldoutSplit"]
