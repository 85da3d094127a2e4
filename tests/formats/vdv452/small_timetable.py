"""A small timetable in VDV 452, written by hand: two lines, two day types, one depot.

Line 10 goes A - B - C and back, line 20 goes C - A. Timing group 1 is quick, 2 is slow.
"""

from pathlib import Path

HEAD = (
    'mod; DD.MM.YYYY; HH:MM:SS; free\nsrc; "by hand"; "01.12.2025"; "12:00:00"\n'
    'chs; "ISO8859-1"\nver; "1.4"\nifv; "1.4"\ndve; "1.4"\nfft; ""\n\n'
)
TABLES: dict[str, tuple[str, list[str]]] = {
    "basis_ver_gueltigkeit": ("VER_GUELTIGKEIT; BASIS_VERSION", ["20260101; 7"]),
    "firmenkalender": (
        "BASIS_VERSION; BETRIEBSTAG; BETRIEBSTAG_TEXT; TAGESART_NR",
        [
            '7; 20260112; "Montag"; 1',
            '7; 20260113; "Dienstag"; 1',
            '7; 20260114; "Mittwoch"; 1',
            '7; 20260118; "Sonntag"; 2',
        ],
    ),
    "rec_ort": (
        "BASIS_VERSION; ONR_TYP_NR; ORT_NR; ORT_NAME; ORT_REF_ORT; ORT_POS_LAENGE; ORT_POS_BREITE",
        [
            '7; 1; 101; "Rathaus; Süd"; 1; 0103000000; 0521500000',
            '7; 1; 102; "Straße ""Am Wall"""; 1; 0103030500; 0521530250',
            '7; 1; 103; "Bahnhof"; 2; 0103100000; 0521600000',
            '7; 2; 1; "Betriebshof"; 3; 0103110000; 0521610000',
        ],
    ),
    "rec_lid": (
        "BASIS_VERSION; LI_NR; STR_LI_VAR; ROUTEN_NR; LI_RI_NR; BEREICH_NR; LI_KUERZEL; LIDNAME",
        [
            '7; 10; "1"; 1; 1; 1; "10"; "Rathaus - Bahnhof"',
            '7; 10; "2"; 2; 2; 1; "10"; "Bahnhof - Rathaus"',
            '7; 20; "1"; 1; 1; 1; "N20"; ""',
            '7; 10; "A"; 3; 1; 1; "10"; "Ausrückfahrt"',
        ],
    ),
    "lid_verlauf": (
        (
            "BASIS_VERSION; LI_LFD_NR; LI_NR; STR_LI_VAR; ONR_TYP_NR; ORT_NR; EINSTEIGEVERBOT; "
            "AUSSTEIGEVERBOT"
        ),
        [
            '7; 2; 10; "1"; 1; 102; 0; 0',
            '7; 1; 10; "1"; 1; 101; 0; 1',
            '7; 3; 10; "1"; 1; 103; 1; 0',
            '7; 1; 10; "2"; 1; 103; 0; 0',
            '7; 2; 10; "2"; 1; 102; 0; 0',
            '7; 3; 10; "2"; 1; 101; 0; 0',
            '7; 1; 20; "1"; 1; 103; 0; 0',
            '7; 2; 20; "1"; 1; 101; 0; 0',
            '7; 1; 10; "A"; 2; 1; 0; 0',
            '7; 2; 10; "A"; 1; 101; 0; 0',
        ],
    ),
    "sel_fzt_feld": (
        "BASIS_VERSION; BEREICH_NR; FGR_NR; ONR_TYP_NR; ORT_NR; SEL_ZIEL_TYP; SEL_ZIEL; SEL_FZT",
        [
            "7; 1; 1; 1; 101; 1; 102; 240",
            "7; 1; 1; 1; 102; 1; 103; 300",
            "7; 1; 1; 1; 103; 1; 102; 310",
            "7; 1; 1; 1; 102; 1; 101; 250",
            "7; 1; 2; 1; 101; 1; 102; 360",
            "7; 1; 2; 1; 102; 1; 103; 420",
            "7; 1; 1; 1; 103; 1; 101; 400",
            "7; 1; 1; 2; 1; 1; 101; 600",
        ],
    ),
    "ort_hztf": (
        "BASIS_VERSION; FGR_NR; ONR_TYP_NR; ORT_NR; HP_HZT",
        ["7; 1; 1; 102; 20", "7; 1; 1; 103; 99"],
    ),
    "rec_frt_hzt": (
        "BASIS_VERSION; FRT_FID; ONR_TYP_NR; ORT_NR; FRT_HZT_ZEIT",
        ["7; 3; 1; 102; 60"],
    ),
    "rec_frt": (
        (
            "BASIS_VERSION; FRT_FID; FRT_START; LI_NR; TAGESART_NR; LI_KU_NR; FAHRTART_NR; FGR_NR; "
            "STR_LI_VAR; UM_UID"
        ),
        [
            '7; 1; 28800; 10; 1; 1; 1; 1; "1"; 900',
            '7; 2; 30000; 10; 1; 1; 1; 1; "2"; 900',
            '7; 3; 28900; 10; 1; 2; 1; 1; "1"; NULL',
            '7; 4; 28800; 10; 2; 1; 1; 2; "1"; 901',
            '7; 5; 86280; 20; 1; 1; 1; 1; "1"; 900',
            '7; 6; 28000; 10; 1; 1; 2; 1; "A"; 900',
        ],
    ),
    "zul_verkehrsbetrieb": (
        "BASIS_VERSION; UNTERNEHMEN; ABK_UNTERNEHMEN; BETRIEBSGEBIET_BEZ",
        ['7; 1; "SV"; "Stadtverkehr Süd"'],
    ),
    "menge_bereich": (
        "BASIS_VERSION; BEREICH_NR; STR_BEREICH; BEREICH_TEXT",
        ['7; 1; "BUS"; "Bus"'],
    ),
}
CALLS = {
    "1": [("101", 28800, 28800), ("102", 29040, 29060), ("103", 29360, 29360)],
    "2": [("103", 30000, 30000), ("102", 30310, 30330), ("101", 30580, 30580)],
    "3": [("101", 28900, 28900), ("102", 29140, 29200), ("103", 29500, 29500)],
    "5": [("103", 86280, 86280), ("101", 86680, 86680)],
}
"""Stop, arrival and departure of every trip on a Monday, worked out by hand."""


def x10(table: str, columns: str, rows: list[str]) -> str:
    """One file of one table."""
    types = "; ".join(["num[9.0]"] * len(columns.split(";")))
    records = "".join(f"rec; {row}\n" for row in rows)
    named = f"tbl; {table.upper()}\natr; {columns}\nfrm; {types}\n"
    return f"{HEAD}{named}{records}end; {len(rows)}\neof; 1\n"


def files() -> dict[str, str]:
    """The whole timetable by file name."""
    return {f"{name}.x10": x10(name, *table) for name, table in TABLES.items()}


def write(folder: Path, changed: dict[str, str | None] | None = None) -> Path:
    """Write the timetable, some files changed or (None) left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**files(), **(changed or {})}.items():
        if content is not None:
            (folder / name).write_bytes(content.encode("iso8859-1"))
    return folder
