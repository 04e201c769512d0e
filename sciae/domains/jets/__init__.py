"""Jets of colliders: ROOT or Parquet in, one row per jet, ROOT friend trees out."""

from __future__ import annotations

from sciae.domains.jets.domain import Jets
from sciae.domains.jets.mapping import MAPPINGS, Mapping

__all__ = ["MAPPINGS", "Jets", "Mapping"]
