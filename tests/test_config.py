"""Where settings come from, and which token goes where."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.errors import ConfigError
from lightdash_sync.settings import (
    FILE,
    ConnectionOptions,
    Settings,
    environment_settings,
    find_file,
    load_settings,
    read_file,
    settings_file,
    snapshot_folder,
)

URL = "https://lightdash.example.com"
OTHER = "https://other.example.com"
VARIABLES = {"LIGHTDASH_URL": URL, "LIGHTDASH_API_KEY": "variable-token"}

TWO = f"""
[env.staging]
url = "{URL}"
project = "Staging"
path = "snapshots/staging"
token_env = "STAGING_TOKEN"

[env.production]
url = "{OTHER}"
token_env = "PRODUCTION_TOKEN"
concurrency = 3
"""
TOKENS = {"STAGING_TOKEN": "staging-token", "PRODUCTION_TOKEN": "production-token"}


def _write(folder: Path, text: str) -> Path:
    path = folder / FILE
    path.write_text(text, "utf-8")
    return path


def _refused(
    folder: Path, options: ConnectionOptions | None = None, variables: dict[str, str] | None = None
) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(options or ConnectionOptions(), variables or {}, folder)
    assert caught.value.exit_code == 2
    return caught.value


def _with_token(folder: Path, setting: str) -> Settings:
    """Settings of the only environment, whose token is where the setting says."""
    _write(folder, f'[env.only]\nurl = "{URL}"\n{setting}\n')
    return load_settings(ConnectionOptions(), {}, folder)


def test_variables_alone_suffice(tmp_path: Path) -> None:
    """Without a file, the URL and the token of the variables are all it takes."""
    settings = load_settings(ConnectionOptions(), VARIABLES, tmp_path)
    assert (settings.url, settings.token, settings.env, settings.concurrency) == (
        URL,
        "variable-token",
        None,
        8,
    )
    assert [settings.project, settings.path, settings.ca_bundle, settings.proxy_authorization] == [None] * 4
    assert not settings.allow_http


def test_names_of_the_official_sdk_are_fallbacks(tmp_path: Path) -> None:
    """The variables of Lightdash's own SDK work, and ours win over them."""
    official = {
        "LIGHTDASH_INSTANCE_URL": OTHER,
        "LIGHTDASH_ACCESS_TOKEN": "sdk-token",
        "LIGHTDASH_PROJECT_UUID": "sdk-project",
    }
    settings = load_settings(ConnectionOptions(), official, tmp_path)
    assert (settings.url, settings.token, settings.project) == (OTHER, "sdk-token", "sdk-project")
    both = load_settings(
        ConnectionOptions(), {**official, **VARIABLES, "LIGHTDASH_PROJECT": "ours"}, tmp_path
    )
    assert (both.url, both.token, both.project) == (URL, "variable-token", "ours")


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    """A variable that a CI system sets to nothing counts as not set."""
    assert "no Lightdash" in _refused(tmp_path, variables={"LIGHTDASH_URL": ""}).message
    error = _refused(tmp_path, variables={"LIGHTDASH_URL": URL, "LIGHTDASH_API_KEY": ""})
    assert "no token" in error.message
    assert "LIGHTDASH_API_KEY" in error.hint


def test_an_option_wins_over_the_named_environment_the_variable_and_the_default(tmp_path: Path) -> None:
    """Precedence: option, then `--env`, then variable, then the file's default."""
    _write(tmp_path, f'default = "production"\n{TWO}')
    variables = {"LIGHTDASH_PROJECT": "Variable", **TOKENS}
    default = load_settings(ConnectionOptions(), TOKENS, tmp_path)
    assert (default.url, default.env, default.project) == (OTHER, "production", None)
    variable = load_settings(ConnectionOptions(), {**variables, **VARIABLES}, tmp_path)
    assert (variable.url, variable.env, variable.project) == (URL, None, "Variable")
    named = load_settings(ConnectionOptions(env="staging"), {**variables, "LIGHTDASH_URL": OTHER}, tmp_path)
    assert (named.url, named.env, named.project) == (URL, "staging", "Staging")
    option = load_settings(ConnectionOptions(env="staging", project="Option"), variables, tmp_path)
    assert (option.url, option.project) == (URL, "Option")
    elsewhere = ConnectionOptions(env="staging", url="https://third.example.com")
    third = load_settings(elsewhere, {**variables, **VARIABLES}, tmp_path)
    assert (third.url, third.env, third.path) == ("https://third.example.com", None, None)


