"""Real data to try the library on."""

from skfourier.datasets._sample_video import load_sample_video

__all__ = ["load_sample_video"]
