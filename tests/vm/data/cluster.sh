# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Kubernetes objects for cases, as kubectl prints them: source /usr/lib/vm-tests/data/cluster.sh. It has
# data/trust.sh with it.
# shellcheck source=tests/vm/data/trust.sh
. /usr/lib/vm-tests/data/trust.sh

# service NAME SPEC [STATUS]: a Service of namespace default, on stdout
service() {
  jq -n --arg name "$1" --argjson spec "$2" --argjson status "${3:-{\}}" \
    '{apiVersion: "v1", kind: "Service", metadata: {name: $name, namespace: "default",
      uid: "5f1b", labels: {app: $name}}, spec: $spec, status: $status}'
}

# slice NAME PORTS ENDPOINTS [FAMILY]: an EndpointSlice of the Service NAME
slice() {
  jq -n --arg name "$1" --argjson ports "$2" --argjson endpoints "$3" --arg family "${4:-IPv4}" \
    '{apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: $family,
      metadata: {name: "\($name)-x7k2p-\($family | ascii_downcase)", namespace: "default",
        labels: {"kubernetes.io/service-name": $name}},
      ports: $ports, endpoints: $endpoints}'
}

# endpoint ADDRESS NODE: one that is ready
endpoint() {
  jq -nc --arg address "$1" --arg node "$2" '{addresses: [$address], nodeName: $node,
    conditions: {ready: true, serving: true, terminating: false}}'
}

# list: the objects on stdin as one List, with the API server's slice, once
list() {
  jq -s '{apiVersion: "v1", items: (map(select(.metadata.name != "kubernetes")) + [{
    apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4",
    metadata: {name: "kubernetes", namespace: "default",
      labels: {"kubernetes.io/service-name": "kubernetes"}}, endpoints: null, ports: null}]),
    kind: "List", metadata: {resourceVersion: ""}}'
}

# dump SERVICES ENDPOINTS: a List of SERVICES Services, each with ENDPOINTS endpoints
dump() {
  jq -n --argjson services "$1" --argjson endpoints "$2" '
    def octets: [10, (. / 65536 | floor), (. / 256 | floor) % 256, . % 256] | map(tostring) | join(".");
    def meta($i): {name: "svc\($i)", namespace: "ns\($i % 20)", creationTimestamp: "2026-11-01T00:00:00Z",
      resourceVersion: "1", labels: {"kubernetes.io/service-name": "svc\($i)"}};
    {apiVersion: "v1", kind: "List", metadata: {resourceVersion: ""}, items: ([range($services) | . as $i
      | {apiVersion: "v1", kind: "Service", metadata: meta($i),
         spec: {type: "ClusterIP", clusterIP: (6291456 + $i | octets), clusterIPs: [(6291456 + $i | octets)],
           ipFamilies: ["IPv4"], internalTrafficPolicy: "Cluster", sessionAffinity: "None",
           ports: [{name: "http", port: 80, protocol: "TCP", targetPort: 8080}]},
         status: {loadBalancer: {}}}] + [range($services) | . as $i
      | {apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4", metadata: meta($i),
         ports: [{name: "http", port: 8080, protocol: "TCP"}],
         endpoints: [range($endpoints) | {addresses: [13107200 + $i * $endpoints + . | octets],
           conditions: {ready: true, serving: true, terminating: false}, nodeName: "node-\(. % 10)",
           targetRef: {kind: "Pod", name: "pod-\($i)-\(.)"}}]}])}'
}