def test_a_project_of_the_variable_wins_over_that_of_the_default(tmp_path: Path) -> None:
    """The default environment's project is the last to be asked."""
    _write(tmp_path, f'default = "staging"\n{TWO}')
    assert load_settings(ConnectionOptions(), TOKENS, tmp_path).project == "Staging"
    variables = {**TOKENS, "LIGHTDASH_PROJECT": "Variable"}
    assert load_settings(ConnectionOptions(), variables, tmp_path).project == "Variable"


def test_numbers_and_files_of_options_win(tmp_path: Path) -> None:
    """Concurrency, CA bundle and unencrypted HTTP are the option's, else the file's, else the usual."""
    _write(
        tmp_path,
        f'[env.a]\nurl = "{URL}"\ntoken_env = "T"\nconcurrency = 2\nca_bundle = "ca.pem"\nallow_http = true',
    )
    of_file = load_settings(ConnectionOptions(), {"T": "t"}, tmp_path)
    assert (of_file.concurrency, of_file.ca_bundle, of_file.allow_http) == (2, tmp_path / "ca.pem", True)
    options = ConnectionOptions(concurrency=5, ca_bundle=Path("mine.pem"))
    of_option = load_settings(options, {"T": "t"}, tmp_path)
    assert (of_option.concurrency, of_option.ca_bundle) == (5, Path("mine.pem"))
    elsewhere = load_settings(ConnectionOptions(url=OTHER), VARIABLES, tmp_path)
    assert (elsewhere.concurrency, elsewhere.ca_bundle, elsewhere.allow_http) == (8, None, False)
    assert load_settings(ConnectionOptions(url=OTHER, allow_http=True), VARIABLES, tmp_path).allow_http


def test_paths_of_the_file_are_beside_it(tmp_path: Path) -> None:
    """A file that is named with `--config` means its own directory, wherever the command runs."""
    folder = tmp_path / "settings"
    folder.mkdir()
    file = _write(folder, TWO)
    settings = load_settings(ConnectionOptions(env="staging"), TOKENS, tmp_path, file)
    assert settings.path == folder / "snapshots/staging"


def test_the_folder_of_a_snapshot_needs_no_token(tmp_path: Path) -> None:
    """What only reads a snapshot finds it by the environment's name: its `path`, else `snapshots/NAME`."""
    _write(tmp_path, TWO.replace("snapshots/staging", "kept/here"))
    assert snapshot_folder("staging", tmp_path) == tmp_path / "kept/here"
    assert snapshot_folder("production", tmp_path) == tmp_path / "snapshots/production"


def test_the_folder_of_a_snapshot_is_beside_the_file_that_names_it(tmp_path: Path) -> None:
    """A file that is named with `--config` means its own directory; an absolute `path` is just that."""
    folder = tmp_path / "settings"
    folder.mkdir()
    file = _write(folder, f'[env.a]\nurl = "{URL}"\n[env.b]\nurl = "{URL}"\npath = "{tmp_path}/b"\n')
    assert snapshot_folder("a", tmp_path, file) == folder / "snapshots/a"
    assert snapshot_folder("b", tmp_path, file) == tmp_path / "b"


def test_the_folder_of_the_default_or_only_environment(tmp_path: Path) -> None:
    """Nobody needs to name what the file says already; where it does not, the error lists the names."""
    _write(tmp_path, f'default = "production"\n{TWO}')
    assert snapshot_folder(None, tmp_path) == tmp_path / "snapshots/production"
    _write(tmp_path, f'[env.only]\nurl = "{URL}"\n')
    assert snapshot_folder(None, tmp_path) == tmp_path / "snapshots/only"
    _write(tmp_path, TWO)
    with pytest.raises(ConfigError, match="several environments") as caught:
        snapshot_folder(None, tmp_path)
    assert caught.value.hint == "Name one with --env: production, staging."


