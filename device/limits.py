"""Reads a limit out of a data file: the product's own limits and those that a terminal's profile changes."""

from __future__ import annotations

from device.evidence import Limit
from device.table import Table


def parse_limit(table: Table) -> Limit:
    """``pass_min``, ``pass_max``, ``marginal_min``, ``marginal_max``, ``pass_values``, ``marginal_values`` of a table.

    Raises TableError where a margin lies inside the passing range, because it could never be reached, and where no
    number could pass.
    """
    limit = Limit(
        pass_min=table.optional_number("pass_min"),
        pass_max=table.optional_number("pass_max"),
        marginal_min=table.optional_number("marginal_min"),
        marginal_max=table.optional_number("marginal_max"),
        pass_values=table.texts("pass_values", ()),
        marginal_values=table.texts("marginal_values", ()),
    )
    if limit.pass_min is not None and limit.pass_max is not None and limit.pass_min > limit.pass_max:
        raise table.error("pass_min", "must not be above pass_max")
    if limit.pass_min is not None and limit.marginal_min is not None and limit.marginal_min >= limit.pass_min:
        raise table.error("marginal_min", "must be below pass_min")
    if limit.pass_max is not None and limit.marginal_max is not None and limit.marginal_max <= limit.pass_max:
        raise table.error("marginal_max", "must be above pass_max")
    return limit
