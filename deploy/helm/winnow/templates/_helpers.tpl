{{- define "winnow.name" -}}
{{- if contains .Chart.Name .Release.Name -}}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "winnow.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "winnow.labels" -}}
{{ include "winnow.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "winnow.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* Addresses of the stores, as options from the environment: (list . whether there is a registry, whether there is a store). A
server refuses options of what it does not have. */}}
{{- define "winnow.environment" -}}
{{- $root := index . 0 }}
{{- $secret := $root.Values.secret }}
{{- if $secret.name }}
{{- $keys := dict "WINNOW_REDIS" $secret.redis }}
{{- if index . 1 }}
{{- $keys = merge $keys (dict "WINNOW_REGISTRY" $secret.registry "WINNOW_ARTIFACTS" $secret.artifacts "AWS_ACCESS_KEY_ID" "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SECRET_ACCESS_KEY") }}
{{- end }}
{{- if index . 2 }}
{{- $keys = merge $keys (dict "WINNOW_STORE" $secret.store) }}
{{- end }}
{{- range $variable, $key := $keys }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $secret.name }}, key: {{ $key }}{{ if not (has $variable (list "WINNOW_REGISTRY" "WINNOW_STORE")) }}, optional: true{{ end }}}}
{{- end }}
{{- end }}
{{- end -}}
