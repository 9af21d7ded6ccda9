# netns: fresh
# A case in a network namespace of its own.

case_namespace_is_empty() {
  expect_equal lo "$(ip -o link | awk -F': ' '{ print $2 }' | tr '\n' ' ' | xargs)"
  expect_contains "$(ip -o link show lo)" LOWER_UP
}

case_servers_answer() {
  host_add one 192.0.2.2/24 192.0.2.1/24
  tcp_server one 192.0.2.2 80 "this is one"
  expect_equal "this is one" "$(tcp_ask 192.0.2.2 80)"
}
