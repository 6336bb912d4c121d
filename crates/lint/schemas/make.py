#!/usr/bin/env python3
"""Make kubernetes.z, the schemas that are compiled in, from a package that carries them all.

    pip download --no-deps kubernetes-validate==1.37.0 && unzip -d FOLDER kubernetes_validate-*.whl
    crates/lint/schemas/make.py FOLDER/kubernetes_validate/kubernetes-json-schema

The schemas are those of Kubernetes' own OpenAPI document, under the Apache License 2.0, of which
what names and types of fields say is kept, and no text.

The table is text, one line each, deflated; src/table.rs reads it:

    versions FIRST LAST
    @FROM TO [GROUP/VERSION/KIND]     a definition, and the minor versions that have it
    =TYPE                             what it is, where it is no object with fields
    [+]NAME TYPE [FROM TO]            a field, + where it is required; the versions if not all

A type: `s` string, `B` base64, `t` time, `i` 32-bit and `l` 64-bit integer, `n` number, `b` boolean,
`o` any object, `*` anything, `q` quantity, `x` integer or string, `#N` definition number N,
`[T` list, `{T` map. `!` in front: not null. `(A|B` behind: one of these strings.
"""
import collections
import json
import pathlib
import re
import sys
import zlib

FIRST, LAST = 25, 37
NUMBERS = {"int32": "i", "int64": "l"}
TEXTS = {"byte": "B", "date-time": "t"}

# What the API server takes for a field, which the schemas do not say (Kubernetes API reference).
PROTOCOLS = "TCP|UDP|SCTP"
CHOICES = {
    "core.v1.Container.imagePullPolicy": "Always|IfNotPresent|Never",
    "core.v1.Container.terminationMessagePolicy": "File|FallbackToLogsOnError",
    "core.v1.ContainerPort.protocol": PROTOCOLS,
    "core.v1.PersistentVolumeClaimSpec.volumeMode": "Block|Filesystem",
    "core.v1.PodSpec.dnsPolicy": "ClusterFirst|ClusterFirstWithHostNet|Default|None",
    "core.v1.PodSpec.preemptionPolicy": "Never|PreemptLowerPriority",
    "core.v1.PodSpec.restartPolicy": "Always|Never|OnFailure",
    "core.v1.HTTPGetAction.scheme": "HTTP|HTTPS",
    "core.v1.SeccompProfile.type": "Localhost|RuntimeDefault|Unconfined",
    "core.v1.ServicePort.protocol": PROTOCOLS,
    "core.v1.ServiceSpec.externalTrafficPolicy": "Cluster|Local",
    "core.v1.ServiceSpec.sessionAffinity": "ClientIP|None",
    "core.v1.ServiceSpec.type": "ClusterIP|ExternalName|LoadBalancer|NodePort",
    "core.v1.Toleration.effect": "NoExecute|NoSchedule|PreferNoSchedule",
    "core.v1.Toleration.operator": "Equal|Exists|Gt|Lt",
    "core.v1.TopologySpreadConstraint.whenUnsatisfiable": "DoNotSchedule|ScheduleAnyway",
    "apps.v1.DaemonSetUpdateStrategy.type": "OnDelete|RollingUpdate",
    "apps.v1.DeploymentStrategy.type": "Recreate|RollingUpdate",
    "apps.v1.StatefulSetSpec.podManagementPolicy": "OrderedReady|Parallel",
    "apps.v1.StatefulSetUpdateStrategy.type": "OnDelete|RollingUpdate",
    "batch.v1.CronJobSpec.concurrencyPolicy": "Allow|Forbid|Replace",
    "networking.v1.HTTPIngressPath.pathType": "Exact|ImplementationSpecific|Prefix",
    "networking.v1.NetworkPolicyPort.protocol": PROTOCOLS,
    "meta.v1.LabelSelectorRequirement.operator": "DoesNotExist|Exists|In|NotIn",
}


def short(name):
    """`io.k8s.api.core.v1.Container` as `core.v1.Container`."""
    return ".".join(name.split(".")[-3:])


