"""With what a run is computed: it changes how long that takes and where, and no answer."""

from dataclasses import dataclass

from lmanalytics.engines import memory, storage
from lmanalytics.errors import UsageError


@dataclass(frozen=True)
class Means:
    """What `--cluster`, `--memory` and `--storage` ask for.

    Attributes:
        cluster: an engine (`choice.KINDS`); this process when None.
        memory: what all processes of this machine may use together, such as `4GiB`; no limit when None.
        storage: a folder or URL that every worker reaches, for the parts of the estate; this machine's when None.

    """

    cluster: str | None = None
    memory: str | None = None
    storage: str | None = None

    @property
    def limit(self) -> int | None:
        """The memory in bytes.

        Raises:
            UsageError: it is no size.

        """
        return None if self.memory is None else memory.size(self.memory)

    def checked(self) -> "Means":
        """Return the means themselves.

        Raises:
            UsageError: the memory is no size, or a storage is given that nobody else would read.

        """
        _ = self.limit
        if self.storage is not None:
            storage.at(self.storage)
            if self.cluster in {None, "here"}:
                message = "--storage is where the workers of a cluster find the parts: give --cluster with it."
                raise UsageError(message)
        return self
