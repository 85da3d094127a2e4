"""What a station may give by itself on the day that nobody can reach it.

The default is the same share for every outlet under a limit, so that all of them together keep it
whatever happens: limits by contract and fuse, less the base load, over the outlets below, the
least on the way up. Limits for a while do not enter: a station without a link learns of none.
"""

import math

from viavolta.services.live.facts import LimitFacts, TenantFacts
from viavolta.services.live.figures import VOLTS

_TENTHS = 10
_PHASES_KW = 3 * VOLTS / 1000


def safe_kw(limit_id: str, facts: TenantFacts) -> float | None:
    """Default power of each outlet under a limit, in tenths of a kW; None where nothing limits."""
    by_name = {one.limit_id: one for one in facts.limits}
    shares, name, seen = [], limit_id, set[str]()
    while name in by_name and name not in seen:
        seen.add(name)
        bound_kw = _bound_kw(by_name[name])
        if bound_kw is not None:
            below = _names_below(name, facts.limits)
            base_kw = sum(one.base_load_kw for one in facts.limits if one.limit_id in below)
            n_outlets = sum(n for place, n in facts.outlets if place in below)
            shares.append(max(bound_kw - max(base_kw, 0.0), 0.0) / max(n_outlets, 1))
        name = by_name[name].parent
    return math.floor(min(shares) * _TENTHS) / _TENTHS if shares else None


def _bound_kw(limit: LimitFacts) -> float | None:
    fuse_kw = None if limit.fuse_a is None else limit.fuse_a * _PHASES_KW
    told = [kw for kw in (limit.import_kw, fuse_kw) if kw is not None]
    return min(told) if told else None


def _names_below(name: str, limits: tuple[LimitFacts, ...]) -> set[str]:
    """A limit and all under it."""
    found = {name}
    while more := {one.limit_id for one in limits if one.parent in found} - found:
        found |= more
    return found
