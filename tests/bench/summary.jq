# SPDX-License-Identifier: GPL-2.0-or-later
# From the lines of a bench to its results. $date, $runs, $peerRuns, $seconds, $leftOut: of this bench.
# Times are microseconds, memory is KiB as measured.
#
# Each figure is a median of `runs` runs at one size, and its ratio is to the median of what it is
# measured against (`of`) at that size: what writes against the write floor, what reads against the read
# floor, what a change takes against a cold start from the same kind of state.

def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
  else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def spread: map(select(. != null)) | if length == 0 then null else { median: median, min: min, max: max } end;
def digits(n): . * pow(10; n) | round / pow(10; n);
def over(base): if . == null or base == null or base == 0 then null else . / base | digits(4) end;

# --- the figures ------------------------------------------------------------------------------

def base_of: { floor: "floor", apply: "floor", ipvsadm: "floor", keepalived: "floor",
  "read-floor": "read-floor", "no-change": "read-floor", save: "read-floor", resync: "read-floor",
  "resync-timer": "read-floor", bound: "apply", one: "apply", tenth: "apply", burst: "apply" }[.];

# What counts: from exec to exit; of what does not begin or end with a process, what it says of itself.
def time: if .name == "read-floor" then .kernel
  elif .name == "resync" or .name == "resync-timer" then .phases | add
  else .wall end;

def phases: map(.phases | values) | if length == 0 then null
  else . as $all | .[0] | with_entries(.key as $phase | .value = ($all | map(.[$phase]) | median)) end;

def figure:
  { name: .[0].name, state: .[0].state, runs: length, time: (map(time) | spread),
    kernel: (map(.kernel) | spread), cpu: (map(if .user then .user + .system else null end) | spread),
    memory: (map(.memory) | spread), resting: (map(.resting) | spread), phases: phases,
    writes: (map(.writes) | spread), reconciles: (map(.reconciles) | spread),
    renames: (map(.renames) | spread), files: .[0].files }
  | with_entries(select(.value != null));

# The daemon reports its memory again when the state changes: the peak is of its whole life.
def lives: group_by([.run, .state])
  | map(.[0] + { memory: (map(.memory) | max), resting: .[-1].resting });

def named(name; state): map(select(.name == name and (state == null or .state == state))) | .[0];

def with_ratios:
  . as $all | named("floor"; null).kernel.median as $floor
  | named("read-floor"; null).time.median as $read
  | map(.state as $state | (.name | base_of) as $of
      | { floor: $floor, "read-floor": $read,
          apply: ($all | named("apply"; $state) | .time.median) } as $bases
      | if $of == null then . else . + { of: $of, ratio: (.time.median | over($bases[$of])) } end
      | if .name == "apply" or .name == "floor"
        then .kernelRatio = (.kernel.median | over($floor)) else . end);

def size:
  { services: .[0].services, destinations: .[0].destinations,
    objects: (.[0].services * (.[0].destinations + 1)),
    figures: ((map(select(.name == "daemon")) | lives) + map(select(.name != "daemon" and .name != "rest"))
      | group_by([.name, .state]) | map(figure) | with_ratios) };

# --- growth -----------------------------------------------------------------------------------

def per_object(objects): if . == null then null else . / objects | digits(3) end;
def growth_of(first; f): f as $here | (first | f) as $there
  | if $here == null or $there == null then null else $here / $there end;
def divided(own; floor): own as $own | floor as $floor | $own | over($floor);

# Microseconds and bytes for each object, and how much more than at the size with the fewest objects:
# apply's after the write floor's own growth is divided out, the resync's after the read floor's.
def growth:
  map({ services, destinations, objects,
    floor: (.objects as $n | .figures | named("floor"; null).kernel.median | per_object($n)),
    apply: (.objects as $n | .figures | named("apply"; "file").time.median | per_object($n)),
    readFloor: (.objects as $n | .figures | named("read-floor"; null).time.median | per_object($n)),
    resync: (.objects as $n | .figures | named("resync"; "file").time.median | per_object($n)),
    memory: (.objects as $n | .figures | named("daemon"; "file").memory.median
      | if . == null then null else . * 1024 | per_object($n) end) })
  | .[0] as $first
  | map(.applyGrowth = divided(growth_of($first; .apply); growth_of($first; .floor))
      | .resyncGrowth = divided(growth_of($first; .resync); growth_of($first; .readFloor)));

