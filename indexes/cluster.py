"""How a Qdrant server or cluster is reached, and how collections are laid out on it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from qdrant_client import QdrantClient, models

TIMEOUT_S = 30
Quantization = Literal["int8", "none"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Connection and layout. The layout holds for collections made from now on."""

    url: str
    """`https://…` for TLS."""
    api_key: str | None = None
    ca: Path | None = None
    """Certificates (PEM) to trust instead of the system's."""
    prefer_grpc: bool = False
    shards: int | None = None
    """None: as many as the cluster has nodes."""
    replicas: int | None = None
    """Copies of each shard; None: the server's default, 1."""
    write_consistency: int | None = None
    """Replicas that must have a write before it is acknowledged; None: 1."""
    quantization: Quantization = "int8"

    def connect(self) -> QdrantClient:
        """A client; nothing is asked of the server yet."""
        extra: dict[str, Any] = {}
        if self.ca is not None:
            extra["verify"] = str(self.ca)
            os.environ.setdefault("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(self.ca))
        return QdrantClient(
            url=self.url,
            api_key=self.api_key,
            prefer_grpc=self.prefer_grpc,
            timeout=TIMEOUT_S,
            # That check is a request of its own, which would fail here and not in a call.
            check_compatibility=False,
            **extra,
        )

    def layout(self) -> dict[str, Any]:
        """Arguments of `create_collection`."""
        chosen: dict[str, Any] = {
            "shard_number": self.shards,
            "replication_factor": self.replicas,
            "write_consistency_factor": self.write_consistency,
        }
        if self.quantization == "int8":
            chosen["quantization_config"] = models.ScalarQuantization(
                scalar=models.ScalarQuantizationConfig(
                    type=models.ScalarType.INT8, quantile=0.99, always_ram=True
                )
            )
        return {name: value for name, value in chosen.items() if value is not None}