def test_without_an_environment_there_is_no_folder(tmp_path: Path) -> None:
    """No file, or one that names no environment, says nothing; a name that is not there is an error."""
    assert snapshot_folder(None, tmp_path) is None
    with pytest.raises(ConfigError, match="no environment 'production'"):
        snapshot_folder("production", tmp_path)
    _write(tmp_path, "")
    assert snapshot_folder(None, tmp_path) is None
    with pytest.raises(ConfigError, match="does not exist"):
        snapshot_folder(None, tmp_path, tmp_path / "missing.toml")


@pytest.mark.parametrize("url", [f"{URL}/", f"{URL}///", URL])
def test_the_same_url_with_a_slash_is_the_same(tmp_path: Path, url: str) -> None:
    """A slash at the end does not make another server of it."""
    _write(tmp_path, f'[env.a]\nurl = "{URL}"\ntoken_env = "T"\n')
    assert load_settings(ConnectionOptions(url=url), {"T": "of-the-file"}, tmp_path).token == "of-the-file"


@given(
    url=st.sampled_from([OTHER, URL + ":8443", "http" + URL[5:], URL + ".evil.example", URL + "/x"]),
    how=st.booleans(),
)
def test_a_token_of_the_file_never_goes_to_another_url(
    tmp_path_factory: pytest.TempPathFactory, url: str, how: bool
) -> None:
    """Another URL, by option or variable, never gets the token that the file has for its own."""
    folder = tmp_path_factory.mktemp("config")
    _write(folder, f'[env.a]\nurl = "{URL}"\ntoken_env = "T"\n')
    options, variables = (
        (ConnectionOptions(url=url), {"T": "t"})
        if how
        else (ConnectionOptions(), {"T": "t", "LIGHTDASH_URL": url})
    )
    assert "no token" in _refused(folder, options, variables).message
    assert load_settings(options, {**variables, "LIGHTDASH_API_KEY": "v"}, folder).token == "v"


def test_a_named_environment_with_a_token_does_not_get_that_of_the_variable(tmp_path: Path) -> None:
    """`--env` takes its own token; one that is missing is an error, not a reason to send another."""
    _write(tmp_path, TWO)
    options = ConnectionOptions(env="production")
    assert load_settings(options, {**VARIABLES, **TOKENS}, tmp_path).token == "production-token"
    error = _refused(tmp_path, options, VARIABLES)
    assert "PRODUCTION_TOKEN" in error.message


def test_a_named_environment_without_a_token_gets_that_of_the_variable(tmp_path: Path) -> None:
    """A file that says nothing of tokens leaves them to the variable."""
    _write(tmp_path, f'[env.a]\nurl = "{OTHER}"\n')
    settings = load_settings(ConnectionOptions(env="a"), {"LIGHTDASH_API_KEY": "v"}, tmp_path)
    assert (settings.url, settings.token) == (OTHER, "v")


def test_the_variable_wins_over_the_token_of_the_default(tmp_path: Path) -> None:
    """An environment that nobody named gives way to the variable."""
    _write(tmp_path, f'default = "staging"\n{TWO}')
    assert load_settings(ConnectionOptions(), {**TOKENS, "LIGHTDASH_API_KEY": "v"}, tmp_path).token == "v"


def test_an_unknown_environment_lists_those_there_are(tmp_path: Path) -> None:
    """A typing error in `--env` or in `default` is answered with the names that exist."""
    _write(tmp_path, TWO)
    error = _refused(tmp_path, ConnectionOptions(env="prod"))
    assert "'prod'" in error.message
    assert error.hint == "There are: production, staging."
    _write(tmp_path, f'default = "gone"\n{TWO}')
    assert "'gone'" in _refused(tmp_path).message
    _write(tmp_path, "")
    assert _refused(tmp_path, ConnectionOptions(env="prod")).hint == "There are: none."


def test_several_environments_without_a_default_are_not_guessed(tmp_path: Path) -> None:
    """With two environments and no default, the user is asked to name one."""
    _write(tmp_path, TWO)
    error = _refused(tmp_path, variables=TOKENS)
    assert "--env" in error.hint


