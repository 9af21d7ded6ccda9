# SPDX-License-Identifier: GPL-2.0-or-later
# A bench's results as a table in plain text.

def pad(width): tostring | . + " " * ([width - length, 0] | max);
def align(width): tostring | " " * ([width - length, 0] | max) + .;

# Rounded, with as many digits after the point.
def digits(n): (. * pow(10; n) | round | tostring) as $all
  | ("0" * ([n + 1 - ($all | length), 0] | max) + $all) as $text
  | $text[:-n] + "." + $text[-n:];
def thousands: tostring | if length > 3 then .[:-3] + "," + .[-3:] else . end;
def seconds: . / 1000000 | digits(3);
def megabytes: . / 1024 | digits(1);
def optional(f): if . == null then "" else f end;

def names: { floor: "floor (raw netlink)", apply: "ipvs-agent apply",
  "no-change": "ipvs-agent apply, no change", ipvsadm: "ipvsadm -R", keepalived: "keepalived" };
def order: ["floor", "apply", "no-change", "ipvsadm", "keepalived"];

def columns: [28, 9, 17, 9, 9, 9, 9, 9];
def line: . as $cells | [range($cells | length) as $i | $cells[$i]
  | if $i == 0 then pad(columns[0]) else align(columns[$i]) end] | add | sub(" +$"; "");

def header: (["", "time", "min - max", "x floor", "kernel", "x floor", "CPU", "memory"],
  ["", "s", "s", "", "s", "", "s", "MiB"]) | line;

def row: [names[.contender], (.wall.median | seconds),
  "\(.wall.min | seconds) - \(.wall.max | seconds)", (.ratio | digits(2)),
  (.kernel.median | optional(seconds)), (.kernelRatio | optional(digits(2))),
  (.cpu.median | seconds), (.memory | megabytes)] | line;

def phases: .phases | optional("  read \(.read | seconds), dump \(.dump | seconds), plan \(.plan | seconds),"
  + " record \(.record | seconds), kernel \(.kernel | seconds)");

def size:
  "\n\(.services | thousands) services x \(.destinations | thousands) destinations", header,
  (.contenders as $all | order[] as $name | $all[] | select(.contender == $name)
    | row, (phases | select(. != "")),
      (select(.missed == true) | "  target \(.target) missed: the kernel phase is \(.kernelRatio | digits(2)) x the floor"));

"Medians of \(.runs) runs, \(.date)",
"\(.machine.cpu), \(.machine.cpus) CPUs, Linux \(.machine.kernel); \(.machine.agent), ipvsadm \(.machine.ipvsadm), keepalived \(.machine.keepalived)",
"Under software emulation: only ratios carry over. \"x floor\" is the time over the floor's kernel phase.",
(.sizes[] | size)
