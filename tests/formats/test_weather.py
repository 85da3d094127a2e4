"""Weather files as found in the wild, and as made to hurt."""

import gzip

import numpy as np
import pytest

from viavolta.engines.energy.climate import design_days
from viavolta.formats.weather import MAX_BYTES, read_weather
from viavolta.model.errors import InputError, UsageError

HOURS = np.arange(8760)
TEMPERATURE_C = np.round(10 - 9 * np.cos(2 * np.pi * HOURS / 8760) + (HOURS % 24 == 14), 2)


def epw(temperature_c=TEMPERATURE_C):
    lines = [
        "LOCATION,SAMPLE TOWN,-,XXX,Typical Year,000000,46.0,11.0,1.0,190.0",
        "COMMENTS 1,made for a test",
        "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
    ]
    lines += [f"2001,1,1,{h % 24 + 1},60,A7,{t},1.0,80,101325" for h, t in enumerate(temperature_c)]
    return "\n".join(lines) + "\n"


def pvgis(temperature_c=TEMPERATURE_C, first_hour=0):
    lines = ["Latitude (decimal degrees): 46.0", "month,year", "1,2009", "time(UTC),T2m,RH"]
    lines += [
        f"2009{(h // 24) % 12 + 1:02d}01:{(h + first_hour) % 24:02d}10,{t},80"
        for h, t in enumerate(temperature_c)
    ]
    return "\n".join([*lines, "", "T2m: 2-m air temperature (degree Celsius)", "RH: humidity (%)"])


def plain(temperature_c=TEMPERATURE_C, name="temperature_c", separator=";"):
    lines = [f"time{separator}{name}"]
    lines += [f"2020-01-01T{h % 24:02d}:00:00Z{separator}{t}" for h, t in enumerate(temperature_c)]
    return "\ufeff" + "\n".join(lines)


def write(tmp_path, name, content):
    path = tmp_path / name
    raw = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.epw", epw()),
        ("a.epw.gz", epw()),
        ("a.csv", pvgis()),
        ("a.csv.gz", pvgis()),
        ("b.csv", plain()),
        ("c.csv", plain(name="temp_air", separator=",")),
        ("d.csv", plain(name="T2m", separator="\t")),
        ("e.csv", plain().replace(".", ",")),
        ("f.csv", plain().replace("2020-01-01T", "1/2/2020 ").replace(" 0", " ")),
    ],
)
def test_the_same_year_in_every_format(tmp_path, name, content):
    """EPW and CSV, packed or not, with preamble or byte-order mark, give the same hours."""
    weather = read_weather(write(tmp_path, name, content))
    np.testing.assert_array_equal(weather.temperature_c, TEMPERATURE_C)
    assert weather.repairs == ()


def test_hours_are_turned_to_midnight(tmp_path):
    """A file that starts at 01:00 is turned so that element 0 is the hour after midnight."""
    weather = read_weather(write(tmp_path, "a.csv", pvgis(np.roll(TEMPERATURE_C, -1), 1)))
    np.testing.assert_array_equal(weather.temperature_c, TEMPERATURE_C)


def test_short_gaps_are_filled_and_counted(tmp_path):
    """Three missing hours are filled between their neighbours and listed as one repair."""
    values = [str(t) for t in TEMPERATURE_C]
    values[100:103] = ["99.9"] * 3
    weather = read_weather(write(tmp_path, "a.epw", epw(values)))
    np.testing.assert_allclose(
        weather.temperature_c[99:104], np.linspace(TEMPERATURE_C[99], TEMPERATURE_C[103], 5)
    )
    assert [(r.code, r.count) for r in weather.repairs] == [("weather-gap-filled", 3)]


def _with(values, at, value):
    changed = [str(t) for t in values]
    changed[at] = value
    return changed


