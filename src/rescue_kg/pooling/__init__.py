"""Pools the figures of randomized studies where that can be defended, and says why where it cannot."""

from rescue_kg.pooling.grouping import pool
from rescue_kg.pooling.model import Group, LeftOut, Member, Pool, Pooling, Refusal

__all__ = ["Group", "LeftOut", "Member", "Pool", "Pooling", "Refusal", "pool"]
