"""The caller and other people: health, login, user, tokens, organisation, users and groups."""

from __future__ import annotations

from typing import Any

from lightdash_standin.abilities import ability_rules
from lightdash_standin.access import pictured
from lightdash_standin.accounts import Group, Person, Token
from lightdash_standin.calls import OK, Call, Ok, Route
from lightdash_standin.health import current_health, newer_health
from lightdash_standin.lists import page_and_size, paging
from lightdash_standin.refusals import (
    Refusal,
    already_exists,
    bad_parameter,
    forbidden,
    not_found,
    unauthorized,
    went_wrong,
)
from lightdash_standin.state import Json, World

COOKIE = "connect.sid"


class PlainText(Refusal):
    """An answer in plain text, without a content type, as the authentication layer gives it."""


def get_livez(_call: Call) -> Any:
    """`GET /livez`."""
    return OK


def get_health(call: Call) -> Json:
    """`GET /health`: version and settings of the instance; only a session cookie counts as authenticated."""
    version = call.world.version
    if call.world.can("current"):
        return current_health(version, by_cookie=call.by_cookie, soft_delete=call.world.soft_delete)
    if call.world.can("soft_delete"):
        return newer_health(version, by_cookie=call.by_cookie, soft_delete=call.world.soft_delete)
    providers = {
        "google": "google",
        "okta": "okta",
        "oneLogin": "oneLogin",
        "azuread": "azuread",
        "oidc": "oidc",
    }
    return {
        "healthy": True, "mode": "default", "version": version, "localDbtEnabled": True,
        "isAuthenticated": call.by_cookie, "requiresOrgRegistration": False, "latest": {},
        "rudder": {"writeKey": "", "dataPlaneUrl": "https://analytics.lightdash.com"},
        "sentry": {
            "frontend": {"dsn": ""}, "environment": "default", "release": version, "tracesSampleRate": 0.1,
            "profilesSampleRate": 0.2,
        },
        "intercom": {"appId": "", "apiBase": "https://api-iam.intercom.io"}, "pylon": {"appId": ""},
        "siteUrl": "http://127.0.0.1", "staticIp": "", "query": {"maxLimit": 5000, "csvCellsLimit": 100000},
        "pivotTable": {"maxColumnLimit": 60}, "customVisualizationsEnabled": False, "hasSlack": False,
        "hasGithub": False,
        "auth": {
            "disablePasswordAuthentication": False,
            **{name: {"loginPath": f"/login/{path}", "enabled": False} for name, path in providers.items()},
            "pat": {},
        },
        "hasEmailClient": False, "hasHeadlessBrowser": False, "hasGroups": True,
        "hasExtendedUsageAnalytics": False,
    }  # fmt: skip


def _user(world: World, person: Person, created_at: str) -> Json:
    org = world.orgs[person.org_uuid]
    numbered = {"userId": list(world.people).index(person.uuid) + 1} if world.can("oauth_tokens") else {}
    return {
        **numbered,
        "userUuid": person.uuid, "email": person.email or None, "firstName": person.first_name,
        "lastName": person.last_name, "organizationUuid": org.uuid, "organizationName": org.name,
        "organizationCreatedAt": org.created_at, "isTrackingAnonymized": False,
        "isMarketingOptedIn": not person.is_service, "isSetupComplete": True, "role": person.role,
        "isActive": not person.is_service, "isPending": person.is_service,
        "createdAt": created_at, "updatedAt": person.created_at,
        **({"roleUuid": None, "timezone": None} if world.can("current") else {}), **pictured(world),
    }  # fmt: skip


def post_login(call: Call) -> Json:
    """`POST /login`: opens a session; the answer has its cookie."""
    body = call.body if isinstance(call.body, dict) else {}
    if not body.get("email") or not body.get("password"):
        raise PlainText(400, "", "Bad Request")
    for person in call.world.people.values():
        if person.email == body["email"] and person.password and person.password == body["password"]:
            call.cookie = call.world.hex_id()
            call.world.sessions[call.cookie] = person.uuid
            return _user(call.world, person, person.created_at)
    raise unauthorized("Email and password not recognized")


def get_user(call: Call) -> Json:
    """`GET /user`: the caller, with the rules of all roles."""
    world, person = call.world, call.person
    user = {**_user(world, person, person.created_at), "abilityRules": ability_rules(world, person)}
    if world.can("oauth_tokens"):
        client = call.request.client
        context = {"ip": client.host if client else "", "userAgent": call.request.headers.get("user-agent")}
        user |= {"type": "registered", "id": person.uuid, "requestContext": context, "impersonation": None}
    return user