def test_the_only_environment_is_the_default(tmp_path: Path) -> None:
    """A file with one environment needs no `default`."""
    _write(tmp_path, f'[env.only]\nurl = "{URL}"\ntoken_env = "T"\n')
    assert load_settings(ConnectionOptions(), {"T": "t"}, tmp_path).env == "only"


@pytest.mark.parametrize("key", ["token", "api_key", "TOKEN", "access_token", "password", "ApiKey"])
def test_a_token_in_the_file_is_refused(tmp_path: Path, key: str) -> None:
    """A file that will be committed must not hold a secret, and the error does not repeat it."""
    _write(tmp_path, f'[env.a]\nurl = "{URL}"\n{key} = "ldpat_secret"\n')
    error = _refused(tmp_path, variables=VARIABLES)
    assert key in error.message
    assert "ldpat_secret" not in error.message + error.hint
    assert "new token" in error.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[env.a", "cannot be read"),
        ("a = 1\na = 2", "cannot be read"),
        ('[env.a]\nurl = "https://a"\nprojekt = "x"', "[env.a] has an unknown setting 'projekt'"),
        ("[env.a]\nproject = 'x'", "[env.a] lacks 'url'"),
        ("[env.a]\nurl = 'https://a'\nconcurrency = 0", "'concurrency' of [env.a]"),
        ("[env.a]\nurl = 'https://a'\nconcurrency = 65", "'concurrency' of [env.a]"),
        ("[env.a]\nurl = 'https://a'\nconcurrency = 'many'", "'concurrency' of [env.a]"),
        ("env = 3", "env"),
        ("env.a = 3", "[env.a]"),
        ("token = 'ldpat_secret'", "token"),
    ],
)
def test_a_file_that_makes_no_sense_is_named_with_the_place(tmp_path: Path, text: str, says: str) -> None:
    """Invalid TOML, an unknown setting or a wrong type: the message names file and setting, no value."""
    path = _write(tmp_path, text)
    error = _refused(tmp_path, variables=VARIABLES)
    assert str(path) in error.message
    assert says in error.message
    assert "ldpat_secret" not in error.message


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 end in a message, not in a traceback."""
    (tmp_path / FILE).write_bytes(b"\xff\xe1")
    assert "cannot be read" in _refused(tmp_path).message


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    """A missing `--config` is an error; a missing `lightdash-sync.toml` is not."""
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(ConnectionOptions(), VARIABLES, tmp_path, tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_file(tmp_path)
    assert load_settings(ConnectionOptions(), VARIABLES, tmp_path).url == URL


def test_a_token_file_is_read_beside_the_settings(tmp_path: Path) -> None:
    """A token may be in a file of its own; the line break at its end does not count."""
    (tmp_path / "token").write_text("from-file\n")
    assert _with_token(tmp_path, 'token_file = "token"').token == "from-file"


def test_a_token_file_may_be_in_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` means the user's home, not a directory of that name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "secret").write_text("from-home")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert _with_token(folder, 'token_file = "~/secret"').token == "from-home"


@pytest.mark.parametrize("name", ["missing", ".", "bytes", "~no-such-user-at-all/token"])
def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """Missing, a directory, not text, in the home of nobody: the message names the file."""
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="token file") as caught:
        _with_token(tmp_path, f'token_file = "{name}"')
    assert name in caught.value.message


def _command(program: str) -> str:
    return f"token_command = {[sys.executable, '-c', program]!r}"


def test_a_token_command_prints_the_token(tmp_path: Path) -> None:
    """The command's output is the token, without the line break at its end."""
    assert _with_token(tmp_path, _command("print('from-command')")).token == "from-command"
    assert _with_token(tmp_path, "token_command = \"echo 'one-word'\"").token == "one-word"


def test_a_token_command_is_run_without_a_shell(tmp_path: Path) -> None:
    """Words of the command are words, whatever a shell would make of them."""
    with pytest.raises(ConfigError, match="characters that no token has"):
        _with_token(tmp_path, 'token_command = "echo $(id) ; ls"')


