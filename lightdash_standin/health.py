"""The answer to `GET /health` in newer versions: a server without any of the optional services."""

from __future__ import annotations

from lightdash_standin.state import Json

_OFF = {"enabled": False}
_PROVIDERS = {
    "google": "google",
    "okta": "okta",
    "oneLogin": "oneLogin",
    "azuread": "azuread",
    "oidc": "oidc",
}
_MISSING = (
    "hasSlack", "hasGithub", "hasGitlab", "hasEmailClient", "hasHeadlessBrowser",
    "hasExtendedUsageAnalytics", "hasCacheAutocompleResults", "hasResultsCaching", "hasMicrosoftTeams",
    "isServiceAccountEnabled", "isOrganizationWarehouseCredentialsEnabled",
    "isAthenaWarehouseIamRoleAuthEnabled", "isSaveCredentialsFormEnabled", "isCustomRolesEnabled",
)  # fmt: skip


def _auth() -> Json:
    ways: Json = {name: {"loginPath": f"/login/{path}", **_OFF} for name, path in _PROVIDERS.items()}
    ways["google"]["enableGCloudADC"] = False
    return {
        "disablePasswordAuthentication": False, **ways, "pat": {}, "snowflake": _OFF, "databricks": _OFF,
    }  # fmt: skip


def current_health(version: str, *, by_cookie: bool, soft_delete: bool = False) -> Json:
    """The answer of 1.219.0; arguments as in `newer_health`."""
    told = newer_health(version, by_cookie=by_cookie, soft_delete=soft_delete)
    told["query"] |= {"maxLimit": 50000, "csvMaxLimit": 5000000, "queryMaxLimit": 50000}
    del told["dashboard"]["versionHistory"], told["hasResultsCaching"]
    told |= {
        "requiresMigration": False, "license": {"hasLicenseKey": False, "valid": False},
        "hasPlaygroundProjects": False, "hasEmailWhitelabel": False, "hasBrandfetch": False,
        "ai": {"isAmbientAiEnabled": False, "threadDumpEnabled": False},
        "dataApps": {"previewOrigin": None, "sampleDataEnabled": True},
    }  # fmt: skip
    return told


def newer_health(version: str, *, by_cookie: bool, soft_delete: bool = False) -> Json:
    """The results of `GET /health`.

    Args:
        version: version of the server.
        by_cookie: whether the caller has a session, which alone counts as authenticated.
        soft_delete: whether deleted content can be restored for some time.
    """
    limits = {"maxEventsPerWindow": 10, "windowDurationMs": 1000}
    events = {**_OFF, "rateLimiting": limits, "allowedOrigins": [], "enablePostMessage": False}
    return {
        "healthy": True, "mode": "default", "version": version, "localDbtEnabled": True,
        "isAuthenticated": by_cookie, "requiresOrgRegistration": False, "latest": {}, "rudder": {},
        "sentry": {
            "frontend": {"dsn": ""}, "environment": "default", "release": version, "tracesSampleRate": 0.1,
            "profilesSampleRate": 0.2,
        },
        "intercom": {"appId": "", "apiBase": "https://api-iam.intercom.io"}, "pylon": {"appId": ""},
        "headway": _OFF, "siteUrl": "http://127.0.0.1", "staticIp": "",
        "query": {
            "csvCellsLimit": 100000, "maxLimit": 5000, "maxPageSize": 2500, "defaultLimit": 500,
            "retryQueryOnTransientErrors": False,
        },
        "dashboard": {
            "maxTilesPerTab": 50, "maxTabsPerDashboard": 20, "versionHistory": {"daysLimit": 3},
            "disableSentryTracking": False,
        },
        "pivotTable": {"maxColumnLimit": 200}, **dict.fromkeys(_MISSING, False), "auth": _auth(),
        "appearance": {}, "embedding": {**_OFF, "events": events}, "ai": {"isAmbientAiEnabled": False},
        "echarts6": _OFF, "funnelBuilder": _OFF,
        "softDelete": {"enabled": soft_delete, "retentionDays": 30}, "dashboardComments": {"enabled": True},
        "preAggregates": _OFF, "dataApps": {**_OFF, "previewOrigin": None},
    }  # fmt: skip
