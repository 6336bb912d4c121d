//! What the overlays of the example app and of a new app are in the cluster: six outputs, so that
//! a change of them is seen where it is reviewed. That they are kustomize's to the byte is checked
//! in `manifests`.

use crate::manifests::{Fresh, build, example};

/// The example app; its image is the pipeline's to change and is not shown.
fn example_app(environment: &str) -> String {
    let text = build(
        &example(),
        &format!("apps/example-app/k8s/overlays/{environment}"),
    );
    let image = |line: &str| match line.split_once("image: docker.io/example/example-app:") {
        Some((indent, _)) => format!("{indent}image: docker.io/example/example-app:[pinned]\n"),
        None => format!("{line}\n"),
    };
    shown(&text.lines().map(image).collect::<String>())
}

/// The dashboard without its panels and the rules without all but the first, which differ between
/// the environments by their namespace alone; `manifests` looks at that.
fn shown(text: &str) -> String {
    let mut left_out = false;
    let mut shown = String::new();
    for line in text.lines() {
        left_out = match line {
            "kind: ConfigMap" | "---" => false,
            _ if line.starts_with("      \"schemaVersion\"") => true,
            "      record: namespace:http_requests:rate5m" => true,
            _ => left_out,
        };
        if !left_out {
            shown += line;
            shown.push('\n');
        }
    }
    shown
}

fn fresh_app(environment: &str) -> String {
    let fresh = Fresh::new();
    shown(&build(
        &fresh.files,
        &format!("apps/shop/k8s/overlays/{environment}"),
    ))
}

