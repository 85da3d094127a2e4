"""How much is borne from an address, a name or a link, before it has to wait."""

MOST_REMEMBERED = 50_000
"""Addresses and names that are remembered; beyond, the oldest is forgotten."""


class Bucket:
    """What drips out at a steady rate: full, and nothing more goes in for a while."""

    __slots__ = ("_at_s", "_level", "_per_s", "_size")

    def __init__(self, *, size: float, per_s: float, now_s: float) -> None:
        self._size, self._per_s = size, per_s
        self._level, self._at_s = 0.0, now_s

    def add(self, now_s: float) -> float:
        """Put one in; returns the seconds until the bucket is no longer over-full."""
        self._level, self._at_s = self.level(now_s) + 1.0, now_s
        return max(0.0, (self._level - self._size) / self._per_s)

    def level(self, now_s: float) -> float:
        """How much is in it."""
        return max(0.0, self._level - (now_s - self._at_s) * self._per_s)

    def is_full(self, now_s: float) -> bool:
        """Whether nothing more goes in."""
        return self.level(now_s) >= self._size


class Patience:
    """How many refusals each of many may collect before it is turned away unheard."""

    def __init__(self, *, burst: int, per_minute: float) -> None:
        self._burst, self._per_s = burst, per_minute / 60.0
        self._buckets: dict[str, Bucket] = {}

    def is_out(self, who: str, now_s: float) -> bool:
        """Whether one has been refused too often."""
        bucket = self._buckets.get(who)
        return bucket is not None and bucket.is_full(now_s)

    def refused(self, who: str, now_s: float) -> None:
        """Count a refusal."""
        bucket = self._buckets.get(who)
        if bucket is None:
            if len(self._buckets) >= MOST_REMEMBERED:
                self._buckets.pop(next(iter(self._buckets)))
            bucket = Bucket(size=self._burst, per_s=self._per_s, now_s=now_s)
            self._buckets[who] = bucket
        bucket.add(now_s)
