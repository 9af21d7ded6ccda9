# SPDX-License-Identifier: GPL-2.0-or-later
# A bench's results as tables in plain text.

def pad(width): tostring | . + " " * ([width - length, 0] | max);
def align(width): tostring | " " * ([width - length, 0] | max) + .;

# Rounded, with as many digits after the point.
def digits(n): (. * pow(10; n) | round | tostring) as $all
  | if n == 0 then $all else
      ("0" * ([n + 1 - ($all | length), 0] | max) + $all) as $text
      | $text[:-n] + "." + $text[-n:] end;
def thousands: tostring | if length > 3 then .[:-3] + "," + .[-3:] else . end;
def optional(f): if . == null then "" else f end;
def seconds: optional(. / 1000000 | digits(3));
def megabytes: optional(. * 1024 / 1000000 | digits(1));
def range_of(f): optional("\(.min | f) - \(.max | f)");
def states: { file: ", one file", directory: ", directory" }[. // ""] // "";
def size_text: "\(.services | thousands) x \(.destinations | thousands)";

def line(columns): . as $cells | [range($cells | length) as $i | $cells[$i]
  | if $i == 0 then pad(columns[0]) else align(columns[$i]) end] | add | sub(" +$"; "");

# --- one size ---------------------------------------------------------------------------------

def names: { floor: "write floor", apply: "ipvs-agent apply", ipvsadm: "ipvsadm -R", keepalived: "keepalived",
  "read-floor": "read floor", "no-change": "ipvs-agent apply", resync: "daemon's resync, asked for",
  "resync-timer": "daemon's resync, by its timer", save: "ipvsadm -Sn", one: "one destination",
  tenth: "a tenth of all",
  bound: "cold start, addresses bound", burst: "one in each of 1,000 files" };

def columns: [38, 5, 9, 19, 9, 9, 9, 9, 9];
# Only what writes the whole table has a kernel phase to show.
def cells($kernel): if $kernel then . else .[:5] + .[7:] end;
def widths($kernel): columns | cells($kernel);
def header(what; base; $kernel):
  ([what, "runs", "time", "min - max", base, "kernel", "x floor", "CPU", "memory"],
   ["", "", "s", "s", "", "s", "", "s", "MB"]) | cells($kernel) | line(widths($kernel));

def row($kernel): [names[.name] + (.state | states), .runs, (.time.median | seconds),
  (.time | range_of(seconds)), (.ratio | optional(digits(2))), (.kernel.median | seconds),
  (.kernelRatio | optional(digits(2))), (.cpu.median | seconds), (.memory.median | megabytes)]
  | cells($kernel) | line(widths($kernel));

def phases: .phases | optional("  read \(.read | seconds), dump \(.dump | seconds), plan \(.plan | seconds),"
  + " record \(.record | seconds), kernel \(.kernel | seconds)");
def renames: if .name == "burst"
  then "  \(.files | thousands) files renamed in \(.renames.median | seconds) s, \(.reconciles.max) reconciles at most" else "" end;

def block(what; base; $kernel; order):
  [.figures as $all | order[] as $name | $all[] | select(.name == $name)] as $rows
  | if $rows == [] then empty else "", header(what; base; $kernel),
      ($rows[] | row($kernel), (phases, renames | select(. != ""))) end;

def daemon_memory: .figures[] | select(.name == "daemon")
  | "daemon\(.state | states): memory at most \(.memory.median | megabytes) MB, at rest \(.resting.median | megabytes) MB"
    + " (\(.runs) runs)";

def size: "", "== \(.services | thousands) services x \(.destinations | thousands) destinations",
  block("making the table"; "x floor"; true; ["floor", "apply", "ipvsadm", "keepalived"]),
  block("no change"; "x read"; false; ["read-floor", "no-change", "resync", "resync-timer", "save"]),
  block("a change, until the kernel shows it"; "x cold"; false; ["one", "tenth", "burst"]),
  block("every address made local"; "x cold"; false; ["bound"]),
  "", daemon_memory;

# --- the rest ---------------------------------------------------------------------------------

def rest: if .rest == [] then empty else "",
  "At rest, for \(.rest[0].seconds) s (once each)",
  (.rest[] | "  \(size_text), --resync=\(.resync) (a period of \(.period / 1000 | digits(1)) s): CPU \(.cpu | seconds) s,"
    + " \(.wakeups) wake-ups, \(.reconciles) reconciles") end;

def growth_columns: [18, 9, 12, 9, 9, 12, 9, 9, 9];
def growth: if (.growth | length) < 2 then empty else "",
  "For each object (service or destination); growth since the first line, that of the floor divided out",
  (["", "objects", "write floor", "apply", "growth", "read floor", "resync", "growth", "memory"],
   ["", "", "us", "us", "x", "us", "us", "x", "bytes"] | line(growth_columns)),
  (.growth[] | [size_text, (.objects | thousands), (.floor | optional(digits(2))), (.apply | optional(digits(2))),
    (.applyGrowth | optional(digits(2))), (.readFloor | optional(digits(2))), (.resync | optional(digits(2))),
    (.resyncGrowth | optional(digits(2))), (.memory | optional(digits(0)))] | line(growth_columns)) end;

def value($unit): if $unit == "of a cold start" then "\(. * 100 | digits(1)) %"
  elif $unit == "wake-ups" or $unit == "reconciles" then tostring else digits(2) end;
def verdict: { "true": "met", "false": "missed" }[.met | tostring] // "-";
def judged: if .worst == null then "not measured"
  else .unit as $unit | "\(.worst.figure | value($unit)) \($unit) (\(.worst | size_text + (.state | states))"
    + "\(if (.figures | length) > 1 then ", the worst of \(.figures | length)" else "" end))" end;
def targets: "", "Targets",
  (.targets[] | .unit as $unit | (verdict | pad(8)) + .what + ": " + judged
    + "; target at \(if .atLeast then "least" else "most" end) \(.limit | value($unit)) \($unit)");

def left_out: if .leftOut == [] then empty else "", "Left out: \(.leftOut | join("; "))" end;

"Medians of \(.runs) runs (\(.peerRuns) of ipvsadm and keepalived), \(.date), \(.seconds / 60 | round) min",
"\(.machine.cpu), \(.machine.cpus) CPUs, Linux \(.machine.kernel); \(.machine.agent), ipvsadm \(.machine.ipvsadm), keepalived \(.machine.keepalived)",
"Under software emulation: only ratios carry over.",
"x floor: to the write floor's kernel phase; x read: to the read floor; x cold: to ipvs-agent apply on an",
"empty table, from the same kind of state.",
(.sizes[] | size), rest, growth, targets, left_out
