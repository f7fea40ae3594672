"""One line that says how a training goes on."""

import math
import time

import numpy as np

from skfourier._training import _processes as processes

_SECONDS_BETWEEN = 0.2


class LiveLine:
    """Print the epoch, the loss and what else is known over the line before.

    Parameters
    ----------
    max_iter : int
    psnr_of_loss : callable
        Loss to the PSNR on the training rows, in dB.
    """

    def __init__(self, max_iter, psnr_of_loss):
        self.max_iter, self.psnr_of_loss = max_iter, psnr_of_loss
        self.begun, self.printed, self.width = time.perf_counter(), -math.inf, 0

    def __call__(self, progress):
        """Print the line for the last epoch, unless the one before is a moment old."""
        history = progress.history
        now, done = time.perf_counter(), len(history.loss_curve)
        if now - self.printed < _SECONDS_BETWEEN and done < self.max_iter:
            return
        self.printed = now
        rate = done / max(now - self.begun, 1e-9)
        loss = history.loss_curve[-1]
        cells = [f"Epoch {done} of {self.max_iter}", f"loss {loss:.4g}"]
        cells.append(f"PSNR {self.psnr_of_loss(loss):.2f} dB")
        if history.validation_scores:
            cells.append(f"validation score {history.validation_scores[-1]:.4f}")
        cells.append(f"{rate:.3g} epochs/s")
        cells.append(f"{(self.max_iter - done) / rate:.0f} s left")
        line = ", ".join(cells)
        print("\r" + line.ljust(self.width), end="", flush=True)
        self.width = len(line)

    def close(self):
        """End the line."""
        if self.width:
            print()


def psnr_of_loss(scaling, y):
    """Return a function from losses to the PSNR of the training rows of all processes, in dB.

    Of several outputs the errors are taken to be alike in standardized units.
    """
    span = float(np.ptp(processes.each((y.min(), y.max())))) or math.inf
    unit = (scaling.scale / span).square().mean().item()
    return lambda loss: -10 * math.log10(max(loss * unit, 1e-30)) if unit else 0.0
