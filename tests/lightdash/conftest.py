"""The authorities that tests of the client trust: none of the machine's."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme


@pytest.fixture(scope="session")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an authority that has signed nothing."""
    path = tmp_path_factory.mktemp("authorities") / "nobody.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(autouse=True)
def authorities_of_nobody(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a machine trusts changes no test, and the hundred authorities of a real one take no time."""
    monkeypatch.setenv("SSL_CERT_FILE", str(nobody))
    monkeypatch.setenv("SSL_CERT_DIR", str(nobody.parent))
