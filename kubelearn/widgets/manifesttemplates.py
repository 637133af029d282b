"""Manifests to begin with: small, complete, and such as a reviewer would let pass."""

from __future__ import annotations

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: hello
        image: kubelearn/hello:1.0
        ports:
        - containerPort: 8080
        readinessProbe:
          httpGet:
            path: /
            port: 8080
        resources:
          requests:
            cpu: 50m
            memory: 32Mi
"""

_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: lone
  labels:
    app: lone
spec:
  containers:
  - name: hello
    image: kubelearn/hello:1.0
    ports:
    - containerPort: 8080
"""

_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 8080
"""

_CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  GREETING: Hello
"""

_SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: password
stringData:
  PASSWORD: change-me
"""

_JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: once
spec:
  backoffLimit: 2
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: work
        image: busybox:1.37
        command: [sh, -c, "echo done"]
"""

_CRON_JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: every-minute
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: work
            image: busybox:1.37
            command: [date]
"""

_CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
"""

_INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port:
              number: 80
"""

TEMPLATES = {
    "Deployment": _DEPLOYMENT,
    "Service": _SERVICE,
    "Pod": _POD,
    "ConfigMap": _CONFIG_MAP,
    "Secret": _SECRET,
    "Job": _JOB,
    "CronJob": _CRON_JOB,
    "PersistentVolumeClaim": _CLAIM,
    "Ingress": _INGRESS,
}
