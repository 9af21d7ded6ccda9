#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Answers one request as an API server would that has the objects of /run/api/*.json.
set -uo pipefail
read -r _ path _
while read -r line && [ -n "${line%$'\r'}" ]; do :; done

resource() { # NAME KIND NAMESPACED
  printf '{"name": "%s", "kind": "%s", "namespaced": %s, "verbs": ["get", "list"]}' "$@"
}
list() { # API-VERSION KIND FILE
  jq --arg version "$1" --arg kind "$2" \
    '{apiVersion: $version, kind: "\($kind)List", metadata: {resourceVersion: "1"},
      items: map(select(.kind == $kind))}' "/run/api/objects.json"
}
answer() {
  case ${path%%\?*} in
    /api) echo '{"kind": "APIVersions", "versions": ["v1"]}' ;;
    /apis) echo '{"kind": "APIGroupList", "apiVersion": "v1", "groups": [{"name": "discovery.k8s.io",
      "versions": [{"groupVersion": "discovery.k8s.io/v1", "version": "v1"}],
      "preferredVersion": {"groupVersion": "discovery.k8s.io/v1", "version": "v1"}}]}' ;;
    /api/v1) printf '{"kind": "APIResourceList", "groupVersion": "v1", "resources": [%s, %s]}\n' \
      "$(resource services Service true)" "$(resource nodes Node false)" ;;
    /apis/discovery.k8s.io/v1) printf \
      '{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "discovery.k8s.io/v1", "resources": [%s]}\n' \
      "$(resource endpointslices EndpointSlice true)" ;;
    /api/v1/services) list v1 Service ;;
    /api/v1/nodes) list v1 Node ;;
    /apis/discovery.k8s.io/v1/endpointslices) list discovery.k8s.io/v1 EndpointSlice ;;
    *) return 1 ;;
  esac
}
if body=$(answer); then status='200 OK'; else status='404 Not Found' body='{}'; fi
printf 'HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
  "$status" "${#body}" "$body"
