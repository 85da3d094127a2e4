"""Languages of regions by NUTS code, as far as the hub speaks them; hosts may choose others."""

from django.conf import settings

_BY_CODE = {
    "AT": ("de",),
    "AT21": ("de", "sl"),
    "BE": ("nl", "fr"),
    "BE1": ("fr", "nl"),
    "BE2": ("nl",),
    "BE3": ("fr",),
    "BE336": ("de",),
    "CH": ("de", "fr", "it"),
    "CH01": ("fr", "de"),
    "CH02": ("de", "fr"),
    "CH03": ("de",),
    "CH04": ("de",),
    "CH05": ("de", "it"),
    "CH06": ("de",),
    "CH07": ("it",),
    "DE": ("de",),
    "FR": ("fr",),
    "IT": ("it",),
    "ITC2": ("it", "fr"),
    "ITH1": ("de", "it"),
    "ITH4": ("it", "sl"),
    "LI": ("de",),
    "LU": ("fr", "de"),
    "NL": ("nl",),
    "SI": ("sl",),
    "SI044": ("sl", "it"),
}
"""Official languages; the longest code that a region begins with counts."""


def languages_of_region(nuts: str) -> list[str]:
    """The region's official languages that the hub speaks; English where it speaks none."""
    for length in range(len(nuts), 1, -1):
        if nuts[:length] in _BY_CODE:
            return list(_BY_CODE[nuts[:length]])
    return [settings.LANGUAGE_CODE]
