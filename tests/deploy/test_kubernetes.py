"""The manifests fit Kubernetes, the image, the settings, and each other."""

import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from syndication.config.loading import load_settings
from tests.deploy import dockerfile
from tests.deploy.programs import DEPLOY, run
from tests.support.service import environ

FOLDER = DEPLOY / "kubernetes"
OBJECTS: list[dict[str, Any]] = [
    document
    for path in [*sorted(FOLDER.glob("*.yaml")), FOLDER / "secret.example"]
    for document in yaml.safe_load_all(path.read_text())
]
NAMES = [f"{o['kind']}/{o['metadata']['name']}" for o in OBJECTS]
VERSIONS = ("1.32", "1.37")


def of(kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind by their names."""
    return {o["metadata"]["name"]: o for o in OBJECTS if o["kind"] == kind}


PODS = {name: o["spec"]["template"] for kind in ("Deployment", "Job") for name, o in of(kind).items()}


def container(name: str) -> dict[str, Any]:
    (only,) = PODS[name]["spec"]["containers"]
    return dict(only)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", OBJECTS, ids=NAMES)
def test_it_is_as_kubernetes_wants_it(manifest, version):
    kubernetes_validate.validate(manifest, version, strict=True)


def test_what_kubernetes_does_not_know_is_told():
    """What the test before relies on."""
    wrong = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "nmae": "y"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_all_is_in_one_namespace_which_takes_no_pod_with_more_rights():
    (namespace,) = of("Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [o for o in OBJECTS if o["kind"] != "Namespace"]
    assert {o["metadata"]["namespace"] for o in others} == {namespace["metadata"]["name"]}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_no_more_than_it_needs(name):
    """What the standard "restricted" asks for, and a root that cannot be written to."""
    pod, own = PODS[name]["spec"], container(name)
    security = pod["securityContext"]
    assert security["runAsNonRoot"] and security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == dockerfile.of("USER", 1)[-1].text
    assert own["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert {"cpu", "memory"} <= set(own["resources"]["requests"]) and "memory" in own["resources"]["limits"]


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_a_command_of_the_image_with_volumes_that_it_has(name):
    own = container(name)
    (command,) = own["args"]
    assert command == name.removeprefix("syndication-")
    assert run(sys.executable, "-m", "syndication", command, "--help", env=environ()).returncode == 0
    volumes = {volume["name"]: volume for volume in PODS[name]["spec"]["volumes"]}
    assert {mount["name"] for mount in own["volumeMounts"]} == set(volumes)
    assert volumes["config"]["configMap"]["name"] in of("ConfigMap")
    assert volumes["secret"]["secret"]["secretName"] in of("Secret")
    assert "emptyDir" in volumes["tmp"] and {"name": "tmp", "mountPath": "/tmp"} in own["volumeMounts"]


def test_all_pods_are_of_one_image():
    assert len({container(name)["image"] for name in PODS}) == 1


@pytest.mark.parametrize("name", PODS)
def test_the_settings_are_right_where_they_are_mounted(name, tmp_path):
    mounts = {mount["mountPath"]: mount["name"] for mount in container(name)["volumeMounts"]}
    values = {"config": of("ConfigMap")["syndication"]["data"], "secret": of("Secret")["syndication"]["stringData"]}
    for volume, files in values.items():
        (tmp_path / volume).mkdir()
        for file, text in files.items():
            (tmp_path / volume / file).write_text(text)
    variables = {}
    for variable in container(name)["env"]:
        path = Path(variable["value"])
        if variable["name"] == "SYNDICATION_WORKER__PROGRESS_PATH":
            continue  # A file that is not there before the worker is.
        variables[variable["name"]] = str(tmp_path / mounts[str(path.parent)] / path.name)
        assert "_FILE" in variable["name"] or variable["name"] == "SYNDICATION_CONFIG"
    settings = load_settings(None, variables)
    assert settings.database_url == values["secret"]["database_url"]
    assert next(iter(settings.sections)) == "all" and len(settings.sections) >= 2
    (port,) = container("syndication-web")["ports"]
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", port["containerPort"])
    hosts = [rule["host"] for rule in of("Ingress")["syndication"]["spec"]["rules"]]
    assert [f"https://{host}" for host in hosts] == [settings.site.base_url]


def test_web_serves_on_while_the_database_is_down_and_while_it_is_replaced():
    deployment, web = of("Deployment")["syndication-web"]["spec"], container("syndication-web")
    paths = {kind: web[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert deployment["replicas"] >= 2 and deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    pause, grace = web["lifecycle"]["preStop"]["sleep"]["seconds"], PODS["syndication-web"]["spec"]
    # It stops within five seconds, and needs some to spare.
    assert grace["terminationGracePeriodSeconds"] >= pause + 10


def test_two_workers_finish_what_they_are_at():
    assert of("Deployment")["syndication-worker"]["spec"]["replicas"] >= 2
    assert PODS["syndication-worker"]["spec"]["terminationGracePeriodSeconds"] >= 30


def selected(selector: dict[str, str]) -> set[str]:
    """The pods that have these labels."""
    return {name for name, pod in PODS.items() if selector.items() <= pod["metadata"]["labels"].items()}


def test_every_selector_finds_the_pods_that_it_means():
    for name, deployment in of("Deployment").items():
        assert selected(deployment["spec"]["selector"]["matchLabels"]) == {name}
        (spread,) = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert selected(spread["labelSelector"]["matchLabels"]) == {name}
        assert selected(of("PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"]) == {name}
    assert selected(of("Service")["syndication-web"]["spec"]["selector"]) == {"syndication-web"}
    selectors = {name: policy["spec"]["podSelector"] for name, policy in of("NetworkPolicy").items()}
    policies = {name: selected(selector.get("matchLabels", {})) for name, selector in selectors.items()}
    assert policies == {"nobody": set(PODS), "web": {"syndication-web"}, "database": set(PODS)}


def test_nobody_is_reached_but_web_and_nobody_reaches_out_but_to_the_database():
    policies = {name: policy["spec"] for name, policy in of("NetworkPolicy").items()}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert [port["port"] for rule in policies["web"]["ingress"] for port in rule["ports"]] == ["http"]
    assert sorted(port["port"] for rule in policies["database"]["egress"] for port in rule["ports"]) == [53, 53, 5432]
    assert all(rule.get("to") for rule in policies["database"]["egress"])


def test_readers_and_editors_reach_what_is_theirs_and_no_metrics():
    (rule,) = of("Ingress")["syndication"]["spec"]["rules"]
    paths = {(path["path"], path["pathType"]) for path in rule["http"]["paths"]}
    prefixes = {path for path, kind in paths if kind == "Prefix"}
    assert prefixes == {"/feeds", "/api", "/editors", "/static", "/hub"} and ("/", "Exact") in paths
    assert not {path for path, _ in paths} & {"/metrics", "/readyz"}
    for path in rule["http"]["paths"]:
        service = of("Service")[path["backend"]["service"]["name"]]
        assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


def test_the_example_of_a_secret_is_applied_by_nobody():
    """`kubectl apply -f FOLDER` reads .yaml, .yml and .json."""
    applied = [path for path in FOLDER.iterdir() if path.suffix in (".yaml", ".yml", ".json")]
    assert applied and not [path.name for path in applied if "kind: Secret" in path.read_text()]


@pytest.mark.parametrize("name", PODS)
def test_each_has_so_much_memory_and_so_many_processors(name):
    resources = container(name)["resources"]
    assert set(resources["limits"]) == set(resources["requests"]) == {"cpu", "memory"}


def test_a_worker_is_alive_while_it_makes_progress():
    """The probe looks at a file that the worker touches and the settings name."""
    worker = container("syndication-worker")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert worker[probe]["exec"]["command"] == ["syndication", "worker", "--check"]
        assert worker[probe]["timeoutSeconds"] >= 10
    (path,) = [one["value"] for one in worker["env"] if one["name"] == "SYNDICATION_WORKER__PROGRESS_PATH"]
    assert [mount for mount in worker["volumeMounts"] if path.startswith(f"{mount['mountPath']}/")]


def test_the_example_of_an_address_is_encrypted_and_its_authority_is_mounted():
    (secret,) = of("Secret").values()
    url = secret["stringData"]["database_url"]
    assert "?sslmode=verify-full&sslrootcert=/etc/syndication-database/ca.pem" in url
    for name in PODS:
        assert "/etc/syndication-database" in {mount["mountPath"] for mount in container(name)["volumeMounts"]}
