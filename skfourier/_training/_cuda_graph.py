"""Gradients on a CUDA device, recorded once and replayed.

A step of the default network is some hundred small kernels, and launching them one after the other
takes several times as long as they run. CUDA launches a recorded graph of them at once.
"""

import gc
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace

import torch

from skfourier._training import _processes as processes
from skfourier._training._samples import Samples


@dataclass(frozen=True)
class Recording:
    """The graph of the gradient of a batch, and where it reads and writes.

    Parameters
    ----------
    graph : torch.cuda.CUDAGraph
    batch : Samples
        Read by the graph.
    loss : tensor
    gradients : list of tensor
        Of the network's parameters. Written by the graph, as the loss.
    """

    graph: torch.cuda.CUDAGraph
    batch: Samples
    loss: torch.Tensor
    gradients: list

    def replay(self, network, batch):
        """Compute the loss of another batch of this size, and leave its gradient."""
        for name, tensor in _read(self.batch).items():
            tensor.copy_(getattr(batch, name))
        self.graph.replay()
        for parameter, gradient in zip(network.parameters(), self.gradients, strict=True):
            parameter.grad = gradient
        return self.loss.clone()


def record(network, batch, gradient):
    """Record what a function does that computes a loss and leaves the network's gradient.

    Parameters
    ----------
    network : CoordinateNetwork
    batch : Samples
    gradient : callable
        Of a batch; returns the loss.

    Returns
    -------
    Recording
    """
    batch = replace(batch, **{name: tensor.clone() for name, tensor in _read(batch).items()})
    device = network.output.weight.device
    stream, graph = torch.cuda.Stream(device), torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):  # and on its device
        gradient(batch)  # what libraries set up at their first call must not be recorded
        with _capture(graph):
            loss = gradient(batch)
    torch.cuda.current_stream(device).wait_stream(stream)
    return Recording(graph, batch, loss, [parameter.grad for parameter in network.parameters()])


@contextmanager
def _capture(graph):
    """Record the block, in this thread alone: others may train their own networks meanwhile.

    `torch.cuda.graph` would wait for the device and empty torch's memory each time. It does so as
    the garbage collector may find an old graph, and to free one ends a recording.
    """
    collects = gc.isenabled()
    gc.disable()
    graph.capture_begin(capture_error_mode="thread_local")
    try:
        yield
    finally:
        try:
            graph.capture_end()
        finally:
            if collects:
                gc.enable()


def _read(samples):
    """Return the tensors of samples that a step reads: features in place of coordinates."""
    tensors = {field.name: getattr(samples, field.name) for field in fields(samples)}
    unread = {"X"} if samples.features is not None else set()
    return {n: t for n, t in tensors.items() if t is not None and n not in unread}


def pays(network):
    """Return whether to record: on a CUDA device, in a process that waits for no other."""
    return network.output.weight.device.type == "cuda" and processes.count() == 1


def can_be_recorded(network):
    """Return whether all steps of a network launch the same kernels, without a side effect.

    The user's own parts may do anything, and batch normalization counts its steps.
    """
    return not any(
        isinstance(part, torch.nn.BatchNorm1d)
        or type(part).__module__.partition(".")[0] not in ("skfourier", "torch")
        for part in network.modules()
    )
