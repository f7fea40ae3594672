"""Frames between frames, by the motion that is measured between them."""

from skfourier._motion._regressor import MotionCompensatedRegressor

__all__ = ["MotionCompensatedRegressor"]