def post_token(call: Call) -> Json:
    """`POST /user/me/personal-access-tokens`: for sessions only, not for tokens."""
    if not call.by_cookie:
        broken = call.world.can("oauth_tokens") and not call.world.can("current")
        raise went_wrong() if broken else unauthorized("Failed to authorize user")
    body = call.body if isinstance(call.body, dict) else {}
    if call.world.can("oauth_tokens") and (body.get("expiresAt") or "9") < call.world.clock.now():
        raise bad_parameter("Expire time must be in the future")
    token = issue_token(call.world, call.person, body.get("description", ""), body.get("expiresAt"))
    return {**_token(token), "token": token.secret}


def get_tokens(call: Call) -> list[Json]:
    """`GET /user/me/personal-access-tokens`: in old versions for sessions only."""
    if not call.by_cookie and not call.world.can("oauth_tokens"):
        raise unauthorized("Failed to authorize user")
    mine = [one for one in call.world.token_rows.values() if one.person_uuid == call.person.uuid]
    return [_token(one) for one in mine if one.scheme == "ApiKey"]


def remove_token(call: Call) -> Any:
    """`DELETE /user/me/personal-access-tokens/{token}`: for sessions only."""
    if not call.by_cookie:
        raise unauthorized("Failed to authorize user")
    for token in call.world.token_rows.values():
        if token.uuid == call.params["token"] and token.person_uuid == call.person.uuid:
            token.revoked = True
    return OK


def _token(token: Token) -> Json:
    return {
        "uuid": token.uuid, "createdAt": token.created_at, "rotatedAt": None, "lastUsedAt": token.last_used,
        "expiresAt": token.expires_at, "description": token.description,
    }  # fmt: skip


def issue_token(world: World, person: Person, description: str = "", expires_at: str | None = None) -> Token:
    """Give the person a personal access token: 32 hexadecimal digits, with a prefix in newer versions."""
    uuid = world.new_uuid()
    secret = ("ldpat_" if world.can("service_accounts") else "") + world.hex_id()
    token = Token(uuid, secret, person.uuid, world.clock.tick(), description, expires_at)
    world.token_rows[token.secret] = token
    return token


def issue_oauth_token(world: World, person: Person, expires_at: str | None = None) -> Token:
    """Let an application act for the person: a token that is sent as Bearer, since 0.1834.0."""
    token = Token(
        world.new_uuid(), f"ldapp_{world.hex_id()}", person.uuid, world.clock.tick(), "", expires_at,
        scheme="Bearer",
    )  # fmt: skip
    world.token_rows[token.secret] = token
    return token


def add_service_account(world: World, org_uuid: str, description: str, role: str) -> Token:
    """Create a service account with a token, since 0.1736.0.

    It has a user of its own with the rights of its role, like a service account with a role on a real server.
    """
    person = Person(
        world.new_uuid(), "", description, "", org_uuid, role, world.clock.tick(), is_service=True
    )  # fmt: skip
    world.people[person.uuid] = person
    token = Token(
        world.new_uuid(), f"ldsvc_{world.hex_id()}", person.uuid, world.clock.now(), description,
        scheme="Bearer",
    )  # fmt: skip
    world.token_rows[token.secret] = token
    return token


def get_org(call: Call) -> Json:
    """`GET /org`."""
    org = call.world.orgs[call.person.org_uuid]
    needs = not any(project.org_uuid == org.uuid for project in call.world.project_rows.values())
    told: Json = {"organizationUuid": org.uuid, "name": org.name, "needsProject": needs}
    if call.world.can("current"):
        told["pgWire"] = {"enabled": False, "tlsRequired": True, "host": "127.0.0.1", "port": None}
    if call.world.can("chart_palettes"):
        active = org.active_palette_uuid
        return {**told, "createdAt": org.created_at, **({"colorPaletteUuid": active} if active else {})}
    return {**told, "chartColors": None}


def _paged(call: Call, rows: list[Json]) -> Json:
    """The rows in pages, if both page and page size are requested; else all of them."""
    if call.one("page") is None or call.one("pageSize") is None:
        return {"data": rows}
    page, size = page_and_size(call, 1, 10)
    return {"data": rows[(page - 1) * size : page * size], "pagination": paging(page, size, len(rows))}


def _member(world: World, person: Person) -> Json:
    return {
        "userUuid": person.uuid, "firstName": person.first_name, "lastName": person.last_name,
        "email": person.email, "organizationUuid": person.org_uuid, "role": person.role, "isActive": True,
        "isInviteExpired": False, "isPending": False, "userCreatedAt": person.created_at,
        "userUpdatedAt": person.created_at,
        **({"hasMultipleRoles": False} if world.can("current") else {}), **pictured(world),
    }  # fmt: skip


def get_users(call: Call) -> Json:
    """`GET /org/users`: everybody in the organisation (not for its plain members)."""
    world = call.world
    if call.person.role == "member":
        raise forbidden()
    words = (call.one("searchQuery") or "").lower()
    mine = call.person.org_uuid
    people = [one for one in world.people.values() if one.org_uuid == mine and not one.is_service]
    found = [one for one in people if words in f"{one.first_name} {one.last_name} {one.email}".lower()]
    rows = [_member(world, one) for one in found]
    if most := int(call.one("includeGroups") or 0):
        rows = rows[:most]  # the number limits the members, not the groups
        for row in rows:
            row["groups"] = _groups_of(world, row["userUuid"])
    return _paged(call, rows)


