"""Settings are read once; whatever is wrong with them is told at once, and no secret with it."""

from pathlib import Path

import pytest

from payments_pipeline.errors import SettingsError
from payments_pipeline.paths import PROJECT_ROOT
from payments_pipeline.settings import PREFIX, Settings, load_settings


def test_nothing_has_to_be_set() -> None:
    settings = load_settings({})
    assert settings.home == PROJECT_ROOT / ".payments"
    assert settings.database_url is None
    assert settings.dagster_port == 3000
    assert settings.log_level == "INFO"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings({"PAYMENTS_HOME": "", "PAYMENTS_DATABASE_URL": " "}) == load_settings({})


def test_a_relative_home_is_made_absolute() -> None:
    assert load_settings({"PAYMENTS_HOME": "some/where"}).home == Path.cwd() / "some/where"


def test_an_address_is_brought_into_its_normal_form() -> None:
    settings = load_settings({"PAYMENTS_DATABASE_URL": "postgresql+psycopg2://u:p@h/db"})
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://u:p@h/db"


def test_everything_wrong_is_named_in_one_error_with_what_was_found_and_expected(tmp_path: Path) -> None:
    a_file = tmp_path / "file"
    a_file.touch()
    with pytest.raises(SettingsError) as refused:
        load_settings(
            {
                "PAYMENTS_HOME": str(a_file),
                "PAYMENTS_DATABASE_URL": "mysql://u:s3cr3t@h/db",
                "PAYMENTS_DAGSTER_PORT": "70000",
                "PAYMENTS_LOG_LEVEL": "LOUD",
                "PAYMENTS_DATABSE_URL": "postgresql://u:s3cr3t@h/db",
            }
        )
    faults = refused.value.message.splitlines()[1:]
    assert [fault.split()[0].rstrip(":") for fault in faults] == [
        "PAYMENTS_DATABSE_URL",
        "PAYMENTS_HOME",
        "PAYMENTS_DATABASE_URL",
        "PAYMENTS_DAGSTER_PORT",
        "PAYMENTS_LOG_LEVEL",
    ]
    assert "did you mean PAYMENTS_DATABASE_URL?" in faults[0]
    assert str(a_file) in faults[1]
    assert "expected postgresql://user:password@host:port/database" in faults[2]
    assert "found '70000'" in faults[3]
    assert "a number from 1 to 65535" in faults[3]
    assert "found 'LOUD'" in faults[4]
    assert "DEBUG, INFO, WARNING or ERROR" in faults[4]
    assert "s3cr3t" not in str(refused.value)


def test_settings_show_no_password() -> None:
    settings = load_settings({"PAYMENTS_DATABASE_URL": "postgresql://u:s3cr3t@h/db"})
    assert "s3cr3t" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_another_process_gets_the_same_settings(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "PAYMENTS_HOME": str(tmp_path),
            "PAYMENTS_DATABASE_URL": "postgresql://u:p%40@h/db",
            "PAYMENTS_DAGSTER_PORT": "3001",
            "PAYMENTS_LOG_LEVEL": "debug",
        }
    )
    assert load_settings(settings.as_environ()) == settings


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# ours\nPAYMENTS_DAGSTER_PORT=3001\nexport PAYMENTS_LOG_LEVEL='ERROR'\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PAYMENTS_LOG_LEVEL", raising=False)
    monkeypatch.setenv("PAYMENTS_DAGSTER_PORT", "3002")
    settings = load_settings()
    assert (settings.dagster_port, settings.log_level) == (3002, "ERROR")


def test_the_example_explains_every_setting_and_no_other() -> None:
    example = (PROJECT_ROOT / ".env.example").read_text()
    offered = {line.removeprefix("#").split("=")[0] for line in example.splitlines() if line.startswith(f"#{PREFIX}")}
    assert offered == {PREFIX + field.upper() for field in Settings.model_fields}


def test_the_bank_needs_both_its_address_and_its_key() -> None:
    with pytest.raises(SettingsError, match="set both or neither"):
        load_settings({"PAYMENTS_COLUMN_URL": "https://api.column.com"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAYMENTS_COLUMN_API_KEY", "s3cr3t"),
        ("PAYMENTS_WEBHOOK_SECRET", "s3cr3t"),
        ("PAYMENTS_PII_KEY", "s3cr3t"),
        ("PAYMENTS_COLUMN_URL", "https://user:s3cr3t@api.column.com"),
    ],
)
def test_a_wrong_secret_is_refused_without_being_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({name: value})
    assert name in refused.value.message
    assert "s3cr3t" not in refused.value.message


def test_a_child_process_is_given_the_secrets_themselves() -> None:
    settings = load_settings({"PAYMENTS_WEBHOOK_SECRET": "sixteen letters!"})
    assert load_settings(settings.as_environ()) == settings


def test_statements_lie_in_a_folder_or_in_a_store_that_this_environment_can_reach(tmp_path: Path) -> None:
    def found(url: str) -> str | None:
        return load_settings({"PAYMENTS_STATEMENTS_URL": url}).statements_url

    assert found(str(tmp_path)) == found(f"file://{tmp_path}") == str(tmp_path)
    assert found("memory://bank/today") == "memory://bank/today"
    assert load_settings({}).statements_url is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("/there/is/no/such/folder", "there is no such folder"),
        ("s4://bucket/folder", "s4:// is no store that is known"),
        ("sftp://user:s3cr3t@bank/out", "it holds a user or a key"),
        ("memory://user:s3cr3t@bank/out", "it holds a user or a key"),
    ],
)
def test_a_place_for_statements_that_cannot_be_used_is_refused_at_the_start(url: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as refused:
        load_settings({"PAYMENTS_STATEMENTS_URL": url})
    assert "s3cr3t" not in str(refused.value)
