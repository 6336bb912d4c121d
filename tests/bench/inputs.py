"""Inputs of the benchmarks, made anew each time so that none is kept in the repository."""


def crd(kind, fields):
    """A CustomResourceDefinition as controller-gen writes them: deep, with long descriptions, and
    printed as kustomize prints, by the same library."""
    lines = []
    for field in range(fields):
        lines.append(f"""\
              field{field}:
                description: |-
                  Field {field} of {kind} says how the controller treats the object while it is being
                  reconciled. More info: see the documentation of the controller.
                properties:
                  enabled:
                    default: {'true' if field % 2 else 'false'}
                    description: Whether the part is in use at all, which decides
                      if the controller looks at the rest.
                    type: boolean
                  matchLabels:
                    additionalProperties:
                      type: string
                    type: object
                  port:
                    anyOf:
                    - type: integer
                    - type: string
                    x-kubernetes-int-or-string: true
                required:
                - enabled
                type: object
""")
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    controller-gen.kubebuilder.io/version: v0.19.0
  name: {kind.lower()}s.example.com
spec:
  group: example.com
  names:
    kind: {kind}
    listKind: {kind}List
    plural: {kind.lower()}s
    singular: {kind.lower()}
  scope: Namespaced
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          spec:
            properties:
{''.join(lines)}            type: object
        type: object
    served: true
    storage: true
"""


def bundle(folder, kinds, fields):
    folder.mkdir()
    text = "---\n".join(crd(f"Widget{chr(65 + n)}", fields) for n in range(kinds))
    (folder / "crds.yaml").write_text(text)
    (folder / "kustomization.yaml").write_text("resources:\n- crds.yaml\n")
    return folder


def wide(folder, count):
    """Many resources in one build, each changed by prefix, namespace, labels and a patch."""
    folder.mkdir()
    deployment = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{n}
spec:
  selector:
    matchLabels:
      app: web-{n}
  template:
    metadata:
      labels:
        app: web-{n}
    spec:
      containers:
      - name: web
        image: web
"""
    (folder / "all.yaml").write_text("---\n".join(deployment.format(n=n) for n in range(count)))
    (folder / "kustomization.yaml").write_text("""\
resources: [all.yaml]
namePrefix: dev-
namespace: dev
labels:
- pairs: {team: platform}
images:
- name: web
  newTag: v1.2.3
patches:
- target: {kind: Deployment}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: any
    spec:
      replicas: 2
""")
    return folder


BASE = {
    "deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: example.org/app
        ports:
        - containerPort: 8080
          name: http
        envFrom:
        - configMapRef:
            name: settings
        resources:
          requests:
            cpu: 100m
            memory: 64Mi
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
""",
    "service.yaml": """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - name: http
    port: 80
    targetPort: http
""",
    "serviceaccount.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n",
    "ingress.yaml": """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
  - host: app.example.org
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port:
              name: http
""",
    "autoscaler.yaml": """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: web
  minReplicas: 1
  maxReplicas: 5
""",
    "budget.yaml": """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app: web
""",
}

OVERLAY = {
    "kustomization.yaml": """\
resources:
- ../../base
namePrefix: {env}-
namespace: app-{app}-{env}
labels:
- pairs:
    environment: {env}
  includeSelectors: true
images:
- name: example.org/app
  newTag: v1.2.{app}
replicas:
- name: web
  count: 3
configMapGenerator:
- name: settings
  literals:
  - LOG_LEVEL=info
  - ENVIRONMENT={env}
patches:
- path: memory.yaml
- target:
    kind: Ingress
  patch: |-
    - op: replace
      path: /spec/rules/0/host
      value: {env}.app-{app}.example.org
""",
    "memory.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        resources:
          limits:
            memory: 256Mi
""",
}


def fleet(folder, apps):
    """Applications of six objects with three overlays each, which use most of what overlays use."""
    for app in range(apps):
        base = folder / f"app-{app}" / "base"
        base.mkdir(parents=True)
        for name, text in BASE.items():
            (base / name).write_text(text)
        (base / "kustomization.yaml").write_text("resources:\n" + "".join(f"- {name}\n" for name in BASE))
        for env in ("dev", "staging", "prod"):
            overlay = folder / f"app-{app}" / "overlays" / env
            overlay.mkdir(parents=True)
            for name, text in OVERLAY.items():
                (overlay / name).write_text(text.format(env=env, app=app))
    return folder