def _groups_of(world: World, person: str) -> list[Json]:
    """The groups of a person: uuids and names are sorted independently, and then paired.

    So the names of a person's groups may be swapped. Seen on 1.219.0.
    """
    groups = [one for one in world.groups.values() if person in one.members]
    uuids, names = sorted(one.uuid for one in groups), sorted({one.name for one in groups})
    return [
        {"uuid": uuid, **({"name": names[number]} if number < len(names) else {})}
        for number, uuid in enumerate(uuids)
    ]


def _group(group: Group) -> Json:
    return {
        "uuid": group.uuid, "name": group.name, "createdAt": group.created_at,
        "createdByUserUuid": group.created_by, "updatedAt": group.created_at,
        "updatedByUserUuid": group.updated_by, "organizationUuid": group.org_uuid,
    }  # fmt: skip


def _with_members(world: World, group: Group) -> Json:
    people = [world.people[uuid] for uuid in group.members]
    members = [
        {"userUuid": one.uuid, "email": one.email, "firstName": one.first_name, "lastName": one.last_name}
        for one in people
    ]
    return {**_group(group), "members": members, "memberUuids": list(group.members)}


def get_groups(call: Call) -> Json:
    """`GET /org/groups`: the groups, with members if requested."""
    world, with_members = call.world, int(call.one("includeMembers") or 0) > 0
    if call.person.role == "member":
        raise forbidden()
    groups = [one for one in world.groups.values() if one.org_uuid == call.person.org_uuid]
    if world.can("current") and call.person.role != "admin":
        groups = [one for one in groups if call.person.uuid in one.members]
    return _paged(call, [_with_members(world, one) if with_members else _group(one) for one in groups])


def get_group(call: Call) -> Json:
    """`GET /groups/{g}`."""
    group = call.world.groups.get(call.params["g"])
    if group is None:
        named = "" if call.world.can("current") else f" with id: {call.params['g']}"
        raise not_found(f"No group found{named}")
    if call.person.role == "member" or group.org_uuid != call.person.org_uuid:
        raise forbidden()
    return _with_members(call.world, group) if int(call.one("includeMembers") or 0) > 0 else _group(group)


def post_group(call: Call) -> Json:
    """`POST /org/groups` (201): for admins."""
    if call.person.role != "admin":
        raise forbidden()
    body = call.body if isinstance(call.body, dict) else {}
    taken = any(
        (one.org_uuid, one.name) == (call.person.org_uuid, body.get("name"))
        for one in call.world.groups.values()
    )
    if taken and call.world.can("current"):
        raise already_exists("Group name already exists")
    group = create_group(call.world, body.get("name", ""), call.person.org_uuid, call.person.uuid)
    for member in body.get("members") or []:
        group.members[member["userUuid"]] = None
    return _with_members(call.world, group)


def remove_group(call: Call) -> Any:
    """`DELETE /groups/{g}`: deletes its grants, too."""
    world = call.world
    if call.person.role != "admin":
        raise forbidden()
    group = world.groups.pop(call.params["g"], None)
    if group is None:
        raise not_found(f"No group found with id: {call.params['g']}")
    for space in world.spaces.values():
        space.group_access.pop(group.uuid, None)
    for project in world.project_rows.values():
        project.group_access.pop(group.uuid, None)
    return OK


def create_group(world: World, name: str, org_uuid: str, created_by: str | None) -> Group:
    """Store a group without members."""
    group = Group(world.new_uuid(), name, org_uuid, world.clock.tick(), created_by)
    world.groups[group.uuid] = group
    return group


def get_channels(_call: Call) -> Ok:
    """`GET /slack/channels` of an organisation without Slack: an envelope without results."""
    return OK


ROUTES = (
    Route("GET", "/api/v1/livez", get_livez, public=True),
    Route("GET", "/api/v1/health", get_health, public=True),
    Route("POST", "/api/v1/login", post_login, public=True),
    Route("GET", "/api/v1/user", get_user),
    Route("GET", "/api/v1/slack/channels", get_channels),
    Route("GET", "/api/v1/user/me/personal-access-tokens", get_tokens),
    Route("POST", "/api/v1/user/me/personal-access-tokens", post_token),
    Route("DELETE", "/api/v1/user/me/personal-access-tokens/{token}", remove_token),
    Route("GET", "/api/v1/org", get_org),
    Route("GET", "/api/v1/org/users", get_users),
    Route("GET", "/api/v1/org/groups", get_groups),
    Route("POST", "/api/v1/org/groups", post_group, status=201),
    Route("GET", "/api/v1/groups/{g}", get_group),
    Route("DELETE", "/api/v1/groups/{g}", remove_group),
)