@pytest.mark.parametrize(
    "setting",
    [
        _command("raise SystemExit(3)"),
        'token_command = "no-such-program-anywhere"',
        'token_command = ""',
        "token_command = []",
        "token_command = 'echo \"open'",
        _command("import sys; sys.stdout.buffer.write(b'\\xff')"),
    ],
)
def test_a_token_command_that_fails_is_an_error(tmp_path: Path, setting: str) -> None:
    """A command that fails, does not exist, is empty or prints no text ends in a message."""
    with pytest.raises(ConfigError, match=r"token_command .* failed"):
        _with_token(tmp_path, setting)


@pytest.mark.slow
def test_a_token_command_that_hangs_is_given_up(tmp_path: Path) -> None:
    """A command that waits for ever (for a password, say) is given up after half a minute."""
    with pytest.raises(ConfigError, match="TimeoutExpired"):
        _with_token(tmp_path, _command("import time; time.sleep(100)"))


def test_a_failing_token_command_does_not_repeat_what_it_printed(tmp_path: Path) -> None:
    """Half a secret that a failing command printed is not shown."""
    with pytest.raises(ConfigError) as caught:
        _with_token(tmp_path, _command("print('half-a-secret'); raise SystemExit(1)"))
    assert "half-a-secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, subprocess.CalledProcessError)


@pytest.mark.parametrize("token", ["two words", "tab\tinside", "ümlaut", "line\nbreak", "esc\x1b[0m"])
def test_a_token_that_no_header_can_hold_is_refused(tmp_path: Path, token: str) -> None:
    """A token with characters that no token has is refused before it is sent, and not repeated."""
    error = _refused(tmp_path, variables={**VARIABLES, "LIGHTDASH_API_KEY": token})
    assert "characters that no token has" in error.message
    assert token not in error.message + error.hint


def test_secrets_are_not_in_the_representation(tmp_path: Path) -> None:
    """Settings that land in a log or traceback show no secret."""
    variables = {**VARIABLES, "LIGHTDASH_PROXY_AUTHORIZATION": "Basic proxy-secret"}
    settings = load_settings(ConnectionOptions(), variables, tmp_path)
    assert settings.secrets == ["variable-token", "Basic proxy-secret"]
    assert "variable-token" not in repr(settings)
    assert "proxy-secret" not in repr(settings)
    assert load_settings(ConnectionOptions(), VARIABLES, tmp_path).secrets == ["variable-token"]


def test_the_type_of_a_token_is_told_where_the_token_is(tmp_path: Path) -> None:
    """Who configures a token may say its type: the file that of its own, a variable that of the variable."""
    _write(
        tmp_path,
        TWO.replace('token_env = "STAGING_TOKEN"', 'token_env = "STAGING_TOKEN"\ntoken_type = "oauth"'),
    )
    variables = {**TOKENS, **VARIABLES, "LIGHTDASH_TOKEN_TYPE": "service-account"}
    named = load_settings(ConnectionOptions(env="staging"), variables, tmp_path)
    assert (named.token, named.token_type) == ("staging-token", "oauth")
    by_variable = load_settings(ConnectionOptions(), variables, tmp_path)
    assert (by_variable.token, by_variable.token_type) == ("variable-token", "service-account")
    assert load_settings(ConnectionOptions(env="production"), variables, tmp_path).token_type is None
    _write(tmp_path, TWO.replace('token_env = "STAGING_TOKEN"', 'token_type = "bearer"'))
    assert "token_type" in _refused(tmp_path, ConnectionOptions(env="staging")).message


