"""Evidence tables: CSV, TSV, Parquet and Excel, checked row by row, and loaded as a dataset of the graph."""

from rescue_kg.tables.columns import Column, Schema, schema
from rescue_kg.tables.loading import add, check, default_dataset, write
from rescue_kg.tables.report import Reject, Report, TableReport
from rescue_kg.tables.template import template

__all__ = [
    "Column",
    "Reject",
    "Report",
    "Schema",
    "TableReport",
    "add",
    "check",
    "default_dataset",
    "schema",
    "template",
    "write",
]
