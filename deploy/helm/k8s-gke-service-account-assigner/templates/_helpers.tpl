{{- define "saassigner.name" -}}
{{ .Values.fullnameOverride | default .Chart.Name }}
{{- end }}

{{- define "saassigner.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (include "saassigner.name" .) }}
{{- end }}

{{- define "saassigner.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
{{- end }}

{{- define "saassigner.labels" -}}
{{ include "saassigner.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "saassigner.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "saassigner.accountKey" -}}
{{ (.Values.config.annotations).serviceAccount | default "accounts.google.com/service-account" }}
{{- end }}

{{- define "saassigner.scopesKey" -}}
{{ (.Values.config.annotations).scopes | default "accounts.google.com/scopes" }}
{{- end }}

{{- define "saassigner.adminAddress" -}}
{{ (.Values.config.admin).address | default "127.0.0.1" }}
{{- end }}

{{- define "saassigner.adminPort" -}}
{{ (.Values.config.admin).port | default 8182 }}
{{- end }}

{{/* Where the node itself reaches the admin listener. */}}
{{- define "saassigner.probeHost" -}}
{{- $address := include "saassigner.adminAddress" . -}}
{{ has $address (list "0.0.0.0" "::") | ternary "127.0.0.1" $address }}
{{- end }}

{{- define "saassigner.env" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: HOST_IP
  valueFrom:
    fieldRef:
      fieldPath: status.hostIP
{{- end }}

{{/* What both containers of the DaemonSet have. */}}
{{- define "saassigner.container" -}}
image: {{ include "saassigner.image" . }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
volumeMounts:
  - name: config
    mountPath: /etc/saassigner
    readOnly: true
  # The socket that the startup probe asks.
  - name: run
    mountPath: /run/saassigner
  # The lock that every iptables-legacy on the node takes.
  - name: xtables-lock
    mountPath: /run/xtables.lock
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: ["ALL"]
    # For the interception rules; iptables-legacy needs the second.
    add: ["NET_ADMIN", "NET_RAW"]
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Where the daemon listens, another daemon of the node, and what it talks to. */}}
{{- define "saassigner.hosts" -}}
{{- $server := .Values.config.server | default dict -}}
{{- $port := $server.port | default 8181 -}}
{{- $handoverPort := 8183 -}}
{{- if hasKey $server "handoverPort" }}{{ $handoverPort = $server.handoverPort }}{{ end -}}
{{- $address := $server.address | default "0.0.0.0" -}}
{{- $google := .Values.config.google | default dict -}}
{{- $metadata := .Values.config.metadata | default dict -}}
{{- $nextHop := $metadata.nextHop | default dict -}}
{{- $iam := printf "https://iamcredentials.%s" ($google.universeDomain | default "googleapis.com") -}}
{{- $iam = $google.iamEndpoint | default $iam | trimSuffix "/" -}}
{{- $iamHost := (urlParse $iam).host -}}
{{- if not (contains ":" $iamHost) }}{{ $iamHost = printf "%s:%s" $iamHost (hasPrefix "http:" $iam | ternary "80" "443") }}{{ end -}}
{{- $metadataHost := $metadata.address | default "169.254.169.254" -}}
{{- if not (contains ":" $metadataHost) }}{{ $metadataHost = printf "%s:80" $metadataHost }}{{ end -}}
{{- $hosts := list "unix:/run/saassigner/admin.sock" (printf "%s:%v" $address $port) (printf "%s:%s" (include "saassigner.adminAddress" .) (include "saassigner.adminPort" .)) -}}
{{- if $handoverPort }}{{ $hosts = append $hosts (printf "%s:%v" $address $handoverPort) }}{{ end -}}
{{- $hosts = append $hosts (printf "$(HOST_IP):%v" $port) -}}
{{- if $handoverPort }}{{ $hosts = append $hosts (printf "$(HOST_IP):%v" $handoverPort) }}{{ end -}}
{{- $hosts = concat $hosts (list "$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)" $metadataHost $iamHost) -}}
{{- if $nextHop.enabled }}{{ $hosts = append $hosts ($nextHop.address | default "127.0.0.1:988") }}{{ end -}}
{{- join "," (concat $hosts .Values.extraHosts) -}}
{{- end }}
