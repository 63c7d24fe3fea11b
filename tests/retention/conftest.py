"""Settings of the tests of retention and redaction."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A machine that is busy with other tests is no fault of these.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
