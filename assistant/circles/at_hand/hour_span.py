"""How long an hour of two lasts; a module of its own, since a web process asks for it and loads no flow."""

from __future__ import annotations

import datetime as dt
from typing import Final

TOGETHER_FOR: Final = dt.timedelta(hours=1)
