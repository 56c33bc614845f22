"""The program starts fully configured or not at all, and says which variable to mend without repeating its value."""

import base64

import pytest

from monitor.config import Environment, Settings, load_settings
from monitor.errors import ConfigurationError


def key_of(*values: int) -> str:
    """The base64 of 32 bytes that go round the given values."""
    return base64.b64encode(bytes(values[n % len(values)] for n in range(32))).decode()


GOOD = {
    "MONITOR_PUBLIC_BASE_URL": "https://monitor.example",
    "MONITOR_SECRET_KEY": "w3lQ-8fZk1TzVx0pJ7yB5nHs2RcGaU9e",
    "MONITOR_DATA_KEYS": "k1:" + key_of(*range(32)),
    "MONITOR_LOOKUP_KEY": key_of(*range(32, 64)),
    "MONITOR_GATEWAY": "twilio",
    "MONITOR_TWILIO_ACCOUNT_SID": "AC0",
    "MONITOR_TWILIO_AUTH_TOKEN": "hunter2",
    "MONITOR_TWILIO_FROM": "+447700900000",
}
PRODUCTION_ONLY = (
    ("MONITOR_PUBLIC_BASE_URL", "http://monitor.example"),
    ("MONITOR_SECRET_KEY", "short-hunter2"),
    ("MONITOR_SECRET_KEY", "hunter2-demo-hunter2-demo-hunter2-demo"),
    ("MONITOR_SECRET_KEY", "hunter" * 8),
    ("MONITOR_DATA_KEYS", "k1:" + key_of(0)),
    ("MONITOR_DATA_KEYS", f"k2:{key_of(*range(32))},k1:{key_of(1, 2, 3)}"),
    ("MONITOR_LOOKUP_KEY", key_of(255)),
    ("MONITOR_GATEWAY", "console"),
)
NEVER = (
    ("MONITOR_SECRET_KEY", None),
    ("MONITOR_DATA_KEYS", None),
    ("MONITOR_LOOKUP_KEY", None),
    ("MONITOR_PUBLIC_BASE_URL", None),
    ("MONITOR_PUBLIC_BASE_URL", "hunter2"),
    ("MONITOR_DATA_KEYS", "hunter2"),
    ("MONITOR_DATA_KEYS", "k1:hunter2"),
    ("MONITOR_DATA_KEYS", "k1:" + base64.b64encode(b"hunter2").decode()),
    ("MONITOR_DATA_KEYS", f"k1:{key_of(*range(32))},k1:{key_of(*range(9))}"),
    ("MONITOR_DATA_KEYS", f":{key_of(*range(32))}"),
    ("MONITOR_DATA_KEYS", f"k1:{key_of(*range(32))},"),
    ("MONITOR_LOOKUP_KEY", "hunter2!"),
    ("MONITOR_LOOKUP_KEY", base64.b64encode(b"hunter2").decode()),
    ("MONITOR_DATABASE_URL", "hunter2"),
    ("MONITOR_DATABASE_URL", "mysql://root:hunter2@db/monitor"),
    ("MONITOR_DATABASE_URL", "postgresql://root:hunter2@db:port/monitor"),
    ("MONITOR_DEFAULT_LANGUAGE", "hunter2"),
    ("MONITOR_DEFAULT_REGION", "hunter2"),
    ("MONITOR_ENVIRONMENT", "hunter2"),
    ("MONITOR_GATEWAY", "hunter2"),
    ("MONITOR_TWILIO_AUTH_TOKEN", None),
    ("MONITOR_TWILIO_FROM", None),
    ("MONITOR_SENDER_NAME", "hunter2hunter2"),
    ("MONITOR_TRUSTED_PROXIES", "hunter2"),
    ("MONITOR_TRUSTED_PROXIES", "-1"),
    ("MONITOR_TWILIO_BASE_URL", "hunter2"),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A complete production environment."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def put(environment: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)


def test_a_complete_environment_starts() -> None:
    settings = load_settings()

    assert settings.environment is Environment.PRODUCTION
    assert settings.secure_cookies
    assert settings.base_url == "https://monitor.example"
    assert settings.keys == {"k1": bytes(range(32))}
    assert settings.lookup == bytes(range(32, 64))


@pytest.mark.parametrize(("name", "value"), [*NEVER, *PRODUCTION_ONLY])
def test_a_fault_is_one_line_that_names_the_variable_and_never_its_value(
    environment: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    put(environment, name, value)

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    line = str(refused.value)
    assert name in line
    assert "\n" not in line
    assert "hunter2" not in line
    if value and "KEY" in name:
        assert value not in line
    assert refused.value.__suppress_context__, "the fault behind it quotes the value"


@pytest.mark.parametrize(("name", "value"), PRODUCTION_ONLY)
def test_a_demo_may_run_with_keys_that_anybody_can_read(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv("MONITOR_ENVIRONMENT", "demo")
    environment.setenv(name, value)

    assert load_settings().environment is Environment.DEMO


def test_every_fault_is_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONITOR_SECRET_KEY", "short")
    environment.setenv("MONITOR_LOOKUP_KEY", key_of(0))
    environment.delenv("MONITOR_DATA_KEYS")

    with pytest.raises(ConfigurationError) as refused:
        load_settings()

    assert all(f"MONITOR_{name}" in str(refused.value) for name in ("SECRET_KEY", "LOOKUP_KEY", "DATA_KEYS"))


def test_keys_are_read_newest_first_and_lists_between_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONITOR_DATA_KEYS", f"k2:{key_of(*range(1, 33))}, k1:{key_of(*range(32))}")
    environment.setenv("MONITOR_ALLOWED_HOSTS", "clinic.example, monitor.internal")
    environment.setenv("MONITOR_PROVISIONAL_INSTRUMENTS", "gad7:ar")

    settings = load_settings()

    assert list(settings.keys) == ["k2", "k1"]
    assert settings.hosts >= {"clinic.example", "monitor.internal", "monitor.example"}
    assert settings.provisional_instruments == {"gad7:ar"}


def test_an_empty_list_is_no_fault(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONITOR_ALLOWED_HOSTS", "")

    assert load_settings().allowed_hosts == frozenset()


def test_settings_that_are_printed_show_no_key_and_no_password(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONITOR_DATABASE_URL", "postgresql://monitor:hunter2@db/monitor")

    printed = repr(load_settings())

    assert "hunter2" not in printed
    assert not any(value in printed for name, value in GOOD.items() if "KEY" in name)


def test_twilio_runs_with_an_account_a_token_and_a_sender(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONITOR_GATEWAY", "twilio")
    environment.setenv("MONITOR_TWILIO_ACCOUNT_SID", "AC-fictional")
    environment.setenv("MONITOR_TWILIO_AUTH_TOKEN", "fictional")
    environment.setenv("MONITOR_TWILIO_FROM", "+447700900000")

    assert load_settings().twilio_from == "+447700900000"


def test_settings_do_not_change_while_the_program_runs(settings: Settings) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.service_name = "Another"  # type: ignore[misc]