class Table:
    def __init__(self):
        self.numbers = {}
        self.versions = collections.defaultdict(dict)

    def number(self, name):
        return self.numbers.setdefault(name, len(self.numbers))

    def type(self, schema):
        if "$ref" in schema:
            return f"#{self.number(schema['$ref'].rsplit('/', 1)[-1])}"
        if "oneOf" in schema:
            kinds = {kind for one in schema["oneOf"] for kind in one["type"]} - {"null"}
            return {("integer", "string"): "x", ("number", "string"): "q"}[tuple(sorted(kinds))]
        if "type" not in schema:
            return "*"
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        (kind,) = [kind for kind in kinds if kind != "null"]
        mark = "" if "null" in kinds else "!"
        return mark + self.plain(kind, schema)

    def plain(self, kind, schema):
        form = schema.get("format", "")
        if kind == "array":
            return "[" + self.type(schema["items"])
        if kind == "object" and "additionalProperties" in schema:
            return "{" + self.type(schema["additionalProperties"])
        return {
            "string": TEXTS.get(form, "s"),
            "integer": NUMBERS.get(form, "l"),
            "number": "n",
            "boolean": "b",
            "object": "o",
        }[kind]

    def add(self, version, name, schema):
        self.number(name)
        facts = {}
        if "properties" in schema:
            assert schema["additionalProperties"] is False and schema["type"] == ["object", "null"], name
            required = schema.get("required", [])
            for field, inner in schema["properties"].items():
                kind = self.type(inner)
                if choices := CHOICES.get(f"{short(name)}.{field}"):
                    assert kind.lstrip("!") == "s", (name, field)
                    kind += "(" + choices
                facts[field] = ("+" if field in required else "", kind)
            for field in required:
                assert field in facts, (name, field)
        else:
            assert schema.get("additionalProperties") is not False, name
            facts[""] = ("", self.type(schema))
        gvk = schema.get("x-kubernetes-group-version-kind", [])
        # What stands for many groups at once is a message of the API, and no manifest.
        self.versions[name][version] = (facts, gvk[0] if len(gvk) == 1 else None)

    def lines(self):
        yield f"versions {FIRST} {LAST}"
        for name in sorted(self.numbers, key=self.numbers.get):
            known = self.versions[name]
            first, last = min(known), max(known)
            assert sorted(known) == list(range(first, last + 1)), name
            kinds = {json.dumps(gvk): gvk for _, gvk in known.values()}
            # Status, an answer of the API, has had several.
            assert len(kinds) == 1 or name.endswith(".Status"), (name, kinds)
            kind = next(iter(kinds.values()))
            kind = f" {kind['group']}/{kind['version']}/{kind['kind']}" if kind else ""
            yield f"@{first} {last}{kind}"
            yield from self.fields(known, first, last)

    def fields(self, known, first, last):
        names = sorted({field for facts, _ in known.values() for field in facts})
        for field in names:
            at = first
            while at <= last:
                fact = known[at][0].get(field)
                end = at
                while end < last and known[end + 1][0].get(field) == fact:
                    end += 1
                if fact:
                    mark, kind = fact
                    span = "" if (at, end) == (first, last) else f" {at} {end}"
                    yield (f"{mark}{field} {kind}" if field else f"={kind}") + span
                at = end + 1


def main():
    source = pathlib.Path(sys.argv[1])
    table = Table()
    for version in range(FIRST, LAST + 1):
        path = source / f"v1.{version}.0-local-strict" / "_definitions.json"
        for name, schema in sorted(json.loads(path.read_text())["$defs"].items()):
            table.add(version, name, schema)
    text = "".join(line + "\n" for line in table.lines())
    assert not re.search(r"[^\x20-\x7e\n]", text)
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9)
    packed = packer.compress(text.encode()) + packer.flush()
    pathlib.Path(__file__).with_name("kubernetes.z").write_bytes(packed)
    print(f"{len(table.numbers)} definitions, {len(text)} bytes, {len(packed)} packed")


main()