PROJECT = "3f1d2c4b-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("pasted", "base"),
    [
        (f"{URL}/projects/{PROJECT}/home", URL),
        (f"{URL}/projects/{PROJECT}", URL),
        (f"{URL}/lightdash/projects/{PROJECT}/saved/x/view?tab=1#top", f"{URL}/lightdash"),
        (f" {URL}/projects/{PROJECT}/ ", URL),
    ],
)
def test_the_address_of_a_page_is_taken_apart_wherever_a_url_or_a_project_is_named(
    tmp_path: Path, pasted: str, base: str
) -> None:
    """As option, as variable and in the file; as the URL, as the project, or as both."""
    token = {"LIGHTDASH_API_KEY": "t"}
    for options, variables in (
        (ConnectionOptions(url=pasted), token),
        (ConnectionOptions(project=pasted), token),
        (ConnectionOptions(url=pasted, project=pasted), token),
        (ConnectionOptions(url=base, project=pasted), token),
        (ConnectionOptions(), {**token, "LIGHTDASH_URL": pasted}),
        (ConnectionOptions(), {**token, "LIGHTDASH_URL": f"{base}/", "LIGHTDASH_PROJECT": pasted}),
    ):
        found = load_settings(options, variables, tmp_path)
        assert (found.url.rstrip("/"), found.project) == (base, PROJECT)
    _write(tmp_path, f'[env.only]\nurl = "{pasted}"\n')
    found = load_settings(ConnectionOptions(env="only"), token, tmp_path)
    assert (found.env, found.url, found.project) == ("only", base, PROJECT)
    only = environment_settings(tmp_path)["only"]
    assert (only.url, only.project) == (base, PROJECT)


def test_pages_without_a_project_name_the_server_alone_and_a_project_that_is_named_wins(
    tmp_path: Path,
) -> None:
    """A project that is named counts more than one in an address; other paths are left alone."""
    for page in ("login", "generalSettings/projectManagement", "api/v1/health", "projects"):
        found = load_settings(ConnectionOptions(url=f"{URL}/{page}"), VARIABLES, tmp_path)
        assert (found.url, found.project) == (URL, None)
    named = ConnectionOptions(url=f"{URL}/projects/{PROJECT}/home", project="Mine")
    assert load_settings(named, VARIABLES, tmp_path).project == "Mine"
    assert load_settings(ConnectionOptions(url=f"{URL}/bi"), VARIABLES, tmp_path).url == f"{URL}/bi"


def test_a_project_of_another_server_is_refused(tmp_path: Path) -> None:
    """The token would go to a server that nobody meant."""
    error = _refused(tmp_path, ConnectionOptions(url=URL, project=f"{OTHER}/projects/{PROJECT}"), VARIABLES)
    assert "is not on https://lightdash.example.com" in error.message
    _write(tmp_path, f'[env.only]\nurl = "{URL}"\nproject = "{OTHER}/projects/{PROJECT}"\n')
    assert "is not on" in _refused(tmp_path).message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_settings_and_tokens_are_read_as_editors_of_any_system_write_them(
    tmp_path: Path, encoding: str
) -> None:
    """Editors and shells of Windows begin files with a byte order mark, or write UTF-16."""
    (tmp_path / "token").write_text("token-ü".replace("ü", "u"), encoding)
    text = f'[env.only]\nurl = "{URL}"\nproject = "Köln"\ntoken_file = "token"\n'
    (tmp_path / FILE).write_text(text, encoding)
    found = load_settings(ConnectionOptions(), {}, tmp_path)
    assert (found.token, found.project) == ("token-u", "Köln")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('projekt = "x"', "[env.only] has an unknown setting 'projekt'; did you mean 'project'?"),
        ("url = 3", "'url' of [env.only] must be a text in quotes"),
        ("concurrency = 100", "'concurrency' of [env.only] must be at most 64"),
        ("concurrency = 0", "'concurrency' of [env.only] must be at least 1"),
        ('concurrency = "many"', "'concurrency' of [env.only] must be a whole number"),
        ('allow_http = "perhaps"', "'allow_http' of [env.only] must be true or false"),
        ('comments = "never"', "'comments' of [env.only] must be 'nightly' or 'weekly'"),
        ('recipients = "a@b.c"', "'recipients' of [env.only] must be a list"),
        ('history_since = "soon"', "'history_since' of [env.only] must be a day such as 2026-01-31"),
        ("history_since = 2999-01-01", "'history_since' of [env.only]: 2999-01-01 is in the future"),
    ],
)
def test_a_mistake_in_the_file_is_told_in_words_with_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    """Whoever writes settings need not know how they are read."""
    url = "" if text.startswith("url") else f'url = "{URL}"\n'
    path = _write(tmp_path, f"[env.only]\n{url}{text}\n")
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    assert problem in caught.value.message


