"""The service as containers of one machine: the file fits Compose, the image, the settings and nginx's site."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from syndication.config.loading import load_settings
from tests.deploy.nginx import SITE
from tests.deploy.programs import DEPLOY, run
from tests.support.service import ROOT, environ

FILE = DEPLOY / "docker/compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "syndication"}


def test_it_is_as_compose_wants_it():
    checker = Path(sys.executable).with_name("check-jsonschema")
    said = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", FILE], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_there_are_two_of_each():
    assert set(SERVICES) == {"db", "migrate", "worker", "web1", "web2", "nginx"}
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    assert SERVICES["web1"]["command"] == SERVICES["web2"]["command"] == ["web"]


def test_images_of_others_are_named_by_digest():
    for name, service in SERVICES.items():
        if name not in OURS:
            assert re.fullmatch(r"[a-z]+:[0-9.]+@sha256:[0-9a-f]{64}", service["image"]), name
    assert SERVICES["db"]["image"].startswith("postgres:18@")


@pytest.mark.parametrize("name", SERVICES)
def test_each_has_so_much_memory_so_many_processors_and_processes(name):
    service = SERVICES[name]
    assert service["mem_limit"] and service["cpus"] and service["pids_limit"]
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]


def test_a_worker_is_healthy_while_it_makes_progress():
    worker = SERVICES["worker"]
    assert worker["healthcheck"]["test"] == ["CMD", "syndication", "worker", "--check"]
    assert worker["environment"]["SYNDICATION_WORKER__PROGRESS_PATH"].startswith("/tmp/")


@pytest.mark.parametrize("name", OURS)
def test_ours_run_a_command_of_the_image_and_may_do_nothing_else(name):
    service = OURS[name]
    (command,) = service["command"]
    assert run(sys.executable, "-m", "syndication", command, "--help", env=environ()).returncode == 0
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"] and service["tmpfs"] == ["/tmp"]
    assert service["restart"] == ("on-failure" if name == "migrate" else "unless-stopped")
    assert "ports" not in service


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_settings_and_no_secret_is_among_them(name, tmp_path):
    variables = dict(OURS[name]["environment"])
    for key, value in variables.items():
        assert key.endswith("_FILE") or not re.search("pass|secret|url$", key, re.IGNORECASE) or "BASE_URL" in key
        assert "@" not in value
    assert variables.pop("SYNDICATION_CONFIG") == "/etc/syndication/syndication.toml"
    assert "${SYNDICATION_SETTINGS:-../../config}:/etc/syndication:ro" in OURS[name]["volumes"]
    secret = variables["SYNDICATION_DATABASE__URL_FILE"]
    assert Path(secret).parent == Path("/run/secrets") and Path(secret).name in OURS[name]["secrets"]
    (tmp_path / "database_url").write_text("postgresql://syndication:pass@db/news\n")
    variables["SYNDICATION_DATABASE__URL_FILE"] = str(tmp_path / "database_url")
    settings = load_settings(ROOT / "config/syndication.toml", variables)
    assert settings.database_url == "postgresql://syndication:pass@db/news"
    assert settings.site.base_url == "https://feeds.daily.example" and settings.editors.trusted_proxies == 1


def test_each_waits_for_what_it_needs():
    """A condition "healthy" needs somebody who says so."""
    wanted = {name: dict(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert wanted["migrate"] == {"db": {"condition": "service_healthy"}}
    for name in ("worker", "web1", "web2"):
        assert wanted[name] == {"migrate": {"condition": "service_completed_successfully"}}
    assert set(wanted["nginx"]) == {"web1", "web2"}
    for conditions in wanted.values():
        for other, condition in conditions.items():
            if condition["condition"] == "service_healthy":
                assert SERVICES[other]["healthcheck"]["test"][0] == "CMD"
    for name in ("web1", "web2"):
        assert "/readyz" in SERVICES[name]["healthcheck"]["test"][-1]


def test_nginx_finds_the_web_processes_and_the_certificate_where_its_site_says():
    site = SITE.read_text()
    upstream = re.findall(r"server (\S+):(\d+) max_fails", site)
    aliases = [alias for name in ("web1", "web2") for alias in SERVICES[name]["networks"]["inside"]["aliases"]]
    assert upstream == [(alias, "8000") for alias in aliases]
    targets = {secret["target"] for secret in SERVICES["nginx"]["secrets"]}
    assert targets == set(re.findall(r"ssl_certificate(?:_key)? (\S+);", site))
    assert re.search(r"proxy_cache_path /var/cache/", site) and "cache:/var/cache" in SERVICES["nginx"]["volumes"]


def test_the_database_is_asked_from_the_inside_alone():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name, service in SERVICES.items():
        networks = set(service["networks"])
        assert networks == ({"inside", "outside"} if name == "nginx" else {"inside"}), name
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]


def test_every_secret_is_a_file_that_git_does_not_see():
    used = [secret for service in SERVICES.values() for secret in service.get("secrets", [])]
    assert {secret if isinstance(secret, str) else secret["source"] for secret in used} == set(COMPOSE["secrets"])
    for secret in COMPOSE["secrets"].values():
        assert run("git", "check-ignore", "-q", f"deploy/docker/{secret['file']}", cwd=ROOT).returncode == 0


def test_every_file_that_is_mounted_is_there():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            # A variable's default stands after ":-".
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).partition(":")[0]
            assert source in COMPOSE["volumes"] or (FILE.parent / source).exists(), source
