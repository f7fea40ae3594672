"""New processes that form a group of torch.distributed.

They fork from one that has imported what they need and done nothing else: torch takes seconds.
"""

import multiprocessing
import os
import pickle
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import torch.distributed as dist

# Seconds, for a machine that is busy: who waits for a process that has ended hears of it at once.
PATIENCE = 240


def in_processes(function, folder, *arguments, timeout=PATIENCE):
    """Call ``function(rank, *arguments)`` in two processes; return what each returned or raised.

    None for one that was killed.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch._dynamo", "skfourier._coordinate_mlp", "pytest"])
    meeting = Path(tempfile.mkdtemp(dir=folder))  # a killed process leaves traces in the last one
    processes = [
        context.Process(target=_one, args=(meeting, function, folder, rank, timeout, *arguments))
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    hang = [process for process in processes if process.is_alive()]
    for process in hang:
        process.kill()
    assert not hang, "A process hangs."
    return [_answer(folder, rank) for rank in range(2)]


def _answer(folder, rank):
    path = folder / f"answer {rank}"
    return pickle.loads(path.read_bytes()) if path.exists() else None


def _one(meeting, function, folder, rank, timeout, *arguments):
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    path = folder / f"answer {rank}"
    path.unlink(missing_ok=True)
    (meeting / str(rank)).touch()
    while len([*meeting.iterdir()]) < 2:  # before the timeout counts
        time.sleep(0.1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{meeting}/group",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=timeout),
    )
    try:
        answer = function(rank, *arguments)
    except Exception as error:
        answer = error
    path.write_bytes(pickle.dumps(answer))
    dist.destroy_process_group()