# --- the targets ------------------------------------------------------------------------------

def place: { services, destinations };
# Of every size that is wanted and every state of the figure: what f makes of it.
def each(name; f; sizes): [.[] | sizes | place as $place | .figures as $all
  | .figures[] | select(.name == name) | { figure: ([., $all] | f) } + $place + { state }
  | select(.figure != null)];
def size_is(services; destinations): select(.services == services and .destinations == destinations);
def large: select((.services == 5000 or .services == 10000) and .destinations == 10);
def megabytes: . * 1024 / 1000000 | digits(2);
# How many times the time of apply another one takes.
def times_apply(name): (.[1] | named(name; null) | .time.median) as $other | .[0].time.median as $own
  | $other | over($own);

def target(what; unit; limit; figures): { what: what, unit: unit, limit: limit, figures: figures,
  worst: (figures | max_by(.figure)) } | .met = (if .worst == null then null else .worst.figure <= .limit end);
def target_at_least(what; unit; limit; figures): { what: what, unit: unit, limit: limit, atLeast: true,
  figures: figures, worst: (figures | min_by(.figure)) }
  | .met = (if .worst == null then null else .worst.figure >= .limit end);

# That nothing was written where nothing had changed needs no line: the bench fails otherwise.
def targets(growth; rest):
  [ target("kernel phase of a cold start"; "x write floor"; 1.15; each("apply"; .[0].kernelRatio; .)),
    target("whole cold start, 5,000 x 10 and 10,000 x 10"; "x write floor"; 2.4; each("apply"; .[0].ratio; large)),
    target_at_least("the same, faster than keepalived"; "times"; 5; each("apply"; times_apply("keepalived"); large)),
    target_at_least("the same, faster than ipvsadm -R"; "times"; 13; each("apply"; times_apply("ipvsadm"); large)),
    target("no change, the daemon's resync"; "x read floor"; 1.15;
      each("resync"; .[0].ratio; .) + each("resync-timer"; .[0].ratio; .)),
    target("no change, apply"; "x ipvsadm -Sn"; 0.5;
      each("no-change"; .[0].time.median as $own | (.[1] | named("save"; null) | .time.median) as $save
        | $own | over($save); .)),
    target("one change among 10,000 x 10, directory of 100 files"; "of a cold start"; 0.05;
      each("one"; .[0] | select(.state == "directory") | .ratio; size_is(10000; 10))),
    target("one change among 10,000 x 10, one file"; "of a cold start"; 0.4;
      each("one"; .[0] | select(.state == "file") | .ratio; size_is(10000; 10))),
    # A machine that was too busy to rename them in a second has not measured it.
    target("burst of 1,000 changed files in 1 s, worst run"; "reconciles"; 3;
      each("burst"; .[0] | select(.renames.median <= 1200000) | .reconciles.max; .)),
    target("peak memory at 5,000 x 10"; "MB"; 12; each("daemon"; .[0].memory.median | megabytes; size_is(5000; 10))),
    target("peak memory at 10,000 x 10"; "MB"; 22; each("daemon"; .[0].memory.median | megabytes; size_is(10000; 10))),
    target("at rest, between resyncs, without a watchdog"; "wake-ups"; 0;
      [rest[] | select(.resync == "1h") | place + { state, figure: .wakeups }]),
    target("cold start with every address bound"; "x without"; 1.5; each("bound"; .[0].ratio; .)),
    target("growth of a cold start for each object, 44,125 services to 1,000"; "x"; 1.3;
      if any(growth[]; .services == 1000 and .destinations == 10) and growth[0].services == 1000
      then [growth[] | select(.services == 44125) | place + { figure: .applyGrowth } | select(.figure != null)]
      else [] end) ];

map(select(has("name"))) as $measurements
| ($measurements | group_by([.services * (.destinations + 1), .services]) | map(size)) as $sizes
| [$measurements[] | select(.name == "rest")] as $rest
| ($sizes | growth) as $growth
| { date: $date, runs: $runs, peerRuns: $peerRuns, seconds: $seconds, leftOut: $leftOut[0] }
  + (map(select(has("machine"))) | .[0])
  + { sizes: $sizes, growth: $growth, rest: $rest, targets: ($sizes | targets($growth; $rest)),
      measurements: $measurements }