def test_mistakes_outside_of_environments_are_told_in_words_too(tmp_path: Path) -> None:
    """The same of the file as a whole, and of a table that lacks what it needs."""
    for text, problem in (
        ('defualt = "a"', "the file has an unknown setting 'defualt'; did you mean 'default'?"),
        ("[env.only]", "[env.only] lacks 'url'"),
        ("env = 3", "'env' of the file must be a table"),
        ('[env.only]\nurll = "https://a"', "[env.only] has an unknown setting 'urll'; did you mean 'url'?"),
        ("[env]\nonly = 3", "[env.only] must be a table"),
    ):
        with pytest.raises(ConfigError) as caught:
            read_file(_write(tmp_path, text))
        assert problem in caught.value.message


def test_the_file_of_the_repository_is_found_from_below_and_no_other(tmp_path: Path) -> None:
    """It is looked for up to the top of the git repository, never above, where others may have put one."""
    top = tmp_path / "repository"
    below = top / "a" / "b"
    below.mkdir(parents=True)
    _write(tmp_path, TWO)
    assert find_file(below) is None  # no repository around: nothing above is looked at
    (top / ".git").mkdir()
    assert find_file(below) is None
    file = _write(top, TWO)
    assert find_file(below) == Path("../../lightdash-sync.toml")
    assert find_file(top) is None  # it is found without a search
    nearer = _write(top / "a", TWO)
    assert find_file(below) == Path("../lightdash-sync.toml")
    nearer.unlink()
    file.unlink()
    assert find_file(below) is None


def test_variables_define_an_environment_where_there_is_no_file(tmp_path: Path) -> None:
    """A URL and a project make one, called as `init` would call it; a file that exists counts alone."""
    variables = {**VARIABLES, "LIGHTDASH_PROJECT": f"{URL}/projects/{PROJECT}/home"}
    path, document = settings_file(tmp_path, None, variables)
    assert list(document.env) == ["production"]
    assert document.env["production"].project == PROJECT
    loaded = load_settings(ConnectionOptions(env="production"), variables, tmp_path)
    assert (loaded.env, loaded.token, loaded.path) == (
        "production", "variable-token", tmp_path / "snapshots" / "production",
    )  # fmt: skip
    assert settings_file(tmp_path, None, VARIABLES)[1].env == {}
    path.write_text("", "utf-8")
    assert settings_file(tmp_path, None, variables)[1].env == {}


def test_headers_for_a_gateway_come_from_variables(tmp_path: Path) -> None:
    """The file names the variables; the values are secrets, and go to the environment's own server."""
    text = (
        f'[env.only]\nurl = "{URL}"\ntoken_env = "T"\ntimeout = 90\n'
        '[env.only.headers_env]\nCF-Access-Client-Id = "CF_ID"\n'
    )
    _write(tmp_path, text)
    variables = {"T": "t", "CF_ID": "of-the-gateway", "LIGHTDASH_API_KEY": "v"}
    found = load_settings(ConnectionOptions(), variables, tmp_path)
    assert (found.headers, found.timeout) == ({"CF-Access-Client-Id": "of-the-gateway"}, 90)
    assert "of-the-gateway" in found.secrets
    assert "of-the-gateway" not in repr(found)
    assert load_settings(ConnectionOptions(timeout=5), variables, tmp_path).timeout == 5
    assert load_settings(ConnectionOptions(url=OTHER), variables, tmp_path).headers == {}
    error = _refused(tmp_path, variables={"T": "t"})
    assert "CF_ID, which should hold the header CF-Access-Client-Id, is not set" in error.message


@pytest.mark.parametrize("name", ["Authorization", "host", "Content-Length", "X Y", "", "X:"])
def test_a_header_that_is_ours_or_none_is_refused(tmp_path: Path, name: str) -> None:
    """A gateway's header must not replace the token, nor lead a request astray."""
    _write(tmp_path, f'[env.only]\nurl = "{URL}"\n[env.only.headers_env]\n"{name}" = "X"\n')
    assert "is not a header" in _refused(tmp_path).message
