"""What an installation may decide, read once from ``HUANGGE_*`` environment variables."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every switch of the service, with the value that is right for one small machine."""

    model_config = SettingsConfigDict(env_prefix="HUANGGE_", extra="ignore", frozen=True)

    database_url: str | None = None
    """Any PostgreSQL >= 15; without it the embedded one is started by ``huangge run``."""
    database_pool: int = Field(default=10, ge=1, le=200)
    prepared_statements: bool = True
    """Off behind PgBouncer older than 1.21."""
    data_dir: Path = Path(".huangge")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str | None = None
    """How the outside reaches this service; problem types and links are built from it."""
    secret: SecretStr | None = None
    """Signs tokens and cursors. All processes of an installation share it."""
    demo: bool = True
    demo_scale: float = Field(default=1.0, gt=0, le=20)
    default_district: str | None = None
    """GB/T 2260 code that a login without ``@code`` belongs to."""
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    access_token_minutes: int = Field(default=15, ge=1, le=120)
    refresh_token_days: int = Field(default=30, ge=1, le=180)
    people_quota: int = Field(default=600, ge=1)
    """Requests of one account in each window; the same for all its devices."""
    people_window_seconds: int = Field(default=60, ge=1)
    client_quota: int = Field(default=200, ge=1)
    """Requests of one partner's system in each window."""
    client_window_seconds: int = Field(default=10, ge=1)
    streams_per_caller: int = Field(default=5, ge=1)
    """Open event streams of one account in each process; one more ends the oldest."""
    max_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    max_upload_bytes: int = Field(default=20 * 1024 * 1024, ge=1024)
    statement_timeout_seconds: int = Field(default=15, ge=1)
    idle_transaction_timeout_seconds: int = Field(default=10, ge=1)
    outbound_allowed: str = ""
    """Networks and hosts of one's own to ask, like ``10.8.0.0/16,hooks.edu.internal``."""
    outbound_authority: Path | None = None
    """A file with certificate authorities of one's own, beside the system's."""
    webhook_timeout_seconds: int = Field(default=10, ge=1, le=60)
    """How long a receiver may take to answer."""
    log_level: str = "INFO"
    log_json: bool = True


@lru_cache
def settings() -> Settings:
    """The settings of this process; ``settings.cache_clear()`` reads them anew."""
    return Settings()


def signing_secret() -> bytes:
    """The key material that tokens and cursors are signed with.

    Raises
    ------
    RuntimeError
        No secret was given: an installation that invents one per process would
        refuse the tokens of its own neighbours.
    """
    secret = settings().secret
    if secret is None:
        raise RuntimeError("HUANGGE_SECRET is not set; `huangge run` makes one, servers need it")
    return secret.get_secret_value().encode()
