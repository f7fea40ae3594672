"""Splitters that know that pixels are neighbors, for any search or score of scikit-learn.

Folds of pixels drawn at random flatter every model: each pixel held out has its neighbors in the
training set. `GridHoldoutSplit` asks what lies between the pixels of a coarser grid, `BlockKFold`
what a patch looks like of which no pixel is known, `FrameSplit` and `FrameKFold` what happens
between the frames of a video.
"""

from skfourier.model_selection._frames import FrameKFold, FrameSplit
from skfourier.model_selection._pixels import BlockKFold, GridHoldoutSplit

__all__ = ["BlockKFold", "FrameKFold", "FrameSplit", "GridHoldoutSplit"]
