"""A site's own limits laid over the provider table, inside the bounds of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from checks.errors import SettingError
from checks.mailbox.providers import Provider, Providers
from flows.settings import ProviderOverride


def overridden(providers: Providers, overrides: Mapping[str, ProviderOverride]) -> Providers:
    """Return the table with `[smtp.providers.NAME]` applied; `SettingError` for a wrong name."""
    unknown = sorted(set(overrides) - set(providers.by_name))
    if unknown:
        problem = f"[smtp.providers] names '{unknown[0]}', which is not a provider"
        raise SettingError(problem, f"use one of {', '.join(sorted(providers.by_name))}")
    if not overrides:
        return providers
    table = {
        name: _changed(provider, overrides[name]) if name in overrides else provider
        for name, provider in providers.by_name.items()
    }
    return Providers(table, providers.courtesy)


def _changed(provider: Provider, override: ProviderOverride) -> Provider:
    given = override.model_dump(exclude_none=True)
    asked = given.pop("asked", provider.asked)
    return replace(provider, asked=asked, limits=replace(provider.limits, **given))