#[test]
fn example_app_in_dev() {
    insta::assert_snapshot!(example_app("dev"), @r#"
    apiVersion: v1
    automountServiceAccountToken: false
    kind: ServiceAccount
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
      name: dev-example-app
      namespace: example-app-dev
    ---
    apiVersion: v1
    data:
      LOG_LEVEL: DEBUG
    kind: ConfigMap
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
      name: dev-example-app-config-fhk8t6h5tc
      namespace: example-app-dev
    ---
    apiVersion: v1
    data:
      example-app.json: |
        {
          "uid": "example-app-dev",
          "title": "example-app-dev",
          "templating": {
            "list": [
              { "query": "example-app-dev", "name": "namespace", "type": "constant", "hide": 2 },
              { "name": "prometheus", "label": "Metrics", "type": "datasource", "query": "prometheus" },
              { "name": "loki", "label": "Logs", "type": "datasource", "query": "loki" }
            ]
          },
    kind: ConfigMap
    metadata:
      annotations:
        grafana_folder: dev
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
        grafana_dashboard: "1"
      name: dev-example-app-dashboard
      namespace: example-app-dev
    ---
    apiVersion: v1
    kind: Service
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
      name: dev-example-app
      namespace: example-app-dev
    spec:
      ports:
      - name: http
        port: 80
        targetPort: http
      selector:
        app.kubernetes.io/name: example-app
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
      name: dev-example-app
      namespace: example-app-dev
    spec:
      replicas: 1
      revisionHistoryLimit: 5
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
      strategy:
        rollingUpdate:
          maxSurge: 1
          maxUnavailable: 0
      template:
        metadata:
          labels:
            app.kubernetes.io/name: example-app
            environment: dev
        spec:
          automountServiceAccountToken: false
          containers:
          - envFrom:
            - configMapRef:
                name: dev-example-app-config-fhk8t6h5tc
            - secretRef:
                name: dev-example-app-secret
                optional: true
            image: docker.io/example/example-app:[pinned]
            lifecycle:
              preStop:
                exec:
                  command:
                  - sleep
                  - "5"
            livenessProbe:
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 10
              timeoutSeconds: 2
            name: example-app
            ports:
            - containerPort: 5000
              name: http
            readinessProbe:
              httpGet:
                path: /readyz
                port: http
              periodSeconds: 5
              timeoutSeconds: 2
            resources:
              limits:
                cpu: 250m
                memory: 128Mi
              requests:
                cpu: 50m
                memory: 64Mi
            securityContext:
              allowPrivilegeEscalation: false
              capabilities:
                drop:
                - ALL
              readOnlyRootFilesystem: true
            startupProbe:
              failureThreshold: 30
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 2
            volumeMounts:
            - mountPath: /tmp
              name: tmp
          securityContext:
            fsGroup: 10001
            runAsGroup: 10001
            runAsNonRoot: true
            runAsUser: 10001
            seccompProfile:
              type: RuntimeDefault
          serviceAccountName: dev-example-app
          terminationGracePeriodSeconds: 40
          volumes:
          - emptyDir:
              sizeLimit: 16Mi
            name: tmp
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
      name: dev-example-app
      namespace: example-app-dev
    spec:
      maxUnavailable: 1
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
    ---
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      labels:
        environment: dev
      name: dev-example-app-secret
      namespace: example-app-dev
    spec:
      encryptedData:
        API_TOKEN: AgAIXtjMTYXnOQcZbbyrqEus3wgPGJbNVqFIb63kUpvTX9D8me3LJIazRpl0GaupgVXxvf24mvhwz9DRXxZTsLjXsSOFfRG8H9SLKCr4XHKXiHwmSQwfe6y9aFitnLyiR8AuBxC8jruGGzHJvrzuxbZywxijNLXvXPAMTBi4ZYmXelQ1wL0mK28L7txE/1xhQWdbvQGg78UyIga8kz4BClRaeXgHcI1K9dz2LWWYKmRLrjTh5F9RnYnBhqxiP3/XvyTyvAYbp2kHzPsCrE0j9v7E8pkWAKv88BvJ+3/fteuWbhI42JV64Pf84GPrAezUqDU37Lt63rq76KviwwdF+qiZSQ6AYDMH9hggaPMeFA300VRDXizxxpX5LccvD/9ELMMIghiux3Kt94qoUTQTKS8qnyM+q9TXRgEx4YPqMDRDmhPi32lupJ91hKojA/CrTnwl1jBOA7LQzRwxJbpkmkq7m4/W7k32RlLjAhWJ/VhbO5kkvKtHof73MHq0OIUNEQVZSfc0+MAprPYGi3RwaDCUtWeA2w6OvW1EhHdrWMrHk7eSYWIqpkBjYoyryJ70nPrB8TRAhCicyBkGIx8XHYrkWyLH1AKaXPC5/HEKqO3wQpLk4XgND3dgLjWDhPpabgxQsEu89V/pl4qtmVVorXagUMSriqMT3uqO3v0odPOitf0FkQ4pr76WBRO5ZypuhCL8oBf6hCQiQkTix03KWa6/1pyVJYVuFiPd2ct3OWNupw==
      template:
        metadata:
          name: dev-example-app-secret
          namespace: example-app-dev
        type: Opaque
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
      name: dev-example-app
      namespace: example-app-dev
    spec:
      groups:
      - name: requests
        rules:
        - expr: |
            sum by (namespace) (rate(http_requests_total{
              namespace="example-app-dev", route!~"/healthz|/readyz|/metrics"
            }[5m]))
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        environment: dev
      name: dev-example-app-objectives
      namespace: example-app-dev
    spec:
      groups:
      - name: objectives
        rules:
        - expr: vector(0.05)
          labels:
            namespace: example-app-dev
          record: namespace:http_errors:budget
        - expr: vector(1)
          labels:
            namespace: example-app-dev
          record: namespace:http_request_duration_seconds:objective
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: example-app
        environment: dev
      name: dev-example-app
      namespace: example-app-dev
    spec:
      endpoints:
      - interval: 30s
        path: /metrics
        port: http
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
    "#);
}

#[test]
fn example_app_in_staging() {
    insta::assert_snapshot!(example_app("staging"), @r#"
    apiVersion: v1
    automountServiceAccountToken: false
    kind: ServiceAccount
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
      name: staging-example-app
      namespace: example-app-staging
    ---
    apiVersion: v1
    data:
      LOG_LEVEL: INFO
    kind: ConfigMap
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
      name: staging-example-app-config-b8tmtmkcf9
      namespace: example-app-staging
    ---
    apiVersion: v1
    data:
      example-app.json: |
        {
          "uid": "example-app-staging",
          "title": "example-app-staging",
          "templating": {
            "list": [
              { "query": "example-app-staging", "name": "namespace", "type": "constant", "hide": 2 },
              { "name": "prometheus", "label": "Metrics", "type": "datasource", "query": "prometheus" },
              { "name": "loki", "label": "Logs", "type": "datasource", "query": "loki" }
            ]
          },
    kind: ConfigMap
    metadata:
      annotations:
        grafana_folder: staging
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
        grafana_dashboard: "1"
      name: staging-example-app-dashboard
      namespace: example-app-staging
    ---
    apiVersion: v1
    kind: Service
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
      name: staging-example-app
      namespace: example-app-staging
    spec:
      ports:
      - name: http
        port: 80
        targetPort: http
      selector:
        app.kubernetes.io/name: example-app
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
      name: staging-example-app
      namespace: example-app-staging
    spec:
      replicas: 2
      revisionHistoryLimit: 5
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
      strategy:
        rollingUpdate:
          maxSurge: 1
          maxUnavailable: 0
      template:
        metadata:
          labels:
            app.kubernetes.io/name: example-app
            environment: staging
        spec:
          automountServiceAccountToken: false
          containers:
          - envFrom:
            - configMapRef:
                name: staging-example-app-config-b8tmtmkcf9
            - secretRef:
                name: staging-example-app-secret
                optional: true
            image: docker.io/example/example-app:[pinned]
            lifecycle:
              preStop:
                exec:
                  command:
                  - sleep
                  - "5"
            livenessProbe:
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 10
              timeoutSeconds: 2
            name: example-app
            ports:
            - containerPort: 5000
              name: http
            readinessProbe:
              httpGet:
                path: /readyz
                port: http
              periodSeconds: 5
              timeoutSeconds: 2
            resources:
              limits:
                cpu: 500m
                memory: 192Mi
              requests:
                cpu: 100m
                memory: 96Mi
            securityContext:
              allowPrivilegeEscalation: false
              capabilities:
                drop:
                - ALL
              readOnlyRootFilesystem: true
            startupProbe:
              failureThreshold: 30
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 2
            volumeMounts:
            - mountPath: /tmp
              name: tmp
          securityContext:
            fsGroup: 10001
            runAsGroup: 10001
            runAsNonRoot: true
            runAsUser: 10001
            seccompProfile:
              type: RuntimeDefault
          serviceAccountName: staging-example-app
          terminationGracePeriodSeconds: 40
          volumes:
          - emptyDir:
              sizeLimit: 16Mi
            name: tmp
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
      name: staging-example-app
      namespace: example-app-staging
    spec:
      maxUnavailable: 1
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
    ---
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      labels:
        environment: staging
      name: staging-example-app-secret
      namespace: example-app-staging
    spec:
      encryptedData:
        API_TOKEN: AgBeKkfhPU9Lq6oZpSyWxt6qS9j34OlgPTWd7W4DPjwYpdtyfRVbAftjXuCvedWy9NdNsHgWxVqzQR2/26gjUKhBHvt2HB34EcgZhWI7O9GTf1ZVm16pZnXmbuTS6K5J8UE26pM4bc+6lVzgEkAjyTuinZ6WvsabVZr++wQwewm7Xuti1eN89CBa1tIx4r9zmGCn2MiBy05g2oK5aKaaPBdNobM9w3RF7YOmahrh0cfUsDcPmc4lYIMxR986L7fV2UnjWcVJgzSPBhHhlWOtQctV6XbJ8BLPzYcikByh7dQfE5IM0CCjGCAb+qIY4Ytqhs7LcdcRPyrCnCG3VFBsw2UOdbevD7px3U30yCKN2Mg2QVIQz8/TkMvQkzZ1TrLf/VTNt5SRMW6KgHoMpnIHlNHgjzo9E0wZiVXtRD1BydMJo6wtkNv75H57eWmFWhn56b9z0MQEhewPDYmYzn+8uWng2hrSDcKMFggX+vaVGl5JH/4BXtA19y5hBXxHKR52c/VrojyR15srs9i6oGIRQ9NMyf9dFVEbF8RGVprJD94PP4gJxxEL65hv2kmUxw8joXU08Vjq0o216TVCI2zn45SAIgFNcBP/LxTnGKsOlOAv6qTdtwPkSUTLRTxqkgl80q0XUhF0X/BBbNOHnQfc+nPmbegFb8n5ZAdU/K56n6t5yS+9pN+WN7GnHFN0TLXH8cGC3DcZUKhoqdtcfkG+jkMMaQlRGSsiW9YGTQlCFFx1tQ==
      template:
        metadata:
          name: staging-example-app-secret
          namespace: example-app-staging
        type: Opaque
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
      name: staging-example-app
      namespace: example-app-staging
    spec:
      groups:
      - name: requests
        rules:
        - expr: |
            sum by (namespace) (rate(http_requests_total{
              namespace="example-app-staging", route!~"/healthz|/readyz|/metrics"
            }[5m]))
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        environment: staging
      name: staging-example-app-objectives
      namespace: example-app-staging
    spec:
      groups:
      - name: objectives
        rules:
        - expr: vector(0.01)
          labels:
            namespace: example-app-staging
          record: namespace:http_errors:budget
        - expr: vector(0.5)
          labels:
            namespace: example-app-staging
          record: namespace:http_request_duration_seconds:objective
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: example-app
        environment: staging
      name: staging-example-app
      namespace: example-app-staging
    spec:
      endpoints:
      - interval: 30s
        path: /metrics
        port: http
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
    "#);
}

#[test]
fn example_app_in_prod() {
    insta::assert_snapshot!(example_app("prod"), @r#"
    apiVersion: v1
    automountServiceAccountToken: false
    kind: ServiceAccount
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
      name: prod-example-app
      namespace: example-app-prod
    ---
    apiVersion: v1
    data:
      LOG_LEVEL: WARNING
    kind: ConfigMap
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
      name: prod-example-app-config-b975792tkc
      namespace: example-app-prod
    ---
    apiVersion: v1
    data:
      example-app.json: |
        {
          "uid": "example-app-prod",
          "title": "example-app-prod",
          "templating": {
            "list": [
              { "query": "example-app-prod", "name": "namespace", "type": "constant", "hide": 2 },
              { "name": "prometheus", "label": "Metrics", "type": "datasource", "query": "prometheus" },
              { "name": "loki", "label": "Logs", "type": "datasource", "query": "loki" }
            ]
          },
    kind: ConfigMap
    metadata:
      annotations:
        grafana_folder: prod
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
        grafana_dashboard: "1"
      name: prod-example-app-dashboard
      namespace: example-app-prod
    ---
    apiVersion: v1
    kind: Service
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
      name: prod-example-app
      namespace: example-app-prod
    spec:
      ports:
      - name: http
        port: 80
        targetPort: http
      selector:
        app.kubernetes.io/name: example-app
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
      name: prod-example-app
      namespace: example-app-prod
    spec:
      replicas: 3
      revisionHistoryLimit: 5
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
      strategy:
        rollingUpdate:
          maxSurge: 1
          maxUnavailable: 0
      template:
        metadata:
          labels:
            app.kubernetes.io/name: example-app
            environment: prod
        spec:
          automountServiceAccountToken: false
          containers:
          - envFrom:
            - configMapRef:
                name: prod-example-app-config-b975792tkc
            - secretRef:
                name: prod-example-app-secret
                optional: true
            image: docker.io/example/example-app:[pinned]
            lifecycle:
              preStop:
                exec:
                  command:
                  - sleep
                  - "5"
            livenessProbe:
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 10
              timeoutSeconds: 2
            name: example-app
            ports:
            - containerPort: 5000
              name: http
            readinessProbe:
              httpGet:
                path: /readyz
                port: http
              periodSeconds: 5
              timeoutSeconds: 2
            resources:
              limits:
                cpu: "1"
                memory: 256Mi
              requests:
                cpu: 250m
                memory: 128Mi
            securityContext:
              allowPrivilegeEscalation: false
              capabilities:
                drop:
                - ALL
              readOnlyRootFilesystem: true
            startupProbe:
              failureThreshold: 30
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 2
            volumeMounts:
            - mountPath: /tmp
              name: tmp
          securityContext:
            fsGroup: 10001
            runAsGroup: 10001
            runAsNonRoot: true
            runAsUser: 10001
            seccompProfile:
              type: RuntimeDefault
          serviceAccountName: prod-example-app
          terminationGracePeriodSeconds: 40
          volumes:
          - emptyDir:
              sizeLimit: 16Mi
            name: tmp
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
      name: prod-example-app
      namespace: example-app-prod
    spec:
      maxUnavailable: 1
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
    ---
    apiVersion: bitnami.com/v1alpha1
    kind: SealedSecret
    metadata:
      labels:
        environment: prod
      name: prod-example-app-secret
      namespace: example-app-prod
    spec:
      encryptedData:
        API_TOKEN: AgB3P2ZVQ1ZkVl/aG0TR4EPEZYQNa3asIJkNgqlnSqAYWVWswMoBNylcJh9yTP69T4VMG7FeBMDE5UTTaRTPEFS1eGgR4zwhSzpGgQmBXNqNnYz0iCltHkpQx8iRIPP8vciX7O/JsD9wS8AQcWVZ3cBPe07l19bmt/jfLoZNGSdY+Mie1qjspOBypDh6snK0KTmMeNXcygv4PusVeSIBOCNQqEWfpA5F3Ta4MtKyD/cZEE5TQV0xD9KjLMVs/277j8RzlydeEAR8lpN5zftYltzClWIOJSTg7xdj0pgDBC9aJBnoecojgkJenp8kjq6C+Y6qSaE2r0T2nHk7nz2pVOSx7SOXSPyOYcO4w4x0af4lUsaHIjxbG151zFJoSlJxxO0LYENckj1W4GeUMu+eoEVHZwyUojzBm+rWcAdKbPO3KvqzWNEkQ3rpIVEJCgFOxEzkhQZW4EnH7Vfq2b+MvWi7SUlpWZv9Ew7UX4XvIIQrEieJqgX1Qokf3xpjHEUpBcfCYhFH3d5x9sJCF3+5nZA/Sz9aziDVzDipo+M4o+qrxEYV22YnbaKZWvh6jSkjAV0QfyjAnxtNEJAw5U11ONLV1mnaBh5iHxAO6hNCIjgpHD/fcHYmaisf/Z8FF8Nrg+nYxQb9IXA+VZea5gV1+AE2RHkWYWJYW+UKTx8P0P9eBewgudguFqBX13y8SBL89lWw+wVvhxlKNBF+Ku7uiZK41yowiSikBA+AWRGQQGPyPA==
      template:
        metadata:
          name: prod-example-app-secret
          namespace: example-app-prod
        type: Opaque
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
      name: prod-example-app
      namespace: example-app-prod
    spec:
      groups:
      - name: requests
        rules:
        - expr: |
            sum by (namespace) (rate(http_requests_total{
              namespace="example-app-prod", route!~"/healthz|/readyz|/metrics"
            }[5m]))
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        environment: prod
      name: prod-example-app-objectives
      namespace: example-app-prod
    spec:
      groups:
      - name: objectives
        rules:
        - expr: vector(0.001)
          labels:
            namespace: example-app-prod
          record: namespace:http_errors:budget
        - expr: vector(0.25)
          labels:
            namespace: example-app-prod
          record: namespace:http_request_duration_seconds:objective
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: example-app
        environment: prod
      name: prod-example-app
      namespace: example-app-prod
    spec:
      endpoints:
      - interval: 30s
        path: /metrics
        port: http
      selector:
        matchLabels:
          app.kubernetes.io/name: example-app
    "#);
}

#[test]
fn a_new_app_in_dev() {
    insta::assert_snapshot!(fresh_app("dev"), @r#"
    apiVersion: v1
    automountServiceAccountToken: false
    kind: ServiceAccount
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: dev
      name: dev-shop
      namespace: shop-dev
    ---
    apiVersion: v1
    data:
      LOG_LEVEL: DEBUG
    kind: ConfigMap
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: dev
      name: dev-shop-config-fhk8t6h5tc
      namespace: shop-dev
    ---
    apiVersion: v1
    data:
      shop.json: |
        {
          "uid": "shop-dev",
          "title": "shop-dev",
          "templating": {
            "list": [
              { "query": "shop-dev", "name": "namespace", "type": "constant", "hide": 2 },
              { "name": "prometheus", "label": "Metrics", "type": "datasource", "query": "prometheus" },
              { "name": "loki", "label": "Logs", "type": "datasource", "query": "loki" }
            ]
          },
    kind: ConfigMap
    metadata:
      annotations:
        grafana_folder: dev
      labels:
        app.kubernetes.io/name: shop
        environment: dev
        grafana_dashboard: "1"
      name: dev-shop-dashboard
      namespace: shop-dev
    ---
    apiVersion: v1
    kind: Service
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: dev
      name: dev-shop
      namespace: shop-dev
    spec:
      ports:
      - name: http
        port: 80
        targetPort: http
      selector:
        app.kubernetes.io/name: shop
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: dev
      name: dev-shop
      namespace: shop-dev
    spec:
      replicas: 1
      revisionHistoryLimit: 5
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
      strategy:
        rollingUpdate:
          maxSurge: 1
          maxUnavailable: 0
      template:
        metadata:
          labels:
            app.kubernetes.io/name: shop
            environment: dev
        spec:
          automountServiceAccountToken: false
          containers:
          - envFrom:
            - configMapRef:
                name: dev-shop-config-fhk8t6h5tc
            - secretRef:
                name: shop-secret
                optional: true
            image: docker.io/example/shop:dev-latest
            lifecycle:
              preStop:
                exec:
                  command:
                  - sleep
                  - "5"
            livenessProbe:
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 10
              timeoutSeconds: 2
            name: shop
            ports:
            - containerPort: 5000
              name: http
            readinessProbe:
              httpGet:
                path: /readyz
                port: http
              periodSeconds: 5
              timeoutSeconds: 2
            resources:
              limits:
                cpu: 250m
                memory: 128Mi
              requests:
                cpu: 50m
                memory: 64Mi
            securityContext:
              allowPrivilegeEscalation: false
              capabilities:
                drop:
                - ALL
              readOnlyRootFilesystem: true
            startupProbe:
              failureThreshold: 30
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 2
            volumeMounts:
            - mountPath: /tmp
              name: tmp
          securityContext:
            fsGroup: 10001
            runAsGroup: 10001
            runAsNonRoot: true
            runAsUser: 10001
            seccompProfile:
              type: RuntimeDefault
          serviceAccountName: dev-shop
          terminationGracePeriodSeconds: 40
          volumes:
          - emptyDir:
              sizeLimit: 16Mi
            name: tmp
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: dev
      name: dev-shop
      namespace: shop-dev
    spec:
      maxUnavailable: 1
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: shop
        environment: dev
      name: dev-shop
      namespace: shop-dev
    spec:
      groups:
      - name: requests
        rules:
        - expr: |
            sum by (namespace) (rate(http_requests_total{
              namespace="shop-dev", route!~"/healthz|/readyz|/metrics"
            }[5m]))
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        environment: dev
      name: dev-shop-objectives
      namespace: shop-dev
    spec:
      groups:
      - name: objectives
        rules:
        - expr: vector(0.05)
          labels:
            namespace: shop-dev
          record: namespace:http_errors:budget
        - expr: vector(1)
          labels:
            namespace: shop-dev
          record: namespace:http_request_duration_seconds:objective
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: shop
        environment: dev
      name: dev-shop
      namespace: shop-dev
    spec:
      endpoints:
      - interval: 30s
        path: /metrics
        port: http
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
    "#);
}

#[test]
fn a_new_app_in_staging() {
    insta::assert_snapshot!(fresh_app("staging"), @r#"
    apiVersion: v1
    automountServiceAccountToken: false
    kind: ServiceAccount
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: staging
      name: staging-shop
      namespace: shop-staging
    ---
    apiVersion: v1
    data:
      LOG_LEVEL: INFO
    kind: ConfigMap
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: staging
      name: staging-shop-config-b8tmtmkcf9
      namespace: shop-staging
    ---
    apiVersion: v1
    data:
      shop.json: |
        {
          "uid": "shop-staging",
          "title": "shop-staging",
          "templating": {
            "list": [
              { "query": "shop-staging", "name": "namespace", "type": "constant", "hide": 2 },
              { "name": "prometheus", "label": "Metrics", "type": "datasource", "query": "prometheus" },
              { "name": "loki", "label": "Logs", "type": "datasource", "query": "loki" }
            ]
          },
    kind: ConfigMap
    metadata:
      annotations:
        grafana_folder: staging
      labels:
        app.kubernetes.io/name: shop
        environment: staging
        grafana_dashboard: "1"
      name: staging-shop-dashboard
      namespace: shop-staging
    ---
    apiVersion: v1
    kind: Service
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: staging
      name: staging-shop
      namespace: shop-staging
    spec:
      ports:
      - name: http
        port: 80
        targetPort: http
      selector:
        app.kubernetes.io/name: shop
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: staging
      name: staging-shop
      namespace: shop-staging
    spec:
      replicas: 2
      revisionHistoryLimit: 5
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
      strategy:
        rollingUpdate:
          maxSurge: 1
          maxUnavailable: 0
      template:
        metadata:
          labels:
            app.kubernetes.io/name: shop
            environment: staging
        spec:
          automountServiceAccountToken: false
          containers:
          - envFrom:
            - configMapRef:
                name: staging-shop-config-b8tmtmkcf9
            - secretRef:
                name: shop-secret
                optional: true
            image: docker.io/example/shop:staging-latest
            lifecycle:
              preStop:
                exec:
                  command:
                  - sleep
                  - "5"
            livenessProbe:
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 10
              timeoutSeconds: 2
            name: shop
            ports:
            - containerPort: 5000
              name: http
            readinessProbe:
              httpGet:
                path: /readyz
                port: http
              periodSeconds: 5
              timeoutSeconds: 2
            resources:
              limits:
                cpu: 500m
                memory: 192Mi
              requests:
                cpu: 100m
                memory: 96Mi
            securityContext:
              allowPrivilegeEscalation: false
              capabilities:
                drop:
                - ALL
              readOnlyRootFilesystem: true
            startupProbe:
              failureThreshold: 30
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 2
            volumeMounts:
            - mountPath: /tmp
              name: tmp
          securityContext:
            fsGroup: 10001
            runAsGroup: 10001
            runAsNonRoot: true
            runAsUser: 10001
            seccompProfile:
              type: RuntimeDefault
          serviceAccountName: staging-shop
          terminationGracePeriodSeconds: 40
          volumes:
          - emptyDir:
              sizeLimit: 16Mi
            name: tmp
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: staging
      name: staging-shop
      namespace: shop-staging
    spec:
      maxUnavailable: 1
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: shop
        environment: staging
      name: staging-shop
      namespace: shop-staging
    spec:
      groups:
      - name: requests
        rules:
        - expr: |
            sum by (namespace) (rate(http_requests_total{
              namespace="shop-staging", route!~"/healthz|/readyz|/metrics"
            }[5m]))
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        environment: staging
      name: staging-shop-objectives
      namespace: shop-staging
    spec:
      groups:
      - name: objectives
        rules:
        - expr: vector(0.01)
          labels:
            namespace: shop-staging
          record: namespace:http_errors:budget
        - expr: vector(0.5)
          labels:
            namespace: shop-staging
          record: namespace:http_request_duration_seconds:objective
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: shop
        environment: staging
      name: staging-shop
      namespace: shop-staging
    spec:
      endpoints:
      - interval: 30s
        path: /metrics
        port: http
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
    "#);
}

#[test]
fn a_new_app_in_prod() {
    insta::assert_snapshot!(fresh_app("prod"), @r#"
    apiVersion: v1
    automountServiceAccountToken: false
    kind: ServiceAccount
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: prod
      name: prod-shop
      namespace: shop-prod
    ---
    apiVersion: v1
    data:
      LOG_LEVEL: WARNING
    kind: ConfigMap
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: prod
      name: prod-shop-config-b975792tkc
      namespace: shop-prod
    ---
    apiVersion: v1
    data:
      shop.json: |
        {
          "uid": "shop-prod",
          "title": "shop-prod",
          "templating": {
            "list": [
              { "query": "shop-prod", "name": "namespace", "type": "constant", "hide": 2 },
              { "name": "prometheus", "label": "Metrics", "type": "datasource", "query": "prometheus" },
              { "name": "loki", "label": "Logs", "type": "datasource", "query": "loki" }
            ]
          },
    kind: ConfigMap
    metadata:
      annotations:
        grafana_folder: prod
      labels:
        app.kubernetes.io/name: shop
        environment: prod
        grafana_dashboard: "1"
      name: prod-shop-dashboard
      namespace: shop-prod
    ---
    apiVersion: v1
    kind: Service
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: prod
      name: prod-shop
      namespace: shop-prod
    spec:
      ports:
      - name: http
        port: 80
        targetPort: http
      selector:
        app.kubernetes.io/name: shop
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: prod
      name: prod-shop
      namespace: shop-prod
    spec:
      replicas: 3
      revisionHistoryLimit: 5
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
      strategy:
        rollingUpdate:
          maxSurge: 1
          maxUnavailable: 0
      template:
        metadata:
          labels:
            app.kubernetes.io/name: shop
            environment: prod
        spec:
          automountServiceAccountToken: false
          containers:
          - envFrom:
            - configMapRef:
                name: prod-shop-config-b975792tkc
            - secretRef:
                name: shop-secret
                optional: true
            image: docker.io/example/shop:v1.0.0
            lifecycle:
              preStop:
                exec:
                  command:
                  - sleep
                  - "5"
            livenessProbe:
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 10
              timeoutSeconds: 2
            name: shop
            ports:
            - containerPort: 5000
              name: http
            readinessProbe:
              httpGet:
                path: /readyz
                port: http
              periodSeconds: 5
              timeoutSeconds: 2
            resources:
              limits:
                cpu: "1"
                memory: 256Mi
              requests:
                cpu: 250m
                memory: 128Mi
            securityContext:
              allowPrivilegeEscalation: false
              capabilities:
                drop:
                - ALL
              readOnlyRootFilesystem: true
            startupProbe:
              failureThreshold: 30
              httpGet:
                path: /healthz
                port: http
              periodSeconds: 2
            volumeMounts:
            - mountPath: /tmp
              name: tmp
          securityContext:
            fsGroup: 10001
            runAsGroup: 10001
            runAsNonRoot: true
            runAsUser: 10001
            seccompProfile:
              type: RuntimeDefault
          serviceAccountName: prod-shop
          terminationGracePeriodSeconds: 40
          volumes:
          - emptyDir:
              sizeLimit: 16Mi
            name: tmp
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      labels:
        app.kubernetes.io/name: shop
        environment: prod
      name: prod-shop
      namespace: shop-prod
    spec:
      maxUnavailable: 1
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: shop
        environment: prod
      name: prod-shop
      namespace: shop-prod
    spec:
      groups:
      - name: requests
        rules:
        - expr: |
            sum by (namespace) (rate(http_requests_total{
              namespace="shop-prod", route!~"/healthz|/readyz|/metrics"
            }[5m]))
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        environment: prod
      name: prod-shop-objectives
      namespace: shop-prod
    spec:
      groups:
      - name: objectives
        rules:
        - expr: vector(0.001)
          labels:
            namespace: shop-prod
          record: namespace:http_errors:budget
        - expr: vector(0.25)
          labels:
            namespace: shop-prod
          record: namespace:http_request_duration_seconds:objective
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: ServiceMonitor
    metadata:
      annotations:
        argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true
      labels:
        app.kubernetes.io/name: shop
        environment: prod
      name: prod-shop
      namespace: shop-prod
    spec:
      endpoints:
      - interval: 30s
        path: /metrics
        port: http
      selector:
        matchLabels:
          app.kubernetes.io/name: shop
    "#);
}
