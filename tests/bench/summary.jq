# SPDX-License-Identifier: GPL-2.0-or-later
# From the lines of a bench to its results: for each size the medians of each contender, and ratios
# to the median of the floor's kernel phase at that size. $date, $runs: of this bench. Times are
# microseconds, memory is KiB.

# The kernel phase of `apply` may take this many times the floor.
def target: 1.3;

def median: sort | if length % 2 == 1 then .[length / 2 | floor]
  else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def spread: { median: median, min: min, max: max };
def ratio(floor): . / floor * 1000 | round / 1000;

def phases: map(.phases) | . as $all | .[0] | if . == null then null
  else with_entries(.key as $phase | .value = ($all | map(.[$phase]) | median)) end;

def contender(floor):
  { contender: .[0].contender, wall: (map(.wall) | spread), cpu: (map(.user + .system) | spread),
    user: (map(.user) | median), system: (map(.system) | median), memory: (map(.memory) | median) }
  | .ratio = (.wall.median | ratio(floor));
def kernel_phase(floor):
  if .[0].kernel == null or .[0].contender == "no-change" then {}
  else { kernel: (map(.kernel) | spread) } | .kernelRatio = (.kernel.median | ratio(floor)) end;
def judge: if .contender == "apply" then .target = target | .missed = (.kernelRatio > target) else . end;

def size:
  (map(select(.contender == "floor") | .kernel) | median) as $floor
  | { services: .[0].services, destinations: .[0].destinations, floor: $floor,
      contenders: [group_by(.contender)[]
        | contender($floor) + kernel_phase($floor) + { phases: phases } | judge] };

map(select(has("contender"))) as $measurements
| { date: $date, runs: $runs } + (map(select(has("machine"))) | .[0])
  + { sizes: [$measurements | group_by([.services, .destinations])[] | size],
      measurements: $measurements }
