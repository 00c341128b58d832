"""What runs leave for later runs, so that only what depends on a change is computed again.

A step says what it reads by reading it: the tables that it is handed note that (`reads`). What it gave is kept under
the digests of those tables, the readings of the policies that it consulted, the position date and the program
(`steps`), in a folder of files by their digest (`store`).
"""

from lmanalytics.kept.steps import Kept, Made, Step
from lmanalytics.kept.store import Store

__all__ = ["Kept", "Made", "Step", "Store"]
