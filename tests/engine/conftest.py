"""Gives the engine's tests an empty folder to write flows in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.flow_folder import FlowFolder


@pytest.fixture
def folder(tmp_path: Path) -> FlowFolder:
    return FlowFolder(tmp_path)
