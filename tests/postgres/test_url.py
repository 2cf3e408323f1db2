"""Addresses are read as libpq reads them, and shown without their secrets."""

import pytest

from payments_pipeline.postgres import url as urls

SECRET = "s3cr3t/@:%"
QUOTED = "s3cr3t%2F%40%3A%25"


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("postgresql://u:p@h:5433/db", "postgresql://u:p@h:5433/db"),
        ("postgres://u@h/db", "postgresql://u@h/db"),
        ("postgresql+psycopg://u@h/db", "postgresql://u@h/db"),
        ("POSTGRESQL+psycopg2://u@h/db", "postgresql://u@h/db"),
        (f"postgresql://u:{QUOTED}@h/db", f"postgresql://u:{QUOTED}@h/db"),
        ("postgresql://h/db?user=u&password=p&sslmode=require", "postgresql://u:p@h/db?sslmode=require"),
        ("postgresql:///db?host=/run/postgresql", "postgresql:///db?host=%2Frun%2Fpostgresql"),
        ("postgresql://%2Frun%2Fpostgresql/db", "postgresql:///db?host=%2Frun%2Fpostgresql"),
        ("postgresql://u@a:1,b:2/db", "postgresql://u@/db?host=a%2Cb&port=1%2C2"),
        ("postgresql://u@[::1]:5433/db", "postgresql://u@[::1]:5433/db"),
    ],
)
def test_an_address_has_one_normal_form(given: str, normal: str) -> None:
    assert urls.normalise(given) == normal
    assert urls.normalise(normal) == normal
    assert urls.parse(given) == urls.parse(normal)


@pytest.mark.parametrize(
    "given",
    [
        f"postgresql://u:{QUOTED}@h:5433/db",
        f"postgresql://h/db?password={QUOTED}",
        f"postgresql://u:{QUOTED}@h:port/db",
        f"postgresql://u:{QUOTED}@h/db?nonsense=1",
        f"postgresql://u:{SECRET}@[h/db",
        f"mysql://u:{QUOTED}@h/db",
        f"host=h password={QUOTED}",
    ],
)
def test_no_secret_is_shown_whether_or_not_the_address_can_be_read(given: str) -> None:
    assert "s3cr3t" not in urls.mask(given)


def test_a_masked_address_still_tells_where_it_leads() -> None:
    assert urls.mask(f"postgresql://u:{QUOTED}@h:5433/db") == "postgresql://u:***@h:5433/db"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (f"mysql://u:{QUOTED}@h/db", "expected postgresql://"),
        (f"postgresql://u:{QUOTED}@h", "names no database"),
        (f"postgresql://u:{QUOTED}@h:many/db?x=y", "cannot be read"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(given: str, reason: str) -> None:
    with pytest.raises(urls.InvalidUrlError, match=reason) as refused:
        urls.normalise(given)
    assert "s3cr3t" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
