"""What other processes take of the machine, as far as the system tells."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """What the process has used of processors; 0 where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
