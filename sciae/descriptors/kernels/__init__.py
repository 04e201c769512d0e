"""Kernels: descriptors and their pull-back as compiled loops over plain arrays."""

from __future__ import annotations
