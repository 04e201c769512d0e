"""Tensors: descriptors by torch operations, which differentiate themselves."""

from __future__ import annotations