@pytest.mark.parametrize(
    ("name", "content", "code", "row"),
    [
        ("a.epw", epw(TEMPERATURE_C[:-1]), "weather-not-a-year", None),
        ("a.epw", epw(TEMPERATURE_C[:48]), "weather-not-a-year", None),
        ("a.epw", epw(_with(TEMPERATURE_C, 5, "150")), "weather-bad-value", 9),
        ("a.epw", epw(_with(TEMPERATURE_C, 5, "warm")), "weather-bad-value", 9),
        ("a.epw", epw(["99.9"] * 20 + [str(t) for t in TEMPERATURE_C[20:]]), "weather-gap", 4),
        ("a.epw", epw(["99.9"] * 8760), "weather-gap", 4),
        ("a.epw", "hello", "weather-unreadable", None),
        ("a.epw", "", "weather-unreadable", None),
        ("a.csv", "", "weather-no-columns", 1),
        ("a.csv", "a,b\n1,2\n", "weather-no-columns", 1),
        ("a.csv", plain().replace("T07:00:00Z", "T08:00:00Z", 1), "weather-not-hourly", 9),
        ("a.csv", plain().replace("T07:00:00Z", "noon", 1), "weather-bad-value", 9),
        ("a.csv", b"time;t2m\n2020-01-01T00:00Z;\x00\xff\xfe", "weather-not-a-year", None),
        ("a.csv.gz", b"\x1f\x8b", "weather-no-columns", 1),
        ("a.csv", b"\x1f\x8b\x08\x00garbage", "weather-unreadable", None),
        ("a.csv", gzip.compress(plain().encode())[:-900], "weather-unreadable", None),
        ("a.csv.gz", b"\0" * (MAX_BYTES + 5), "weather-unreadable", None),
        ("a.csv", 'time,t2m\n"' + "x" * 200_000 + '",1\n', "weather-unreadable", None),
    ],
)
def test_bad_weather_is_refused_with_its_place(tmp_path, name, content, code, row):
    """Broken and hostile files are input errors that name file, row and what is expected."""
    with pytest.raises(InputError) as caught:
        read_weather(write(tmp_path, name, content))
    assert caught.value.code == code
    assert caught.value.where.file == name
    assert caught.value.expected
    if row is not None:
        assert caught.value.where.row == row
    assert len(caught.value.where.value or "") <= 200


def test_a_missing_file_is_a_usage_error(tmp_path):
    """A path that does not exist is the user's option, not the content."""
    with pytest.raises(UsageError) as caught:
        read_weather(tmp_path / "none.epw")
    assert caught.value.code == "weather-missing"


@pytest.mark.bench_data
@pytest.mark.parametrize(
    ("name", "extremes_c", "mean_c", "winter_design_c"),
    [
        ("pvgis_tmy_45.000N_8.000E_2005-2016.csv.gz", (-13.6, 32.3), 12.44, -6.7),
        ("NLD_Amsterdam_062400_IWEC.epw.gz", (-8.4, 32.7), 10.03, -2.8),
        ("SWE_Stockholm_Arlanda_024600_IWEC.epw.gz", (-17.0, 27.1), 6.49, -11.1),
    ],
)
def test_public_weather_years(bench_data, name, extremes_c, mean_c, winter_design_c):
    """PVGIS and IWEC years have the extremes and mean that their list of sources states."""
    weather = read_weather(bench_data / "weather" / name)
    assert weather.temperature_c.shape == (8760,)
    assert weather.temperature_c.min() == pytest.approx(extremes_c[0], abs=0.05)
    assert weather.temperature_c.max() == pytest.approx(extremes_c[1], abs=0.05)
    assert weather.temperature_c.mean() == pytest.approx(mean_c, abs=0.01)
    days = design_days(weather.temperature_c)
    assert days.winter_design_c == pytest.approx(winter_design_c, abs=0.05)


@pytest.mark.parametrize(
    ("name", "content", "ahead_h"),
    [
        ("a.epw", epw(), 1.0),
        ("b.epw", epw().replace(",46.0,11.0,1.0,190.0", ",46.0,11.0,,190.0"), None),
        ("a.csv", pvgis(), 0.0),
        ("b.csv", plain(), 0.0),
        ("c.csv", plain().replace(":00Z", ":00"), None),
    ],
)
def test_the_time_zone_is_what_the_file_says(tmp_path, name, content, ahead_h):
    """EPW has it in its first line; a CSV may say UTC in the header or behind its times."""
    assert read_weather(write(tmp_path, name, content)).utc_offset_h == ahead_h
