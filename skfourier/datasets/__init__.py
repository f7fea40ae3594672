"""Real data to try the library on."""

from skfourier.datasets._sample_clouds import load_sample_clouds
from skfourier.datasets._sample_series import load_sample_series
from skfourier.datasets._sample_video import load_sample_video

__all__ = ["load_sample_clouds", "load_sample_series", "load_sample_video"]
